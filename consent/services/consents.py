"""What a customer says about a purpose: record it, and tell what stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction

from audit.services.entries import Actor, Fact
from consent.errors import Field, Invalid, NoChoiceHere, NotAllowed, NoticeSuperseded, PurposeClosed
from consent.models import ConsentEvent, ConsentState, NoticeText, Purpose, PurposeVersion, Recipient, Subject
from consent.rules import bases, decision, lifecycle, scope
from consent.rules.actions import BY_ACT
from consent.rules.decision import State
from consent.services import catalogue, ledger, subjects
from consent.services.subjects import Handle


@dataclass(frozen=True)
class Choice:
    """What the customer said and how; the words of DESIGN 6.3.

    categories, recipients: None means all offered, except third parties. evidence: kept encrypted.
    collected_at: None means now. imported: recorded elsewhere before, so its own date orders it.
    version: only of what was imported: the words shown were not ours, and this version is assumed in their place.
    """

    purpose: str
    act: str
    channel: str
    method: str
    language: str = ""
    notice_digest: str = ""
    categories: Sequence[str] | None = None
    recipients: Sequence[str] | None = None
    collected_at: datetime | None = None
    actor: str = "self"
    evidence: dict[str, Any] = field(default_factory=dict)
    imported: bool = False
    version: int | None = None


@dataclass(frozen=True)
class Recorded:
    """The event as recorded, and the answer that stands after it."""

    event: ConsentEvent
    state: ConsentState


@transaction.atomic
def record(*, subject: Handle | Subject, choice: Choice, by: Actor, now: datetime) -> Recorded:
    """Record one choice; a customer we did not know becomes known by it.

    Raises Invalid naming every wrong member, NoChoiceHere for a purpose that rests on no choice,
    NoticeSuperseded when the text shown has been replaced materially, PurposeClosed for a yes to a retired purpose,
    NotAllowed when a third party would lift an objection.
    """
    collected_at = choice.collected_at or now
    purpose = _purpose(choice, subject, collected_at, now)
    _refuse_lifting(choice, purpose, by)
    notice, assumed = _notice(choice, purpose, collected_at)
    version = _version(choice, purpose, notice)
    categories, recipients = _scope(choice, version)
    known = subject if isinstance(subject, Subject) else subjects.obtain(subject, by=by, now=now)
    # One customer's choices are folded one after the other; others' do not wait.
    known = subjects.lock(known)
    entry = ledger.record(
        _fact(choice, known, purpose, version, notice, categories, recipients, collected_at),
        by=by,
        now=now,
        payload={"method": choice.method, "evidence": choice.evidence, "assumed": assumed},
    )
    event = ConsentEvent.objects.create(
        subject=known,
        purpose=purpose,
        version=version,
        notice=notice,
        assumed=assumed,
        act=choice.act,
        categories=list(categories),
        recipients=list(recipients),
        channel=choice.channel,
        actor=choice.actor,
        language=notice.language if notice else "",
        collected_at=collected_at,
        recorded_at=now,
        imported=choice.imported,
        entry_id=entry.id,
    )
    return Recorded(event, refold(known, purpose))


@transaction.atomic
def withdraw_all(*, subject: Subject, language: str, channel: str, by: Actor, now: datetime) -> list[Recorded]:
    """Turn off, in one act, everything that rests on this customer's choice and is not off yet.

    Returns one record per purpose: a withdrawal where they had said yes, an objection where none was needed.
    """
    subject = subjects.lock(subject)
    held = states(subject=subject)
    acts = [(row.key, _reduction(row, held.get(row.pk))) for row in catalogue.purposes()]
    choices = [Choice(key, act, channel, "button", language=language) for key, act in acts if act]
    return [record(subject=subject, choice=choice, by=by, now=now) for choice in choices]


def refold(subject: Subject, purpose: Purpose) -> ConsentState:
    """Fold all events of one customer on one purpose into the state row; inside the caller's transaction."""
    events = ConsentEvent.objects.filter(subject=subject, purpose=purpose).select_related("version")
    rows = {event.pk: event for event in events}
    folded = lifecycle.fold(_as_rule(event) for event in rows.values())
    cause = rows[folded.order or 0]
    state = folded.state
    versions = {event.version.number: event.version for event in rows.values()}
    row, _ = ConsentState.objects.update_or_create(
        subject=subject,
        purpose=purpose,
        defaults={
            "status": state.status,
            "version": versions.get(state.version) if state.version else None,
            "categories": list(state.categories),
            "recipients": list(state.recipients),
            "expires_at": state.expires_at,
            "paused_until": state.paused_until,
            "objected": state.objected,
            "by_guardian": state.by_guardian,
            "since": folded.since or cause.collected_at,
            "event": cause,
        },
    )
    return row


def state_at(subject: Subject, purpose: Purpose, moment: datetime) -> tuple[State, PurposeVersion | None]:
    """What stood at a past moment, from the events recorded by then, and the version agreed to."""
    events = list(
        ConsentEvent.objects.filter(subject=subject, purpose=purpose, recorded_at__lte=moment).select_related("version")
    )
    state = lifecycle.fold(_as_rule(event) for event in events).state
    return state, next((event.version for event in events if event.version.number == state.version), None)


def before(event: ConsentEvent, said: Iterable[ConsentEvent]) -> tuple[State, ConsentEvent | None]:
    """What stood before an event, from all that was said about its purpose, and the event that made it so."""
    rows = {each.pk: each for each in said if each.pk < event.pk}
    folded = lifecycle.fold(_as_rule(each) for each in rows.values())
    return folded.state, rows.get(folded.order or 0)


def causes(*, subject: Subject, moment: datetime) -> dict[int, ConsentEvent]:
    """The event that made each answer what it was at a moment, by purpose id."""
    found: dict[int, dict[int, ConsentEvent]] = {}
    for row in ConsentEvent.objects.filter(subject=subject, recorded_at__lte=moment).select_related("version"):
        found.setdefault(row.purpose_id, {})[row.pk] = row
    folded = {key: lifecycle.fold(_as_rule(row) for row in rows.values()) for key, rows in found.items()}
    return {key: found[key][fold.order] for key, fold in folded.items() if fold.order}


def states(*, subject: Subject) -> dict[int, ConsentState]:
    """The current answers of one customer, by purpose id."""
    rows = ConsentState.objects.filter(subject=subject).select_related("version", "event", "event__notice")
    return {row.purpose_id: row for row in rows}


def history(*, subject: Subject) -> models.QuerySet[ConsentEvent]:
    """Everything one customer said, newest first."""
    return (
        ConsentEvent.objects.filter(subject=subject)
        .select_related("purpose", "version", "notice")
        .order_by("-collected_at", "-id")
    )


def as_rule(row: ConsentState | None) -> State:
    """A state row as the decision reads it; no row is `unknown`."""
    if row is None:
        return State()
    return State(
        status=row.status,
        version=row.version.number if row.version else None,
        categories=tuple(row.categories),
        recipients=tuple(row.recipients),
        expires_at=row.expires_at,
        paused_until=row.paused_until,
        objected=row.objected,
        by_guardian=row.by_guardian,
    )


def _as_rule(event: ConsentEvent) -> lifecycle.Event:
    return lifecycle.Event(
        act=event.act,
        collected_at=event.collected_at,
        recorded_at=event.recorded_at,
        order=event.pk,
        version=event.version.number,
        categories=tuple(event.categories),
        recipients=tuple(event.recipients),
        lasts=event.version.consent_lasts or None,
        by_guardian=event.actor == "guardian",
        imported=event.imported,
    )


def _reduction(purpose: Purpose, held: ConsentState | None) -> str:
    """The act that turns a purpose off; "" where there is nothing to turn off."""
    basis = purpose.current.legal_basis if purpose.current else ""
    if basis in bases.ASKED:
        return lifecycle.WITHDRAW if held and held.status in decision.PERMITTING else ""
    if basis in bases.OBJECTABLE:
        return "" if held and held.objected else lifecycle.OBJECT
    return ""


def _purpose(choice: Choice, subject: Handle | Subject, collected_at: datetime, now: datetime) -> Purpose:
    """The purpose the choice is about, once everything that can be checked without it is right."""
    problems = scope.act_problems(
        act=choice.act,
        channel=choice.channel,
        actor=choice.actor,
        scoped=choice.categories is not None or choice.recipients is not None,
        collected_at=collected_at,
        now=now,
    )
    if isinstance(subject, Handle):
        try:
            subjects.check_handles([subject], "/subject")
        except Invalid as wrong:
            problems += wrong.fields
    purpose = catalogue.purposes().filter(key=choice.purpose).first()
    if purpose is None:
        problems.append(Field("/purpose", "unknown", "No such purpose was ever published."))
    if problems or purpose is None:
        raise Invalid(*problems)
    if purpose.current is None or purpose.current.legal_basis in bases.FIXED:
        raise NoChoiceHere()
    if purpose.retired_at and choice.act == lifecycle.GIVE:
        raise PurposeClosed()
    return purpose


def _refuse_lifting(choice: Choice, purpose: Purpose, by: Actor) -> None:
    """Nobody grants to themselves: where no yes is needed, a yes lifts the objection for all that are named at once."""
    asked = purpose.current and purpose.current.legal_basis in bases.ASKED
    if choice.act != lifecycle.GIVE or asked or by.type != "system":
        return
    recipient = Recipient.objects.filter(key=by.ref).first()
    if recipient and recipient.third_party:
        raise NotAllowed("A third party cannot lift an objection.")


def _notice(choice: Choice, purpose: Purpose, collected_at: datetime) -> tuple[NoticeText | None, bool]:
    """The words that were shown, and whether that is our assumption."""
    if choice.imported and choice.version and not choice.notice_digest:
        return None, True
    published = NoticeText.objects.filter(
        version__purpose=purpose, version__published_at__isnull=False, approved_at__isnull=False
    ).select_related("version")
    if choice.notice_digest:
        notice = published.filter(digest=choice.notice_digest).first()
        if notice is None:
            raise Invalid(Field("/notice_digest", "unknown", "No text of this purpose with this digest was published."))
        if choice.language and notice.language != choice.language:
            raise Invalid(Field("/language", "mismatch", f"The text with this digest is in {notice.language}."))
        early = notice.version.published_at and collected_at < notice.version.published_at - scope.CLOCK_SKEW
        if early and choice.act == lifecycle.GIVE and not choice.imported:
            raise Invalid(Field("/collected_at", "before_publication", "This text was not published then."))
        return notice, False
    in_force = published.filter(language=choice.language, version__published_at__lte=collected_at)
    notice = in_force.order_by("-version__number").first()
    if choice.act == lifecycle.GIVE and not choice.imported:
        _require_words(choice, purpose, published, notice)
    return notice, notice is not None


def _require_words(
    choice: Choice, purpose: Purpose, published: models.QuerySet[NoticeText], notice: NoticeText | None
) -> None:
    """A yes is tied to words; an explicit one to the very words, by digest (GDPR Art. 7(1), 9(2)(a))."""
    if purpose.current and purpose.current.legal_basis == bases.EXPLICIT_CONSENT:
        detail = "Explicit consent names the text that was shown; see GET /api/v1/purposes."
        raise Invalid(Field("/notice_digest", "required", detail))
    if not published.filter(language=choice.language).exists():
        detail = "This purpose has no approved text in this language, so nobody can have read it."
        raise Invalid(Field("/language", "no_text", detail))
    if notice is None:
        raise Invalid(Field("/collected_at", "before_publication", "No text of this purpose was in force then."))


def _version(choice: Choice, purpose: Purpose, notice: NoticeText | None) -> PurposeVersion:
    current = purpose.current
    if current is None:
        raise Invalid(Field("/purpose", "unknown", "No such purpose was ever published."))
    if choice.imported and choice.version and notice is None:
        found = purpose.versions.filter(number=choice.version, published_at__isnull=False).first()
        if found is None:
            raise Invalid(Field("/version", "unknown", "No such version of this purpose was published."))
        return found
    if choice.act != lifecycle.GIVE:
        return notice.version if notice else current
    if notice is None:
        return purpose.versions.filter(published_at__isnull=False).order_by("number")[0]
    if notice.version.number < current.material_number and not choice.imported:
        raise NoticeSuperseded()
    return notice.version


def _scope(choice: Choice, version: PurposeVersion) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if choice.act != lifecycle.GIVE:
        return (), ()
    offered = catalogue.terms(version)
    rows = Recipient.objects.filter(key__in=offered.recipients)
    third = [row.key for row in rows if row.third_party]
    categories, strange = scope.chosen(offered.categories, choice.categories)
    recipients, strangers = scope.chosen(offered.recipients, choice.recipients, separate=third)
    problems = [*_not_offered("/categories", strange), *_not_offered("/recipients", strangers)]
    for member, found in (("/categories", categories), ("/recipients", recipients)):
        if not found and not problems:
            problems.append(Field(member, "empty", "A yes to nothing is a no: send the act refuse or withdraw."))
    if problems:
        raise Invalid(*problems)
    return categories, recipients


def _not_offered(member: str, strange: Iterable[str]) -> list[Field]:
    return [Field(member, "not_offered", "The text that was shown does not name all of these.") for _ in [*strange][:1]]


def _fact(
    choice: Choice,
    subject: Subject,
    purpose: Purpose,
    version: PurposeVersion,
    notice: NoticeText | None,
    categories: Sequence[str],
    recipients: Sequence[str],
    collected_at: datetime,
) -> Fact:
    details: dict[str, Any] = {
        "channel": choice.channel,
        "actor": choice.actor,
        "collected_at": ledger.moment(collected_at),
    }
    if choice.act == lifecycle.GIVE:
        details |= {"categories": list(categories), "recipients": list(recipients)}
    if notice:
        details |= {"notice": notice.digest, "language": notice.language}
    if choice.imported:
        details["imported"] = True
    return Fact(
        BY_ACT[choice.act],
        subject=subject.pseudonym,
        purpose=purpose.key,
        version=version.number,
        details=details,
    )
