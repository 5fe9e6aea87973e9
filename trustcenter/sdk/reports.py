"""Reports the uses that were made under a copy, in bulk and in the order in which they were made."""

import logging
import re
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from . import calls
from .client import Client
from .errors import Rejected, TrustCenterError
from .spool import Piece, left_behind

LIMIT = 100_000  # uses that may wait; then no more are permitted
EACH = 2.0  # seconds
KEYS = (401, 403)  # not the rows are wrong, but who sends them
MEMBER = re.compile(r"/uses/(\d+)(?:/(.*))?")
logger = logging.getLogger(__name__)


class Reports:
    """Takes uses in at once and sends them every two seconds. Safe for threads; a forked process needs its own.

    What waits in memory is lost with the process, unless `path` is given. A use that the service will not take in,
    because its customer was erased meanwhile for one, is counted in `lost` and logged without a name.
    """

    def __init__(self, client: Client, path: Path | None, limit: int = LIMIT) -> None:
        self._client, self._path, self._limit = client, path, limit
        self._pieces: deque[Piece] = deque()
        self._open: Piece | None = None
        self.waiting = 0  # how many
        self.lost = 0
        self._taking, self._sending, self._ended = Lock(), Lock(), Event()

    def add(self, row: bytes) -> bool:
        """Take one in; False where there is no room, and then the use must not be made."""
        with self._taking:
            if self.waiting >= self._limit or self._ended.is_set():
                return False
            try:
                if self._open is None or self._open.full:
                    self._cut()
                    self._open = Piece.begun(self._path)
                self._open.add(row)
            except OSError as fault:
                logger.error("a use cannot be kept: %s", fault)
                return False
            self.waiting += 1
            return True

    def start(self) -> None:
        """Send from now on, first what an earlier process left behind."""
        with self._taking:
            found = list(left_behind(self._path)) if self._path else []
            self._pieces.extendleft(reversed(found))
            self.waiting += sum(len(each.rows) for each in found)
        Thread(target=self._run, name="trustcenter-uses", daemon=True).start()

    def end(self) -> None:
        """Send what waits, once; what cannot be sent stays in its files, or is lost."""
        self._ended.set()
        if not self.flush() and self._path is None:
            logger.error("%s uses were not reported and are lost", self.waiting)
        self.leave()

    def leave(self) -> None:
        """Nothing is ours to send any more. A forked process begins with this: its parent sends."""
        for piece in (*self._pieces, *([self._open] if self._open else [])):
            piece.left()

    def flush(self) -> bool:
        """Send what waits; whether all of it was taken in."""
        with self._sending:
            with self._taking:
                self._cut()
            while self._pieces:
                piece = self._pieces[0]
                try:
                    self._send(piece)
                except TrustCenterError as fault:
                    logger.warning("%s uses wait to be reported: %s", self.waiting, fault)
                    return False
                with self._taking:
                    self._pieces.popleft()
                    self.waiting -= len(piece.rows)
                piece.done()
        return True

    def _run(self) -> None:
        while not self._ended.wait(EACH):
            with suppress(Exception):  # the next round tries again; what waits is bounded
                self.flush()

    def _cut(self) -> None:
        """From here on the open piece is only sent."""
        if self._open is not None:
            self._pieces.append(self._open)
        self._open = None

    def _send(self, piece: Piece) -> None:
        """Raises Unreachable, and Rejected where the key may not report."""
        rows, name = piece.rows, piece.name
        while rows:
            try:
                self._client._run(calls.report_rows(rows, name))
            except Rejected as refused:
                if refused.status in KEYS:
                    raise
                rows = self._mended(rows, refused)
                name = f"{piece.name}-{len(rows)}"  # the same again after a restart: the answers are the same
            else:
                return

    def _mended(self, rows: list[bytes], refused: Rejected) -> list[bytes]:
        """The rows without those that the service named as wrong; none where it named none."""
        named = [MEMBER.match(each.pointer) for each in refused.members]
        wrong = {int(found[1]) for found in named if found}
        kept = [row for place, row in enumerate(rows) if place not in wrong] if wrong else []
        self.lost += len(rows) - len(kept)
        logger.error("%s uses were not taken in: %s %s", len(rows) - len(kept), refused.status, refused.code)
        return kept
