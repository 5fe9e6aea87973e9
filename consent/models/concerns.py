"""What worries people, with or without their name, and what was answered. No words stand here."""

from django.db import models
from django.db.models import Q

from audit.guards import AppendOnly, Guard
from consent.models.subjects import Subject


class Concern(models.Model):
    """One concern. What was written stands in the payloads of its steps' entries, under the secret of `pseudonym`.

    subject: whose it is; None without a name. Then the concern has a pseudonym and a secret of its own, which belong to
    nobody, and token_hash is the SHA-256 of what its writer reads it again with. about: the entry of the log that it is
    about. due: the last day for the first answer.
    """

    reference = models.CharField(max_length=11, unique=True)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="concerns")
    pseudonym = models.CharField(max_length=32)
    token_hash = models.BinaryField(max_length=32, null=True)
    state = models.CharField(max_length=16)
    purpose = models.CharField(max_length=64, blank=True)
    about = models.UUIDField(null=True)
    channel = models.CharField(max_length=32)
    opened_at = models.DateTimeField()
    due = models.DateField()
    closed_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    guard = Guard(
        update="OLD.reference <> NEW.reference OR OLD.pseudonym <> NEW.pseudonym OR OLD.opened_at <> NEW.opened_at"
        " OR OLD.due <> NEW.due"
    )

    class Meta:
        indexes = [models.Index(fields=["state", "due"], name="concern_state_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, token_hash__isnull=True)
                | Q(subject__isnull=True, token_hash__isnull=False),
                name="concern_has_a_name_or_a_token",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | Q(state__in=["open", "answered"], closed_at__isnull=True),
                name="concern_closed_has_a_moment",
            ),
        ]


class ConcernStep(AppendOnly):
    """One message or step of a concern, and the number of its entry in the log."""

    concern = models.ForeignKey(Concern, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=16)
    at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)


class Knock(models.Model):
    """Somebody without a name came to a door that anyone may use; only the keyed hash of their network, for an hour."""

    door = models.CharField(max_length=16)
    network_hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["door", "network_hash", "at"], name="knock_door")]
