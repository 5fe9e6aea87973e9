"""One proof for many entries: the hashes of all that lies between them, from left to right.

Whoever has the chosen leaves and these hashes has, between them, the whole tree, and can compute its root. Neighbours
share what is above them, so a range of any length takes at most two hashes a level, and a single leaf as many
as its audit path. Both sides walk the splits of RFC 6962, section 2.1, and never turn back: constant memory.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from . import merkle
from .errors import ProofError
from .merkle import HASH_SIZE, ReadNode


def prove(read: ReadNode, chosen: Sequence[int], size: int) -> Iterator[bytes]:
    """Yield the hashes that the root of the tree of `size` takes beside the chosen leaves.

    Args:
        read: gives the hash of a perfect subtree.
        chosen: places of leaves, ascending, each once; a `range` does.
        size: leaves in the tree.

    Raises:
        ProofError: `index-bad` for none, or one that is not in the tree; whatever `read` raises.
    """
    if not chosen or not 0 <= chosen[0] <= chosen[-1] < size:
        raise ProofError("index-bad", f"These are not places in a log of {size} entries.")
    return _between(read, chosen, (0, len(chosen)), (0, size))


def root(leaves: Iterable[tuple[int, bytes]], hashes: Iterable[bytes], size: int) -> bytes:
    """Return the root of the tree of `size` that has these leaves, and these hashes between them.

    Args:
        leaves: place and hash of each chosen leaf, ascending; read one after another.
        hashes: what `prove` yielded.
        size: leaves in the tree.

    Raises:
        ProofError: `index-bad`, `hash-length`, `bundle-order`, or `proof-length` if a hash is missing or too much.
    """
    walk = _Walk(iter(leaves), iter(hashes), size)
    if walk.place == size:
        raise ProofError("index-bad", "A proof of no entry proves nothing.")
    found = walk.node(0, size)
    if next(walk.hashes, None) is not None:
        raise _wrong_length()
    return found


class _Walk:
    """Where we are in the tree: the next chosen leaf, and the hashes not yet used."""

    def __init__(self, leaves: Iterator[tuple[int, bytes]], hashes: Iterator[bytes], size: int) -> None:
        self.leaves, self.hashes, self.size = leaves, hashes, size
        self.place, self.leaf = -1, b""
        self.advance()

    def advance(self) -> None:
        """Go to the next chosen leaf; behind the last one, to the end of the tree."""
        place, leaf = next(self.leaves, (self.size, bytes(HASH_SIZE)))
        if place <= self.place:
            raise ProofError("bundle-order", f"Entry {place} is out of order, or there twice.")
        if place > self.size or len(leaf) != HASH_SIZE:
            raise ProofError("index-bad", f"There is no entry {place} in a log of {self.size} entries.")
        self.place, self.leaf = place, leaf

    def node(self, start: int, end: int) -> bytes:
        """Return the hash over the leaves from `start` to before `end`."""
        if self.place >= end:
            return self.given()
        if end - start == 1:
            leaf = self.leaf
            self.advance()
            return leaf
        middle = start + merkle.split(end - start)
        left = self.node(start, middle)
        return merkle.node_hash(left, self.node(middle, end))

    def given(self) -> bytes:
        found = next(self.hashes, None)
        if found is None:
            raise _wrong_length()
        if len(found) != HASH_SIZE:
            raise ProofError("hash-length", f"A hash in this proof is not {HASH_SIZE} bytes long.")
        return found


def _between(read: ReadNode, chosen: Sequence[int], part: tuple[int, int], span: tuple[int, int]) -> Iterator[bytes]:
    """Yield the hashes of a span of the tree; part: from where to where in `chosen` its leaves are listed."""
    (low, high), (start, end) = part, span
    if low == high:
        yield merkle.range_hash(read, start, end)
    elif high - low < end - start:
        middle = start + merkle.split(end - start)
        cut = bisect_left(chosen, middle, low, high)
        yield from _between(read, chosen, (low, cut), (start, middle))
        yield from _between(read, chosen, (cut, high), (middle, end))


def _wrong_length() -> ProofError:
    return ProofError("proof-length", "The proof has too few or too many hashes for these entries.")
