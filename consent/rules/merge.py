"""The stricter of two answers about one purpose: what remains when two records turn out to be one customer's.

What the result permits, each side permitted: for every category, recipient and moment, and it never comes to more by
whatever order records are joined in. A no beats a yes. Silence beats a yes too: the record that was never answered
for gave none. Of two yeses only what both name remains, until the earlier end, after the later pause, to the older
version. A guardian's yes stands for a child only when both were a guardian's.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from consent.rules import moments
from consent.rules.decision import PERMITTING, State

# The first of the two that stands here is the status of the result: a customer's own no tells more than a lapse, and a
# lapse more than silence. What stands for an objection (decision.py) comes first, so that no other status hides it.
_STRICTNESS = (
    *("withdrawn", "refused", "revoked", "invalidated", "expired"),
    *("deferred", "requested", "unknown", "given", "renewed"),
)
_TIMES = ("expires_at", "paused_until")


def strictest(a: State, b: State) -> State:
    """What both permit, and no more."""
    status = min(a.status, b.status, key=_STRICTNESS.index)
    found = State(
        status=status,
        version=min((each for each in (a.version, b.version) if each), default=None),
        categories=tuple(sorted({*a.categories} & {*b.categories})),
        recipients=tuple(sorted({*a.recipients} & {*b.recipients})),
        expires_at=min((each for each in (a.expires_at, b.expires_at) if each), default=None),
        paused_until=max((each for each in (a.paused_until, b.paused_until) if each), default=None),
        objected=a.objected or b.objected,
        by_guardian=a.by_guardian and b.by_guardian,
    )
    # Only a yes has an end and can be paused.
    return found if status in PERMITTING else replace(found, expires_at=None, paused_until=None)


def alike(a: State, b: State) -> bool:
    """Whether two answers permit the same, whatever they are called."""
    return _permits(a) == _permits(b)


def as_record(state: State) -> dict[str, Any]:
    """A state as it is kept beside an event and in a leaf of the log: no null, times in RFC 3339, no personal data."""
    found = {name: value for name, value in asdict(state).items() if value or name == "status"}
    times = {name: _written(found[name]) for name in _TIMES if name in found}
    lists = {name: list(found[name]) for name in ("categories", "recipients") if name in found}
    return found | times | lists


def from_record(record: Mapping[str, Any]) -> State:
    """The state that was kept."""
    times = {name: moments.moment(record[name]) for name in _TIMES if name in record}
    lists = {name: tuple(record[name]) for name in ("categories", "recipients") if name in record}
    return State(**{**record, **times, **lists})


def _permits(state: State) -> tuple[Any, ...]:
    off = state.objected or state.status in {"refused", "withdrawn", "revoked"}
    if state.status not in PERMITTING:
        return (off,)
    scope = frozenset(state.categories), frozenset(state.recipients)
    return (off, *scope, state.version, state.expires_at, state.paused_until, state.by_guardian)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
