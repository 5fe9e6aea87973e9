"""The course of one call: how long it may take, whether to try again, and when it is over. Nothing here sends or waits.

Both clients run it: begin, send, judge; wait when told to, and begin again.
"""

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

import httpx

from .breaker import Breaker
from .calls import Call, Malformed, problem
from .errors import Rejected, Unreachable

T = TypeVar("T")
TRIES = 3
FIRST_PAUSE = 0.1
EACH = 0.02  # seconds more for each further item of a batch; a busy SQLite takes 7 s for a thousand uses
LARGEST = 16 * 2**20  # bytes of an answer; ten thousand decisions are under ten million
BUSY = (408, 425, 429)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timeout:
    """Seconds to wait: for a connection, for the next bytes, and for the whole call with all its tries.

    A batch has 0.02 seconds more of the last two for each of its items.
    """

    connect: float = 1.0
    read: float = 5.0
    total: float = 10.0


USUAL = Timeout()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Wait:
    """Try again after so many seconds."""

    seconds: float


class NoAnswer(Exception):
    """This try brought none. again: another may; after: what the service asked for; counts: as a failure."""

    def __init__(self, detail: str, *, again: bool = True, after: float | None = None, counts: bool = True) -> None:
        super().__init__(detail)
        self.again, self.after, self.counts = again, after, counts


class Course(Generic[T]):
    """One call, from its first try to its answer or its end."""

    def __init__(self, call: Call[T], timeout: Timeout, breaker: Breaker) -> None:
        self._call = call
        self._timeout = timeout
        self._breaker = breaker
        self._more = EACH * (call.items - 1)
        self._end = time.monotonic() + timeout.total + self._more
        self._tries = 0

    def left(self) -> float:
        """Seconds left."""
        return self._end - time.monotonic()

    def begin(self) -> httpx.Timeout:
        """The limits of the next try. Raises Unreachable while the breaker is open."""
        if not self._breaker.lets(time.monotonic()):
            raise self._given_up("the service failed several times in a row, so it is left alone for a moment")
        self._tries += 1
        wanted = (self._timeout.connect, self._timeout.read + self._more)
        connect, read = (max(min(each, self.left()), 0.001) for each in wanted)
        return httpx.Timeout(connect=connect, read=read, write=read, pool=connect)

    def take(self, taken: bytearray, chunk: bytes) -> None:
        """Add the next bytes of an answer. Raises NoAnswer when it is too long in time or size."""
        taken += chunk
        if len(taken) > LARGEST or self.left() <= 0:
            raise NoAnswer("an answer without an end", again=False)

    def judge(self, outcome: Reply | Exception) -> T | Wait:
        """The answer, or how long to wait. Raises Rejected, and Unreachable when no try is left."""
        try:
            value = self._read(outcome)
        except NoAnswer as fault:
            return self._next(fault)
        except Rejected:
            self._breaker.answered()
            raise
        self._breaker.answered()
        return value

    def _read(self, outcome: Reply | Exception) -> T:
        if isinstance(outcome, NoAnswer):
            raise outcome
        if isinstance(outcome, Exception):
            raise NoAnswer(type(outcome).__name__)
        status = outcome.status
        if status in (200, 201):
            try:
                return self._call.read(outcome.content)
            except Malformed:
                raise NoAnswer("an answer that is none", again=False) from None
        if status >= 500 or status in BUSY:
            raise NoAnswer(f"status {status}", after=retry_after(outcome.headers), counts=status >= 500)
        told = problem(status, outcome.content)
        if told and told.code == "still_running":
            raise NoAnswer("the first try still runs", after=retry_after(outcome.headers), counts=False)
        if told or status in (400, 401, 403):
            raise told or Rejected(status, "", "The answer does not say why.")
        raise NoAnswer(f"status {status}", again=False)

    def _next(self, fault: NoAnswer) -> Wait:
        """Whether this fault leaves another try. Raises Unreachable."""
        if fault.counts:
            self._breaker.failed(time.monotonic())
        else:
            self._breaker.answered()
        pause = random.uniform(0, FIRST_PAUSE * 2**self._tries)  # noqa: S311  spreads callers, hides nothing
        pause = pause if fault.after is None else fault.after
        if not fault.again or self._tries >= TRIES or pause >= self.left():
            raise self._given_up(str(fault)) from None
        return Wait(pause)

    def _given_up(self, why: str) -> Unreachable:
        logger.warning("no answer from %s after %s tries: %s", self._call.path, self._tries, why)
        return Unreachable(f"No answer from {self._call.path}: {why}.", self._call.once)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), or None."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
