"""What a system may read of one customer: what stands, what was said, and what was used. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.errors import NotFound
from consent.models import ConsentEvent, ConsentState, Purpose, Subject
from consent.rules import decision
from consent.services import catalogue, handles, states, uses
from consent.services.subjects import Handle
from consent.services.uses import Seen


@dataclass(frozen=True)
class Standing:
    """One published purpose and what the customer last said about it; state is None when they said nothing."""

    purpose: Purpose
    state: ConsentState | None
    status: str


def standing(*, customer: Handle, only: Sequence[str] | None, now: datetime) -> list[Standing]:
    """What stands for every published purpose, in catalogue order. only: these purposes' keys, None for all.

    Raises NotFound for a customer we do not know.
    """
    held = states.every(subject=_known(customer))
    return [
        Standing(purpose, held.get(purpose.pk), status(held.get(purpose.pk), now))
        for purpose in catalogue.purposes()
        if only is None or purpose.key in only
    ]


def status(state: ConsentState | None, now: datetime) -> str:
    """The status as it is at this moment: a yes that has run out is `expired`, whether or not a sweep came by."""
    if state is None:
        return "unknown"
    over = state.expires_at is not None and state.expires_at <= now
    return "expired" if over and state.status in decision.PERMITTING else state.status


def history(*, customer: Handle, purpose: str = "", before: UUID | None = None, limit: int) -> list[ConsentEvent]:
    """What one customer said, the last recorded first. before: the event to go on after. Raises NotFound."""
    found = states.history(subject=_known(customer)).order_by("-entry_id")
    if purpose:
        found = found.filter(purpose__key=purpose)
    return list((found.filter(entry_id__lt=before) if before else found)[:limit])


def used(*, customer: Handle, purpose: str = "", before: UUID | None = None, limit: int) -> list[Seen]:
    """Who used one customer's data, newest first, refused tries included. Raises NotFound."""
    return uses.seen_by(subject=_known(customer), purpose=purpose, before=before, limit=limit)


def _known(customer: Handle) -> Subject:
    """The customer; one who asked to be left alone is not found, as if we knew no such customer."""
    row = handles.row(customer)
    if row is None or row.suppressed:
        raise NotFound("We know no such customer.")
    return row.subject
