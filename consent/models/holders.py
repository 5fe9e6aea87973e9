"""Who holds a copy of what it may use, and how far it has followed the log."""

from django.db import models
from django.db.models import F, Q

from consent.models.catalogue import Recipient


class Holder(models.Model):
    """One process of a recipient that decides on its own copy (docs/adr/0009-copies-hold-yes-only.md).

    told, confirmed: places of the log up to which it was told, and up to which it says that it acts.
    lease_until: when it must refuse by itself, unless it hears from us again.
    """

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="holders")
    name = models.CharField(max_length=64)
    told = models.BigIntegerField(default=0)
    confirmed = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "name"], name="holder_name"),
            models.CheckConstraint(condition=Q(confirmed__lte=F("told")), name="holder_confirms_what_it_was_told"),
        ]


class Acknowledgement(models.Model):
    """Up to which place of the log a holder had said that it acts, at the end of one minute (GDPR Art. 19).

    One row a minute at most, however often it says so, and none while nothing changes.
    """

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="acknowledgements")
    minute = models.DateTimeField()
    place = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["holder", "minute"], name="acknowledgement_of_a_minute")]
