"""What a system may read of one customer: what stands, what was said, and what was used. Nothing here writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.errors import NotFound
from consent.models import ConsentEvent, Purpose, PurposeVersion, Subject
from consent.rules import lifecycle
from consent.rules.decision import State
from consent.services import catalogue, evidence, families, handles, states, uses
from consent.services.subjects import Handle
from consent.services.uses import Seen


@dataclass(frozen=True)
class Standing:
    """One purpose, the version in force, what the customer last said about it, and since when that stands."""

    purpose: Purpose
    version: PurposeVersion
    state: State
    status: str
    since: datetime | None


def standing(
    *, customer: Handle, only: Sequence[str] | None, as_of: datetime | None = None, now: datetime
) -> list[Standing]:
    """What stands for every published purpose, in catalogue order; or what stood, from all that was recorded by then.

    only: these purposes' keys, None for all. Raises NotFound for a customer we do not know, or did not know then.
    """
    subject = _known(customer, as_of)
    if as_of is None:
        found = _now(subject)
    elif subject.created_at > as_of:
        raise NotFound("We knew no such customer then.")
    else:
        found = _then(subject, as_of)
    return [
        Standing(purpose, version, state, lifecycle.status(state, as_of or now), since)
        for purpose, version, state, since in found
        if only is None or purpose.key in only
    ]


def _now(subject: Subject) -> Iterator[tuple[Purpose, PurposeVersion, State, datetime | None]]:
    held = states.current(subject=subject)
    for purpose in catalogue.purposes():
        if purpose.current:
            row = held.get(purpose.pk)
            yield purpose, purpose.current, states.as_rule(row), row.since if row else None


def _then(subject: Subject, moment: datetime) -> Iterator[tuple[Purpose, PurposeVersion, State, datetime | None]]:
    for stood, cause in evidence.stood(subject=subject, moment=moment):
        yield stood.purpose, stood.version, stood.state, cause.collected_at if cause else None


def history(*, customer: Handle, purpose: str = "", before: UUID | None = None, limit: int) -> list[ConsentEvent]:
    """What one customer said, the last recorded first. before: the event to go on after. Raises NotFound."""
    found = states.history(subject=_known(customer)).order_by("-entry_id")
    if purpose:
        found = found.filter(purpose__key=purpose)
    return list((found.filter(entry_id__lt=before) if before else found)[:limit])


def used(*, customer: Handle, purpose: str = "", before: UUID | None = None, limit: int) -> list[Seen]:
    """Who used one customer's data, newest first, refused tries included. Raises NotFound."""
    return uses.seen_by(subject=_known(customer), purpose=purpose, before=before, limit=limit)


def _known(customer: Handle, as_of: datetime | None = None) -> Subject:
    """The customer, or whose the identifier was at a past moment.

    One who asked to be left alone is not found, as if we knew no such customer.
    """
    row = handles.row(customer)
    if row is None or row.suppressed:
        raise NotFound("We know no such customer.")
    return families.owner(row, as_of) if as_of else row.subject
