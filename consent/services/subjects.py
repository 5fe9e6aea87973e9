"""Customers and the identifiers that point at them."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from django.db import IntegrityError, transaction

from audit import rows, vault
from audit.services.entries import Actor, Fact
from consent.errors import Conflict, Field, Invalid
from consent.models import Identifier, Subject
from consent.rules import ages, text
from consent.services import ledger


@dataclass(frozen=True)
class Handle:
    """What a caller calls a customer: a namespace (`customer`, `email`) and a value."""

    namespace: str
    id: str
    verified: bool = True


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
    Safe when called at once for the same identifier: one customer comes of it.
    Raises Invalid for an identifier that may not come in, Conflict when the identifiers belong to two customers.
    """
    check_handles(identifiers)
    if born and born > now.date():
        raise Invalid(Field("/born", "future", "Nobody was born in the future."))
    identifiers = sorted(identifiers, key=_hash)  # two callers that name the same ones must not wait for each other
    existing = {subject.pk: subject for handle in identifiers if (subject := find(handle))}
    if len(existing) > 1:
        raise Conflict("These identifiers belong to two customers. Link the customers first.")
    subject = next(iter(existing.values()), None)
    new = subject is None
    if subject is None:
        subject, new = _first_contact(identifiers[0], by, now)
    for handle in identifiers:
        _tie(subject, handle, by, now)
    place = subject.jurisdiction if jurisdiction is None else jurisdiction
    days = [each for each in (minor_until, ages.day(born, place, now.date()) if born else None) if each]
    _describe(subject, place, max(days, default=None), by, now)
    return subject, new


def find(handle: Handle) -> Subject | None:
    """The customer an identifier points at, or None."""
    return _find(handle)


def find_all(handles: Iterable[Handle]) -> dict[tuple[str, str], Subject]:
    """The customers that some identifiers point at, under the `key` of each; who is unknown is left out."""
    wanted = {_hash(handle): key(handle) for handle in handles}
    found = Identifier.objects.filter(lookup_hash__in=wanted).select_related("subject")
    return {wanted[bytes(row.lookup_hash)]: row.subject for row in found}


def key(handle: Handle) -> tuple[str, str]:
    """An identifier in the one form by which it is looked up."""
    return handle.namespace, text.normal(handle.namespace, handle.id)


def hold(handle: Handle, *, by: Actor, now: datetime) -> Subject:
    """The customer an identifier points at, made known if need be, and held as by `lock`."""
    return _find(handle, hold="s") or lock(_first_contact(handle, by, now)[0])


def lock(subject: Subject) -> Subject:
    """Hold the customer's row until the transaction ends, so that choices are folded one after the other."""
    ((held,),) = rows.find("SELECT {s} FROM consent_subject s WHERE s.id = %s", [subject.pk], s=Subject, hold="s")
    return cast(Subject, held)


def lock_together(handles: Iterable[Handle]) -> list[int]:
    """Hold the rows of all of these who are known, in one order, so that two batches never wait for each other.

    Returns the places to go through, so that strangers do not wait for each other either: who is known as they come,
    then the others in the one order in which every caller makes them known.
    """
    hashes = [_hash(handle) for handle in handles]
    found = Identifier.objects.filter(lookup_hash__in=hashes)
    list(Subject.objects.select_for_update().filter(pk__in=found.values("subject")).order_by("pk"))
    known = {bytes(row) for row in found.values_list("lookup_hash", flat=True)}
    return sorted(range(len(hashes)), key=lambda place: b"" if hashes[place] in known else hashes[place])


def identifiers_of(subject: Subject) -> list[Handle]:
    """The customer's identifiers in the clear; raises vault.Unreadable when the customer was erased."""
    box = vault.of(subject.pseudonym)
    return [opened(row, box) for row in subject.identifiers.order_by("id")]


def opened(row: Identifier, box: vault.Vault) -> Handle:
    """One identifier in the clear. box: its customer's."""
    return Handle(row.namespace, box.open(bytes(row.sealed), bytes(row.lookup_hash).hex()).decode(), row.verified)


def check_handles(handles: Sequence[Handle], at: str = "/identifiers") -> None:
    """Refuse identifiers that may not come in, naming each."""
    problems = []
    for place, handle in enumerate(handles):
        here = at if at == "/subject" else f"{at}/{place}"
        if not text.KEY.fullmatch(handle.namespace):
            detail = "A namespace is lower-case letters, digits, . _ -; at most 64."
            problems.append(Field(f"{here}/namespace", "format", detail))
        elif problem := text.identifier_problem(handle.namespace, handle.id):
            problems.append(Field(f"{here}/id", "identifier", problem))
    if not handles:
        problems.append(Field(at, "required", "At least one identifier."))
    if problems:
        raise Invalid(*problems)


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
                payload={
                    "namespace": handle.namespace,
                    "identifier": text.normal(handle.namespace, handle.id),
                },
            )
    except IntegrityError:
        found = find(handle)
        if found is None:
            raise
        return found, False
    return subject, True


def _tie(subject: Subject, handle: Handle, by: Actor, now: datetime) -> None:
    if Identifier.objects.filter(lookup_hash=_hash(handle)).exists():
        return
    try:
        with transaction.atomic():
            _store(subject, vault.of(subject.pseudonym), handle, now)
    except IntegrityError:
        owner = find(handle)
        if owner is None or owner.pk != subject.pk:
            raise Conflict("These identifiers belong to two customers. Link the customers first.") from None
        return
    ledger.record(
        Fact("identifier.added", subject=subject.pseudonym),
        by=by,
        now=now,
        payload={"namespace": handle.namespace, "identifier": text.normal(handle.namespace, handle.id)},
    )


def _store(subject: Subject, box: vault.Vault, handle: Handle, now: datetime) -> None:
    lookup = _hash(handle)
    Identifier.objects.create(
        subject=subject,
        namespace=handle.namespace,
        lookup_hash=lookup,
        sealed=box.seal(text.normal(handle.namespace, handle.id).encode(), lookup.hex()),
        verified=handle.verified,
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


def _find(handle: Handle, hold: str = "") -> Subject | None:
    query = (
        "SELECT {s} FROM consent_identifier i JOIN consent_subject s ON s.id = i.subject_id WHERE i.lookup_hash = %s"
    )
    found: list[tuple[Subject]] = rows.find(query, [_hash(handle)], s=Subject, hold=hold)
    return found[0][0] if found else None


def _hash(handle: Handle) -> bytes:
    return vault.lookup_hash(*key(handle))
