"""Write one fact into the log, and read facts back.

`append` is the only way in, and only `consent.services.ledger` calls it. The entry and its place in the outbox are
written in the caller's transaction: the fact and its evidence commit together or not at all.
"""

import json
import secrets
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import models, transaction
from django.db.models import OuterRef, Subquery

from audit import rows, vault
from audit.models import Entry, Payload, Pending, SubjectSecret
from audit.proof import canonical, commitment, merkle
from audit.rows import Lines


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which request.

    type: `customer`, `guardian`, `representative`, `system`, `staff`, `browser` or `operator` (a person at a terminal).
    ref: a recipient's key, a staff number or that of a mandate; never a name, never what a caller can write.
    name: who it is in words; kept in the payload only.
    request: our own id of the request.
    correlation: the caller's X-Request-ID; kept in the payload only.
    """

    type: str
    ref: str = ""
    name: str = ""
    request: str = ""
    correlation: str = ""


@dataclass(frozen=True)
class Fact:
    """What happened, in words that may stand in the log for ever. No personal data, nothing a caller can write."""

    action: str
    subject: str = ""
    purpose: str = ""
    version: int | None = None
    recipient: str = ""
    outcome: str = ""
    reason: str = ""
    object: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One fact of many that are written together; payload and known as `append` takes them."""

    fact: Fact
    payload: dict[str, Any]
    known: bool = True

    @property
    def whose(self) -> str:
        """In whose name the payload is closed up; "" is the house's."""
        return self.fact.subject if self.known else vault.NOBODY


def append(
    fact: Fact,
    *,
    by: Actor,
    now: datetime,
    payload: dict[str, Any] | None,
    known: bool = True,
    number: uuid.UUID | None = None,
    beside: Sequence[models.Model | rows.Over] = (),
    boxes: Mapping[str, vault.Vault] | None = None,
) -> Entry:
    """Write the entry of one fact, its outbox row, and its payload encrypted under the subject's secret.

    number: the entry's own, from `uuid7`, where rows of the fact name it. beside: those rows, written with the entry.
    boxes: vaults that were opened in this very transaction, by pseudonym; any other is read.
    known=False is a fact about somebody we do not know: the payload is committed to and encrypted under a secret that
    is thrown away, so that nobody can ask the log whether we were once asked about a person. It is written all the
    same, so that whoever asks cannot tell by the time it takes whether we know them.

    Raises RuntimeError outside a transaction: an entry without its fact, or a fact without its entry, must not exist.
    """
    _check_inside()
    entry_id = number or uuid7(now)
    record = Record(fact, payload or {}, known)
    whose = record.whose
    box = (boxes or {}).get(whose) or _box_for(whose, vault.of_many([whose] if whose else []))
    leaf, content = _drawn_up(str(entry_id), record, by, moment(now), box)
    entry = Entry(
        id=entry_id,
        recorded_at=now,
        action=fact.action,
        actor_type=by.type,
        actor_ref=by.ref,
        subject=fact.subject,
        purpose=fact.purpose,
        recipient=fact.recipient,
        outcome=fact.outcome,
        reason=fact.reason,
        leaf=leaf,
    )
    waiting = Pending(entry=entry, leaf_hash=merkle.leaf_hash(leaf))
    sealed = Payload(entry=entry, subject=record.whose, sealed=box.seal(content, str(entry_id)))
    rows.write(entry, waiting, sealed, *beside)
    return entry


def append_many(records: Sequence[Record], *, by: Actor, now: datetime) -> list[uuid.UUID]:
    """Write the entries of many facts in their order, as `append` does each: read together, written together.

    Returns the number of each. Raises RuntimeError outside a transaction.
    """
    _check_inside()
    boxes = vault.of_many(each.whose for each in records if each.whose)
    at, entered, waiting, sealed, numbers = moment(now), [], [], [], []
    for each in records:
        fact, number = each.fact, uuid7(now)
        name = str(number)
        box = _box_for(each.whose, boxes)
        leaf, content = _drawn_up(name, each, by, at, box)
        columns = (fact.action, by.type, by.ref, fact.subject, fact.purpose, fact.recipient, fact.outcome, fact.reason)
        entered.append((number, now, *columns, leaf))
        waiting.append((number, merkle.leaf_hash(leaf)))
        sealed.append((number, each.whose, box.seal(content, name)))
        numbers.append(number)
    rows.write_many(
        Lines(Entry, _ENTRY, entered),
        Lines(Pending, ("entry_id", "leaf_hash"), waiting),
        Lines(Payload, ("entry_id", "subject", "sealed"), sealed),
    )
    return numbers


def payloads(entries: Iterable[Entry]) -> dict[uuid.UUID, dict[str, Any]]:
    """The opened payloads of entries, by entry id; those of erased subjects, and damaged ones, are absent."""
    secret = SubjectSecret.objects.filter(pseudonym=OuterRef("subject")).values("wrapped")[:1]
    found = Payload.objects.filter(entry_id__in=[entry.id for entry in entries]).annotate(wrapped=Subquery(secret))
    boxes: dict[str, vault.Vault | None] = {"": vault.house()}
    opened = {}
    for row in found:
        if row.subject not in boxes:
            boxes[row.subject] = vault.readable(row.subject, row.wrapped)
        box = boxes[row.subject]
        # One damaged payload must not hide the rest of a record; that entry's own proof tells of the damage.
        with suppress(vault.Unreadable):
            if box is not None:
                opened[row.entry_id] = json.loads(box.open(bytes(row.sealed), str(row.entry_id)))
    return opened


def find(entry_id: uuid.UUID) -> Entry | None:
    """One entry, or None."""
    return Entry.objects.select_related("leaf_row").filter(id=entry_id).first()


def place(entry: Entry) -> int | None:
    """Where in the log an entry stands; None while it is not sealed."""
    row = getattr(entry, "leaf_row", None)
    return row.seq if row else None


def search(
    *,
    subjects: Iterable[str],
    actions: Iterable[str] = (),
    purpose: str = "",
    recipient: str = "",
    outcome: str = "",
    since: datetime | None = None,
    before: uuid.UUID | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Entries of these subjects, newest first; `before` is the id of the last entry of the page before."""
    found: models.QuerySet[Entry] = Entry.objects.filter(subject__in=tuple(subjects)).order_by("-id")
    found = found.select_related("leaf_row")
    exact = {"purpose": purpose, "recipient": recipient, "outcome": outcome}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if actions:
        found = found.filter(action__in=tuple(actions))
    if since:
        found = found.filter(recorded_at__gte=since)
    if before:
        found = found.filter(id__lt=before)
    return list(found[:limit])


# Facts of one call share one moment: a counter keeps them in the order they were written.
_written = count()


def uuid7(now: datetime) -> uuid.UUID:
    """A UUIDv7 in the order of time, to a quarter of a microsecond, then of writing (RFC 9562, 6.2 methods 1 and 3)."""
    microseconds = int(now.timestamp() * 1_000_000)
    milliseconds, rest = divmod(microseconds, 1000)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | (rest * 4096 // 1000) << 64
    return uuid.UUID(int=value | 0b10 << 62 | (next(_written) & 0xFFFFF) << 42 | secrets.randbits(42))


def moment(value: datetime) -> str:
    """A time as the log writes it: RFC 3339, UTC, microseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_ENTRY = (
    *("id", "recorded_at", "action", "actor_type", "actor_ref", "subject", "purpose", "recipient"),
    *("outcome", "reason", "leaf"),
)


def _check_inside() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("The log is written in the transaction of the fact itself; open one first.")


def _drawn_up(name: str, record: Record, by: Actor, at: str, box: vault.Vault) -> tuple[bytes, bytes]:
    """The leaf of one fact, and what its commitment stands for."""
    content = canonical.dumps(_payload(record.payload, by))
    committed = commitment.commit(box.salt(name), content)
    return canonical.leaf(_leaf(name, record.fact, by, at, committed)), content


def _box_for(whose: str, read: Mapping[str, vault.Vault]) -> vault.Vault:
    """Where a payload is closed up; read: vaults read before. Raises Unreadable for who was erased."""
    return (read.get(whose) or vault.of(whose)) if whose else vault.house()


def _payload(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    extra = {"actor_name": by.name, "correlation": by.correlation}
    found: dict[str, Any] = _nfc(payload | {name: value for name, value in extra.items() if value})
    return found


def _nfc(value: Any) -> Any:
    """The same value with its texts in NFC, the one form canonical bytes take."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {name: _nfc(each) for name, each in value.items()}
    return [_nfc(each) for each in value] if isinstance(value, (list, tuple)) else value


def _leaf(name: str, fact: Fact, by: Actor, at: str, committed: str) -> dict[str, Any]:
    leaf: dict[str, Any] = {
        "v": 1,
        "id": name,
        "at": at,
        "action": fact.action,
        "actor": {"type": by.type, "ref": by.ref} if by.ref else {"type": by.type},
        "commitment": committed,
    }
    optional = {
        "subject": fact.subject,
        "purpose": fact.purpose,
        "version": fact.version,
        "recipient": fact.recipient,
        "outcome": fact.outcome,
        "reason": fact.reason,
        "object": fact.object,
        "details": fact.details,
        "request": by.request,
    }
    return leaf | {name: value for name, value in optional.items() if value}
