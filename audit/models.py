"""The log as tables. What each may do is in its guard; what it means is in docs/architecture.md, The log."""

from django.db import models

from audit.guards import AppendOnly, Guard

# The outcomes of facts that somebody has to look at.
FINDINGS = ("breach", "finding")
# What stands in most entries, and what nobody looks for: an index of the others is a small one.
PLAIN_OUTCOMES, PLAIN_REASONS = ("", "allowed"), ("", "permitted")
# An entry goes only when the published log itself declares that it may (audit/services/pruning.py).
_STAYS = (
    "OLD.outcome IN ('breach', 'finding') OR NOT EXISTS (SELECT 1 FROM audit_leaf l"
    " JOIN audit_pruning p ON p.action = OLD.action AND l.seq >= p.first AND l.seq < p.until"
    " JOIN audit_leaf said ON said.entry_id = p.entry_id"
    " WHERE l.entry_id = OLD.id AND said.seq < (SELECT MAX(size) FROM audit_checkpoint))"
)
# What may go is declared of what is published, by the entry that says so.
_UNDECLARED = (
    "NEW.until > COALESCE((SELECT MAX(size) FROM audit_checkpoint), 0)"
    " OR NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = NEW.entry_id AND e.action = 'log.pruned')"
)


class Entry(AppendOnly):
    """One fact. `leaf` is the truth, hashed as stored; the other columns repeat it for searching."""

    id = models.UUIDField(primary_key=True)
    recorded_at = models.DateTimeField()
    action = models.CharField(max_length=64)
    actor_type = models.CharField(max_length=16)
    actor_ref = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=32, blank=True)
    purpose = models.CharField(max_length=64, blank=True)
    recipient = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    leaf = models.BinaryField()

    guard = Guard(delete=_STAYS)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="entry_subject"),
            models.Index(fields=["action", "id"], name="entry_action"),
            models.Index(fields=["recipient", "id"], name="entry_recipient"),
            models.Index(fields=["purpose", "id"], name="entry_purpose"),
            models.Index(fields=["actor_type", "actor_ref", "id"], name="entry_actor"),
            models.Index(
                fields=["outcome", "id"], condition=~models.Q(outcome__in=PLAIN_OUTCOMES), name="entry_outcome"
            ),
            models.Index(fields=["reason", "id"], condition=~models.Q(reason__in=PLAIN_REASONS), name="entry_reason"),
        ]


class Payload(models.Model):
    """The personal data of an entry, encrypted under its subject's secret; erasure deletes it."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="payload")
    subject = models.CharField(max_length=32, blank=True, db_index=True)
    sealed = models.BinaryField()

    guard = Guard(delete="")


class SubjectSecret(models.Model):
    """The wrapped secret of one subject; erasure deletes it."""

    pseudonym = models.CharField(max_length=32, primary_key=True)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    guard = Guard(delete="", update="OLD.pseudonym <> NEW.pseudonym")


class Pending(models.Model):
    """The outbox: entries that are committed and not yet in the tree."""

    id = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="pending")
    leaf_hash = models.BinaryField()

    guard = Guard(delete="")


class Leaf(AppendOnly):
    """Which entry stands at which place of the log."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="leaf_row")

    guard = Guard(delete="EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = OLD.entry_id)")


class Pruning(AppendOnly):
    """Entries of one action that may go: those from place `first` to before `until`, recorded before a moment.

    As the entry `log.pruned` says, in columns, for the guard of Entry cannot read a leaf.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="prunings")
    action = models.CharField(max_length=64)
    first = models.BigIntegerField()
    until = models.BigIntegerField()
    before = models.DateTimeField()

    guard = Guard(insert=_UNDECLARED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "until"], name="pruned_once"),
            models.CheckConstraint(
                condition=models.Q(first__gte=0, first__lt=models.F("until")), name="pruning_is_a_stretch"
            ),
        ]


class Tile(models.Model):
    """256 hashes of one level (C2SP tlog-tiles). A partial tile is a prefix of the full one, so a tile only grows."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    data = models.BinaryField()

    guard = Guard(
        update='NEW.level <> OLD.level OR NEW."index" <> OLD."index" OR length(NEW.data) < length(OLD.data) '
        "OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="tile_place")]


class Head(models.Model):
    """How far the tree has grown: one row, only ever larger."""

    size = models.BigIntegerField(default=0)
    root = models.BinaryField()

    guard = Guard(update="NEW.size <= OLD.size")


class Checkpoint(AppendOnly):
    """A signed head of the log (C2SP tlog-checkpoint)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField()


class Cosignature(AppendOnly):
    """What a witness said of a signed head: the line that stands below it (C2SP tlog-cosignature)."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=512)
    line = models.TextField()
    cosigned_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["witness", "checkpoint"], name="cosigned_once")]


class VerifierKey(AppendOnly):
    """A public key of the log, as a C2SP vkey line."""

    vkey = models.CharField(max_length=255, unique=True)
    purpose = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    # What it signs, in places of the log: audit/services/rotation.py. An end is final; but of a receipt key that is
    # found to have been stolen, it can only come earlier.
    since_size = models.BigIntegerField(default=0)
    until_size = models.BigIntegerField(null=True)

    guard = Guard(
        update="NEW.id <> OLD.id OR NEW.vkey <> OLD.vkey OR NEW.purpose <> OLD.purpose "
        "OR NEW.since_size <> OLD.since_size OR OLD.until_size IS NOT NULL "
        "AND (OLD.purpose <> 'receipt' OR NEW.until_size IS NULL OR NEW.until_size >= OLD.until_size)"
    )


class Verification(AppendOnly):
    """The log checked against itself: when, how far, with what result. pruned: how many were pruned by policy."""

    checked_at = models.DateTimeField()
    size = models.BigIntegerField()
    pruned = models.BigIntegerField(default=0)
    good = models.BooleanField()
    finding = models.TextField(blank=True)


class Refusal(models.Model):
    """Why the sealer signs nothing now: one row while it refuses, none otherwise. For those who cannot see the mark."""

    code = models.CharField(max_length=32)
    detail = models.TextField()
    since = models.DateTimeField()
