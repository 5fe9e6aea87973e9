"""Who asked for a code by e-mail. No address stands here, and no code."""

from django.db import models
from django.db.models import Q


class SignInCode(models.Model):
    """Somebody in one browser asked for a code to one address, whoever they are and whether we know it or not.

    Three keyed hashes: of the address (the one by which its identifier is found), of the caller's network, and of the
    code, which the worker makes when it sends it: there is none where there is nobody to send one to. The browser holds
    a token of which the SHA-256 is kept. lease_until: a worker sends it now. handled_at: it was sent, or nobody is.
    """

    address_hash = models.BinaryField(max_length=32)
    network_hash = models.BinaryField(max_length=32)
    browser_hash = models.BinaryField(max_length=32, unique=True)
    code_hash = models.BinaryField(max_length=32, null=True)
    language = models.CharField(max_length=16, blank=True)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(tries__lte=5), name="code_five_tries")]
        indexes = [
            models.Index(fields=["address_hash", "asked_at"], name="code_address"),
            models.Index(fields=["network_hash", "asked_at"], name="code_network"),
            models.Index(fields=["asked_at"], condition=Q(handled_at__isnull=True), name="code_waiting"),
        ]
