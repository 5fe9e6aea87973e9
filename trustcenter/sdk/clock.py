"""Two clocks that nobody can set: seconds that pass, also while the machine sleeps, and the service's time of day."""

import sys
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

LAG = 2.0  # `Date` is written in whole seconds, and servers keep one for up to a second
DRIFT = 1e-4  # how much two clocks may part in each second; more than any that is disciplined


def _ticks() -> Callable[[], float]:
    """Python's own monotonic clock stands still while Linux or macOS sleeps: a lease would outlive the night."""
    if sys.platform == "linux":
        return partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    return partial(time.clock_gettime, time.CLOCK_MONOTONIC) if sys.platform == "darwin" else time.monotonic


ticks: Final = _ticks()


class ServiceClock:
    """What time it is at the service, from the `Date` of its answers (RFC 9110, 6.6.1) and the seconds since.

    It knows an interval only, so there are two answers: no later than that is it, no earlier. The machine's own time
    of day is never read. Moments are seconds of the epoch.
    """

    def __init__(self) -> None:
        self._low, self._high = float("-inf"), float("inf")
        self._at = 0.0

    def heard(self, date: str, sent: float, received: float) -> None:
        """An answer to what was sent at one tick and came back at another says this. Raises ValueError."""
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:
            raise ValueError(date)
        said = moment.timestamp()
        low, high = said - received, said + LAG - sent
        slack = DRIFT * (received - self._at)
        both = max(low, self._low - slack), min(high, self._high + slack)
        self._low, self._high = both if both[0] <= both[1] else (low, high)  # it was set: what it says now counts
        self._at = received

    def earliest(self, tick: float) -> float:
        """It is this late at least."""
        return tick + self._low

    def latest(self, tick: float) -> float:
        """It is no later than this."""
        return tick + self._high

    def tick_at(self, moment: float) -> float:
        """The tick before which it is certainly not that late."""
        return moment - self._high
