"""Scans of papers that customers signed."""

from django.db import models

from consent.models.subjects import Subject


class Scan(models.Model):
    """One file, encrypted under its customer's secret. Deletable: erasure deletes it.

    digest: SHA-256 of the file in hex, as evidence names it. entry_id: the fact that it was stored, and its number.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="scans")
    digest = models.CharField(max_length=64)
    type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    sealed = models.BinaryField()
    uploaded_at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "digest"], name="scan_once")]
