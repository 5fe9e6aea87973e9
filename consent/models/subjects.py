"""Customers, without personal data in their rows, and the identifiers that point at them."""

from django.db import models

from audit.guards import Guard


class Subject(models.Model):
    """A customer. `id` is the dense number of compiled sets and is never used again; `pseudonym` stands in the log."""

    pseudonym = models.CharField(max_length=32, unique=True)
    jurisdiction = models.CharField(max_length=16, blank=True)
    minor_until = models.DateField(null=True)
    created_at = models.DateTimeField()

    guard = Guard(update="OLD.id <> NEW.id OR OLD.pseudonym <> NEW.pseudonym")


class Identifier(models.Model):
    """(namespace, value) of a subject: found by keyed hash, kept encrypted under the subject's secret, deletable.

    verified: somebody vouched that it is theirs. suppressed: they asked to be left alone (models/suppressions.py).
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="identifiers")
    namespace = models.CharField(max_length=64)
    lookup_hash = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()
    verified = models.BooleanField(default=True)
    suppressed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
