"""How a customer comes in: a link that works once, then a session. Customers are not Django users."""

from django.db import models
from django.db.models import Q

from consent.models.mandates import Mandate
from consent.models.subjects import Subject


class PortalLink(models.Model):
    """An invitation to one customer, valid once and at most five minutes."""

    subject = models.ForeignKey(Subject, models.CASCADE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    language = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class PortalSession(models.Model):
    """A customer's visit. level 1: known; 2: they entered a code, at `fresh_at`. A visit never changes its level:
    whoever reaches another one gets another visit, with a cookie of its own.

    mandate: by which the visitor acts for somebody else; the visit ends with it.
    """

    subject = models.ForeignKey(Subject, models.CASCADE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    level = models.PositiveSmallIntegerField(default=1)
    fresh_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    mandate = models.ForeignKey(Mandate, models.CASCADE, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level=1, fresh_at__isnull=True) | Q(level=2, fresh_at__isnull=False),
                name="session_level_two_has_a_moment",
            )
        ]
