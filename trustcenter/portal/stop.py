"""The pages behind the links in a letter that stop a use. Holding the link is all that they ask for.

No form here needs a token against forgery: whoever could forge one holds the link, and may use it. So they work where
a mail program keeps no cookie.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.errors import Field, Invalid
from consent.services import stop_links
from consent.services.stop_links import Stopping
from trustcenter import access, languages
from trustcenter.portal.choices import language

# The one form of body that a mail program sends (RFC 8058, 3.1).
NAME, VALUE = "List-Unsubscribe", "One-Click"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the link stops and changes nothing, for scanners open links before people do; POST stops it."""
    spoken = {"chosen": languages.chosen(request), "otherwise": language()}
    now = access.clock()
    if request.method == "GET":
        return _page(request, token, stop_links.read(token=token, **spoken, now=now))
    by = access.customer_actor(request)
    stopped = stop_links.stop(token=token, method=stop_links.BUTTON, **spoken, by=by, now=now)
    return _page(request, token, stopped, done=True)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    """What a mail program calls when its reader presses its own button: no cookie, no page, no redirect (RFC 8058)."""
    if request.method == "GET":
        return stop(request, token)
    if request.POST.get(NAME) != VALUE:
        raise Invalid(Field("", "form", f"Send {NAME}={VALUE}."))
    by = access.customer_actor(request)
    stop_links.stop(token=token, method=stop_links.ONE_CLICK, by=by, now=access.clock())
    return HttpResponse("Stopped.\n", content_type="text/plain; charset=utf-8")


def _page(request: HttpRequest, token: str, shown: Stopping, *, done: bool = False) -> HttpResponse:
    with translation.override(shown.language):
        response = render(request, "portal/stop.html", {"stopping": shown, "token": token, "done": done})
    response["Referrer-Policy"] = "strict-origin"  # the token is in the address, and no other address is told of it
    return response
