"""What a link says that can only reduce: whose identifier, which purposes, in which language, made on which day.

Numbers of ours only. The service encrypts them, so that a link tells nobody anything and cannot be made or changed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# Old letters must work: who stops a use by one of them three years later still means it.
LASTS = timedelta(days=1096)
MOST = 50
_FORM = 1
_EPOCH = date(2020, 1, 1)
_HEAD = struct.Struct(">BHQH")


@dataclass(frozen=True)
class StopLink:
    """One link. identifier, purposes: the numbers of rows, which are never used again."""

    identifier: int
    purposes: tuple[int, ...]
    language: str
    made: date


def write(*, identifier: int, purposes: Sequence[int], language: str, now: datetime) -> bytes:
    """A link as bytes, to be encrypted."""
    head = _HEAD.pack(_FORM, (now.date() - _EPOCH).days, identifier, len(purposes))
    return head + struct.pack(f">{len(purposes)}Q", *purposes) + language.encode("ascii")


def read(content: bytes, now: datetime) -> StopLink | None:
    """The link that `write` wrote; None when it is three years old, or of a form we do not know."""
    if content[:1] != bytes([_FORM]):
        return None
    _, day, identifier, count = _HEAD.unpack_from(content)
    purposes = struct.unpack_from(f">{count}Q", content, _HEAD.size)
    language = content[_HEAD.size + 8 * count :].decode("ascii")
    made = _EPOCH + timedelta(days=day)
    return StopLink(identifier, purposes, language, made) if now < ends(made) else None


def ends(made: date) -> datetime:
    """The moment from which a link of that day no longer works."""
    return datetime(made.year, made.month, made.day, tzinfo=UTC) + LASTS
