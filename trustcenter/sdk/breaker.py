"""Stop asking a service that does not answer, so that nobody waits for it in vain."""

from threading import Lock


class Breaker:
    """Opens after some failures in a row; then lets one call through in each `rest` seconds until one succeeds.

    Only the clock closes nothing: an answer does. A call that was let through and never came back blocks nobody for
    longer than `rest`. Safe for threads. Times are monotonic seconds.
    """

    def __init__(self, failures: int = 5, rest: float = 10.0) -> None:
        if failures < 1 or rest < 0:
            raise ValueError("Breaker: failures from 1, rest from 0.")
        self.failures = failures
        self.rest = rest
        self._in_a_row = 0
        self._resting_until = 0.0
        self._lock = Lock()

    def lets(self, now: float) -> bool:
        """May a call be made? In half-open, yes to the first who asks only."""
        with self._lock:
            if self._in_a_row < self.failures:
                return True
            if now < self._resting_until:
                return False
            self._resting_until = now + self.rest
            return True

    def answered(self) -> None:
        """The service is there."""
        with self._lock:
            self._in_a_row = 0

    def failed(self, now: float) -> None:
        """It is not."""
        with self._lock:
            self._in_a_row += 1
            self._resting_until = now + self.rest

    def fresh(self) -> "Breaker":
        """One like it that knows nothing yet: a forked process has its own lock."""
        return Breaker(self.failures, self.rest)
