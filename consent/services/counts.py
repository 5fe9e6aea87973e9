"""How many customers stand where, for each purpose: now, and at any past moment."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from consent.errors import NotFound
from consent.models import ConsentState, Purpose, PurposeVersion, Subject
from consent.rules import lifecycle
from consent.rules.decision import Customer, State
from consent.services import catalogue, decisions, histories, records, states
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
    state: State
    agreed: int | None
    minor: bool


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
    purposes = [row.purpose.pk for row in forces]
    if moment is None:
        places, customers = _current(purposes, then), Subject.objects.filter(link_away=None).count()
    else:
        places, customers = _past(purposes, then, progress)
    agreed = PurposeVersion.objects.in_bulk({place.agreed for place in places if place.agreed})
    return [_count(row.purpose, row.version, places, agreed, customers, then) for row in forces]


def one(*, purpose: str, moment: datetime | None = None, now: datetime) -> Count:
    """The same for one purpose. Raises NotFound when it was not published, or not by then."""
    catalogue.purpose(purpose)
    for found in read(moment=moment, only=[purpose], now=now):
        return found
    raise NotFound("This purpose was not published then.")


def _current(purposes: list[int], now: datetime) -> Counter[_Place]:
    told: dict[str, Any] = {
        "over": Q(expires_at__isnull=False, expires_at__lte=now),
        "halted": Q(paused_until__isnull=False, paused_until__gt=now),
        "minor": Q(subject__minor_until__isnull=False, subject__minor_until__gt=now.date()),
    }
    flags = {name: models.ExpressionWrapper(each, models.BooleanField()) for name, each in told.items()}
    members = ("purpose_id", "status", "version_id", "version__number", "categories", "recipients", "objected")
    rows = ConsentState.objects.filter(purpose__in=purposes, subject__link_away=None).annotate(**flags)
    found: Counter[_Place] = Counter()
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
        found[_Place(row["purpose_id"], state, row["version_id"], row["minor"])] += row["customers"]
    return found


def _past(purposes: list[int], then: datetime, progress: Progress) -> tuple[Counter[_Place], int]:
    found: Counter[_Place] = Counter()
    customers, one = 0, purposes[0] if len(purposes) == 1 else None
    for batch in histories.read(until=then, purpose=one, progress=progress):
        customers += len(batch)
        for history in batch:
            minor = decisions.customer_facts(history.subject, UNKNOWN, then).minor
            for purpose, events in history.events.items():
                if purpose in purposes:
                    state = lifecycle.fold(map(states.event_as_rule, events)).state
                    agreed = next((each.version_id for each in events if each.version.number == state.version), None)
                    found[_Place(purpose, _shared(state, then), agreed, minor)] += 1
    return found, customers


def _shared(state: State, moment: datetime) -> State:
    """The same answer at this moment, without the dates that differ from customer to customer."""
    over = state.expires_at is not None and state.expires_at <= moment
    halted = state.paused_until is not None and moment < state.paused_until
    return replace(state, expires_at=moment if over else None, paused_until=_later(moment) if halted else None)


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
        statuses[records.status(place.state, moment)] += number
        yes = catalogue.terms(agreed[place.agreed]) if place.agreed else None
        facts = decisions.purpose_facts(row, version, catalogue.terms(version), yes, moment)
        customer = Customer(state=place.state, minor=place.minor)
        permitted += number * decisions.stands(facts, customer, moment).permitted
    return Count(row, version, customers, {name: number for name, number in statuses.items() if number}, permitted)


def _everybody(row: Purpose, places: Counter[_Place], customers: int) -> Iterator[tuple[_Place, int]]:
    """Every place of a purpose with its number; last, those who said nothing of it.

    Of these, children stand where everybody does: a guardian's yes matters only where a yes does.
    """
    own = {place: number for place, number in places.items() if place.purpose == row.pk}
    yield from own.items()
    yield _Place(row.pk, UNKNOWN, None, minor=False), customers - sum(own.values())
