"""Who may act for whom."""

from django.db import models
from django.db.models import F, Q

from consent.models.subjects import Subject
from consent.rules.mandates import KINDS


class Mandate(models.Model):
    """A customer (`holder`) may act for another one (`subject`). Deletable: that it was, and ended, stands in the log.

    label: what the holder is told whom it is for, under the subject's secret; empty for an identifier in part.
    until: its end as agreed; a guardian's ends when the child comes of age, in any case (rules/mandates.py).
    entry_id: its entry in the log, and its number.
    """

    kind = models.CharField(max_length=16)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="mandates")
    holder = models.ForeignKey(Subject, models.PROTECT, related_name="mandates_held")
    label = models.BinaryField()
    until = models.DateTimeField(null=True)
    granted_at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="mandate_kind"),
            models.CheckConstraint(condition=~Q(subject=F("holder")), name="mandate_for_another"),
            models.UniqueConstraint(fields=["subject", "holder"], name="mandate_once"),
        ]
