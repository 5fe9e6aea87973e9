"""Signed receipts (append-only), and how far they have been signed."""

from django.db import models

from audit.guards import Guard
from consent.models.consents import ConsentEvent

# Whether the secret that opens it is still there.
_OPENS = (
    "EXISTS (SELECT 1 FROM consent_consentevent e JOIN consent_subject s ON s.id = e.subject_id"
    " JOIN audit_subjectsecret k ON k.pseudonym = s.pseudonym WHERE e.id = OLD.event_id)"
)


class Receipt(models.Model):
    """The receipt of one event, encrypted under its customer's secret: unreadable for good once that is destroyed.

    It never changes, and only what nobody can read any more may be deleted.

    kid: the key that signed it. sealed: signature and payload, compressed; the header follows from kid.
    """

    event = models.OneToOneField(ConsentEvent, models.PROTECT, primary_key=True, related_name="receipt")
    kid = models.CharField(max_length=64)
    sealed = models.BinaryField()
    signed_at = models.DateTimeField()

    guard = Guard(delete=_OPENS)


class ReceiptsDone(models.Model):
    """Every event below this place of the log has its receipt, or could get none any more.

    Two rows: one for choices made here, one for imported ones, so that a large import keeps nobody waiting.
    """

    imported = models.BooleanField(unique=True)
    size = models.BigIntegerField(default=0)

    guard = Guard(update="NEW.size < OLD.size")
