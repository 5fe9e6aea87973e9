"""When a mandate to act for a customer stands: a guardian's until the child says yes themselves, others' as agreed."""

from datetime import date, datetime

from consent.rules import moments

GUARDIAN, REPRESENTATIVE = "guardian", "representative"
KINDS = (GUARDIAN, REPRESENTATIVE)
LABEL_LENGTH = 80


def ends(kind: str, until: datetime | None, minor_until: date | None) -> datetime | None:
    """When a mandate ends by itself; None for one without an end.

    until: as agreed. minor_until: the day from which the customer says yes themselves (rules/ages.py).
    """
    of_age = moments.midnight(minor_until) if kind == GUARDIAN and minor_until else None
    return min((end for end in (until, of_age) if end), default=None)


def stands(kind: str, until: datetime | None, minor_until: date | None, now: datetime) -> bool:
    """Whether a mandate stands. Nobody is the guardian of somebody of whom nothing says that they are a child."""
    end = ends(kind, until, minor_until)
    return not (kind == GUARDIAN and minor_until is None) and (end is None or now < end)


def problem(kind: str, minor_until: date | None, now: datetime) -> str:
    """What is wrong with a mandate of this kind over a customer, who is a child or not; "" when it can be."""
    child = minor_until is not None and now < moments.midnight(minor_until)
    if kind == GUARDIAN and not child:
        return "Nothing says that they are a child. POST /api/v1/subjects takes born or minor_until."
    if kind == REPRESENTATIVE and child:
        return "A child has a guardian, and chooses nobody to act for them."
    return ""


def masked(namespace: str, value: str) -> str:
    """A customer as whoever acts for them is told of them, where no label was given: `customer C-10…`."""
    return f"{namespace} {value[: min(4, len(value) * 2 // 3)]}…"
