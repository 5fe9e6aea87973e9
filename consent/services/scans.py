"""Scans of papers that customers signed: kept encrypted, named by their digest, carried away only with a trace."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from audit import vault
from consent.errors import Field, Invalid, NotFound, TooLarge
from consent.models import Scan, Subject
from consent.rules import scans
from consent.services import families, ledger, subjects
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle


@transaction.atomic
def store(*, subject: Handle | Subject, content: bytes, by: Actor, now: datetime) -> tuple[Scan, bool]:
    """Keep a scan under its customer's secret; returns it and whether it is new, for the same file is kept once.

    Raises Invalid for a file of another kind than rules/scans.TYPES, TooLarge over 5 MiB, NotFound for a customer we do
    not know. The digest is made from personal data: it stands in the payload of the fact, never in the leaf.
    """
    if len(content) > scans.LARGEST:
        raise TooLarge(scans.TOO_LARGE)
    kind = scans.kind(content)
    if not kind:
        raise Invalid(Field("", "type", f"Send the file itself as the body: {', '.join(scans.TYPES)}."))
    known = subjects.hold(subjects.get(subject) if isinstance(subject, Handle) else subject)
    digest = hashlib.sha256(content).hexdigest()
    there = Scan.objects.filter(subject=known, digest=digest).first()
    if there:
        return there, False
    told = {"scan_sha256": digest, "size": len(content), "type": kind}
    entry = ledger.record(Fact("evidence.stored", subject=known.pseudonym), by=by, now=now, payload=told)
    sealed = vault.of(known.pseudonym).seal(content, f"scan {digest}")
    row = Scan(subject=known, digest=digest, type=kind, size=len(content), sealed=sealed, uploaded_at=now)
    row.entry_id = entry.id
    row.save()
    return row, True


def of(*, subject: Subject) -> models.QuerySet[Scan]:
    """A customer's scans without their bytes, newest first."""
    return Scan.objects.filter(subject__in=families.of(subject)).defer("sealed").order_by("-uploaded_at", "-id")


@transaction.atomic
def export(*, subject: Subject, number: UUID, by: Actor, now: datetime) -> tuple[Scan, bytes]:
    """Carry a scan away; that is itself a fact. number: its entry's. Raises NotFound, also for another customer's."""
    row = Scan.objects.filter(subject__in=families.of(subject), entry_id=number).select_related("subject").first()
    if row is None:
        raise NotFound("There is no scan with this number.")
    content = vault.of(row.subject.pseudonym).open(bytes(row.sealed), f"scan {row.digest}")
    fact = Fact("evidence.exported", subject=subject.pseudonym, object=str(number), details={"scans": 1})
    ledger.record(fact, by=by, now=now)
    return row, content
