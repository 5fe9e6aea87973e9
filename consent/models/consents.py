"""What customers said (append-only), and the current answer folded from it."""

from django.db import models
from django.db.models import Q

from audit.guards import AppendOnly
from consent.models.catalogue import NoticeText, Purpose, PurposeVersion
from consent.models.subjects import Subject
from consent.rules import lifecycle


class ConsentEvent(AppendOnly):
    """One act of one customer on one purpose. `id` is the order of recording; evidence is in the entry's payload.

    notice is empty only for what was imported from before our first text, and for reductions shown no text.
    assumed: the caller sent no digest, so the notice is the one in force when the act was collected.
    pending: a yes that permits nothing until it is confirmed.
    until: the end of a pause; of a yes, the end that the customer chose, or the day on which the child comes of age.
    carried: the other record's answer, where two were joined or parted (consent/rules/merge.py); no personal data.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="events")
    purpose = models.ForeignKey(Purpose, models.PROTECT)
    version = models.ForeignKey(PurposeVersion, models.PROTECT)
    notice = models.ForeignKey(NoticeText, models.PROTECT, null=True)
    assumed = models.BooleanField(default=False)
    act = models.CharField(max_length=16)
    categories = models.JSONField(default=list)
    recipients = models.JSONField(default=list)
    channel = models.CharField(max_length=32)
    actor = models.CharField(max_length=16)
    language = models.CharField(max_length=16, blank=True)
    collected_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    pending = models.BooleanField(default=False)
    until = models.DateTimeField(null=True)
    imported = models.BooleanField(default=False)
    carried = models.JSONField(null=True)
    entry_id = models.UUIDField(unique=True)  # its audit entry, and the number of its receipt

    class Meta:
        indexes = [models.Index(fields=["subject", "purpose", "id"], name="event_subject_purpose")]
        constraints = [
            models.CheckConstraint(condition=~Q(act="pause") | Q(until__isnull=False), name="event_pause_has_an_end"),
            models.CheckConstraint(condition=Q(pending=False) | Q(act="give"), name="event_pending_is_a_yes"),
            models.CheckConstraint(
                condition=Q(act__in=sorted(lifecycle.MERGES), carried__isnull=False)
                | (~Q(act__in=sorted(lifecycle.MERGES)) & Q(carried__isnull=True)),
                name="event_carries_when_merging",
            ),
        ]

    @property
    def yes(self) -> bool:
        """Whether it is a yes, with a scope of its own."""
        return self.act in lifecycle.YES

    @property
    def scoped(self) -> bool:
        """Whether it names a scope of its own: a yes does, and so does what joining records left, if anything."""
        return bool(self.categories and self.recipients)


class ConsentState(models.Model):
    """The current answer per customer and purpose: fold(events), written in the same transaction."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="states")
    purpose = models.ForeignKey(Purpose, models.PROTECT)
    status = models.CharField(max_length=16)
    version = models.ForeignKey(PurposeVersion, models.PROTECT, null=True)
    categories = models.JSONField(default=list)
    recipients = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    objected = models.BooleanField(default=False)
    by_guardian = models.BooleanField(default=False)
    since = models.DateTimeField()
    event = models.ForeignKey(ConsentEvent, models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "purpose"], name="state_subject_purpose"),
            models.CheckConstraint(
                condition=~Q(status__in=["given", "renewed"]) | Q(version__isnull=False),
                name="state_given_to_a_version",
            ),
        ]
        # What the sweep looks for: a yes whose time is over, or soon will be.
        indexes = [models.Index(fields=["expires_at", "status"], name="state_expires")]


class Confirmation(models.Model):
    """The one-time token of a yes that waits to be confirmed (double opt-in); only its SHA-256 is kept."""

    event = models.OneToOneField(ConsentEvent, models.PROTECT, related_name="confirmation")
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Reminder(AppendOnly):
    """A customer's yes will run out in so many days, and that was said: once for each yes and each number of days."""

    event = models.ForeignKey(ConsentEvent, models.PROTECT, related_name="reminders")
    days = models.PositiveSmallIntegerField()
    entry_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "days"], name="reminder_once")]
