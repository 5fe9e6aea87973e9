"""Questions that are asked of customers, one purpose at a time."""

from django.db import models
from django.db.models import Q

from consent.models.catalogue import Purpose
from consent.models.subjects import Subject


class ConsentRequest(models.Model):
    """One question, on a page of its own, answered once. Deletable: what was said stands in the events.

    number: of the entry by which it was asked. act: the answer; "" while there is none.
    sealed: the occasion and where the customer goes back to, in the caller's words, under the customer's secret.
    """

    subject = models.ForeignKey(Subject, models.CASCADE)
    purpose = models.ForeignKey(Purpose, models.PROTECT)
    number = models.UUIDField(unique=True)
    token_hash = models.BinaryField(max_length=32, unique=True)
    language = models.CharField(max_length=16, blank=True)
    channel = models.CharField(max_length=16)
    sealed = models.BinaryField()
    act = models.CharField(max_length=16, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(act__in=["", "give", "refuse", "defer"]), name="consent_request_answered_by_an_act"
            )
        ]
