"""Identifiers by the million, found again by their hashes, with what is known of each: one flat table.

40 bytes an identifier, and no Python object: numpy's arrays in the order of the hashes. Of a hash its first 128 bits
are kept, which nobody can make agree without the key (RFC 2104, section 5, on shortened hashes).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
NEVER, ALWAYS = np.iinfo(np.int64).max, np.iinfo(np.int64).min
_TYPES: dict[str, Any] = {"high": np.uint64, "low": np.uint64, "numbers": np.uint32, "kinds": np.uint32}
_TYPES |= {"ends": np.int64, "pauses": np.int64}


@dataclass(frozen=True, eq=False)
class Table:
    """One line for each identifier, by place.

    high, low: the first 128 bits of its hash. numbers: whose it is. kinds: what kind of customer they are, for whoever
    counts kinds. ends, pauses: when a yes ends (NEVER), and until when it is paused (ALWAYS: it is not); microseconds.
    """

    high: Numbers
    low: Numbers
    numbers: Numbers
    kinds: Numbers
    ends: Numbers
    pauses: Numbers

    def __len__(self) -> int:
        return len(self.high)

    def find(self, high: Numbers, low: Numbers) -> Numbers:
        """The place of each hash, of which the two halves are given (`split`); -1 where it is not there."""
        found = np.full(len(high), -1, np.int64)
        # In the order of the table: neighbours are found in the same part of the memory, several times faster.
        asked = np.argsort(high)
        places = np.searchsorted(self.high, high[asked])
        while len(asked) and len(self):
            at = np.minimum(places, len(self) - 1)
            near = (self.high[at] == high[asked]) & (places < len(self))
            same = near & (self.low[at] == low[asked])
            found[asked[same]] = places[same]
            # Two hashes may begin alike in their first half; then it is the next one or none.
            asked, places = asked[near & ~same], places[near & ~same] + 1
        return found

    def without(self, numbers: Numbers, others: "Table") -> "Table":
        """The same without what these customers had, and without the identifiers that stand in another table."""
        gone = np.isin(self.numbers, numbers)
        at = self.find(others.high, others.low)
        gone[at[at >= 0]] = True
        return Table(*(getattr(self, each.name)[~gone] for each in fields(self)))


def split(hashes: Sequence[bytes]) -> tuple[Numbers, Numbers]:
    """The first and the second half of what is kept of each hash, which are all of one length."""
    width = len(hashes[0]) // 8 if hashes else 4
    both = np.frombuffer(b"".join(hashes), ">u8").reshape(-1, width)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def joined(parts: Sequence[Table]) -> Table:
    """Several tables as one, in order; of identifiers that stand in one of them only."""
    names = [each.name for each in fields(Table)]
    columns = {
        name: np.concatenate([np.zeros(0, _TYPES[name]), *(getattr(part, name) for part in parts)]) for name in names
    }
    order = np.argsort(columns["high"], kind="stable")
    return Table(*(columns[name][order] for name in names))
