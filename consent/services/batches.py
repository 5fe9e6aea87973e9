"""Many choices in one call: each for itself, or all or nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from consent.errors import Field, Invalid, TrustError
from consent.rules.choice import Choice
from consent.services import consents, subjects
from consent.services.consents import Recorded
from consent.services.ledger import Actor
from consent.services.subjects import Handle

Result = Recorded | TrustError


def record(*, items: Mapping[int, tuple[Handle, Choice]], by: Actor, now: datetime) -> dict[int, Result]:
    """Record choices in their order, each in a transaction of its own; the result of each, under its place."""
    if transaction.get_connection().in_atomic_block:  # under an Idempotency-Key all items share its transaction
        return _share(items, by, now)
    return {place: _try(subject, choice, by, now) for place, (subject, choice) in items.items()}


@transaction.atomic
def record_together(*, items: Sequence[tuple[Handle, Choice]], at: str, by: Actor, now: datetime) -> list[Recorded]:
    """Record all choices or none. Raises what `gathered` makes of everything that was wrong; at: as there."""
    done = _share(dict(enumerate(items)), by, now)
    wrong = {place: result for place, result in done.items() if isinstance(result, TrustError)}
    if wrong:
        raise gathered(wrong, at)
    return [result for result in done.values() if isinstance(result, Recorded)]


def gathered(wrong: Mapping[int, TrustError], at: str) -> TrustError:
    """One error for several items: the first one's kind, every wrong member named below `at`, e.g. `/consents`."""
    first = next(iter(wrong.values()))
    fields = [
        Field(f"{at}/{place}{each.pointer}", each.code, each.detail)
        for place, error in wrong.items()
        for each in error.fields or [Field("", error.code, error.detail)]
    ]
    if isinstance(first, Invalid):
        return Invalid(*fields)
    return type(first)(first.detail, *fields)


def _share(items: Mapping[int, tuple[Handle, Choice]], by: Actor, now: datetime) -> dict[int, Result]:
    """Record choices in one transaction, each customer's in their order; the result of each, under its place."""
    places = [*items]
    turns = [places[turn] for turn in subjects.hold_together(subject for subject, _ in items.values())]
    done = {place: _try(*items[place], by, now) for place in turns}
    return {place: done[place] for place in places}


def _try(subject: Handle, choice: Choice, by: Actor, now: datetime) -> Result:
    try:
        return consents.record(subject=subject, choice=choice, by=by, now=now)
    except TrustError as error:
        return error
