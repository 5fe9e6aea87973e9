"""Your choices: see them, turn one on or off, undo."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from consent.errors import CodeNeeded, Invalid, NoticeSuperseded
from consent.services import consents, overview, switches
from consent.services.consents import Recorded
from trustcenter import access
from trustcenter.portal.forms import Press


@require_GET
@access.customer_only
def home(request: HttpRequest, subject: Any) -> HttpResponse:
    """Everything on one page; after an act, what was done stands first."""
    saved = _numbers(request.GET.get("saved", ""))
    found = overview.of(subject=subject, language=language(), now=access.clock(), saved=saved)
    return render(request, "portal/home.html", {"overview": found, "section": "choices"})


@require_GET
@access.customer_only
def purpose(request: HttpRequest, subject: Any, key: str) -> HttpResponse:
    """One use, in the order a person asks."""
    return _purpose(request, subject, key)


@require_POST
@access.customer_only
def choose(request: HttpRequest, subject: Any, purpose: str) -> HttpResponse:
    """One press: on, off or undo. `third` names the companies that were ticked, where the form had any."""
    wanted = Press(request.POST).read()
    by, now, fresh = access.customer_actor(request), access.clock(), access.is_fresh(request)
    try:
        if wanted["act"] == "undo":
            return _saved([switches.undo(subject=subject, number=wanted["receipt"], fresh=fresh, by=by, now=now)])
        done = switches.turn(
            subject=subject,
            purpose=purpose,
            on=wanted["act"] == "on",
            notice_digest=wanted["notice"],
            third=request.POST.getlist("third") if wanted["by_name"] else None,
            fresh=fresh,
            by=by,
            now=now,
        )
    except CodeNeeded:
        return access.ask_for_code(reverse("portal:purpose", args=[purpose]))
    except NoticeSuperseded:
        return redirect(reverse("portal:purpose", args=[purpose]) + "?changed=1#problem")
    except Invalid as wrong:
        if any(field.code == "empty" for field in wrong.fields):
            return _purpose(request, subject, purpose, nobody=True)
        raise
    return _saved([done])


@require_POST
@access.customer_only
def everything(request: HttpRequest, subject: Any) -> HttpResponse:
    """Turn off all that is on. There is no such button for on."""
    by, now = access.customer_actor(request), access.clock()
    return _saved(consents.withdraw_all(subject=subject, language=language(), channel=switches.CHANNEL, by=by, now=now))


def language() -> str:
    """The visitor's language, as the texts of the catalogue are keyed."""
    return get_language() or "en"


def _purpose(request: HttpRequest, subject: Any, key: str, *, nobody: bool = False) -> HttpResponse:
    use, history = overview.one(subject=subject, key=key, language=language(), now=access.clock())
    shown = {
        "use": use,
        "history": history,
        "section": "choices",
        "changed": "changed" in request.GET,
        "nobody": nobody,
    }
    return render(request, "portal/purpose.html", shown, status=400 if nobody else 200)


def _saved(done: Sequence[Recorded]) -> HttpResponseRedirect:
    """Home, where the note takes the focus. The address holds receipt numbers only, and only their owner can use it."""
    numbers = ",".join(str(each.event.entry_id) for each in done)
    return HttpResponseRedirect(reverse("portal:home") + (f"?saved={numbers}#saved" if numbers else ""))


def _numbers(text: str) -> list[UUID]:
    """Receipt numbers in an address; what is none is passed over, since it only decides what is shown."""
    try:
        return [UUID(part) for part in text.split(",")][:20] if text else []
    except ValueError:
        return []
