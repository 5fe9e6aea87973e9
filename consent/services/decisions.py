"""What the one decision function reads of a purpose and of customers, now and at any past moment. Nothing writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from consent.models import ConsentEvent, PurposeVersion, Subject
from consent.models import Purpose as PurposeRow
from consent.rules import ages, decision, merge, moments, signals, text
from consent.rules.decision import Customer, Decision, Purpose, State, Terms
from consent.services import catalogue, families, handles, limits, states
from consent.services.subjects import Handle


@dataclass(frozen=True)
class Standing:
    """What stood for one purpose at a moment: the version in force, what the customer said, and what follows."""

    purpose: PurposeRow
    version: PurposeVersion
    state: State
    decision: Decision


@dataclass(frozen=True)
class Known:
    """The customer that an identifier finds. verified: somebody vouched that it is theirs."""

    subject: Subject
    verified: bool = True


@dataclass(frozen=True)
class InForce:
    """A purpose, and its version in force at a moment."""

    purpose: PurposeRow
    version: PurposeVersion


_NOTHING = states.Held(State())


@dataclass(frozen=True)
class Reading:
    """What was read of one customer for one purpose: what they last said, what made it so, whose laws bear on them.

    agreed: what the version they agreed to allows. cause: read only for whom it matters, a child or the sender of a
    browser's signal.
    """

    known: Known
    state: State
    agreed: Terms | None
    cause: ConsentEvent | None
    places: tuple[str, ...]


def standing(*, subject: Subject, moment: datetime) -> list[Standing]:
    """How each purpose published by a moment stood for one customer then, for whom they chose and what they chose.

    For showing a record to staff: no data is used, so no decision is logged.
    """
    found = []
    for purpose in catalogue.purposes():
        row = in_force(purpose.key, moment)
        terms, customer = facts(row, Known(subject), moment, past=True)
        if row is None or terms is None or customer is None:
            continue
        found.append(Standing(row.purpose, row.version, customer.state, stands(terms, customer, moment)))
    return found


def stands(purpose: Purpose, customer: Customer, moment: datetime) -> Decision:
    """What a check would answer at a moment for the first recipient that was chosen, and the data that was chosen.

    For telling how things stand: no data is used, so no decision is logged.
    """
    named = purpose.current.recipients
    recipient = next((each for each in (*customer.state.recipients, *named) if each in named), "")
    return decision.decide(purpose=purpose, customer=customer, recipient=recipient, categories=None, now=moment)


def token(entry_id: UUID) -> str:
    """The consistency token of a write or a check: a later check with it sees at least that."""
    return f"t1.{entry_id.hex}"


def known(handle: Handle, now: datetime, *, as_of: datetime | None = None) -> Known | None:
    """The customer an identifier finds, or found at a past moment, and whether somebody vouched for it.

    Whoever asked to be left alone is found no more, by one look-up like everybody else.
    """
    if as_of is None:
        return known_together([handle], now)[0]
    row = None if text.identifier_problem(handle.namespace, handle.id) else handles.row(handle)
    if row is None or row.suppressed:
        return None
    subject = families.owner(row, as_of)
    return Known(subject, row.verified) if subject.created_at <= as_of else None


def known_together(wanted: Sequence[Handle], now: datetime) -> list[Known | None]:
    """As `known`, of many identifiers at once, in their order."""
    keys = [None if text.identifier_problem(each.namespace, each.id) else handles.key(each) for each in wanted]
    found = handles.found(each for each, key in zip(wanted, keys, strict=True) if key)
    known = {key: Known(*each) for key, each in found.items() if each[0].created_at <= now}
    return [known.get(key) if key else None for key in keys]


def in_force(key: str, moment: datetime) -> InForce | None:
    """The purpose and the version in force at a moment."""
    row = catalogue.in_force(key) if text.KEY.fullmatch(key) else None
    if row is None or row.current is None:
        return None
    version: PurposeVersion | None = row.current
    if row.current.published_at is None or row.current.published_at > moment:
        version = row.versions.filter(published_at__lte=moment).order_by("-number").first()
    return InForce(row, version) if version else None


def facts(
    row: InForce | None, found: Known | None, moment: datetime, *, past: bool, evenly: bool = False
) -> tuple[Purpose | None, Customer | None]:
    """A purpose and a customer as the decision reads them. past: from the events, not from what stands now.

    evenly: as of `readings`.
    """
    if row is None:
        return None, None
    if not past and (found or evenly):
        for read in readings(row, [found] if found else [], evenly=evenly):
            return facts_at(row, read, moment)
    if found is None:
        return purpose_alone(row, moment), None
    state, agreed, cause = states.at(found.subject, row.purpose, moment)
    terms = catalogue.terms(row.version)
    limited = limits.stood(found.subject, moment)
    customer = customer_facts(found.subject, state, cause, terms, moment, verified=found.verified, limited=limited)
    return purpose_facts(row.purpose, row.version, terms, catalogue.terms(agreed) if agreed else None, moment), customer


def purpose_alone(row: InForce, moment: datetime) -> Purpose:
    """A purpose as the decision reads it for a customer whom nobody knows."""
    return purpose_facts(row.purpose, row.version, catalogue.terms(row.version), None, moment)


def readings(row: InForce, found: Sequence[Known], *, evenly: bool = False) -> list[Reading]:
    """What stands of many customers for one purpose, by a fixed number of statements for any number of them.

    evenly: all of them, whoever is found, so that the time tells nobody whether we know a child, or anyone at all.
    """
    held = states.together(list(dict.fromkeys(each.subject.pk for each in found)), row.purpose)
    special = [each.subject.pk for each in found if evenly or _special(each.subject)]
    places, causes = {}, {}
    if special or evenly:
        places = families.places_of(special)
        causes = ConsentEvent.objects.in_bulk([held[each].event for each in special if each in held] or [0])

    def of(known: Known) -> Reading:
        subject = known.subject
        said = held.get(subject.pk, _NOTHING)
        agreed = catalogue.terms_of(*said.version) if said.version else None
        cause = causes.get(said.event) if causes else None
        return Reading(known, said.state, agreed, cause, tuple(places.get(subject.pk, [subject.jurisdiction])))

    return [of(each) for each in found]


def facts_at(row: InForce, read: Reading, moment: datetime) -> tuple[Purpose, Customer]:
    """A purpose and a customer as the decision reads them at a moment, if nothing more is said until then."""
    current = catalogue.terms(row.version)
    customer = customer_facts(
        read.known.subject,
        read.state,
        read.cause,
        current,
        moment,
        verified=read.known.verified,
        places=read.places,
    )
    return purpose_facts(row.purpose, row.version, current, read.agreed, moment), customer


def purpose_facts(
    row: PurposeRow, version: PurposeVersion, current: Terms, agreed: Terms | None, moment: datetime
) -> Purpose:
    """A purpose as the decision reads it; for checks and for what the customer sees alike."""
    return Purpose(
        key=row.key,
        current=current,
        material=version.material_number,
        agreed=agreed,
        retired=row.retired_at is not None and row.retired_at <= moment,
    )


def customer_facts(
    subject: Subject,
    state: State,
    cause: ConsentEvent | None,
    current: Terms,
    moment: datetime,
    *,
    verified: bool = True,
    places: Sequence[str] | None = None,
    limited: bool | None = None,
) -> Customer:
    """A customer as the decision on one purpose reads them; for checks and for what the customer sees alike.

    cause: the event that made the state what it is. verified: whether somebody vouched for the identifier they were
    found by. What another can do is to say no: the yes of the customer it finds does not count.
    places: whose laws bear on them, where the caller has read them already. limited: whether a limitation stood, for a
    past moment; left out, as it stands now.
    """
    state = state if verified else merge.strictest(state, State())
    places, today = _places(subject) if places is None else places, moment.date()
    until = max(
        filter(None, (ages.child_until(subject.minor_until, each, current.min_age) for each in places)), default=None
    )
    minor = until is not None and today < until
    own = cause if cause and cause.yes and cause.actor == "self" else None
    return Customer(
        state=_outgrown(state, cause, until) if until else state,
        limited=subject.limited_at is not None if limited is None else limited,
        minor=minor,
        must_opt_in=current.sale_or_sharing
        and any(ages.must_opt_in(subject.minor_until, each, today) for each in places),
        never_shared=minor and current.sale_or_sharing and any(ages.never_shared(each) for each in places),
        gpc=any(
            signals.switches_off(
                jurisdiction=each,
                shares=current.sale_or_sharing,
                received_at=subject.gpc_at if subject.gpc_at and subject.gpc_at <= moment else None,
                yes_at=min(own.collected_at, own.recorded_at) if own else None,
            )
            for each in places
        ),
    )


def _special(subject: Subject) -> bool:
    """A child, or the sender of a browser's signal: only for them it matters whose laws bear on them, and what made an
    answer so."""
    return bool(subject.minor_until or subject.gpc_at)


def _places(subject: Subject) -> list[str]:
    return families.places(subject) if _special(subject) else [subject.jurisdiction]


def _outgrown(state: State, cause: ConsentEvent | None, until: date) -> State:
    """What was said of a child ends on the day they say yes themselves, also where the day was learned later."""
    ends = moments.midnight(until)
    if cause is None or cause.collected_at >= ends or (state.expires_at and state.expires_at <= ends):
        return state
    return replace(state, expires_at=ends)
