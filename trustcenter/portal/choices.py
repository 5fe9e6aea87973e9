"""Your choices: see them, turn one on or off, pause it, undo."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from consent.errors import CodeNeeded, NotFound, NoticeSuperseded
from consent.services import changed, consents, overview, switches
from consent.services.consents import Recorded
from trustcenter import access
from trustcenter.portal.forms import Press

# How long a browser keeps that its owner closed the summary.
SEEN = 180 * 24 * 3600
# So many purposes may stand in one address or form; no catalogue that people can read has more.
MOST = 200


@require_GET
@access.customer_only
def home(request: HttpRequest, subject: Any) -> HttpResponse:
    """Everything on one page; after an act, what was done stands first."""
    saved = _numbers(request.GET.get("saved", ""))
    found = overview.of(subject=subject, language=language(), now=access.clock(), saved=saved)
    first = settings.SEEN_COOKIE_NAME not in request.COOKIES and not found.saved
    return render(request, "portal/home.html", {"overview": found, "section": "choices", "first": first})


@require_POST
def seen(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view's signature
    """Close the summary of the first visit, and let this browser keep that."""
    response = redirect("portal:home")
    response.set_cookie(
        settings.SEEN_COOKIE_NAME, "1", max_age=SEEN, path="/", secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response


@require_GET
@access.customer_only
def purpose(request: HttpRequest, subject: Any, key: str) -> HttpResponse:
    """One use, in the order a person asks."""
    use, history = overview.one(subject=subject, key=key, language=language(), now=access.clock())
    shown = {"use": use, "history": history, "section": "choices", "superseded": "changed" in request.GET}
    return render(request, "portal/purpose.html", shown | {"pauses": switches.PAUSES})


@require_GET
@access.customer_only
def news(request: HttpRequest, subject: Any, key: str) -> HttpResponse:
    """What changed of a use since the customer's yes, side by side; without such a change, the use itself."""
    try:
        found = changed.read(subject=subject, key=key, language=language(), now=access.clock())
    except NotFound:
        return redirect("portal:purpose", key)
    return render(request, "portal/changed.html", {"changed": found, "use": found.use, "section": "choices"})


@require_POST
@access.customer_only
def choose(request: HttpRequest, subject: Any, purpose: str) -> HttpResponse:
    """One press: on, off, keep off, pause or undo."""
    wanted = Press(request.POST).read()
    by, now, fresh = access.customer_actor(request), access.clock(), access.is_fresh(request)
    try:
        if wanted["act"] == "undo":
            return saved([switches.undo(subject=subject, number=wanted["receipt"], fresh=fresh, by=by, now=now)])
        done = switches.turn(
            subject=subject,
            purpose=purpose,
            act=wanted["act"],
            notice_digest=wanted["notice"],
            time=wanted["time"],
            fresh=fresh,
            by=by,
            now=now,
        )
    except CodeNeeded:
        return access.ask_for_code(reverse("portal:purpose", args=[purpose]))
    except NoticeSuperseded:
        return superseded(purpose)
    return saved([done])


@require_POST
@access.customer_only
def everything(request: HttpRequest, subject: Any) -> HttpResponse:
    """Turn off all that is on, or all of a group; or undo that. There is no such button for on."""
    by, now = access.customer_actor(request), access.clock()
    if "receipt" in request.POST:
        numbers, fresh = _numbers(",".join(request.POST.getlist("receipt"))), access.is_fresh(request)
        return saved(switches.undo_all(subject=subject, numbers=numbers, fresh=fresh, by=by, now=now))
    among = request.POST.getlist("among") or None
    off: dict[str, Any] = {"language": language(), "channel": switches.CHANNEL, "among": among}
    return saved(consents.withdraw_all(subject=subject, **off, by=by, now=now))


def language() -> str:
    """The visitor's language, as the texts of the catalogue are keyed."""
    return get_language() or "en"


def superseded(purpose: str) -> HttpResponse:
    """To the new words of a use, which were published while its page was open."""
    return redirect(reverse("portal:purpose", args=[purpose]) + "?changed=1#problem")


def saved(done: Sequence[Recorded]) -> HttpResponseRedirect:
    """Home, where the note takes the focus. The address holds receipt numbers only, and only their owner can use it."""
    numbers = ",".join(str(each.event.entry_id) for each in done)
    return HttpResponseRedirect(reverse("portal:home") + (f"?saved={numbers}#saved" if numbers else ""))


def _numbers(text: str) -> list[UUID]:
    """Receipt numbers in an address; what is none is passed over, since it only decides what is shown."""
    try:
        return [UUID(part) for part in text.split(",")][:MOST] if text else []
    except ValueError:
        return []
