"""A copy of the grants that customers gave to one recipient, small and quick to ask."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from struct import Struct

from .feed import CustomerTold, GrantTold, Identity
from .messages import Decision
from .naming import SIZE, decoded, encoded

REFUSED_BY_COPY = "refused_by_copy"
UNKNOWN_PURPOSE = "unknown_purpose"
UNBOUNDED = float("inf")
GRANT = Struct("<Idd")  # which purpose and categories, from when, until when: a million customers stay in 0.3 GB


class Copy:
    """Who permits what. key: the recipient's. purposes: those that it may hold.

    at: how much of the service's log it takes in, and the mark that stands there, so that another log is noticed.

    A change of one customer is seen at once by whoever asks. Only one thread may change it.
    """

    def __init__(self, key: bytes, at: tuple[int, str], purposes: Mapping[str, Sequence[str]]) -> None:
        self.key = key
        self.at = at
        self.purposes = dict(purposes)
        self.closed: frozenset[str] = frozenset()
        self._kinds: list[tuple[str, tuple[str, ...]]] = []  # purpose and categories, each once
        self._places: dict[tuple[str, tuple[str, ...]], int] = {}
        self._held: dict[bytes, bytes] = {}  # name → the customer's handle, then their grants
        self._names: dict[bytes, bytes] = {}  # the customer's handle → all their names

    @property
    def position(self) -> int:
        return self.at[0]

    def __len__(self) -> int:
        """How many customers it holds."""
        return len(self._names)

    def apply(self, told: CustomerTold) -> None:
        """This is all of that customer; telling it again changes nothing. Raises Malformed, changing nothing."""
        handle = decoded(told.customer)
        found = {decoded(each): self._packed(handle, part.grants) for part in told.identities for each in part.ids}
        for name in _parts(self._names.get(handle, b"")):
            if name not in found and self._held.get(name, b"").startswith(handle):  # else it is another's by now
                del self._held[name]
        self._names[handle] = b"".join(found)
        self._held.update(found)
        if not found:
            del self._names[handle]

    def close(self, purposes: Iterable[str]) -> None:
        """Hold nothing of these any more, nor let them be asked."""
        self.closed |= frozenset(purposes)
        for place, (purpose, _) in enumerate(self._kinds):
            if purpose in self.closed:
                self._kinds[place] = ("", ())
        self._places = {kind: place for kind, place in self._places.items() if kind[0] not in self.closed}

    def answer(
        self, purpose: str, name: bytes, asked: Sequence[str] | None, earliest: float, latest: float
    ) -> tuple[Decision, float]:
        """The answer at a moment that is known to lie between two, and the moment until which it holds at most."""
        wanted = None if asked is None else tuple(dict.fromkeys(asked))
        if purpose not in self.purposes:
            return _refused(UNKNOWN_PURPOSE, "No such purpose is open to this recipient.", (), wanted or ()), 0.0
        part: tuple[str, ...] = ()
        for categories, start, end in self._grants(purpose, name):
            if not start <= earliest <= latest < end:
                continue
            allowed = categories if wanted is None else tuple(each for each in wanted if each in categories)
            if allowed and (wanted is None or allowed == wanted):
                return _permitted(allowed, end), end
            part = part or allowed
        refused = tuple(each for each in wanted or () if each not in part)
        return _refused(REFUSED_BY_COPY, "The copy holds no permission for this.", part, refused), 0.0

    def customers(self) -> Iterator[CustomerTold]:
        """All of it, as the feed would tell it. What changes meanwhile may be in it or not."""
        for handle, names in list(self._names.items()):
            held = [(name, self._held.get(name, b"")) for name in _parts(names)]
            parts = [Identity((encoded(name),), tuple(self._told(row))) for name, row in held if row.startswith(handle)]
            yield CustomerTold(encoded(handle), tuple(parts))

    def _grants(self, purpose: str, name: bytes) -> Iterator[tuple[tuple[str, ...], float, float]]:
        for place, start, end in GRANT.iter_unpack(memoryview(self._held.get(name, b""))[SIZE:]):
            kind, categories = self._kinds[place]
            if kind == purpose:
                yield categories, start, end

    def _packed(self, handle: bytes, grants: Iterable[GrantTold]) -> bytes:
        rows = [
            GRANT.pack(
                self._place(each.purpose, each.categories),
                each.start.timestamp() if each.start else -UNBOUNDED,
                each.end.timestamp() if each.end else UNBOUNDED,
            )
            for each in grants
            if each.purpose not in self.closed
        ]
        return handle + b"".join(rows)

    def _place(self, purpose: str, categories: tuple[str, ...]) -> int:
        kind = (purpose, categories)
        place = self._places.get(kind)
        if place is None:
            self._kinds.append(kind)
            place = self._places[kind] = len(self._kinds) - 1
        return place

    def _told(self, row: bytes) -> Iterator[GrantTold]:
        for place, start, end in GRANT.iter_unpack(row[SIZE:]):
            purpose, categories = self._kinds[place]
            yield GrantTold(purpose, categories, _moment(start), _moment(end))


def _parts(names: bytes) -> list[bytes]:
    return [names[start : start + SIZE] for start in range(0, len(names), SIZE)]


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if abs(seconds) < UNBOUNDED else None


def _permitted(allowed: tuple[str, ...], end: float) -> Decision:
    return Decision(
        allowed=True,
        reason="permitted",
        reason_user="This use is allowed.",
        categories_allowed=allowed,
        valid_until=_moment(end),
    )


def _refused(reason: str, words: str, allowed: tuple[str, ...], refused: tuple[str, ...]) -> Decision:
    return Decision(
        allowed=False, reason=reason, reason_user=words, categories_allowed=allowed, categories_refused=refused
    )
