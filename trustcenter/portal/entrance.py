"""How a customer comes in and goes out: a link that works once, then a session in a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.services import portal_links
from trustcenter import access


@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """Says how to come in."""
    return render(request, "portal/welcome.html")


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows Continue and changes nothing, for scanners open links before people do; POST uses the link up."""
    if request.method == "POST":
        return _start(request, token)
    invited = portal_links.open_invitation(token=token, now=access.clock())
    language = _chosen(request) or _known(invited)
    with translation.override(language or translation.get_language()):
        response = render(request, "portal/enter.html", {"token": token})
    # The token is in the address, so no other address may be told of it. `no-referrer` would do that too, but
    # makes browsers send `Origin: null` with the form, which the guard against forged forms refuses.
    response["Referrer-Policy"] = "strict-origin"
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the session."""
    portal_links.leave(token=request.COOKIES.get(settings.PORTAL_COOKIE_NAME, ""))
    response = redirect("portal:welcome")
    response.delete_cookie(settings.PORTAL_COOKIE_NAME, samesite="Lax")
    return response


def _start(request: HttpRequest, token: str) -> HttpResponse:
    visit = portal_links.enter(token=token, by=access.customer_actor(request), now=access.clock())
    response = redirect("portal:home")
    # Without an age: closing the browser ends it, and the service ends it in any case (PORTAL_IDLE, PORTAL_MAX).
    response.set_cookie(
        settings.PORTAL_COOKIE_NAME, visit.token, path="/", secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    language = _known(visit.language)
    if language and not _chosen(request):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            path="/",
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response


def _chosen(request: HttpRequest) -> str:
    """The language the visitor picked from the menu; it wins over the link's."""
    return _known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else ""
