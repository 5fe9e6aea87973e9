"""The brand's principles for AI: a notice of its own, in versions that never change."""

from django.db import models
from django.db.models import Q

from audit.guards import AppendOnly


class Principles(AppendOnly):
    """One version. words: language → title and statements; digest: SHA-256 of number and words, canonical."""

    number = models.PositiveIntegerField(unique=True)
    words = models.JSONField()
    digest = models.CharField(max_length=64, unique=True)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="principles_from_one")]
