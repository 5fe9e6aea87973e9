"""Customers and the identifiers that point at them."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import cast

from django.db import IntegrityError, transaction

from audit import rows, vault
from consent.errors import Conflict, Field, Invalid, NotFound, Suppressed
from consent.models import Identifier, Subject
from consent.rules import ages
from consent.services import families, handles, ledger
from consent.services.handles import Handle, check_handles
from consent.services.ledger import Actor, Fact

# Others know what a customer is called by this module's name.
__all__ = ["Handle", "check_handles"]

TWO = "These identifiers belong to two customers. Link the customers first: POST /api/v1/subjects/link."


@transaction.atomic
def register(
    *,
    identifiers: Sequence[Handle],
    by: Actor,
    now: datetime,
    jurisdiction: str | None = None,
    minor_until: date | None = None,
    born: date | None = None,
) -> tuple[Subject, bool]:
    """Make a customer known, or tie further identifiers to one who is; returns the customer and whether it is new.

    minor_until: the day from which they say yes themselves. born: not kept; that day is worked out from it by the law
    of their jurisdiction, and where both are given the later one counts. Of who is 21 or older nothing is kept.
    A verified identifier verifies what was known as unverified before; nothing makes a verified one unverified.
    Safe when called at once for the same identifier: one customer comes of it.
    Raises Invalid for an identifier that may not come in, Conflict when the identifiers belong to two customers,
    Suppressed when one of them asked to be left alone.
    """
    check_handles(identifiers)
    if born and born > now.date():
        raise Invalid(Field("/born", "future", "Nobody was born in the future."))
    if len(identifiers) > 1:
        _line_up(handles.lookup(handle) for handle in identifiers)
    existing = {subject.pk: subject for handle in identifiers if (subject := find(handle))}
    if len(existing) > 1:
        raise Conflict(TWO)
    known = next(iter(existing.values()), None)
    # Held, so that it is not joined to another or left alone while an identifier is tied to it.
    subject, new = (hold(known), False) if known else _first_contact(identifiers[0], by, now)
    for handle in identifiers:
        _tie(subject, handle, by, now)
    if subject.identifiers.filter(suppressed=True).exists():
        raise Suppressed
    place = subject.jurisdiction if jurisdiction is None else jurisdiction
    days = [each for each in (minor_until, ages.day(born, place, now.date()) if born else None) if each]
    _describe(subject, place, max(days, default=None), by, now)
    return subject, new


def find(handle: Handle) -> Subject | None:
    """The customer an identifier points at, or None."""
    row = handles.row(handle)
    return row.subject if row else None


def get(handle: Handle) -> Subject:
    """The customer an identifier points at. Raises NotFound."""
    found = find(handle)
    if found is None:
        raise NotFound("We know no such customer.")
    return found


def hold_or_create(handle: Handle, hashed: bytes, *, by: Actor, now: datetime) -> Subject:
    """The record an identifier points at, made known if need be, and held as by `hold_record`. hashed: its hash."""
    return handles.hold(hashed) or hold_record(_first_contact(handle, by, now)[0])


def hold_record(subject: Subject) -> Subject:
    """Hold one record's row until the transaction ends."""
    ((held,),) = rows.find("SELECT {s} FROM consent_subject s WHERE s.id = %s", [subject.pk], s=Subject, hold="s")
    return cast(Subject, held)


def hold(subject: Subject) -> Subject:
    """Hold the customer's row until the transaction ends, so that choices are folded one after the other.

    Of a record that was joined to an older one, the older one's: so whoever holds several takes the newer first.
    Raises NotFound for who was erased while we waited.
    """
    held = hold_record(subject)
    if held.erased_at:
        raise NotFound("We know no such customer.")
    standing = families.survivor(held)
    return held if standing.pk == held.pk else hold(standing)


def hold_together(whom: Iterable[Handle]) -> list[int]:
    """Hold the rows of all of these who are known, in one order, so that two batches never wait for each other.

    Returns the places to go through: who is known as they come, then the others, whom nobody else who names several
    makes known meanwhile.
    """
    hashes = [handles.lookup(handle) for handle in whom]
    found = Identifier.objects.filter(lookup_hash__in=hashes)
    # Before any row is held: whoever waits here keeps nobody waiting.
    _line_up(set(hashes) - {bytes(row) for row in found.values_list("lookup_hash", flat=True)})
    list(Subject.objects.select_for_update().filter(pk__in=found.values("subject")).order_by("-pk"))
    known = {bytes(row) for row in found.values_list("lookup_hash", flat=True)}
    return sorted(range(len(hashes)), key=lambda place: hashes[place] not in known)


def identifiers_of(subject: Subject) -> list[Handle]:
    """The customer's identifiers in the clear; raises vault.Unreadable when the customer was erased."""
    box = vault.of(subject.pseudonym)
    return [opened(row, box) for row in subject.identifiers.order_by("id")]


def opened(row: Identifier, box: vault.Vault) -> Handle:
    """One identifier in the clear. box: its customer's."""
    return Handle(row.namespace, box.open(bytes(row.sealed), bytes(row.lookup_hash).hex()).decode(), row.verified)


def reseal(identifier: Identifier, owner: Subject) -> None:
    """Give an identifier to another record, under whose secret it is encrypted from now on; in a transaction."""
    place = bytes(identifier.lookup_hash).hex()
    plain = vault.of(identifier.subject.pseudonym).open(bytes(identifier.sealed), place)
    identifier.subject, identifier.sealed = owner, vault.of(owner.pseudonym).seal(plain, place)
    identifier.save(update_fields=["subject", "sealed"])


def _line_up(hashes: Iterable[bytes]) -> None:
    """Keep others who name several from making the same strangers known meanwhile: each would wait for the other.

    Few places in the line, so that a thousand strangers do not fill the database's table of locks.
    """
    rows.line_up(each[0] for each in hashes)


def _first_contact(handle: Handle, by: Actor, now: datetime) -> tuple[Subject, bool]:
    """A new customer with one identifier. Whoever comes second at the same moment gets the first one's row."""
    try:
        with transaction.atomic():
            subject = Subject.objects.create(pseudonym=f"s_{secrets.token_urlsafe(16)}", created_at=now)
            box = vault.create(subject.pseudonym, now=now)
            _store(subject, box, handle, now)
            ledger.record(
                Fact("subject.created", subject=subject.pseudonym),
                by=by,
                now=now,
                payload=_written(handle),
            )
    except IntegrityError:
        found = find(handle)
        if found is None:
            raise
        return found, False
    return subject, True


def _tie(subject: Subject, handle: Handle, by: Actor, now: datetime) -> None:
    known = handles.row(handle)
    if known:
        _verify(known, handle, by, now)
        return
    try:
        with transaction.atomic():
            _store(subject, vault.of(subject.pseudonym), handle, now)
    except IntegrityError:
        owner = find(handle)
        if owner is None or owner.pk != subject.pk:
            raise Conflict(TWO) from None
        return
    ledger.record(
        Fact("identifier.added", subject=subject.pseudonym),
        by=by,
        now=now,
        payload=_written(handle),
    )


def _verify(known: Identifier, handle: Handle, by: Actor, now: datetime) -> None:
    """Take a caller's word for an identifier that nobody vouched for so far; never the other way."""
    if handle.verified and Identifier.objects.filter(pk=known.pk, verified=False).update(verified=True) == 1:
        fact = Fact("identifier.verified", subject=known.subject.pseudonym)
        ledger.record(fact, by=by, now=now, payload=_written(handle))


def _written(handle: Handle) -> dict[str, str]:
    """An identifier as the payload of its facts tells it."""
    namespace, value = handles.key(handle)
    return {"namespace": namespace, "identifier": value}


def _store(subject: Subject, box: vault.Vault, handle: Handle, now: datetime) -> None:
    lookup = handles.lookup(handle)
    Identifier.objects.create(
        subject=subject,
        namespace=handle.namespace,
        lookup_hash=lookup,
        sealed=box.seal(handles.key(handle)[1].encode(), lookup.hex()),
        verified=handle.verified,
        suppressed=handles.left_alone(handle),
        created_at=now,
    )


def _describe(subject: Subject, jurisdiction: str, minor_until: date | None, by: Actor, now: datetime) -> None:
    """Set what was learned. Under another law, a child comes of age on another day."""
    before = subject.jurisdiction, subject.minor_until
    if minor_until is None and subject.minor_until:
        minor_until = ages.moved(subject.minor_until, subject.jurisdiction, jurisdiction)
    subject.jurisdiction, subject.minor_until = jurisdiction, minor_until
    changed = {}
    if jurisdiction != before[0]:
        changed["jurisdiction"] = jurisdiction
    if minor_until and minor_until != before[1]:
        changed["minor_until"] = minor_until.isoformat()
    if changed:
        subject.save(update_fields=["jurisdiction", "minor_until"])
        ledger.record(Fact("subject.changed", subject=subject.pseudonym), by=by, now=now, payload=changed)
