"""A tree of processes that lives and ends as one: the parts of `serve`.

Each part is a child in a process group of its own, so that a part's own children end with it. Nobody outlives the
tree: on Linux a child dies with its parent, even when the parent was killed (PR_SET_PDEATHSIG).
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger("serve")
PARENT = "TRUST_PARENT"
GRACE = 6.0  # seconds a part may take to end; within 10 s everything is over
LONGEST_PAUSE = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Part:
    """One child: its name, its command, and whether the tree ends with it or starts it again."""

    name: str
    command: Sequence[str]
    vital: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    again_at: float = field(default=0.0)

    def start(self) -> None:
        environment = {**os.environ, **self.environment, PARENT: str(os.getpid())}
        # The command is our own interpreter with our own module: nothing of it comes from outside.
        self.process = subprocess.Popen(self.command, env=environment, process_group=0)  # noqa: S603
        self.started = time.monotonic()
        log.info("started", part=self.name, pid=self.process.pid)

    def signal(self, name: signal.Signals) -> None:
        """Send a signal to the part and its own children, as far as they are there."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, name)
        except (ProcessLookupError, PermissionError):
            return

    def pause(self) -> float:
        """Seconds until the next try: none at first, then twice as many each time, until it ran for a minute."""
        self.failures = 0 if time.monotonic() - self.started > 60 else self.failures + 1
        return float(min(LONGEST_PAUSE, 0.25 * 2**self.failures))


class Tree:
    """Starts parts, keeps them running, and ends them all on SIGTERM or Ctrl-C."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.stopping = False

    def run(self) -> int:
        """Run until a signal (0) or until a vital part ends by itself (1)."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        code = 0
        try:
            while not self.stopping and not code:
                code = self._look()
                if not self.stopping and not code:
                    time.sleep(0.1)
        finally:
            self._end_all()
        return code

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the form of a signal handler
        self.stopping = True

    def _look(self) -> int:
        """Start what should run and does not; 1 when a vital part has ended."""
        for part in self.parts:
            if self.stopping:
                return 0
            if part.process is None:
                if time.monotonic() >= part.again_at:
                    part.start()
            elif (ended := part.process.poll()) is not None:
                if part.vital:
                    log.error("ended", part=part.name, code=ended)
                    return 1
                part.signal(signal.SIGKILL)  # what it may have left behind
                part.process, part.again_at = None, time.monotonic() + part.pause()
                log.warning("ended, will be started again", part=part.name, code=ended)
        return 0

    def _end_all(self) -> None:
        log.info("ending")
        for part in self.parts:
            part.signal(signal.SIGTERM)
        until = time.monotonic() + GRACE
        for part in self.parts:
            try:
                if part.process:
                    part.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("does not end, is killed", part=part.name)
        for part in self.parts:
            # Always: a web worker that outlived its main process is ended here too.
            part.signal(signal.SIGKILL)
            if part.process:
                part.process.wait()
        log.info("ended, all of it")


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent ends; end at once when the parent is gone already."""
    parent = multiprocessing.parent_process()
    expected = parent.pid if parent else int(os.environ.get(PARENT, "0"))
    if not expected or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != expected:
        os._exit(1)
