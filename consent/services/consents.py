"""What a customer says about a purpose: record it, with the words, the way and the person it came by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.rows import Over
from audit.vault import Vault
from consent.errors import (
    AskedRecently,
    Field,
    IdentifierUnverified,
    Invalid,
    LinkSpent,
    NoChoiceHere,
    NotAllowed,
    OutOfTurn,
    PurposeClosed,
    Suppressed,
)
from consent.models import ConsentEvent, ConsentState, NoticeText, Purpose, PurposeVersion, Subject
from consent.rules import acting as acting_rules
from consent.rules import bases, decision, lifecycle, scope
from consent.rules import choice as rules
from consent.rules.actions import BY_ACT
from consent.rules.choice import Choice
from consent.rules.decision import State
from consent.services import (
    acting,
    catalogue,
    confirmations,
    families,
    ledger,
    letters,
    notices,
    reach,
    scopes,
    signals,
    states,
    subjects,
)
from consent.services.confirmations import Waiting
from consent.services.ledger import Actor, Fact
from consent.services.states import Heard
from consent.services.subjects import Handle

# Errors by which one could learn what a customer said to others, or who vouched for them.
_TELLING = (OutOfTurn, AskedRecently, IdentifierUnverified)
NOT_YOURS = "This act is not recorded for a third party. The company that knows the customer can."
# What the service says of the way when nobody acted, but the time came.
TIMETABLE = "timetable"
OPERATOR = Actor("operator", name="timetable")


@dataclass(frozen=True)
class Recorded:
    """The event as recorded, and the answer that stands after it.

    waiting: the token that confirms it, where the purpose asks for that (double opt-in). It is told here and not kept.
    """

    event: ConsentEvent
    state: ConsentState
    waiting: Waiting | None = None


@dataclass(frozen=True)
class _Said:
    """What an act comes to, once it is known which words it answers."""

    version: PurposeVersion
    notice: NoticeText | None = None
    assumed: bool = False
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    until: datetime | None = None
    pending: bool = False


@transaction.atomic
def record(*, subject: Handle | Subject, choice: Choice, by: Actor, now: datetime) -> Recorded:
    """Record one choice; a customer we did not know becomes known by it.

    Raises Invalid naming every wrong member; NoChoiceHere for a purpose that rests on no choice; NoticeSuperseded when
    the text shown has been replaced materially; PurposeClosed for a yes to a retired purpose; OutOfTurn for an act that
    finds nothing to act on; AskedRecently for a question that was answered with no; LinkSpent for a token that confirms
    nothing; NotAllowed when somebody would grant to themselves; IdentifierUnverified for a yes under an identifier that
    nobody vouched for; Suppressed for a customer who asked to be left alone, unless this is their own yes, and one that
    waits for no token: until then anybody may have typed their address. A third party is not told what stands: what
    would tell it is NotAllowed.
    """
    try:
        return _record(subject, acting.spoken(choice, by), by, now)
    except _TELLING:
        if by.ref in catalogue.third_parties():
            raise NotAllowed(NOT_YOURS) from None
        raise


def _record(subject: Handle | Subject, choice: Choice, by: Actor, now: datetime) -> Recorded:
    purpose, third = _purpose(choice, subject, now)
    # One customer's choices are folded one after the other; others' do not wait.
    reached = reach.hold(subject, by=by, now=now)
    known = reached.subject
    again = reach.speaks_again(reached, choice, by)
    if again:
        reach.lift(known, by=by, now=now)
        # What others said meanwhile, or what came up, must not start because one thing was allowed.
        others = {"language": choice.language, "channel": choice.channel, "besides": choice.purpose}
        withdraw_all(subject=known, **others, by=by, now=now)
    acting.check(choice, known, purpose, now)
    heard = states.heard(known, purpose)
    said = _said(choice, known, purpose, heard, third, by, now)
    if again and said.pending:
        raise Suppressed
    _refuse_own_gain(choice, said, purpose, third, by)
    return _write(choice, known, purpose, said, heard, by, now, reached.box)


@transaction.atomic
def confirm(*, token: str, channel: str, method: str, by: Actor, now: datetime) -> Recorded:
    """Confirm a pending yes by its token alone, as whoever opens a link does. Raises as record.

    The link of a customer who is left alone is spent like any other: whoever holds it may not be the customer.
    """
    event = confirmations.find(token=token, now=now)
    actor = acting.confirmer(event)
    choice = Choice(event.purpose.key, lifecycle.CONFIRM, channel, method, confirmation=token, actor=actor)
    try:
        return record(subject=event.subject, choice=choice, by=by, now=now)
    except Suppressed:
        raise LinkSpent from None


@transaction.atomic
def withdraw_all(
    *,
    subject: Subject,
    language: str,
    channel: str,
    besides: str = "",
    among: Collection[str] | None = None,
    by: Actor,
    now: datetime,
) -> list[Recorded]:
    """Turn off, in one act, everything that rests on this customer's choice and is not off yet.

    A yes that waits for its token can be confirmed no more: who holds the token must not turn on what was turned off.
    besides: the key of a purpose that is left as it is, since it is answered by itself at the same moment.
    among: the keys of the only purposes that this is about; None for all.
    Returns one record per purpose: a withdrawal where they had said yes, an objection where none was needed.
    """
    subject = subjects.hold(subject)
    confirmations.end_all(of=[subject], among=among, now=now)
    held = states.current(subject=subject)
    rows = [row for row in catalogue.purposes() if row.key != besides and (among is None or row.key in among)]
    acts = [(row.key, _reduction(row, held.get(row.pk))) for row in rows]
    choices = [Choice(key, act, channel, "button", language=language) for key, act in acts if act]
    return [record(subject=subject, choice=choice, by=by, now=now) for choice in choices]


@transaction.atomic
def lapse(*, state: ConsentState, now: datetime) -> Recorded | None:
    """Record that a yes ran out, dated when it did; None when meanwhile there is nothing that did."""
    subject, purpose = subjects.hold(state.subject), state.purpose
    row = ConsentState.objects.select_related("version").get(pk=state.pk)
    over = row.status in decision.PERMITTING and not lifecycle.stands(states.as_rule(row), now)
    if row.version is None or not over or row.subject_id != subject.pk:
        return None
    choice = Choice(purpose.key, lifecycle.EXPIRE, TIMETABLE, TIMETABLE, collected_at=row.expires_at, actor="system")
    return _write(choice, subject, purpose, _Said(row.version), states.heard(subject, purpose), OPERATOR, now)


def _purpose(choice: Choice, subject: Handle | Subject, now: datetime) -> tuple[Purpose, frozenset[str]]:
    """The purpose the choice is about, once everything that can be checked without its customer is right.

    With it the keys of all third parties, which a yes names one by one.
    """
    problems = rules.problems(choice, now)
    if isinstance(subject, Handle):
        try:
            subjects.check_handles([subject], "/subject")
        except Invalid as wrong:
            problems += wrong.fields
    purpose, third = catalogue.asked(choice.purpose)
    if purpose is None:
        problems.append(Field("/purpose", "unknown", "No such purpose was ever published."))
    if problems or purpose is None:
        raise Invalid(*problems)
    if purpose.current is None or purpose.current.legal_basis in bases.FIXED:
        raise NoChoiceHere()
    if misplaced := rules.misplaced(choice.act, purpose.current.legal_basis):
        raise Invalid(*misplaced)
    if purpose.retired_at and choice.act in lifecycle.WIDENING | {lifecycle.REQUEST}:
        raise PurposeClosed()
    return purpose, third


def _said(
    choice: Choice, subject: Subject, purpose: Purpose, heard: Heard, third: Collection[str], by: Actor, now: datetime
) -> _Said:
    """What the act comes to: its words, its scope, its end. Raises as record."""
    if choice.confirmation:
        event = confirmations.redeem(token=choice.confirmation, subject=subject, purpose=purpose, now=now)
        acting.check_confirmation(event, choice)
        parts = event.version, event.notice, event.assumed, tuple(event.categories), tuple(event.recipients)
        scopes.refuse_outdated(event.version, purpose)
        return _Said(*parts, until=event.until)
    if choice.act == lifecycle.REQUEST:
        _refuse_asking(subject, purpose, now)
    # What another tool recorded is kept as it is; what is said to us has to fit what stands.
    state = State() if choice.imported else heard.state
    if not choice.imported and (misfit := lifecycle.misfit(choice.act, state, now)):
        raise OutOfTurn(misfit)
    notice, assumed = notices.shown(choice, purpose, choice.collected_at or now)
    version = notices.version(choice, purpose, notice)
    if choice.act not in lifecycle.YES:
        return _Said(version, notice, assumed, until=choice.until)
    scopes.refuse_longer(choice, version, now)
    categories, recipients = scopes.chosen(choice, version, state, third)
    # Whoever presses the button in their own portal session has shown already who they are.
    open_to_doubt = choice.act == lifecycle.GIVE and by.type not in acting_rules.VISITORS
    pending = open_to_doubt and _needs_confirming(version, state, categories, recipients, now)
    until = acting.ends(choice, subject, purpose, now)
    return _Said(version, notice, assumed, categories, recipients, until, pending)


def _needs_confirming(
    version: PurposeVersion, state: State, categories: Sequence[str], recipients: Sequence[str], now: datetime
) -> bool:
    """Whether a yes waits for its token: where the purpose asks for it, unless it only narrows a yes that stands."""
    if not version.details.get("double_opt_in"):
        return False
    narrower = scope.within(categories, state.categories) and scope.within(recipients, state.recipients)
    return not (narrower and lifecycle.stands(state, now) and (state.version or 0) >= version.material_number)


def _refuse_asking(subject: Subject, purpose: Purpose, now: datetime) -> None:
    """Nobody is asked again within 12 months of a no, unless the purpose changed materially since.

    Nor within 12 months of a browser's signal against it. A child who came of age after a guardian's no is asked anew.
    """
    if signals.stops_asking(subject=subject, purpose=purpose, now=now):
        raise AskedRecently()
    ours = families.of(subject)
    answers = ConsentEvent.objects.filter(subject__in=ours, purpose=purpose, act__in=lifecycle.ANSWERS)
    last = answers.select_related("version", "purpose__current").order_by("-id").first()
    if last is None or last.act not in {lifecycle.REFUSE, lifecycle.WITHDRAW, lifecycle.OBJECT}:
        return
    if acting.outgrown(last, subject, now):
        return
    changed = purpose.current and purpose.current.material_number > last.version.number
    if not changed and rules.asked_recently(last.collected_at, now):
        raise AskedRecently()


def _refuse_own_gain(choice: Choice, said: _Said, purpose: Purpose, third: Collection[str], by: Actor) -> None:
    """Nobody grants to themselves: a third party records no act by which its own use may be permitted.

    Where no yes is needed, a yes lifts the objection for all that are named at once.
    """
    if choice.act not in lifecycle.WIDENING or by.type != "system" or by.ref not in third:
        return
    if choice.actor == "staff":
        raise NotAllowed("A third party has no staff of ours, whose word the evidence would name.")
    if purpose.current and purpose.current.legal_basis not in bases.ASKED:
        raise NotAllowed("A third party cannot lift an objection.")
    if choice.act == lifecycle.RESUME or by.ref in said.recipients:
        raise NotAllowed("A third party cannot record a yes that names itself.")


def _write(
    choice: Choice,
    subject: Subject,
    purpose: Purpose,
    said: _Said,
    heard: Heard,
    by: Actor,
    now: datetime,
    box: Vault | None = None,
) -> Recorded:
    """The entry, the event and the answer, together."""
    collected_at, number = choice.collected_at or now, ledger.uuid7(now)
    event = ConsentEvent(
        subject=subject,
        purpose=purpose,
        version=said.version,
        notice=said.notice,
        assumed=said.assumed,
        act=choice.act,
        categories=list(said.categories),
        recipients=list(said.recipients),
        channel=choice.channel,
        actor=choice.actor,
        language=said.notice.language if said.notice else "",
        collected_at=collected_at,
        recorded_at=now,
        pending=said.pending,
        until=said.until,
        imported=choice.imported,
        entry_id=number,
    )
    state = states.settled(event, heard)
    ledger.record(
        _fact(choice, subject, purpose, said, collected_at),
        by=by,
        now=now,
        payload=_payload(choice, said),
        number=number,
        beside=(event, Over(state, states.UNIQUE), *letters.due(event)),
        boxes={subject.pseudonym: box} if box else None,
    )
    told = said.pending and not choice.imported
    return Recorded(event, state, confirmations.make(event, now=now) if told else None)


def _payload(choice: Choice, said: _Said) -> dict[str, Any]:
    told = {"method": choice.method, "evidence": choice.evidence, "assumed": said.assumed}
    return told | ({"level": choice.level} if choice.level else {})


def _fact(choice: Choice, subject: Subject, purpose: Purpose, said: _Said, collected_at: datetime) -> Fact:
    details: dict[str, Any] = {
        "channel": choice.channel,
        "actor": choice.actor,
        "collected_at": ledger.moment(collected_at),
    }
    if choice.act in lifecycle.YES:
        details |= {"categories": list(said.categories), "recipients": list(said.recipients)}
    if said.notice:
        details |= {"notice": said.notice.digest, "language": said.notice.language}
    if said.until:
        details["until"] = ledger.moment(said.until)
    if choice.imported:
        details["imported"] = True
    return Fact(
        "consent.pending" if said.pending else BY_ACT[choice.act],
        subject=subject.pseudonym,
        purpose=purpose.key,
        version=said.version.number,
        details=details,
    )


def _reduction(purpose: Purpose, held: ConsentState | None) -> str:
    """The act that turns a purpose off; "" where there is nothing to turn off."""
    basis = purpose.current.legal_basis if purpose.current else ""
    if basis in bases.ASKED:
        on = held is not None and held.status in decision.PERMITTING
    else:
        on = basis in bases.OBJECTABLE and not (held and held.objected)
    return rules.no(basis) if on else ""
