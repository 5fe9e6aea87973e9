"""Answers kept for repeated requests (IETF draft, Idempotency-Key)."""

from django.db import models

from consent.models.keys import ApiKey
from consent.models.subjects import Subject


class Answer(models.Model):
    """One request that recorded something: what was asked (digest) and what we answered.

    status 0: the first request is still running, until `lease_until`. subjects: the customers that it named, whose
    erasure takes it away.
    """

    key = models.ForeignKey(ApiKey, models.CASCADE)
    name_hash = models.BinaryField(max_length=32)
    request_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField()
    subjects = models.ManyToManyField(Subject, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name_hash"], name="answer_once")]
