"""The life of a choice: what each act leads to, as one table, and the fold from events to the current answer.

Events are folded by `(counts from, recorded order)`. A yes counts from the moment it was collected, and never from one
ahead of its recording, which a caller's clock may show. A reduction counts from the moment it was recorded, so that a
paper "yes" dated yesterday and typed in after today's "no" changes nothing; and never before what was recorded ahead of
it, whichever process's clock was slow. A tie goes to the reduction. What was imported was recorded elsewhere before, so
it counts from its own date.

The table allows what people do, not what a graph foresees: a yes and a no are legal from every state (DESIGN 3, Act);
an act that finds nothing to act on leaves the answer as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from consent.rules import durations, merge
from consent.rules.decision import PERMITTING, State

REQUEST, GIVE, REFUSE, DEFER, CONFIRM, PAUSE = "request", "give", "refuse", "defer", "confirm", "pause"
RESUME, WITHDRAW, REVOKE, OBJECT, RENEW, INVALIDATE = "resume", "withdraw", "revoke", "object", "renew", "invalidate"
# Recorded by the service itself, when the time that was agreed has passed.
EXPIRE = "expire"
# Recorded by the service itself, when two records are joined because they are one customer's, or are parted again.
LINK, UNLINK = "link", "unlink"


@dataclass(frozen=True)
class Move:
    """What one act does to an answer.

    to: the status it leads to (DPV 2.3, consent status); "" leaves the status as it is.
    kind: `asks` does nothing to a yes that stands; `yes` replaces the scope; `lifts` and `halts` move only the end of a
    pause; `ends` lets nothing be used any more; `lapses` ends a yes whose time has passed; `merges` leaves the stricter
    of the answer and the one that the event carries.
    """

    to: str
    kind: str


TABLE = {
    REQUEST: Move("requested", "asks"),
    DEFER: Move("deferred", "asks"),
    GIVE: Move("given", "yes"),
    CONFIRM: Move("given", "yes"),
    RENEW: Move("renewed", "yes"),
    RESUME: Move("", "lifts"),
    PAUSE: Move("", "halts"),
    REFUSE: Move("refused", "ends"),
    WITHDRAW: Move("withdrawn", "ends"),
    OBJECT: Move("withdrawn", "ends"),
    REVOKE: Move("revoked", "ends"),
    INVALIDATE: Move("invalidated", "ends"),
    EXPIRE: Move("expired", "lapses"),
    LINK: Move("", "merges"),
    UNLINK: Move("", "merges"),
}
# What a caller may record; the order is that of the contract (DESIGN 6.3).
ACTS = (REQUEST, GIVE, REFUSE, DEFER, CONFIRM, PAUSE, RESUME, WITHDRAW, REVOKE, OBJECT, RENEW, INVALIDATE)
REDUCTIONS = frozenset(act for act, move in TABLE.items() if move.kind in {"ends", "halts"})
YES = frozenset(act for act, move in TABLE.items() if move.kind == "yes")
# Acts after which more may be permitted than before: never by whoever gains from it.
WIDENING = YES | {RESUME}
MERGES = frozenset(act for act, move in TABLE.items() if move.kind == "merges")
# Acts that answer the question, yes or no.
ANSWERS = frozenset(act for act, move in TABLE.items() if move.kind in {"yes", "ends"})
# Acts that name categories and recipients.
SCOPED = frozenset({GIVE, RENEW})
# Acts that may name an end of their own, earlier than the text's.
ENDING = SCOPED
# Acts that need a purpose that rests on a yes; the others also fit one that can only be objected to.
ASKED_ONLY = frozenset({REQUEST, DEFER, CONFIRM, PAUSE, RESUME, RENEW, EXPIRE})
# Never the customer's own: DPV parts what they take back from what somebody else ends.
BY_OTHERS = frozenset({REVOKE, INVALIDATE})
# What another tool may have recorded: acts that need nothing beside their date.
IMPORTABLE = (GIVE, CONFIRM, REFUSE, DEFER, WITHDRAW, OBJECT, REVOKE, RENEW, INVALIDATE)


@dataclass(frozen=True)
class Event:
    """One thing that was said about one purpose, as far as the fold needs it.

    order: the order of recording. lasts: how long a yes lasts (ISO 8601), or None for until withdrawn.
    until: the end of a pause; of a yes, the end that the customer chose, or the day on which the child comes of age.
    pending: a yes that permits nothing until it is confirmed (double opt-in).
    carried: the answer of the other record, when two are joined or parted.
    """

    act: str
    collected_at: datetime
    recorded_at: datetime
    order: int
    version: int | None = None
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    lasts: str | None = None
    until: datetime | None = None
    pending: bool = False
    by_guardian: bool = False
    imported: bool = False
    carried: State | None = None


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
        placed.append((moment, _made_here(event) or event.act in REDUCTIONS, event.order, event))
    folded = Folded(State(), None, None)
    for *_, event in sorted(placed, key=lambda row: row[:3]):
        state = _apply(folded.state, event)
        # What found nothing to act on, or moved only the end of a pause, is not what made the answer so.
        cause = folded.order is None or TABLE[event.act].kind in {"yes", "ends"} or _told_by(event, folded.state, state)
        folded = Folded(state, event.collected_at, event.order) if cause else replace(folded, state=state)
    return folded


def stands(state: State, moment: datetime) -> bool:
    """Whether a yes stands at a moment, paused or not."""
    return state.status in PERMITTING and not state.over(moment)


def status(state: State, moment: datetime) -> str:
    """The status as it is at a moment: a yes that has run out is `expired`, whether or not a sweep came by."""
    return TABLE[EXPIRE].to if state.status in PERMITTING and state.over(moment) else state.status


def paused(state: State, moment: datetime) -> bool:
    """Whether a yes stands and is paused at a moment."""
    return stands(state, moment) and state.halted(moment)


def misfit(act: str, state: State, moment: datetime) -> str:
    """Why an act has nothing to act on, in one sentence; "" when it fits what stands."""
    if act == PAUSE and not stands(state, moment):
        return "There is no yes that stands, so there is nothing to pause."
    if act == RESUME and not paused(state, moment):
        return "Nothing is paused, so there is nothing to resume."
    if act == RENEW and not (state.version and state.status in PERMITTING | {"expired"}):
        return "There was no yes that could be renewed. Ask for one with the act give."
    return ""


def ends(event: Event) -> datetime | None:
    """When the yes of an event runs out by itself; None for one without an end, and for what is no yes."""
    if event.act not in YES:
        return None
    lasts = durations.after(event.collected_at, event.lasts) if event.lasts else None
    return min((end for end in (lasts, event.until) if end is not None), default=None)


def told(act: str, *, pending: bool = False, after: str = "unknown") -> str:
    """The status that an act's own proof tells of. A pause has none in DPV: it is told as what it is.

    after: the status it led to, which joining and parting records tell of.
    """
    if pending:
        return TABLE[REQUEST].to
    if act in MERGES:
        return after
    return {PAUSE: "paused", RESUME: TABLE[GIVE].to}.get(act) or TABLE[act].to


def _made_here(event: Event) -> bool:
    """Whether this is a reduction that was said to us, or made by us, not one recorded elsewhere before."""
    return event.act in REDUCTIONS | MERGES and not event.imported


def _told_by(event: Event, before: State, after: State) -> bool:
    """Whether an act that answers no question made the answer what it is."""
    return before.status != after.status or (event.act in MERGES and not merge.alike(before, after))


def _apply(state: State, event: Event) -> State:
    move = TABLE[event.act]
    if move.kind == "asks" or (move.kind == "yes" and event.pending):
        return state if stands(state, event.collected_at) else _asked(state, event)
    if move.kind == "yes":
        return _yes(event, move.to)
    if move.kind == "ends":
        return replace(state, status=move.to, objected=True, expires_at=None, paused_until=None)
    if move.kind == "lapses":
        over = state.status in PERMITTING and state.over(event.collected_at)
        return replace(state, status=move.to, paused_until=None) if over else state
    if move.kind == "merges":
        return merge.strictest(state, event.carried or State())
    if not stands(state, event.collected_at):
        return state
    return replace(state, paused_until=event.until if move.kind == "halts" else None)


def _asked(state: State, event: Event) -> State:
    return replace(state, status=told(event.act, pending=event.pending), expires_at=None, paused_until=None)


def _yes(event: Event, status: str) -> State:
    return State(
        status=status,
        version=event.version,
        categories=event.categories,
        recipients=event.recipients,
        expires_at=ends(event),
        by_guardian=event.by_guardian,
    )
