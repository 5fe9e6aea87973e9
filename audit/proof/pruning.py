"""What a policy took out of the log, and how the log itself accounts for it (C2SP tlog-tiles, pruning).

The tree stays, so every root and every proof stays what it was; of an entry that went, its hash. Before anything goes
an entry `log.pruned` is published, whose `details` declare it:

    first, until   from which place to before which; `until` is the minimum index: below it, entries may be missing
    size, root     how large the published log was then, and its root
    keep_days      the policy: what is older than so many days may go; `KEEP_LEAST` at least
    actions        of these kinds only
    spared         but for those with one of these outcomes
    entries        how many go
    places         SHA-256 over their places, ascending, each as 8 bytes (big-endian)

What was said, promised, decided and erased is never among them (`STAYS`), whatever a declaration says.

So what is missing can be told from what somebody deleted: it is exactly those entries, or the log does not hold.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import canonical, shape
from .errors import ProofError
from .merkle import HASH_SIZE

ACTION = "log.pruned"
STAYS = (
    *("catalogue.", "concern.", "consent.", "identifier.", "import.", "key.", "log.", "officer.", "rights.", "signal."),
    *("state.", "subject.", "mandate.granted", "mandate.ended", "evidence.stored", "evidence.exported"),
    *("portal.changes_told", "portal.case_told", "probing."),
)
"""How the names of actions begin whose entries no policy takes out."""
KEEP_LEAST = 31
"""Days that any policy keeps: a month at least, for staff and limits look that far back."""
_MEMBERS = ("first", "until", "size", "root", "keep_days", "actions", "spared", "entries", "places")


@dataclass(frozen=True)
class Declaration:
    """One entry `log.pruned`, at its place; before: what may go was recorded earlier than this."""

    place: int
    first: int
    until: int
    size: int
    root: bytes
    keep_days: int
    before: str
    actions: tuple[str, ...]
    spared: tuple[str, ...]
    entries: int
    places: str

    def takes(self, leaf: dict[str, Any]) -> bool:
        """Return whether an entry in this stretch is one of those that go."""
        return leaf.get("action") in self.actions and leaf.get("outcome", "") not in self.spared


class Places:
    """Counts places, and hashes them as `places` does."""

    def __init__(self) -> None:
        self.count, self._hash = 0, hashlib.sha256()

    def add(self, place: int) -> None:
        """Take in the next place."""
        self.count += 1
        self._hash.update(place.to_bytes(8, "big"))

    @property
    def digest(self) -> str:
        """The hash over all places so far, in hex."""
        return self._hash.hexdigest()


def parse(place: int, leaf: dict[str, Any]) -> Declaration:
    """Return what an entry `log.pruned` declares.

    Raises:
        ProofError: `pruned-declaration` when it contradicts itself; `bundle-*` for a member that is missing or wrong.
    """
    said = shape.an_object(leaf.get("details"), "details")
    shape.members(said, f"entry {place}", _MEMBERS)
    keep_days = shape.number(said, "keep_days")
    if keep_days < KEEP_LEAST:
        raise _contradiction(place, f"keep_days is {keep_days}, and a policy keeps {KEEP_LEAST} days at least")
    try:
        root = bytes.fromhex(shape.text(said, "root"))
        at = datetime.fromisoformat(shape.text(leaf, "at"))
        before = cutoff(at, keep_days)
    except (ValueError, OverflowError):
        raise _contradiction(place) from None
    found = Declaration(
        place=place,
        first=shape.number(said, "first"),
        until=shape.number(said, "until"),
        size=shape.number(said, "size"),
        root=root,
        keep_days=keep_days,
        before=before,
        actions=tuple(shape.a_text(each, "actions") for each in shape.items(said, "actions")),
        spared=tuple(shape.a_text(each, "spared") for each in shape.items(said, "spared")),
        entries=shape.number(said, "entries"),
        places=shape.text(said, "places"),
    )
    in_order = 0 <= found.first < found.until <= found.size <= place and 0 < found.entries <= found.until - found.first
    stays = any(each.startswith(STAYS) for each in found.actions)
    if not in_order or len(root) != HASH_SIZE or stays or at.tzinfo is None:
        raise _contradiction(place)
    return found


def read(place: int, leaf: bytes) -> Declaration:
    """Return the same of a leaf as it was hashed; raises as `parse` and `canonical.loads`."""
    return parse(place, shape.an_object(canonical.loads(leaf), "leaf"))


def cutoff(at: datetime, keep_days: int) -> str:
    """Return the moment before which the policy lets entries go, as the log writes it."""
    return (at.astimezone(UTC) - timedelta(days=keep_days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Account:
    """Holds what is missing in a stretch of the log against what was declared.

    declared: in any order. Places are told one after another, none left out.
    """

    def __init__(self, declared: Iterable[Declaration]) -> None:
        self._left = sorted(declared, key=lambda each: each.first)
        self._start: int | None = None
        self._found = Places()
        self.missing = 0

    def tell(self, place: int, leaf: dict[str, Any] | None) -> None:
        """Take in the next place, and what its entry says; None for one that is not there.

        Raises:
            ProofError: `gap`, `pruned-young`, `pruned-other`.
        """
        self._start = place if self._start is None else self._start
        said = self._covering(place)
        if said is None:
            if leaf is None:
                raise ProofError("gap", f"Entry {place} is missing from the log, and no log.pruned accounts for it.")
            return
        if leaf is None or said.takes(leaf):
            self._found.add(place)
        if leaf is None:
            self.missing += 1
        elif not shape.text(leaf, "at") < said.before:
            raise ProofError(
                "pruned-young",
                f"Entry {said.place} (log.pruned) takes in entry {place}, which is not as old as the policy says.",
            )

    def finish(self, end: int) -> None:
        """Say that the last place told was the one before `end`. Raises ProofError `pruned-other`."""
        self._covering(end)

    def _covering(self, place: int) -> Declaration | None:
        while self._left and self._left[0].until <= place:
            self._settle(self._left.pop(0))
        return self._left[0] if self._left and self._left[0].first <= place else None

    def _settle(self, said: Declaration) -> None:
        """A stretch is over; where all of it was told, exactly what was declared may be missing."""
        found, self._found = self._found, Places()
        whole = self._start is not None and self._start <= said.first
        if whole and (found.count, found.digest) != (said.entries, said.places):
            raise ProofError(
                "pruned-other",
                f"From entry {said.first} to {said.until - 1} other entries are missing than entry {said.place} "
                "(log.pruned) says.",
            )


def chained(declared: Sequence[Declaration]) -> None:
    """Return if each of these, in the order of their places, begins where the one before ended, the first at 0.

    Raises:
        ProofError: `pruned-declaration`.
    """
    at = 0
    for each in declared:
        if each.first != at:
            raise _contradiction(each.place)
        at = each.until


def _contradiction(place: int, why: str = "") -> ProofError:
    said = f"What entry {place} (log.pruned) declares cannot be so"
    return ProofError("pruned-declaration", f"{said}: {why}." if why else f"{said}.")
