"""How far files of consents were taken in, so that an import that was stopped goes on where it stood."""

from django.db import models
from django.db.models import Q


class ImportRun(models.Model):
    """One file, read by one mapping. It moves on in the transaction of the rows it counts.

    digest, mapping: SHA-256 of the file, and of what the mapping says ("" without one). line: where the last row began
    that is done. The counts and `reasons` (refusals by sentence, with the first lines of each) go over all its runs.
    """

    digest = models.CharField(max_length=64)
    mapping = models.CharField(max_length=64, blank=True)
    line = models.BigIntegerField(default=0)
    imported = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    reasons = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "mapping"], name="import_run_once"),
            models.CheckConstraint(condition=Q(line__gte=0), name="import_run_from_zero"),
        ]
