"""Who was in the lists of people that were checked together."""

from django.db import models

from audit.guards import AppendOnly, Guard


class Asked(AppendOnly):
    """The numbers of customers who were in one list, and got one answer, as a roaring bitmap.

    In parts of 65,536 numbers, so that whoever looks for one customer reads little of each list. entry_id: the fact, of
    which there is one for a whole list. reason: the answer (consent/rules/reasons.py). A number is never used again,
    and erasure takes away what leads from a person to it. Once its entry was pruned, a row may go too.
    """

    SIZE = 1 << 16

    entry_id = models.UUIDField()
    part = models.PositiveIntegerField()
    reason = models.CharField(max_length=32)
    numbers = models.BinaryField()

    guard = Guard(delete="EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = OLD.entry_id)")

    class Meta:
        indexes = [models.Index(fields=["part", "entry_id"], name="asked_part")]
        constraints = [models.UniqueConstraint(fields=["entry_id", "part", "reason"], name="asked_once")]
