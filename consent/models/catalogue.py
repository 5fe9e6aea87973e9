"""The catalogue: who, what data, what for, in which words.

Controllers, recipients and categories are edited in place (each edit is an entry in the log); a published purpose
version and its texts never change.
"""

from django.db import models
from django.db.models import Q

from audit.guards import AppendOnly, Guard


class Controller(models.Model):
    """The legal entity that answers for the data (GDPR Art. 4(7), 13(1)(a))."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=400)
    email = models.CharField(max_length=200)
    phone = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=400, blank=True)
    privacy_officer = models.CharField(max_length=200, blank=True)
    regulator = models.CharField(max_length=200)
    regulator_url = models.CharField(max_length=400, blank=True)
    jurisdiction = models.CharField(max_length=16)


class Recipient(models.Model):
    """Whoever uses data. Kinds other than `system` and `processor` count as third parties.

    observe: decisions for it are made and logged, and it goes on as before; never a third party, who is always held to
    them.
    """

    OWN = ("system", "processor")

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    address = models.CharField(max_length=400, blank=True)
    contact = models.CharField(max_length=200, blank=True)
    observe = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(observe=False) | Q(kind__in=["system", "processor"]), name="observe_own"
            ),
        ]

    @property
    def third_party(self) -> bool:
        return self.kind not in self.OWN


class Category(models.Model):
    """What data, in the one label that people learn; `name` is language → label."""

    key = models.CharField(max_length=64, unique=True)
    name = models.JSONField()
    sensitive = models.BooleanField(default=False)
    dpv = models.CharField(max_length=100, blank=True)


class Revision(AppendOnly):
    """What a controller, recipient or category said from a moment on: an earlier choice is told in the words of then.

    content: the members of the row. `id` is the order of writing.
    """

    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    content = models.JSONField()
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "id"], name="revision_key")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["controller", "recipient", "category"]), name="revision_kind"),
        ]


class Purpose(models.Model):
    """Why data is used: a stable key. Consent to one purpose never implies another.

    `controller` is that of the version in force, repeated here for reading.
    """

    key = models.CharField(max_length=64, unique=True)
    controller = models.ForeignKey(Controller, models.PROTECT)
    position = models.PositiveIntegerField()
    group = models.CharField(max_length=64, blank=True)
    current = models.ForeignKey("PurposeVersion", models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "id"]


class PurposeVersion(models.Model):
    """What a purpose allows at most. Immutable from the moment it is published.

    material: people must be asked again. material_number: the newest material version up to this one.
    """

    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    controller = models.ForeignKey(Controller, models.PROTECT)
    legal_basis = models.CharField(max_length=32)
    dpv = models.CharField(max_length=100, blank=True)
    categories = models.ManyToManyField(Category, through="VersionCategory")
    recipients = models.ManyToManyField(Recipient, through="VersionRecipient")
    uses_ai = models.BooleanField(default=False)
    automated_decisions = models.BooleanField(default=False)
    sale_or_sharing = models.BooleanField(default=False)
    retention = models.CharField(max_length=16)
    consent_lasts = models.CharField(max_length=16, blank=True)
    min_age = models.PositiveSmallIntegerField(null=True)
    details = models.JSONField(default=dict)  # jurisdictions, storage_locations, withdrawal_method, levels, …
    material = models.BooleanField()
    material_number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of everything above and the texts, canonical
    published_at = models.DateTimeField(null=True)

    guard = Guard(update="OLD.published_at IS NOT NULL", delete="OLD.published_at IS NOT NULL")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "number"], name="version_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_from_one"),
        ]


_PUBLISHED = (
    "EXISTS (SELECT 1 FROM consent_purposeversion v WHERE v.id = {row}.version_id AND v.published_at IS NOT NULL)"
)


class VersionCategory(models.Model):
    """One category that a version may use, in the order of the catalogue file."""

    version = models.ForeignKey(PurposeVersion, models.PROTECT)
    category = models.ForeignKey(Category, models.PROTECT)
    position = models.PositiveSmallIntegerField()

    guard = Guard(insert=_PUBLISHED.format(row="NEW"))

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["version", "category"], name="version_category")]


class VersionRecipient(models.Model):
    """One recipient that a version names."""

    version = models.ForeignKey(PurposeVersion, models.PROTECT)
    recipient = models.ForeignKey(Recipient, models.PROTECT)
    position = models.PositiveSmallIntegerField()

    guard = Guard(insert=_PUBLISHED.format(row="NEW"))

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["version", "recipient"], name="version_recipient")]


class NoticeText(models.Model):
    """The words of one version in one language. `text` has title, what, why, benefit, if_no and perhaps ai."""

    version = models.ForeignKey(PurposeVersion, models.PROTECT, related_name="texts")
    language = models.CharField(max_length=16)
    text = models.JSONField()
    digest = models.CharField(max_length=64, unique=True)
    approved_at = models.DateTimeField(null=True)

    guard = Guard(insert=_PUBLISHED.format(row="NEW"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="text_language")]
