"""Two records that turned out to be one customer's."""

from django.db import models
from django.db.models import F, Q

from audit.guards import Guard
from consent.models.subjects import Identifier, Subject


class Link(models.Model):
    """One joining of two records, and its end. What it did to each answer stands in the events.

    survivor: the older record, which the identifiers now point at. identifiers: those that came from the other one.
    joined: the other one while it lasts, so that no record is joined to two.
    after_event: the newest event of the survivor before it, 0 for none. minor_until: the survivor's own, before it.
    entry_id, ended_entry_id: its entries in the log.
    """

    survivor = models.ForeignKey(Subject, models.PROTECT, related_name="links")
    other = models.ForeignKey(Subject, models.PROTECT, related_name="links_away")
    joined = models.OneToOneField(Subject, models.PROTECT, null=True, related_name="link_away")
    identifiers = models.ManyToManyField(Identifier, related_name="links")
    after_event = models.PositiveBigIntegerField()
    minor_until = models.DateField(null=True)
    linked_at = models.DateTimeField()
    entry_id = models.UUIDField(unique=True)
    ended_at = models.DateTimeField(null=True)
    ended_entry_id = models.UUIDField(null=True, unique=True)

    # It ends once. Besides, only the day may be taken away, by erasure; nothing else of it ever changes.
    guard = Guard(
        update="NEW.survivor_id <> OLD.survivor_id OR NEW.other_id <> OLD.other_id OR NEW.linked_at <> OLD.linked_at"
        " OR NEW.entry_id <> OLD.entry_id OR NEW.after_event <> OLD.after_event"
        " OR NEW.ended_at <> OLD.ended_at OR NEW.ended_entry_id <> OLD.ended_entry_id"
        " OR ((OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL)"
        " AND (NEW.minor_until IS NOT NULL OR (NEW.ended_at IS NULL) <> (OLD.ended_at IS NULL)))"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, joined=F("other")) | Q(ended_at__isnull=False, joined__isnull=True),
                name="link_joined_until_it_ends",
            ),
            models.CheckConstraint(condition=Q(survivor__lt=F("other")), name="link_to_the_older"),
        ]
