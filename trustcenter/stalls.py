"""Callers who stop sending or reading hold a thread of a web worker, and must not come to hold all of them.

The server offers no time limit on a body, and a wait in it cannot be ended from here. So a worker of which callers who
are late hold half of the threads ends itself, as gunicorn's workers do, and the server starts another: their
connections are cut, nothing was half-written, and whoever comes next is served.
"""

import os
import time
from threading import Lock, Thread

import structlog

log = structlog.get_logger("web")
_until: dict[object, float] = {}
_lock = Lock()


class Hold:
    """One caller's hold of a thread. `give` seconds before each wait for the caller, `end` it afterwards."""

    def give(self, seconds: float) -> None:
        """The caller has so many seconds from now."""
        with _lock:
            _until[self] = time.monotonic() + seconds

    def end(self) -> None:
        """The thread does not wait for the caller."""
        with _lock:
            _until.pop(self, None)


def guard(threads: int, every: float = 1.0) -> None:
    """End this process when late callers hold half of its threads; called once in a web worker."""
    Thread(target=_watch, args=(max(1, threads // 2), every), daemon=True).start()


def _watch(most: int, every: float) -> None:
    while True:
        time.sleep(every)
        with _lock:
            late = sum(until < time.monotonic() for until in _until.values())
        if late >= most:
            log.error("callers who stopped hold this worker, which ends; another is started", callers=late)
            os._exit(1)
