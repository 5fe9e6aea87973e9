"""The page behind a link that confirms a yes (double opt-in). Holding the link is all that it asks for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from consent.services import confirmations, consents
from trustcenter import access
from trustcenter.portal.choices import language

CHANNEL, METHOD = "email", "one-time link"


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is confirmed and changes nothing, for scanners open links before people do; POST confirms."""
    if request.method == "POST":
        by, now = access.customer_actor(request), access.clock()
        event = consents.confirm(token=token, channel=CHANNEL, method=METHOD, by=by, now=now).event
    else:
        event = confirmations.find(token=token, now=access.clock())
    shown = {"use": confirmations.told(event, language=language()), "token": token, "done": request.method == "POST"}
    response = render(request, "portal/confirm.html", shown)
    response["Referrer-Policy"] = "strict-origin"  # the token is in the address, and no other address is told of it
    return response
