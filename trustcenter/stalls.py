"""A web worker serves one caller at a time, and must not be held for ever by one who stops sending or reading.

The server offers no time limit on a body, and a read that waits in it cannot be ended from here. So a worker that a
caller holds beyond the time given ends itself, as gunicorn's workers do, and the server starts another: the caller's
connection is cut, nothing was half-written, and whoever waits is served.
"""

import os
import time
from threading import Lock, Thread

import structlog

log = structlog.get_logger("web")
_until: dict[object, float] = {}
_lock = Lock()


class Hold:
    """One caller's hold of this worker. `give` seconds before each wait for the caller, `end` it afterwards."""

    def give(self, seconds: float) -> None:
        """The caller has so many seconds from now."""
        with _lock:
            _until[self] = time.monotonic() + seconds

    def end(self) -> None:
        """The worker does not wait for the caller."""
        with _lock:
            _until.pop(self, None)


def guard(every: float = 1.0) -> None:
    """End this process when a caller holds it for too long; called once in a web worker."""
    Thread(target=_watch, args=(every,), daemon=True).start()


def _watch(every: float) -> None:
    while True:
        time.sleep(every)
        with _lock:
            late = [until for until in _until.values() if until < time.monotonic()]
        if late:
            log.error("a caller stopped and held this worker, which ends; another is started")
            os._exit(1)
