"""Where a witness keeps the heads it cosigned: one SQLite file. Checking a head and storing it are one step."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .. import note
from ..checkpoint import Checkpoint

_TABLE = "CREATE TABLE IF NOT EXISTS heads (origin TEXT, size INTEGER, signed TEXT, at INTEGER)"
_NEWEST = "SELECT signed FROM heads WHERE origin = ? ORDER BY rowid DESC LIMIT 1"
_BUSY = 30.0


class Heads:
    """Every head this witness has cosigned, oldest first; nothing is ever taken away."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._open() as rows:
            rows.execute(_TABLE)

    def newest(self, origin: str) -> str | None:
        """Return the head of a log that was cosigned last, with the cosignature; None if there is none."""
        with self._open() as rows:
            return _newest(rows, origin)

    def advance(self, origin: str, judge: Callable[[Checkpoint | None], tuple[Checkpoint, str, int]]) -> None:
        """Store the head that `judge` returns (head, signed and cosigned, time), given the one cosigned last.

        Nobody comes in between, in this process or another, and the head is on the disk when we return. What `judge`
        raises is raised, and then nothing is stored.
        """
        with self._open() as rows:
            newest = _newest(rows, origin)
            head, signed, at = judge((newest and Checkpoint.parse(note.parse(newest)[0])) or None)
            rows.execute("INSERT INTO heads VALUES (?, ?, ?, ?)", (origin, head.size, signed, at))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The file, ours alone until we are done: SQLite lets in one IMMEDIATE transaction at a time.

        Raises OSError when it cannot be used: it is another file, the disk is full, somebody holds it too long.
        """
        try:
            with closing(sqlite3.connect(self._file, timeout=_BUSY, isolation_level=None)) as rows:
                rows.execute("PRAGMA synchronous = FULL")
                rows.execute("BEGIN IMMEDIATE")
                yield rows
                rows.execute("COMMIT")  # what was not committed is undone by closing
        except sqlite3.Error as problem:
            raise OSError(f"{self._file}: {problem}") from None


def _newest(rows: sqlite3.Connection, origin: str) -> str | None:
    found = rows.execute(_NEWEST, (origin,)).fetchone()
    return str(found[0]) if found else None
