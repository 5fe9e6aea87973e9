"""How much each key asked, so that nobody learns whom we know by guessing."""

from django.db import models

from consent.models.keys import ApiKey


class AskCount(models.Model):
    """What one key asked in one stretch of time. In the database, because the limit must hold across all web processes.

    refused: how many of the answers were no. unknown: how many of those were about nobody we know; only the officer is
    told. told: whether the officer was, in this stretch.
    """

    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="asks")
    since = models.DateTimeField()
    asked = models.PositiveBigIntegerField()
    refused = models.PositiveBigIntegerField(default=0)
    unknown = models.PositiveBigIntegerField(default=0)
    told = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "since"], name="asks_key_since")]
