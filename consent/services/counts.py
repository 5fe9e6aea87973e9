"""How many customers stand where, for each purpose: now, and at any past moment."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from consent.errors import NotFound
from consent.models import ConsentEvent, ConsentState, Purpose, PurposeVersion, Subject
from consent.rules import lifecycle
from consent.rules.decision import Customer, State, Terms
from consent.services import catalogue, decisions, histories, limits, states
from consent.services.histories import Progress

UNKNOWN = State()


@dataclass(frozen=True)
class Count:
    """One purpose at a moment: the version in force then, and how many customers stood where.

    statuses: by status of DPV, `unknown` for those who said nothing. permitted: for how many a check would have been
    allowed, for whom they chose and what they chose. customers: all that were known.
    """

    purpose: Purpose
    version: PurposeVersion
    customers: int
    statuses: dict[str, int]
    permitted: int


@dataclass(frozen=True)
class _Place:
    """What bears on a decision about a customer, with nothing in it that many do not share."""

    purpose: int
    customer: Customer
    agreed: int | None


def read(
    *,
    moment: datetime | None = None,
    only: Sequence[str] | None = None,
    now: datetime,
    progress: Progress = lambda done, of: None,
) -> list[Count]:
    """Count customers for every purpose in force at a moment, in catalogue order.

    moment: None for now, which is one query over the current answers; a past moment folds all that was recorded by
    then, in constant memory. only: these purposes' keys, None for all.
    """
    then = moment or now
    keys = [row.key for row in catalogue.purposes() if only is None or row.key in only]
    forces = [row for key in keys if (row := decisions.in_force(key, then))]
    current = {row.purpose.pk: catalogue.terms(row.version) for row in forces}
    if moment is None:
        places, customers = _current(current, then), Subject.objects.filter(link_away=None, erased_at=None).count()
    else:
        places, customers = _past(current, then, progress)
    agreed = PurposeVersion.objects.in_bulk({place.agreed for place in places if place.agreed})
    return [_count(row.purpose, row.version, places, agreed, customers, then) for row in forces]


def one(*, purpose: str, moment: datetime | None = None, now: datetime) -> Count:
    """The same for one purpose. Raises NotFound when it was not published, or not by then."""
    catalogue.purpose(purpose)
    for found in read(moment=moment, only=[purpose], now=now):
        return found
    raise NotFound("This purpose was not published then.")


def _current(current: Mapping[int, Terms], now: datetime) -> Counter[_Place]:
    told: dict[str, Any] = {
        "over": Q(expires_at__isnull=False, expires_at__lte=now),
        "halted": Q(paused_until__isnull=False, paused_until__gt=now),
    }
    flags = {name: models.ExpressionWrapper(each, models.BooleanField()) for name, each in told.items()}
    members = ("purpose_id", "status", "version_id", "version__number", "categories", "recipients", "objected")
    rows = ConsentState.objects.filter(purpose__in=current, subject__link_away=None, subject__erased_at=None)
    apart = Q(subject__minor_until__isnull=False) | Q(subject__gpc_at__isnull=False)
    apart |= Q(subject__limited_at__isnull=False)
    found = Counter(_apart(rows.filter(apart), current, now))
    rows = rows.exclude(apart).annotate(**flags)
    for row in rows.values(*members, "by_guardian", *flags).annotate(customers=models.Count("pk")):
        state = State(
            status=row["status"],
            version=row["version__number"],
            categories=tuple(row["categories"]),
            recipients=tuple(row["recipients"]),
            expires_at=now if row["over"] else None,
            paused_until=_later(now) if row["halted"] else None,
            objected=row["objected"],
            by_guardian=row["by_guardian"],
        )
        found[_Place(row["purpose_id"], Customer(state), row["version_id"])] += row["customers"]
    return found


def _apart(rows: models.QuerySet[ConsentState], current: Mapping[int, Terms], now: datetime) -> Iterator[_Place]:
    """Who was a child, sent a browser's signal or is limited, one by one: what bears on them is their own."""
    said = set()
    for row in rows.select_related("subject", "version", "event").iterator(chunk_size=500):
        said.add((row.subject_id, row.purpose_id))
        facts = decisions.customer_facts(row.subject, states.as_rule(row), row.event, current[row.purpose_id], now)
        yield _Place(row.purpose_id, _shared(facts, now), row.version_id)
    customers = Subject.objects.filter(erased_at=None)
    special = customers.exclude(minor_until__isnull=True, gpc_at__isnull=True, limited_at__isnull=True)
    limited = list(customers.filter(link_away=None, limited_at__isnull=False))
    for purpose, terms in current.items():
        # Of the rest, those who said nothing stand where everybody does.
        silent: Iterable[Subject] = [each for each in limited if (each.pk, purpose) not in said]
        if terms.sale_or_sharing:
            silent = special.exclude(states__purpose=purpose).iterator(chunk_size=500)
        for subject in silent:
            yield _Place(purpose, decisions.customer_facts(subject, UNKNOWN, None, terms, now), None)


def _past(current: Mapping[int, Terms], then: datetime, progress: Progress) -> tuple[Counter[_Place], int]:
    found: Counter[_Place] = Counter()
    customers, one = 0, next(iter(current)) if len(current) == 1 else None
    limited = limits.standing_at(then)
    for batch in histories.read(until=then, purpose=one, progress=progress):
        customers += len(batch)
        for history in batch:
            for purpose, terms in current.items():
                events = history.events.get(purpose, ())
                still = history.subject.pk in limited
                if events or still or terms.sale_or_sharing:
                    found[_was(history.subject, purpose, events, terms, then, still)] += 1
    return found, customers


def _was(
    subject: Subject, purpose: int, events: Sequence[ConsentEvent], terms: Terms, then: datetime, limited: bool
) -> _Place:
    folded = lifecycle.fold(map(states.event_as_rule, events))
    agreed = next((each.version_id for each in events if each.version.number == folded.state.version), None)
    cause = next((each for each in events if each.pk == folded.order), None)
    customer = decisions.customer_facts(subject, folded.state, cause, terms, then, limited=limited)
    return _Place(purpose, _shared(customer, then), agreed)


def _shared(customer: Customer, moment: datetime) -> Customer:
    """The same customer at this moment, without the dates that differ from one to another."""
    state = customer.state
    ends, pause = moment if state.over(moment) else None, _later(moment) if state.halted(moment) else None
    return replace(customer, state=replace(state, expires_at=ends, paused_until=pause))


def _later(moment: datetime) -> datetime:
    return moment + timedelta(days=1)


def _count(
    row: Purpose,
    version: PurposeVersion,
    places: Counter[_Place],
    agreed: Mapping[int, PurposeVersion],
    customers: int,
    moment: datetime,
) -> Count:
    statuses: Counter[str] = Counter()
    permitted = 0
    for place, number in _everybody(row, places, customers):
        statuses[lifecycle.status(place.customer.state, moment)] += number
        yes = catalogue.terms(agreed[place.agreed]) if place.agreed else None
        facts = decisions.purpose_facts(row, version, catalogue.terms(version), yes, moment)
        permitted += number * decisions.stands(facts, place.customer, moment).permitted
    return Count(row, version, customers, {name: number for name, number in statuses.items() if number}, permitted)


def _everybody(row: Purpose, places: Counter[_Place], customers: int) -> Iterator[tuple[_Place, int]]:
    """Every place of a purpose with its number; last, those who said nothing of it and stand where everybody does."""
    own = {place: number for place, number in places.items() if place.purpose == row.pk}
    yield from own.items()
    yield _Place(row.pk, Customer(), None), customers - sum(own.values())
