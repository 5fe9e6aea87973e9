"""A customer is erased: all that is personal is destroyed, and what proves that we did right stays (GDPR Art. 17).

Their choices stay under a pseudonym that nobody can trace any more, so the log still verifies and every answer can
still be worked out from what was said. What erasure does with each table is in docs/operate.md, Erasure.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit import vault
from audit.services import erasures
from audit.services.erasures import Erasure
from consent.errors import Field, Invalid
from consent.models import (
    Answer,
    CaseLetter,
    ChangeLetter,
    Confirmation,
    Identifier,
    Link,
    Receipt,
    RightsDraft,
    Scan,
    SignInCode,
    Subject,
)
from consent.services import (
    consent_requests,
    families,
    handles,
    ledger,
    links,
    mandates,
    portal_links,
    subjects,
    visits,
)
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact

ACTION = "subject.erased"
# Why somebody has to be erased: GDPR Art. 17(1)(a) to (f), in this order.
WHY = ("no_longer_needed", "withdrawn", "objected", "unlawful", "legal_obligation", "child")
RESTORED = "backup_restored"
_APART = "The backup was older than their parting."
_DELETED = (Identifier._meta.db_table, Scan._meta.db_table)


@dataclass(frozen=True)
class Erased:
    """What was destroyed. number: of the entry that tells of it. records: more than one where records were joined."""

    number: UUID
    records: int
    identifiers: int
    payloads: int
    receipts: int
    scans: int


@dataclass(frozen=True)
class Again:
    """What a restored backup asked for: erasures that are known now, and were not; people who were erased again."""

    learned: int
    erased: int


@transaction.atomic
def erase(*, subject: Handle, why: str, by: Actor, now: datetime) -> Erased:
    """Erase a customer with every record that is joined to theirs. There is no way back.

    A hash of each identifier is kept, as of whom asked to be left alone: an import cannot bring them back.
    why: one of WHY. Raises Invalid for another one, NotFound for a customer we do not know.
    """
    if why not in WHY:
        raise Invalid(Field("/why", "choice", f"One of {', '.join(WHY)}."))
    handles.check_handles([subject], "/subject")
    family = families.of(subjects.hold(subjects.get(subject)))
    done = _erase(family, why, by, now)
    erasures.remember([Erasure(each.pseudonym, one.number, now) for each, one in zip(family, done, strict=True)])
    return Erased(
        done[0].number,
        records=len(done),
        **{name: sum(getattr(one, name) for one in done) for name in ("identifiers", "payloads", "receipts", "scans")},
    )


def reapply(
    *,
    published: Sequence[Mapping[str, Any]] = (),
    by: Actor,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Again:
    """Erase again whomever a restored backup brought back, each in a transaction of their own.

    published: leaves of our log that were carried away, where the record outside the database was lost as well.
    """
    known = {each.pseudonym for each in erasures.remembered()}
    learned = [*erasures.forgotten(action=ACTION), *erasures.told_in(published, action=ACTION)]
    fresh = {each.pseudonym: each for each in learned if each.pseudonym not in known}
    if fresh:
        erasures.remember(list(fresh.values()))
    back = erasures.returned()
    for place, each in enumerate(back):
        again(pseudonym=each.pseudonym, among=known | fresh.keys(), by=by, now=now)
        progress(place + 1, len(back))
    return Again(len(fresh), len(back))


@transaction.atomic
def again(*, pseudonym: str, among: Collection[str], by: Actor, now: datetime) -> None:
    """Erase again one record whose erasure is known. among: the pseudonyms of all whose erasure is."""
    record = Subject.objects.select_for_update().filter(pseudonym=pseudonym).first()
    if record is None:
        erasures.destroy([pseudonym])
        return
    _part(record, among, by, now)
    _erase([record], RESTORED, by, now)


def _erase(records: Sequence[Subject], why: str, by: Actor, now: datetime) -> list[Erased]:
    """Destroy what is personal of these records, and state each; inside the caller's transaction."""
    handles.keep(_names(records), now)
    portal_links.end_all(of=records)
    visits.end_all(of=records)
    consent_requests.end_all(of=records)
    mandates.end_all(of=records, by=by, now=now)
    Answer.objects.filter(subjects__in=records).delete()
    RightsDraft.objects.filter(subject__in=records).delete()
    done = [_state(record, _destroy(record, now), why, by, now) for record in records]
    transaction.on_commit(partial(erasures.scrub, _DELETED), robust=True)
    return done


def _names(records: Sequence[Subject]) -> Iterator[Handle]:
    for record in records:
        with suppress(vault.Unreadable):
            box = vault.of(record.pseudonym)
            for row in record.identifiers.all():
                with suppress(vault.Unreadable):  # a damaged one must not keep anybody from being erased
                    yield subjects.opened(row, box)


def _destroy(record: Subject, now: datetime) -> dict[str, int]:
    """Delete all that is personal of one record; how many of each."""
    payloads = erasures.destroy([record.pseudonym])  # first: receipts may go once nothing opens them
    receipts, _ = Receipt.objects.filter(event__subject=record).delete()
    scans, _ = Scan.objects.filter(subject=record).delete()
    hashes = list(record.identifiers.values_list("lookup_hash", flat=True))
    SignInCode.objects.filter(address_hash__in=hashes).delete()
    record.identifiers.all().delete()
    Confirmation.objects.filter(event__subject=record).delete()
    ChangeLetter.objects.filter(subject=record).delete()
    CaseLetter.objects.filter(subject=record).delete()
    Link.objects.filter(survivor=record, minor_until__isnull=False).update(minor_until=None)
    record.jurisdiction, record.minor_until, record.erased_at = "", None, record.erased_at or now
    record.save(update_fields=["jurisdiction", "minor_until", "erased_at"])
    return {"identifiers": len(hashes), "payloads": payloads, "receipts": receipts, "scans": scans}


def _state(record: Subject, counts: dict[str, int], why: str, by: Actor, now: datetime) -> Erased:
    fact = Fact(ACTION, subject=record.pseudonym, reason=why, details=counts)
    # Nothing of theirs is kept beside it any more: who acted stands in the leaf, as a number.
    entry = ledger.record(fact, by=by, now=now, known=False)
    return Erased(entry.id, 1, **counts)


def _part(record: Subject, among: Collection[str], by: Actor, now: datetime) -> None:
    """Part it first from records that were not erased: they were parted after the backup, and what is theirs stays."""
    standing = Link.objects.filter(Q(survivor=record) | Q(other=record), joined__isnull=False)
    for made in standing.select_related("survivor", "other").order_by("-id"):
        other = made.other if made.survivor_id == record.pk else made.survivor
        row = made.identifiers.filter(subject=made.survivor).first()
        if row and other.pseudonym not in among:
            known = subjects.opened(row, vault.of(made.survivor.pseudonym))
            links.unlink(subject=known, why=links.Why(_APART), by=by, now=now)
