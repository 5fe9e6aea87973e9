"""Who was in the lists of people that were checked together."""

from django.db import models

from audit.guards import AppendOnly


class Asked(AppendOnly):
    """The numbers of customers who were in one list, and got one answer, as a roaring bitmap.

    In parts of 65,536 numbers, so that whoever looks for one customer reads little of each list. entry_id: the fact, of
    which there is one for a whole list. reason: the answer (consent/rules/reasons.py). A number is never used again,
    and erasure takes away what leads from a person to it.
    """

    SIZE = 1 << 16

    entry_id = models.UUIDField()
    part = models.PositiveIntegerField()
    reason = models.CharField(max_length=32)
    numbers = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["part", "entry_id"], name="asked_part")]
        constraints = [models.UniqueConstraint(fields=["entry_id", "part", "reason"], name="asked_once")]
