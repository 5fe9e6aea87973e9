"""The log as others follow it: what came after a place, in its order, and what has committed but has no place yet.

The sealer gives a place to what has committed, so whoever commits late comes later, and nobody is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import models

from audit.models import Entry, Head
from audit.services import tree


@dataclass(frozen=True)
class Step:
    """One entry, as a follower needs it."""

    id: UUID
    action: str
    subject: str
    purpose: str


def size() -> int:
    """How many entries have a place."""
    return Head.objects.values_list("size", flat=True).first() or 0


def mark(place: int) -> str:
    """What stands before a place, in 16 characters: a log that was restored and grew again has something else there."""
    return tree.leaf_hash(place - 1).hex()[:16] if place > 0 else ""


def between(start: int, end: int, actions: Sequence[str]) -> list[Step]:
    """The entries of these actions from one place to before another, in the order of the log."""
    found = Entry.objects.filter(leaf_row__seq__gte=start, leaf_row__seq__lt=end, action__in=actions)
    return _steps(found.order_by("leaf_row__seq"))


def waiting(actions: Sequence[str]) -> list[Step]:
    """The entries of these actions that have committed and have no place yet.

    Read before `size`: what gets its place in between is then found there.
    """
    return _steps(Entry.objects.filter(pending__isnull=False, action__in=actions).order_by("id"))


def _steps(found: models.QuerySet[Entry]) -> list[Step]:
    return [Step(*row) for row in found.values_list("id", "action", "subject", "purpose")]
