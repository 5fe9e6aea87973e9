"""Concerns: which states there are, and what leads from one to another."""

from collections.abc import Collection

STATES = ("open", "answered", "closed")
# Each step: from which states, and to which. Whoever writes again is answered again.
STEPS: dict[str, tuple[Collection[str], str]] = {
    "raised": ((), "open"),
    "added": (("open", "answered"), "open"),
    "answered": (("open", "answered"), "answered"),
    "closed": (("open", "answered"), "closed"),
}
# Without a name what was written is destroyed so long after the end: as long as records of requests are kept
# (11 CCR 7101), and no longer, since nobody can ask us to.
KEPT = "P24M"


def after(state: str, step: str) -> str | None:
    """The state that a step leads to; None where it may not be taken."""
    allowed, to = STEPS[step]
    return to if state in allowed else None
