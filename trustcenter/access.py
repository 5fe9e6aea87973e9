"""Who is calling: an API key is a system, a portal session is a customer, a staff session is an officer."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from audit.services.entries import Actor
from consent.errors import NotAllowed, NotAuthenticated
from consent.rules import signals as rules
from consent.services import keys, officers, signals, visits


class Key(Protocol):
    """What a door may know of an API key."""

    scopes: list[str]
    purposes: list[str] | None
    namespaces: list[str] | None
    recipient: Any


def clock() -> datetime:
    """The moment, read once at the door and handed down."""
    return datetime.now(UTC)


def system(request: HttpRequest, now: datetime) -> Any:
    """The key of the system that calls. Raises NotAuthenticated."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer":
        found = keys.recognise(key=secret.strip(), address=address(request), now=now)
    if found is None:
        raise NotAuthenticated
    return found


def require(key: Key, scope: str) -> None:
    """Raises NotAllowed when the key lacks a scope; `admin` does not imply others."""
    if scope not in key.scopes:
        raise NotAllowed(f"This key lacks the scope {scope}.")


def limit(key: Key, *, purpose: str = "", namespace: str = "") -> None:
    """Raises NotAllowed outside the purposes and namespaces a key is limited to."""
    if key.purposes is not None and purpose and purpose not in key.purposes:
        raise NotAllowed("This key is limited to other purposes.")
    if key.namespaces is not None and namespace and namespace not in key.namespaces:
        raise NotAllowed("This key is limited to other identifier namespaces.")


def every_purpose(key: Key) -> None:
    """Raises NotAllowed for a key that is limited to some purposes: what it asks for touches all of them."""
    if key.purposes is not None:
        raise NotAllowed("This key is limited to some purposes, and this touches all of them.")


def speak_for(key: Key, *, kind: str, recipient: str) -> None:
    """Raises NotAllowed when a key asks for a recipient that is not its own, unless it has the scope `admin`."""
    own = (kind, recipient) == (key.recipient.kind, key.recipient.key)
    if not own and "admin" not in key.scopes:
        raise NotAllowed(f"This key asks for {key.recipient.kind} {key.recipient.key} only.")


def own_house(key: Key) -> None:
    """Raises NotAllowed for a third party's key: what others do with a customer's data is not theirs to see."""
    if key.recipient.third_party:
        raise NotAllowed("A third party may check and record; what else we know of a customer is not theirs to see.")


def system_actor(request: HttpRequest, key: Key) -> Actor:
    return _actor(request, "system", key.recipient.key)


def customer_actor(request: HttpRequest) -> Actor:
    """The visitor to the portal; a guardian or a representative by the number of their mandate."""
    found = getattr(request, "visitor", None)
    if found is not None and found.mandate is not None:
        return _actor(request, found.mandate.kind, str(found.mandate.entry_id))
    return _actor(request, "customer")


def unnamed_actor(request: HttpRequest) -> Actor:
    """Whoever writes without a name: not even by the number of a mandate."""
    return _actor(request, "customer")


def officer_actor(request: HttpRequest) -> Actor:
    """An officer: a number in the log, the name only in the payload."""
    user: Any = request.user
    return _actor(request, "staff", f"staff-{user.pk}", user.get_full_name() or user.get_username())


def operator_actor() -> Actor:
    """A person at a terminal."""
    return Actor("operator")


def customer_only(view: Any) -> Any:
    """Give the view the customer whose pages this visit shows, or show the way in.

    Where the visitor acts for somebody else, that is whom they act for; what they do is recorded as theirs, by
    `customer_actor`. Who they are themselves, `own` says.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now, found = clock(), visitor(request)
        if found is None:
            return redirect("portal:welcome")
        subject = found.subject
        # The signal comes with every request of a browser, and is written down with the first. It is its owner's.
        if found.mandate is None and subject.gpc_at is None and rules.heard(request.headers.get("Sec-GPC")):
            subject = signals.receive(subject=subject, channel="portal", by=_actor(request, "browser"), now=now).subject
        answer: HttpResponse = view(request, subject, *args, **kwargs)
        return answer

    return guarded


def customer_or_anyone(view: Any) -> Any:
    """Give the view the customer whose session it is, or None: for what nobody needs to sign in for."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = visitor(request)
        answer: HttpResponse = view(request, found.subject if found else None, *args, **kwargs)
        return answer

    return guarded


def fresh_only(back: str) -> Callable[[Any], Any]:
    """Let in who entered a code a moment ago (level 2), or ask for one; below `customer_only`.

    For what carries data away and for what cannot be undone: a copy, an export, an erasure, a new address, acting for
    somebody else. Never for saying no (GDPR Art. 7(3)): that needs no more than saying yes, and mostly less.
    back: the name of the page to go on from after the code.
    """

    def guard(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, subject: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_fresh(request):
                return ask_for_code(reverse(back))
            answer: HttpResponse = view(request, subject, *args, **kwargs)
            return answer

        return guarded

    return guard


def is_fresh(request: HttpRequest) -> bool:
    """Whether the visitor entered a code a moment ago."""
    found = visitor(request)
    return found is not None and found.fresh


def own(request: HttpRequest) -> Any:
    """The visitor themselves, below `customer_only`, also while they act for somebody else."""
    found = visitor(request)
    return found.own if found else None


def visitor(request: HttpRequest) -> Any:
    """Whose visit to the portal this is (visits.Visitor), looked up once for a request; None for nobody's."""
    if not hasattr(request, "visitor"):
        token = visit_token(request)
        request.visitor = visits.visitor(token=token, now=clock()) if token else None  # type: ignore[attr-defined]
    return request.visitor  # type: ignore[attr-defined]


def ask_for_code(back: str) -> HttpResponse:
    """Lead to the page that sends a fresh code. back: where to go on after it."""
    return redirect(f"{reverse('portal:fresh')}?{urlencode({'next': back})}")


def visit_token(request: HttpRequest) -> str:
    """The token of a customer's visit, as their browser sends it."""
    return request.COOKIES.get(settings.PORTAL_COOKIE_NAME, "")


def way_on(request: HttpRequest, otherwise: str) -> str:
    """The page that `next` names, if it is one of ours."""
    wanted = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else otherwise


def officer_only(view: Any) -> Any:
    """Let in who is an officer now, or show the way in; a page is come back to, a form is not sent again."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not officers.is_officer(request.user):
            back = request.get_full_path() if request.method == "GET" else reverse(settings.LOGIN_REDIRECT_URL)
            return redirect_to_login(back, reverse(settings.LOGIN_URL))
        answer: HttpResponse = view(request, *args, **kwargs)
        return answer

    return guarded


def address(request: HttpRequest) -> str:
    """The caller's address; a forwarded one only from a proxy we trust."""
    direct = _direct(request)
    forwarded = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    for each in reversed(forwarded):
        if not _trusted(direct):
            break
        direct = each
    return direct


def by_proxy(request: HttpRequest) -> bool:
    """Whether a proxy we trust hands this request on: only then do headers say how it came to us."""
    return _trusted(_direct(request))


def network(request: HttpRequest) -> str:
    """Where a caller stands: the address, or of IPv6 the 64 bits that one household has to itself."""
    value = address(request)
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return value
    return value if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _direct(request: HttpRequest) -> str:
    found: str = request.META.get("REMOTE_ADDR", "")
    return found


def _trusted(value: str) -> bool:
    try:
        return any(ipaddress.ip_address(value) in ipaddress.ip_network(each) for each in settings.TRUSTED_PROXIES)
    except ValueError:
        return False


def _actor(request: HttpRequest, kind: str, ref: str = "", name: str = "") -> Actor:
    return Actor(
        kind,
        ref=ref,
        name=name,
        request=getattr(request, "trust_id", ""),
        correlation=getattr(request, "correlation", ""),
    )
