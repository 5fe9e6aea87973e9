"""Signed receipts: made by the worker once the log has sealed an event, kept encrypted, handed out as they are."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from audit import vault
from audit.models import Leaf
from audit.proof import jws
from audit.services import prove
from audit.services import receipts as signing
from consent.errors import NotFound
from consent.models import ConsentEvent, Receipt, ReceiptsDone, Subject
from consent.rules import kantara as old
from consent.rules import receipt
from consent.rules.receipt_facts import Facts
from consent.services import receipt_facts

# Leaves looked at in one pass: a pass is one transaction, and must be short.
BATCH = 500
_SIGNATURE = 64


@dataclass(frozen=True)
class Signed:
    """A receipt to carry away. `jws` is the file: what is signed, byte for byte."""

    jws: str
    signed_at: datetime


def read(*, subject: Subject | None, number: UUID) -> Signed | None:
    """The signed receipt of one event; None while it waits for the log and the worker.

    subject: only this customer's. Raises NotFound; also after an erasure, when nobody can read it any more.
    """
    event = _event(subject, number)
    row = Receipt.objects.filter(event=event).first()
    try:
        box = vault.of(event.subject.pseudonym)
    except vault.Unreadable:
        raise NotFound("There is no receipt with this number.") from None
    return Signed(_open(row, box, number), row.signed_at) if row else None


def document(event: ConsentEvent, *, now: datetime) -> dict[str, Any]:
    """The receipt of an event as JSON-LD, unsigned, as before the log is sealed. Raises NotFound once erased."""
    return receipt.document(_facts(event), issued_at=now)


def kantara(event: ConsentEvent) -> dict[str, Any] | None:
    """The same as a Kantara Consent Receipt 1.1; None for anything but a yes. Raises NotFound once erased."""
    return old.document(_facts(event))


@transaction.atomic
def sign_waiting(*, now: datetime) -> int:
    """Sign the receipts of what the log has sealed since the last pass; returns how many.

    Looks at up to 500 entries, so call it until `waiting` is 0. Safe with any number of callers: they
    wait for each other. An event whose customer was erased in between is passed over for good.
    """
    signing.publish(now=now)
    done = _lock()
    leaves = list(Leaf.objects.filter(seq__gte=done.size).order_by("seq").values_list("seq", "entry_id")[:BATCH])
    if not leaves:
        return 0
    events = _events().filter(entry_id__in=[entry for _, entry in leaves])
    found = {entry.id: (entry, event, facts) for event, entry, facts in receipt_facts.read(events)}
    places = {seq: found[number][0] for seq, number in leaves if number in found}
    rows = [_row(*found[entry.id][1:], proof, now) for entry, proof in prove.bundle_each(places)]
    Receipt.objects.bulk_create(rows)
    ReceiptsDone.objects.filter(pk=done.pk).update(size=leaves[-1][0] + 1)
    return len(rows)


def waiting() -> int:
    """How many sealed entries no pass has looked at yet."""
    done = ReceiptsDone.objects.values_list("size", flat=True).first() or 0
    return Leaf.objects.filter(seq__gte=done).count()


def _lock() -> ReceiptsDone:
    ReceiptsDone.objects.get_or_create(pk=1)
    return ReceiptsDone.objects.select_for_update().get(pk=1)


def _events() -> models.QuerySet[ConsentEvent]:
    return ConsentEvent.objects.select_related("subject", "purpose", "version__controller", "notice")


def _event(subject: Subject | None, number: UUID) -> ConsentEvent:
    event = _events().filter(entry_id=number).first()
    if event is None or (subject is not None and event.subject_id != subject.pk):
        raise NotFound("There is no receipt with this number.")
    return event


def _facts(event: ConsentEvent) -> Facts:
    for _, _, facts in receipt_facts.read([event]):
        return facts
    raise NotFound("There is no receipt with this number.")


def _row(event: ConsentEvent, facts: Facts, proof: dict[str, Any], now: datetime) -> Receipt:
    token = jws.parse(signing.sign(receipt.document(facts, issued_at=now), log=proof))
    # Compressed before it is encrypted: a customer's receipts are many, and say much the same.
    plain = zlib.compress(token.signature + token.payload, 9)
    sealed = vault.of(facts.pseudonym).seal(plain, _place(event.entry_id))
    return Receipt(event=event, kid=token.kid, sealed=sealed, signed_at=now)


def _open(row: Receipt, box: vault.Vault, number: UUID) -> str:
    plain = zlib.decompress(box.open(bytes(row.sealed), _place(number)))
    return jws.assemble(jws.Parsed(row.kid, plain[_SIGNATURE:], plain[:_SIGNATURE]))


def _place(number: UUID) -> str:
    return f"receipt:{number}"
