"""Signed receipts: made by the worker once the log has sealed an event, kept encrypted, handed out as they are."""

import logging
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from audit import vault
from audit.models import Leaf
from audit.proof import canonical, jws
from audit.proof.errors import ProofError
from audit.services import prove, witnesses
from audit.services import receipts as signing
from consent.errors import NotFound, ReceiptGone
from consent.models import ConsentEvent, Receipt, ReceiptsDone, Subject
from consent.rules import kantara as old
from consent.rules import profiles, receipt
from consent.rules.receipt_facts import Facts
from consent.services import families, receipt_facts

# Receipts of one pass. A large import takes a little of each moment, and never a whole one.
BATCH, IMPORTED = 200, 50
# Leaves looked at in one pass: most are checks, which have no receipt.
LOOK = 20_000
_SIGNATURE = 64
SIGNED, WAITING, DAMAGED = "signed", "waiting", "damaged"
_ERASED = "The customer was erased, and the receipt with them."
_UNPROVEN = "The record of this choice is damaged, so there is nothing to sign. Tell the privacy officer."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signed:
    """A receipt to carry away. `jws` is the file: what is signed, byte for byte."""

    jws: str
    signed_at: datetime

    @property
    def document(self) -> dict[str, Any]:
        """What is signed: the receipt as JSON-LD."""
        found: dict[str, Any] = canonical.loads(jws.parse(self.jws).payload)
        return found

    @property
    def lacks(self) -> dict[str, list[str]]:
        """By profile of ISO/IEC TS 27560, the mandatory fields that this record does not have."""
        return profiles.missing(self.document["dpv:hasRecordOfActivity"][0])

    @property
    def meets(self) -> tuple[str, ...]:
        """The profiles of which it lacks nothing."""
        return profiles.met(self.document["dpv:hasRecordOfActivity"][0])


def read(*, subject: Subject | None, number: UUID) -> Signed | None:
    """The signed receipt of one event; None while it waits for the log and the worker.

    subject: only this customer's. Raises NotFound; ReceiptGone when there will never be one: the customer was erased,
    or what is kept of the choice was damaged.
    """
    event = _event(subject, number)
    box = _vault(event)
    where = standing(event)
    if where == DAMAGED:
        raise ReceiptGone(_UNPROVEN)
    if where == WAITING:
        return None
    row = Receipt.objects.get(event=event)
    try:
        return Signed(_open(row, box, number), row.signed_at)
    except vault.Unreadable:
        raise ReceiptGone(_UNPROVEN) from None


def standing(event: ConsentEvent) -> str:
    """SIGNED, WAITING, or DAMAGED: looked at by the worker, who could make no receipt of it."""
    # In this order: a receipt that is signed in between counts as signed.
    looked_at = Leaf.objects.filter(entry_id=event.entry_id, seq__lt=_reached(event.imported)).exists()
    if Receipt.objects.filter(event=event).exists():
        return SIGNED
    return DAMAGED if looked_at else WAITING


def document(event: ConsentEvent, *, now: datetime) -> dict[str, Any]:
    """The receipt of an event as JSON-LD, unsigned, as before the log is sealed. Raises ReceiptGone once erased."""
    return receipt.document(_facts(event), issued_at=now)


def kantara(event: ConsentEvent) -> dict[str, Any] | None:
    """The same as a Kantara Consent Receipt 1.1; None for anything but a yes. Raises ReceiptGone once erased."""
    return old.document(_facts(event))


def sign_waiting(*, now: datetime) -> int:
    """Sign receipts of what the log has sealed, a bounded batch; returns how many.

    Choices made here come first; imported ones when none of those waits. Call it until `waiting` is 0. Safe with
    any number of callers: of two who sign the same batch, one keeps it. An event whose customer was erased in
    between, or whose entry does not prove it any more, is passed over for good.
    """
    # In this order: a key that ends after we looked at it ends behind every entry that is signed here.
    size = witnesses.settled(now=now)
    signing.publish(now=now)
    signed = _pass(False, size, BATCH, now)
    return signed if _behind(False, size) else signed + _pass(True, size, IMPORTED, now)


def waiting(*, now: datetime) -> int:
    """How many sealed entries no pass has looked at yet, of those that witnesses have seen or had time to see."""
    size = witnesses.settled(now=now)
    return max(_behind(imported, size) for imported in (False, True))


def done() -> int:
    """Below this place of the log no receipt will ever be signed again."""
    return min(_reached(imported) for imported in (False, True))


def _reached(imported: bool) -> int:
    return ReceiptsDone.objects.filter(imported=imported).values_list("size", flat=True).first() or 0


def _behind(imported: bool, size: int) -> int:
    return max(size - _reached(imported), 0)


def _pass(imported: bool, size: int, limit: int, now: datetime) -> int:
    """Sign outside the transaction, which only keeps what was made: SQLite has one writer at a time."""
    done, _ = ReceiptsDone.objects.get_or_create(imported=imported)
    end = min(done.size + LOOK, size)
    if end <= done.size:
        return 0
    ours = ConsentEvent.objects.filter(entry_id=models.OuterRef("entry_id"), imported=imported)
    found = Leaf.objects.filter(models.Exists(ours), seq__gte=done.size, seq__lt=end).order_by("seq")
    leaves = list(found.values_list("seq", "entry_id")[:limit])
    rows = _rows(leaves, now)
    reached = leaves[-1][0] + 1 if len(leaves) == limit else end
    with transaction.atomic():
        if not ReceiptsDone.objects.filter(pk=done.pk, size=done.size).update(size=reached):
            return 0
        Receipt.objects.bulk_create(rows)
    return len(rows)


def _rows(leaves: list[tuple[int, UUID]], now: datetime) -> list[Receipt]:
    events = _events().filter(entry_id__in=[entry for _, entry in leaves])
    found = {entry.id: (entry, event, facts) for event, entry, facts in receipt_facts.read(events)}
    places = {seq: found[number][0] for seq, number in leaves if number in found}
    for _, number in leaves:
        if number not in found:
            _log.warning("entry %s gets no receipt: its customer was erased, or it was changed", number)
    rows = []
    for entry, proof in prove.bundle_each(places):
        try:
            rows.append(_row(*found[entry.id][1:], proof(), now))
        except (ProofError, vault.Unreadable) as problem:
            _log.error("entry %s gets no receipt: %s", entry.id, problem)
    return rows


def _events() -> models.QuerySet[ConsentEvent]:
    return ConsentEvent.objects.select_related("subject", "purpose", "version__controller", "notice")


def _event(subject: Subject | None, number: UUID) -> ConsentEvent:
    event = _events().filter(entry_id=number).first()
    if event is None or (subject is not None and event.subject not in families.of(subject)):
        raise NotFound("There is no receipt with this number.")
    return event


def _facts(event: ConsentEvent) -> Facts:
    for _, _, facts in receipt_facts.read([event]):
        return facts
    _vault(event)
    raise ReceiptGone(_UNPROVEN)


def _vault(event: ConsentEvent) -> vault.Vault:
    try:
        return vault.of(event.subject.pseudonym)
    except vault.Unreadable:
        raise ReceiptGone(_ERASED) from None


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
