"""Requests of customers for their rights, step by step, and the limits that stand. No personal data, and no words."""

from django.db import models
from django.db.models import Q

from audit.guards import AppendOnly, Guard
from consent.models.mandates import Mandate
from consent.models.subjects import Subject
from consent.rules import rights


class RightsRequest(models.Model):
    """One request. What was written stands in the payloads of its steps' entries, under the subject's secret.

    reference: what people read aloud. purpose: of an objection, what for; of a deletion, the use whose data; "" for
    none named. about: the entry of the log that a review is wanted of. law: whose clock. due: the last day for the
    answer, as it stands now. stopped_on: since when the clock stands still; extended: whether more time was taken.
    """

    reference = models.CharField(max_length=11, unique=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    purpose = models.CharField(max_length=64, blank=True)
    about = models.UUIDField(null=True)
    channel = models.CharField(max_length=32)
    law = models.CharField(max_length=16)
    jurisdiction = models.CharField(max_length=16, blank=True)
    opened_at = models.DateTimeField()
    due = models.DateField()
    stopped_on = models.DateField(null=True)
    extended = models.BooleanField(default=False)

    guard = Guard(
        update="OLD.reference <> NEW.reference OR OLD.subject_id <> NEW.subject_id OR OLD.kind <> NEW.kind"
        " OR OLD.opened_at <> NEW.opened_at OR (OLD.extended AND NOT NEW.extended)"
    )

    class Meta:
        indexes = [models.Index(fields=["state", "due"], name="rights_state_due")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=rights.KINDS), name="rights_known_kind"),
            models.CheckConstraint(condition=Q(state__in=rights.STATES), name="rights_known_state"),
            models.CheckConstraint(
                condition=Q(stopped_on__isnull=True) | Q(state="checking"), name="rights_clock_stops_while_checking"
            ),
        ]


class RightsStep(AppendOnly):
    """One step of a request, and the number of its entry in the log."""

    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)


class RightsDraft(models.Model):
    """What a customer had typed when a code was asked for or their visit was over; encrypted, deleted within a day.

    mandate: by which somebody else typed it in their place; it goes when that ends.
    """

    subject = models.ForeignKey(Subject, models.CASCADE)
    mandate = models.ForeignKey(Mandate, models.CASCADE, null=True)
    kind = models.CharField(max_length=16)
    sealed = models.BinaryField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind"], condition=Q(mandate__isnull=True), name="draft_subject_kind"
            ),
            models.UniqueConstraint(fields=["subject", "kind", "mandate"], name="draft_mandate_kind"),
        ]


class Limit(models.Model):
    """A stretch of time in which nobody may use a customer's data (GDPR Art. 18); `Subject.limited_at` repeats it.

    Of records that are joined or parted, each keeps every limit of the other: a limit is a no.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="limits")
    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="limits")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    guard = Guard(
        update="OLD.subject_id <> NEW.subject_id OR OLD.request_id <> NEW.request_id OR OLD.began_at <> NEW.began_at"
        " OR OLD.ended_at IS NOT NULL"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "request"], condition=Q(ended_at__isnull=True), name="limit_stands_once"
            )
        ]
