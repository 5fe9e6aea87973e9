"""Customers, without personal data in their rows, and the identifiers that point at them."""

from django.db import models

from audit.guards import Guard


class Subject(models.Model):
    """A customer. `id` is the dense number of compiled sets and is never used again; `pseudonym` stands in the log.

    minor_until: the day from which they say yes themselves under their law; no birth date is kept.
    gpc_at: when their browser first asked us not to sell or share; it is never taken back by a silence. Of records that
    were joined it is the later one's, before which no yes counts: so it may move on, and never back.
    limited_at: since when nobody may use their data, while that stands (models/rights.py, Limit).
    erased_at: when all that was personal was destroyed; of such a customer only their choices under the pseudonym stay.
    """

    pseudonym = models.CharField(max_length=32, unique=True)
    jurisdiction = models.CharField(max_length=16, blank=True)
    minor_until = models.DateField(null=True)
    gpc_at = models.DateTimeField(null=True)
    limited_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    guard = Guard(
        update="OLD.id <> NEW.id OR OLD.pseudonym <> NEW.pseudonym"
        " OR (OLD.erased_at IS NOT NULL AND (NEW.erased_at IS NULL OR NEW.erased_at <> OLD.erased_at))"
        " OR (OLD.gpc_at IS NOT NULL AND (NEW.gpc_at IS NULL OR NEW.gpc_at < OLD.gpc_at))"
    )


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
