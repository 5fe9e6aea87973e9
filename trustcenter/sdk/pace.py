"""How often whoever follows the feed asks: at once while it is answered, with pauses that grow while it is not."""

import random

from .feed import Fault

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0  # between tries: the service is back at once when it is back
LONGEST_WAIT = 5  # seconds for which a question for changes may be held


def pause(faults: int, fault: Exception) -> float:
    """Seconds until the next try, after so many that failed in a row; as the service asks, but a minute at most."""
    longest = min(FIRST_PAUSE * 2 ** min(faults, 10), LONGEST_PAUSE)
    asked = fault.after if isinstance(fault, Fault) and fault.after is not None else 0.0
    return max(random.uniform(longest / 2, longest), min(asked, 60.0))  # noqa: S311  spreads callers, hides nothing


def held(lease: float) -> int:
    """Seconds for which the next question may be held, so that its answer comes well within the lease."""
    return min(int(lease / 3), LONGEST_WAIT)
