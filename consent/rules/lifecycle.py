"""From events to the current answer: the fold.

Events are folded by `(counts from, recorded order)`. A yes counts from the moment it was collected, and never from one
ahead of its recording, which a caller's clock may show. A reduction counts from the moment it was recorded, so that a
paper "yes" dated yesterday and typed in after today's "no" changes nothing; and never before what was recorded ahead of
it, whichever process's clock was slow. A tie goes to the reduction. What was imported was recorded elsewhere before, so
it counts from its own date.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from consent.rules import durations
from consent.rules.decision import State

GIVE, REFUSE, WITHDRAW, OBJECT = ACTS = ("give", "refuse", "withdraw", "object")
REDUCTIONS = frozenset({REFUSE, WITHDRAW, OBJECT})
# The status an act leads to, from whatever state; every act is legal from every state (DESIGN 3, Act).
LEADS_TO = {GIVE: "given", REFUSE: "refused", WITHDRAW: "withdrawn", OBJECT: "withdrawn"}


@dataclass(frozen=True)
class Event:
    """One thing a customer said about one purpose, as far as the fold needs it.

    order: the order of recording. lasts: how long the yes lasts (ISO 8601), or None for until withdrawn.
    """

    act: str
    collected_at: datetime
    recorded_at: datetime
    order: int
    version: int | None = None
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    lasts: str | None = None
    by_guardian: bool = False
    imported: bool = False


@dataclass(frozen=True)
class Folded:
    """The state, since when, and the order of the event that made it so."""

    state: State
    since: datetime | None
    order: int | None


def counts_from(event: Event) -> datetime:
    """The moment an event takes its place in the fold."""
    if _made_here(event):
        return max(event.collected_at, event.recorded_at)
    return event.collected_at if event.act in REDUCTIONS else min(event.collected_at, event.recorded_at)


def fold(events: Iterable[Event]) -> Folded:
    """The current answer. Any order of the input gives the same result."""
    placed, heard = [], datetime.min.replace(tzinfo=UTC)
    for event in sorted(events, key=lambda event: event.order):
        heard = max(heard, event.recorded_at)
        moment = max(counts_from(event), heard) if _made_here(event) else counts_from(event)
        placed.append((moment, event.act in REDUCTIONS, event.order, event))
    folded = Folded(State(), None, None)
    for *_, event in sorted(placed, key=lambda row: row[:3]):
        folded = Folded(_apply(folded.state, event), event.collected_at, event.order)
    return folded


def _made_here(event: Event) -> bool:
    """Whether this is a reduction that was said to us, not one recorded elsewhere before."""
    return event.act in REDUCTIONS and not event.imported


def _apply(state: State, event: Event) -> State:
    if event.act in REDUCTIONS:
        return replace(state, status=LEADS_TO[event.act], objected=True, expires_at=None, paused_until=None)
    return State(
        status=LEADS_TO[event.act],
        version=event.version,
        categories=event.categories,
        recipients=event.recipients,
        expires_at=durations.after(event.collected_at, event.lasts) if event.lasts else None,
        by_guardian=event.by_guardian,
    )
