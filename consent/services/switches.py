"""The customer's own buttons: on, off, undo. Each is a choice like any other, recorded by `consents.record`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from consent.errors import CodeNeeded, Conflict, NotFound
from consent.models import ConsentEvent, PurposeVersion, Subject
from consent.rules import bases, decision, lifecycle
from consent.rules import choice as rules
from consent.rules.choice import Choice
from consent.rules.decision import State
from consent.services import catalogue, consents, states, subjects
from consent.services.consents import Recorded
from consent.services.ledger import Actor
from consent.services.states import Stood

CHANNEL, METHOD = "portal", "button"
# So long a slip is mended by one press, also where a yes asks for a fresh code.
UNDO = timedelta(hours=1)


@transaction.atomic
def turn(
    *,
    subject: Subject,
    purpose: str,
    on: bool,
    notice_digest: str,
    third: Sequence[str] | None = None,
    fresh: bool = False,
    by: Actor,
    now: datetime,
) -> Recorded:
    """Turn a purpose on or off.

    notice_digest: of the text on the page. third: the third parties chosen by name; None for none of them.
    fresh: whether they entered a code a moment ago. Raises CodeNeeded for a yes to the use of sensitive data without
    one, and never for a no. Raises as consents.record: NoticeSuperseded when the text on the page was replaced
    materially, NoChoiceHere, PurposeClosed, Invalid; NotFound for a purpose that was never published.
    """
    current = _current(purpose)
    if on and not fresh:
        _refuse_sensitive(current)
    recipients = [*catalogue.offered(current)[1], *third] if on and third is not None else None
    act = _yes(subject, current, third, now) if on else rules.no(current.legal_basis)
    choice = Choice(purpose, act, CHANNEL, METHOD, notice_digest=notice_digest, recipients=recipients)
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
    current = _current(event.purpose.key)
    choice = _restore(event, states.before(event, said), current.legal_basis, now)
    if choice.act == lifecycle.GIVE and not fresh and now - event.recorded_at > UNDO:
        _refuse_sensitive(current)
    return consents.record(subject=subject, choice=choice, by=by, now=now)


def _restore(event: ConsentEvent, stood_before: Stood | None, basis: str, now: datetime) -> Choice:
    before, cause = (stood_before.state, stood_before.cause) if stood_before else (State(), None)
    stood = not before.objected if basis in bases.OBJECTABLE else before.status in decision.PERMITTING
    if not stood or before.over(now):
        if event.act != lifecycle.GIVE:
            raise Conflict("It was off before, too.")
        digest = event.notice.digest if event.notice else ""
        return Choice(event.purpose.key, rules.no(basis), CHANNEL, METHOD, notice_digest=digest)
    notice = (cause and cause.notice) or event.notice
    return Choice(
        event.purpose.key,
        lifecycle.GIVE,
        CHANNEL,
        METHOD,
        notice_digest=notice.digest if notice else "",
        categories=before.categories or None,
        recipients=before.recipients or None,
    )


def _refuse_sensitive(current: PurposeVersion) -> None:
    """Sensitive data is used on explicit consent only (services/references.py), and that says who gave it."""
    if current.legal_basis == bases.EXPLICIT_CONSENT:
        raise CodeNeeded


def _current(key: str) -> PurposeVersion:
    current = catalogue.purpose(key).current
    if current is None:
        raise NotFound
    return current


def _yes(subject: Subject, current: PurposeVersion, third: Sequence[str] | None, now: datetime) -> str:
    """What rests is woken as it was; everything else is a new yes."""
    rests = lifecycle.paused(states.as_rule(states.one(subject, current.purpose)), now)
    return lifecycle.RESUME if rests and third is None else lifecycle.GIVE
