"""Which changes a customer is still to be told of by e-mail. No address and no words stand here."""

from django.db import models
from django.db.models import Q

from consent.models.consents import ConsentEvent
from consent.models.subjects import Subject


class ChangeLetter(models.Model):
    """A letter is due about this change; written with the change itself, and gone a day after it was sent.

    lease_until: a worker sends it now, or it waits for the next day. sent_at: it went out.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    event = models.OneToOneField(ConsentEvent, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "sent_at"], name="letter_subject"),
            models.Index(fields=["changed_at"], condition=Q(sent_at__isnull=True), name="letter_waiting"),
        ]
