"""Uses that are not in the service's log yet, in pieces that are sent whole; in files where they must outlive us."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from .calls import USES, USES_SIZE

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: two processes must not share a path there
    fcntl = None  # type: ignore[assignment]


class Piece:
    """Some rows, and the Idempotency-Key under which they are sent: the same one after a restart.

    file: where they stand, held with a lock so that another process does not take them for left behind.
    """

    def __init__(self, name: str, rows: list[bytes], file: Path | None = None, place: int | None = None) -> None:
        self.name, self.rows, self._file, self._place = name, rows, file, place
        self._size = sum(map(len, rows))

    @classmethod
    def begun(cls, path: Path | None) -> "Piece":
        """An empty one. Raises OSError."""
        name = uuid4().hex
        if path is None:
            return cls(name, [])
        file = path.with_name(f"{path.name}.uses-{name}")
        place = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _lock(place)
        return cls(name, [], file, place)

    @property
    def full(self) -> bool:
        return len(self.rows) >= USES or self._size >= USES_SIZE

    def add(self, row: bytes) -> None:
        """From here on it survives the end of this process, where there is a file. Raises OSError."""
        if self._place is not None:
            line = row + b"\n"
            if os.write(self._place, line) != len(line):
                raise OSError("no room for a use")
        self.rows.append(row)
        self._size += len(row)

    def done(self) -> None:
        """They are in the log."""
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink()
        self.left()

    def left(self) -> None:
        """Not ours to send any more; the file stays for the next process."""
        if self._place is not None:
            os.close(self._place)
            self._place = None


def left_behind(path: Path) -> Iterator[Piece]:
    """Pieces of processes that have ended; a line that was cut was not promised to anybody."""
    for file in sorted(path.parent.glob(f"{path.name}.uses-*")):
        try:
            place = os.open(file, os.O_RDWR | os.O_APPEND)
        except OSError:
            continue
        if not _lock(place):
            os.close(place)
            continue
        with open(place, "rb", closefd=False) as content:
            rows = [line[:-1] for line in content if line.endswith(b"\n")]
        piece = Piece(file.name.rpartition("-")[2], rows, file, place)
        if rows:
            yield piece
        else:
            piece.done()


def _lock(place: int) -> bool:
    """Hold the file; False where another process does."""
    try:
        if fcntl:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
