"""The customer's own buttons: on, off, keep off, pause, undo. Each is a choice, recorded by `consents.record`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.errors import CodeNeeded, Conflict, Field, Invalid, NotFound
from consent.models import ConsentEvent, PurposeVersion, Subject
from consent.rules import bases, durations, lifecycle
from consent.rules import choice as rules
from consent.rules.choice import Choice
from consent.rules.decision import State
from consent.services import catalogue, consents, states, subjects
from consent.services.consents import Recorded
from consent.services.ledger import Actor
from consent.services.states import Stood

CHANNEL, METHOD = "portal", "button"
ON, OFF, KEEP, PAUSE = "on", "off", "keep", "pause"
# How long a pause may be: an alternative to leaving, for a time.
PAUSES = ("P1W", "P1M", "P3M")
# So long a slip is mended by one press, also where a yes asks for a fresh code.
UNDO = timedelta(hours=1)


@transaction.atomic
def turn(
    *,
    subject: Subject,
    purpose: str,
    act: str,
    notice_digest: str,
    time: str = "",
    fresh: bool = False,
    by: Actor,
    now: datetime,
) -> Recorded:
    """Turn a purpose on or off, keep it off when asked anew, or pause it.

    act: ON, OFF, KEEP or PAUSE. notice_digest: of the text on the page. time: how long a pause is, one of PAUSES.
    fresh: whether they entered a code a moment ago. Raises CodeNeeded for a yes to the use of sensitive data without
    one, and never for a no. Raises as consents.record: NoticeSuperseded when the text on the page was replaced
    materially, NoChoiceHere, OutOfTurn, PurposeClosed, Invalid; NotFound for a purpose that was never published.
    """
    current = current_version(purpose)
    if act == ON and not fresh:
        refuse_sensitive(current)
    if act == PAUSE and time not in PAUSES:
        raise Invalid(Field("/time", "choice", f"One of {', '.join(PAUSES)}."))
    said = {
        ON: lambda: _yes(subject, current, now),
        OFF: lambda: rules.no(current.legal_basis),
        KEEP: lambda: lifecycle.REFUSE,
        PAUSE: lambda: lifecycle.PAUSE,
    }[act]()
    until = durations.after(now, time) if act == PAUSE else None
    choice = Choice(purpose, said, CHANNEL, METHOD, notice_digest=notice_digest, until=until)
    return consents.record(subject=subject, choice=choice, by=by, now=now)


@transaction.atomic
def undo(*, subject: Subject, number: UUID, fresh: bool = False, by: Actor, now: datetime) -> Recorded:
    """Record the opposite of an act, so that what stood before it stands again: same scope, same words.

    number: the receipt of the act. Both acts stay in the record. Raises NotFound for a receipt that is not this
    customer's, Conflict when something was said since or nothing stood before, CodeNeeded where the yes to the use of
    sensitive data was taken back more than an hour ago, and as consents.record.
    """
    subject = subjects.hold(subject)
    event = ConsentEvent.objects.filter(entry_id=number, subject=subject).select_related("purpose", "notice").first()
    if event is None:
        raise NotFound("There is no receipt with this number.")
    # Of this record alone: what a joined one said is in the event that joined it, and the stricter of both counts.
    said = list(ConsentEvent.objects.filter(subject=subject, purpose=event.purpose).select_related("version", "notice"))
    if any(each.pk > event.pk for each in said):
        raise Conflict("You chose again after that, so there is nothing to undo.")
    current = current_version(event.purpose.key)
    done = [
        consents.record(subject=subject, choice=choice, by=by, now=now)
        for choice in _restored(event, states.before(event, said), current, fresh, now)
    ]
    return done[-1]


@transaction.atomic
def undo_all(
    *, subject: Subject, numbers: Sequence[UUID], fresh: bool = False, by: Actor, now: datetime
) -> list[Recorded]:
    """Undo several acts in one press, all or none: what turning everything off turned off. Raises as `undo`."""
    return [undo(subject=subject, number=number, fresh=fresh, by=by, now=now) for number in numbers]


def _restored(
    event: ConsentEvent, stood: Stood | None, current: PurposeVersion, fresh: bool, now: datetime
) -> list[Choice]:
    """The choices after which it stands as before an event: the same scope, words, end and pause."""
    before = stood.state if stood else State()
    if not _on(before, current, now):
        if event.act not in lifecycle.YES:
            raise Conflict("It was off before, too.")
        return [_choice(event, rules.no(current.legal_basis), event)]
    pause = _choice(event, lifecycle.PAUSE, event, until=before.paused_until)
    if event.act == lifecycle.RESUME:
        return [pause]
    if event.act == lifecycle.PAUSE:
        return [_choice(event, lifecycle.RESUME, event)]
    if not fresh and now - event.recorded_at > UNDO:
        refuse_sensitive(current)
    given = {"categories": before.categories or None, "recipients": before.recipients or None}
    cause = stood.cause if stood and stood.cause.notice else event
    give = _choice(event, lifecycle.GIVE, cause, until=before.expires_at, **given)
    return [give, pause] if before.halted(now) else [give]


def _on(before: State, current: PurposeVersion, now: datetime) -> bool:
    """Whether what stood before would still be on: what was agreed to before a material change is not."""
    if current.legal_basis in bases.OBJECTABLE:
        return not before.objected
    return lifecycle.stands(before, now) and (before.version or 0) >= current.material_number


def _choice(event: ConsentEvent, act: str, words: ConsentEvent, **more: Any) -> Choice:
    """One choice about the purpose of an event. words: the event whose notice it names."""
    digest = words.notice.digest if words.notice else ""
    return Choice(event.purpose.key, act, CHANNEL, METHOD, notice_digest=digest, **more)


def refuse_sensitive(current: PurposeVersion) -> None:
    """Raises CodeNeeded: sensitive data is used on explicit consent only (services/references.py), and that says who
    gave it."""
    if current.legal_basis == bases.EXPLICIT_CONSENT:
        raise CodeNeeded


def current_version(key: str) -> PurposeVersion:
    """The version of a purpose that is in force. Raises NotFound."""
    current = catalogue.purpose(key).current
    if current is None:
        raise NotFound
    return current


def _yes(subject: Subject, current: PurposeVersion, now: datetime) -> str:
    """What rests is woken as it was; everything else is a new yes."""
    rests = lifecycle.paused(states.as_rule(states.one(subject, current.purpose)), now)
    return lifecycle.RESUME if rests else lifecycle.GIVE
