"""A sealer that is killed (SIGKILL, so that nothing unwinds) at one step of its work: a statement, a commit, a file.

It runs in a fork of the test, with a connection of its own. Steps are counted before and after each, so for a pass of
n statements there are 2n places to die at, and as many again for what it does to files.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from django.db import connection


class Steps:
    """Counts steps, and ends the process at one of them."""

    def __init__(self, end_at: int) -> None:
        self.end_at, self.passed = end_at, 0

    def step(self) -> None:
        self.passed += 1
        if self.passed == self.end_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work with a step before and after it."""

        def stepped(*args: Any, **named: Any) -> Any:
            self.step()
            done = work(*args, **named)
            self.step()
            return done

        return stepped


def killed_at(place: int, work: Callable[[], Any]) -> bool:
    """Do the work in a process that is killed at its place-th step; False when it came to its end before that."""
    connection.close()
    child = os.fork()
    if child == 0:
        _end_at(place, work)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the work failed of itself"
    return os.WIFSIGNALED(status)


def _end_at(place: int, work: Callable[[], Any]) -> None:
    code = 1
    try:
        steps = Steps(place)
        connection.ensure_connection()
        connection.execute_wrappers.append(lambda execute, *given: steps.around(execute)(*given))
        connection._commit = steps.around(connection._commit)
        for name in ("fsync", "replace"):
            setattr(os, name, steps.around(getattr(os, name)))
        sys.addaudithook(lambda event, given: steps.step() if event == "open" and "outside" in str(given[0]) else None)
        work()
        code = 0
    finally:
        os._exit(code)
