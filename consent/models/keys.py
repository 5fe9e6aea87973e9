"""API keys: who may ask and record. The secret is never stored."""

from django.db import models

from consent.models.catalogue import Recipient


class ApiKey(models.Model):
    """`tc_<prefix>_<secret>` of one recipient; only the SHA-256 of the secret is kept."""

    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    recipient = models.ForeignKey(Recipient, models.PROTECT)
    scopes = models.JSONField()
    purposes = models.JSONField(null=True)  # None: every purpose
    namespaces = models.JSONField(null=True)  # None: every namespace
    networks = models.JSONField(default=list)  # empty: from anywhere
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)  # to the day: a key's use must not cost a write per request
