"""How a customer comes in and goes out: a link that works once, or a code by e-mail; then a visit in a cookie.

Passkeys and the brand's own sign-in have their place beside these two (docs/adr/0010-ways-in.md).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from consent.errors import Invalid, LinkSpent, TooMany
from consent.services import portal_links, sign_in_codes, visits
from consent.services.visits import Visit
from trustcenter import access, languages
from trustcenter.portal.choices import language
from trustcenter.portal.forms import Code


@sensitive_post_parameters("email")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Says how to come in; POST asks for a code, with one answer for every address."""
    back = access.way_on(request, "")
    if request.method == "GET":
        return render(request, "portal/welcome.html", {"next": back, "kept": "kept" in request.GET})
    address, network = request.POST.get("email", ""), access.network(request)
    try:
        token = sign_in_codes.ask(address=address, network=network, language=language(), now=access.clock())
    except Invalid:
        return render(request, "portal/welcome.html", {"wrong": True, "email": address, "next": back}, status=400)
    except TooMany:
        return _too_many(request, "portal/welcome.html", {"email": address, "next": back})
    return _to_code(token, back)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Where the code is typed in; only this browser's, and only POST uses it up."""
    browser = request.COOKIES.get(settings.SIGN_IN_COOKIE_NAME, "")
    if not browser:
        return redirect("portal:welcome")
    if request.method == "GET":
        return render(request, "portal/code.html")
    digits = Code(request.POST).read()
    if not digits:
        return render(request, "portal/code.html", {"wrong": "form"}, status=400)
    by, now, had = access.customer_actor(request), access.clock(), access.visit_token(request)
    try:
        visit = sign_in_codes.enter(browser=browser, code=digits, instead_of=had, by=by, now=now)
    except LinkSpent:
        return render(request, "portal/code.html", {"spent": True}, status=410)
    if visit is None:
        return render(request, "portal/code.html", {"wrong": "code"}, status=400)
    response = begin(request, visit, access.way_on(request, resolve_url("portal:home")))
    response.delete_cookie(settings.SIGN_IN_COOKIE_NAME, samesite="Lax")
    return response


@require_http_methods(["GET", "POST"])
@access.customer_only
def fresh(request: HttpRequest, subject: Any) -> HttpResponse:  # noqa: ARG001  the code is the visitor's own
    """Asks a customer who is in for a fresh code, to an address of their own; POST sends it."""
    back, own = access.way_on(request, ""), access.own(request)
    addresses = sign_in_codes.own_addresses(subject=own)
    shown: dict[str, Any] = {"addresses": addresses, "address": next(iter(addresses.values()), ""), "next": back}
    if request.method == "GET" or not addresses:
        return render(request, "portal/fresh.html", shown)
    chosen = request.POST.get("address", "") if len(addresses) > 1 else next(iter(addresses))
    if chosen not in addresses:
        return render(request, "portal/fresh.html", shown | {"wrong": True}, status=400)
    where = {"address": chosen, "network": access.network(request), "language": language()}
    try:
        token = sign_in_codes.ask_again(subject=own, **where, now=access.clock())
    except TooMany:
        return _too_many(request, "portal/fresh.html", shown)
    return _to_code(token, back)


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows Continue and changes nothing, for scanners open links before people do; POST uses the link up."""
    if request.method == "POST":
        by, now, had = access.customer_actor(request), access.clock(), access.visit_token(request)
        visit = portal_links.enter(token=token, instead_of=had, by=by, now=now)
        return begin(request, visit, resolve_url("portal:home"))
    invited = portal_links.open_invitation(token=token, now=access.clock())
    language = languages.chosen(request) or languages.known(invited)
    with translation.override(language or translation.get_language()):
        response = render(request, "portal/enter.html", {"token": token})
    # The token is in the address, so no other address may be told of it. `no-referrer` would do that too, but
    # makes browsers send `Origin: null` with the form, which the guard against forged forms refuses.
    response["Referrer-Policy"] = "strict-origin"
    return response


@require_POST
@access.customer_only
def stay(request: HttpRequest, subject: Any) -> HttpResponse:  # noqa: ARG001  the decorator's signature
    """Go on with the visit: how many seconds are left of it now, for the script of the pages."""
    return HttpResponse(str(access.visitor(request).left), content_type="text/plain")


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the visit."""
    visits.leave(token=access.visit_token(request))
    response = redirect("portal:welcome")
    response.delete_cookie(settings.PORTAL_COOKIE_NAME, samesite="Lax")
    return response


def begin(request: HttpRequest, visit: Visit, where: str) -> HttpResponse:
    """Go on to a page in a visit that just began."""
    rotate_token(request)  # what was sent with forms before this visit is worth nothing in it
    response = redirect(where)
    # Without an age: closing the browser ends it, and the service ends it in any case (PORTAL_IDLE, PORTAL_MAX).
    _keep(response, settings.PORTAL_COOKIE_NAME, visit.token)
    language = languages.known(visit.language)
    if language and not languages.chosen(request):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            path="/",
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response


def _to_code(token: str, back: str) -> HttpResponse:
    """On to the page where the code is typed in; the browser that asked is the one that may."""
    response = redirect(reverse("portal:code") + (f"?{urlencode({'next': back})}" if back else ""))
    lasts = int(sign_in_codes.LASTS.total_seconds())
    _keep(response, settings.SIGN_IN_COOKIE_NAME, token, max_age=lasts)
    return response


def _keep(response: HttpResponse, name: str, token: str, max_age: int | None = None) -> None:
    response.set_cookie(name, token, max_age=max_age, path="/", secure=settings.HTTPS, httponly=True, samesite="Lax")


def _too_many(request: HttpRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    response = render(request, template, shown | {"too_many": True}, status=429)
    response["Retry-After"] = str(int(sign_in_codes.WINDOW.total_seconds()))
    return response
