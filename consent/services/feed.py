"""What a recipient carries away to decide in its own house: a copy of its grants, and what changes in it.

A line tells all that now stands for one customer, so lines may come twice, and in any order that ends with the newest.
The order is that of the log (docs/adr/0009-copies-hold-yes-only.md); what has committed but has no place in it yet is
told too, so that whoever was told everything may rely on it for as long as the lease lasts.
"""

import base64
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import vault
from audit.services import order
from audit.services.order import Step
from audit.vault import Vault
from consent.errors import PositionGone
from consent.models import Identifier, Recipient, Subject
from consent.rules.actions import REPUBLISHED, TOLD
from consent.rules.grants import Grant
from consent.services import catalogue, decisions, granted, handles, holders, ledger, subjects
from consent.services.decisions import InForce, Known
from consent.services.ledger import Actor, Fact

TOGETHER = 200  # customers read at once
LEAVES = 20_000  # places of the log looked through at once
Line = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """Whose copy it is. purposes, namespaces: what its key is limited to, None for no limit. holder: which process."""

    recipient: Recipient
    holder: str = "default"
    purposes: Sequence[str] | None = None
    namespaces: Sequence[str] | None = None


@dataclass(frozen=True)
class Since:
    """How far a reader has followed. mark: what it was told that stands before the position, "" if it does not say."""

    reader: Reader
    position: int
    mark: str = ""


@dataclass(frozen=True)
class Changes:
    """What changed, up to `position`. current: nothing that had committed is missing. steps: the entries told of.

    mark: what stands in our log before the position.
    """

    lines: Iterator[Line]
    position: int
    mark: str
    current: bool
    steps: frozenset[UUID]


@transaction.atomic
def snapshot(*, reader: Reader, by: Actor, now: datetime) -> Iterator[Line]:
    """All that the recipient may use now, one customer a line, between a first and a last line of its own.

    That it was taken is in the log before the first line leaves. A copy may be used only once `changes` gave a lease.
    """
    position = order.size()  # first: what changes while we read comes after it
    fact = Fact("copy.taken", recipient=reader.recipient.key, details={"position": position})
    ledger.record(fact, by=by, now=now, payload={"holder": reader.holder})
    holders.told(recipient=reader.recipient, holder=reader.holder, position=position, lease_until=now)
    return _copy(reader, position, now)


def changes(*, since: Since, told: Collection[UUID], now: datetime) -> Changes:
    """What changed since then. told: entries this caller was told of already, which need not be told again.

    Raises PositionGone for a position that our log has not reached, or before which something else stands now.
    """
    fresh = order.waiting((*TOLD, *REPUBLISHED))  # first: what is sealed while we read is then found in the log
    size = order.size()
    if since.position > size or (since.mark and since.mark != order.mark(since.position)):
        raise PositionGone
    position = min(size, since.position + LEAVES)
    sealed = order.between(since.position, position, (*TOLD, *REPUBLISHED))
    steps = [each for each in (*sealed, *fresh) if each.id not in told]
    numbers = frozenset(each.id for each in steps)
    return Changes(_told(since.reader, steps, now), position, order.mark(position), position == size, numbers)


def beat(*, reader: Reader, position: int, lease: timedelta, now: datetime) -> None:
    """Write down that a holder was told everything up to a position, and until when it may rely on it."""
    holders.told(recipient=reader.recipient, holder=reader.holder, position=position, lease_until=now + lease)


def unsettled() -> bool:
    """Whether a purpose was just published or retired, so that a copy taken now would be taken again at once."""
    return bool(order.waiting(REPUBLISHED))


def _copy(reader: Reader, position: int, now: datetime) -> Iterator[Line]:
    key, rows = vault.feed_key(reader.recipient.key), _purposes(reader, now)
    yield {
        "type": "snapshot",
        "position": position,
        "mark": order.mark(position),
        "recipient": reader.recipient.key,
        "hash_key": _text(key),
        "purposes": {row.purpose.key: catalogue.terms(row.version).categories for row in rows},
    }
    customers, last = 0, 0
    while rows and (page := list(Subject.objects.filter(pk__gt=last).order_by("pk")[:TOGETHER])):
        for line in _lines(reader, rows, page, key, now):
            if line["identities"]:
                customers += 1
                yield line
        last = page[-1].pk
    yield {"type": "end", "position": position, "customers": customers}


def _told(reader: Reader, steps: Iterable[Step], now: datetime) -> Iterator[Line]:
    steps = list(steps)
    republished = {each.purpose for each in steps if each.action in REPUBLISHED}
    concerned = sorted(key for key in republished if reader.purposes is None or key in reader.purposes)
    if concerned:
        yield {"type": "reload", "purposes": concerned}
    pseudonyms = list(dict.fromkeys(each.subject for each in steps if each.action in TOLD and each.subject))
    key, rows = vault.feed_key(reader.recipient.key), _purposes(reader, now) if pseudonyms else []
    for start in range(0, len(pseudonyms), TOGETHER):
        some = pseudonyms[start : start + TOGETHER]
        found = list(Subject.objects.filter(pseudonym__in=some))
        yield from _lines(reader, rows, found, key, now)
        for gone in set(some) - {each.pseudonym for each in found}:
            yield _line(key, gone, [])


def _purposes(reader: Reader, now: datetime) -> list[InForce]:
    """The purposes of which the recipient may hold a copy."""
    keys = [row.key for row in catalogue.purposes() if reader.purposes is None or row.key in reader.purposes]
    rows = [row for key in keys if (row := decisions.in_force(key, now)) and row.purpose.retired_at is None]
    return [row for row in rows if reader.recipient.key in catalogue.terms(row.version).recipients]


def _lines(reader: Reader, rows: Sequence[InForce], of: Sequence[Subject], key: bytes, now: datetime) -> Iterator[Line]:
    """One line for each of these customers."""
    found = Identifier.objects.filter(subject__in=of, suppressed=False).order_by("pk")
    if reader.namespaces is not None:
        found = found.filter(namespace__in=reader.namespaces)
    whose = {each.pk: each for each in of}
    ways: dict[tuple[int, bool], list[Identifier]] = {}
    for identifier in found:
        ways.setdefault((identifier.subject_id, identifier.verified), []).append(identifier)
    known = [Known(whose[number], verified) for number, verified in ways]
    may = [granted.together(row=row, found=known, recipient=reader.recipient.key, now=now) for row in rows]
    boxes = vault.of_many(each.pseudonym for each in of)
    identities: dict[int, list[Line]] = {}
    for (number, _), ids, *held in zip(ways, ways.values(), *may, strict=True):
        written = [_grant(row, grant) for row, grants in zip(rows, held, strict=True) for grant in grants]
        box = boxes.get(whose[number].pseudonym)
        if written and box:
            identity = {"ids": [_hash(key, each, box) for each in ids], "grants": written}
            identities.setdefault(number, []).append(identity)
    for each in of:
        yield _line(key, each.pseudonym, identities.get(each.pk, []))


def _line(key: bytes, pseudonym: str, identities: list[Line]) -> Line:
    return {"type": "customer", "customer": _text(_digest(key, f"customer\0\0{pseudonym}")), "identities": identities}


def _grant(row: InForce, grant: Grant) -> Line:
    line: Line = {"purpose": row.purpose.key, "categories": grant.categories}
    times = {"from": grant.start, "until": grant.end}
    return line | {name: ledger.moment(each) for name, each in times.items() if each}


def _hash(key: bytes, row: Identifier, box: Vault) -> str:
    who = subjects.opened(row, box)
    return _text(_digest(key, "\0".join(handles.key(who))))


def _digest(key: bytes, value: str) -> bytes:
    return hashlib.blake2b(value.encode(), key=key, digest_size=16).digest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
