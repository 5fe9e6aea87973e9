"""What a customer is to be told of by e-mail: changes, and news of their cases or records. No address, no words."""

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


class CaseLetter(models.Model):
    """A letter is due that there is news of a request, of a concern or of their records: its kind alone, never what.

    number: the entry of the step; of one that is late, of the step that opened it. That row stays: it is told once.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    number = models.UUIDField()
    noted_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "kind", "sent_at"], name="case_letter_subject"),
            models.Index(fields=["noted_at"], condition=Q(sent_at__isnull=True), name="case_letter_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number", "kind"], name="case_letter_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("answered", "asked", "closed", "extended", "joined", "late")),
                name="case_letter_known_kind",
            ),
        ]
