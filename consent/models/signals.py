"""What customers' browsers said for them."""

from django.db import models

from audit.guards import AppendOnly
from consent.models.subjects import Subject


class Signal(AppendOnly):
    """A signal, once for each customer and kind; `Subject.gpc_at` repeats when, for the decision."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=16)
    channel = models.CharField(max_length=32)
    received_at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "kind"], name="signal_once")]
