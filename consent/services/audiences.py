"""Which of a long list of customers may their data be used of? One decision for each, one entry for the list.

The list is read in blocks, and nothing of it is kept. Beside the entry stand the numbers of the customers who were in
it, so that each sees that they were; whoever asked to be left alone, or is unknown, leaves no number.
"""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from pyroaring import BitMap

from audit import vault
from consent.models import ApiKey, Asked, Recipient
from consent.rules import decision, tables, text
from consent.rules.decision import Customer, Decision, Purpose, Terms
from consent.services import asks, catalogue, compiled, decisions, kinds, ledger
from consent.services.decisions import InForce
from consent.services.kinds import Kinds
from consent.services.ledger import Actor, Fact

# The hash of what may not be an identifier at all: nobody has it.
_NOBODY = bytes(32)
_PRINTED = bytes([*range(0x20, 0x7F), 0x0A])


@dataclass(frozen=True)
class Wanted:
    """What a list is checked for: who would use (a recipient's key), what for, which data (None: those chosen).

    namespace: of every identifier in the list. reference: the caller's own words for the occasion. hidden: a third
    party asks; nobody needs to say so of a recipient that is one.
    """

    recipient: str
    purpose: str
    namespace: str
    categories: tuple[str, ...] | None = None
    reference: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Judged:
    """The answers to one block: which places are permitted, and the reason of each, as a number into `reasons`.

    hidden: the reasons are those of a third party's refusals, which it must not learn.
    """

    permitted: tables.Numbers
    reason: tables.Numbers
    reasons: tuple[str, ...]
    hidden: bool


@dataclass(frozen=True)
class Filtered:
    """What was answered in all. Each place is allowed, refused or unknown. entry: its number in the log.

    hidden: it is answered to a third party, which must not learn who is unknown. enforced: False while the recipient
    only observes.
    """

    entry: UUID
    asked: int
    allowed: int
    refused: int
    unknown: int
    hidden: bool
    enforced: bool = True


Block = Sequence[bytes]
Tell = Callable[[Block, Judged], None]


def check(
    *,
    wanted: Wanted,
    blocks: Iterable[Block],
    asked: int,
    tell: Tell,
    by: Actor,
    now: datetime,
    key: ApiKey | None = None,
) -> Filtered:
    """Answer for every identifier of a list, in order, and log the list as one entry.

    blocks: identifiers in UTF-8; each is read once. asked: how many they are, or will be about. tell: is given each
    block with its answers before anything is recorded, so what it is told must not leave before this returns.
    key: for which it is counted. Raises TooMany for a key that asked more than it may.
    """
    if key is not None:
        _admit(key, asked, by, now)
    row, recipient = decisions.in_force(wanted.purpose, now), catalogue.find_recipient(wanted.recipient)
    wanted = replace(wanted, hidden=wanted.hidden or recipient is None or recipient.third_party)
    known, find = compiled.finder(row=row, namespace=wanted.namespace, asked=asked, now=now)
    judge, seen = _Judge(row, wanted, known, now), Seen()
    for block in blocks:
        lines = b"\n".join([*block, b""])
        hashes = _hashes(wanted.namespace, block, lines)
        table = find(hashes)
        at = table.find(*tables.split(hashes))
        judged = judge.block(table, at)
        seen.add(lines, judged, at >= 0, table.numbers[at[at >= 0]])
        tell(block, judged)
    return record(wanted=wanted, row=row, recipient=recipient, seen=seen, by=by, now=now, key=key)


def _admit(key: ApiKey, asked: int, by: Actor, now: datetime) -> None:
    """Before anything is read, and committed whatever the answer is."""
    with transaction.atomic():
        admitted = asks.admit(key=key, items=asked, by=by, now=now)
    if not admitted:
        raise asks.refusal(now)


@transaction.atomic
def record(
    *,
    wanted: Wanted,
    row: InForce | None,
    recipient: Recipient | None,
    seen: "Seen",
    by: Actor,
    now: datetime,
    key: ApiKey | None = None,
) -> Filtered:
    """Log a list that was checked: one entry, and beside it the numbers of who was in it. The end of `check`."""
    counts = {"asked": seen.asked, "allowed": seen.allowed, "refused": seen.refused, "unknown": seen.unknown}
    details: dict[str, Any] = {name: count for name, count in counts.items() if count}
    if seen.allowed and wanted.categories:  # then every one of them is of the catalogue
        details["categories"] = list(dict.fromkeys(wanted.categories))
    observed = recipient is not None and recipient.observe
    if observed:  # it goes on as before, whatever the answer
        details["observed"] = True
    if key is not None:
        asks.settle(key=key, refused=seen.refused + seen.unknown, unknown=seen.unknown, by=by, now=now)
    parts = list(seen.parts())
    fact = Fact(
        "audience.filtered",
        purpose=row.purpose.key if row else "",
        version=row.version.number if row else None,
        recipient=recipient.key if recipient else "",
        outcome="allowed" if seen.allowed else "refused",
        details=details,
    )
    payload = {
        "asked": list(wanted.categories or ()),
        "reference": wanted.reference,
        "namespace": wanted.namespace,
        # Digests of who was in the list may not stand in a leaf, where they could be guessed.
        "identifiers": f"sha256:{seen.digest.hexdigest()}",
        "numbers": f"sha256:{_digest(parts)}",
    }
    payload |= {} if row else {"purpose": wanted.purpose}
    payload |= {} if recipient else {"recipient": wanted.recipient}
    entry = ledger.record(fact, by=by, now=now, payload=payload)
    Asked.objects.bulk_create(
        [Asked(entry_id=entry.id, part=part, reason=reason, numbers=numbers) for part, reason, numbers in parts]
    )
    return Filtered(entry.id, hidden=wanted.hidden, enforced=not observed, **counts)


def _digest(parts: Iterable[tuple[int, str, bytes]]) -> str:
    """Over the rows that stand beside the entry, by which it is known whether one was changed."""
    lines = [f"{part} {reason} {hashlib.sha256(numbers).hexdigest()}\n" for part, reason, numbers in parts]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass
class _Judge:
    """Asks the one decision function about each kind of customer that is met, once."""

    row: InForce | None
    wanted: Wanted
    kinds: Kinds
    now: datetime
    made: dict[int, Decision] = field(default_factory=dict)

    def block(self, table: tables.Table, at: tables.Numbers) -> Judged:
        """The answers to a block, of which each identifier is at a place of the table, or unknown (-1)."""
        codes = np.zeros(len(at), np.int64)
        known, now = at >= 0, kinds.microseconds(self.now)
        here = at[known]
        # A kind, and on which side of its two moments now is.
        codes[known] = table.kinds[here] * 4 + (table.ends[here] <= now) * 2 + (now < table.pauses[here])
        met = np.flatnonzero(np.bincount(codes))
        found = [self._decision(int(code)) for code in met]
        reasons = tuple(dict.fromkeys(each.reason for each in found))
        size = int(met[-1]) + 1 if len(met) else 0
        permitted, reason = np.zeros(size, bool), np.zeros(size, np.uint8)
        permitted[met] = [each.permitted for each in found]
        reason[met] = [reasons.index(each.reason) for each in found]
        return Judged(permitted[codes], reason[codes], reasons, self.wanted.hidden)

    def _decision(self, code: int) -> Decision:
        if code not in self.made:
            number, sides = divmod(code, 4)
            kind = self.kinds.known[number]
            customer = _at(kind.customer, self.now, over=bool(sides & 2), paused=bool(sides & 1)) if kind else None
            self.made[code] = decision.decide(
                purpose=self._purpose(kind.agreed if kind else None),
                customer=customer,
                recipient=self.wanted.recipient,
                categories=self.wanted.categories,
                now=self.now,
            )
        return self.made[code]

    def _purpose(self, agreed: Terms | None) -> Purpose | None:
        if self.row is None:
            return None
        version = self.row.version
        return decisions.purpose_facts(self.row.purpose, version, catalogue.terms(version), agreed, self.now)


def _at(customer: Customer, now: datetime, *, over: bool, paused: bool) -> Customer:
    """A customer of a kind whose yes is over, or paused, at this moment."""
    later = now + timedelta(days=1)
    state = replace(customer.state, expires_at=now if over else None, paused_until=later if paused else None)
    return replace(customer, state=state)


@dataclass
class Seen:
    """What is known of a list when it was read: counts, its digest, and who was in it, by the answer they got."""

    asked: int = 0
    allowed: int = 0
    unknown: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    numbers: defaultdict[str, BitMap] = field(default_factory=lambda: defaultdict(BitMap))

    @property
    def refused(self) -> int:
        return self.asked - self.allowed - self.unknown

    def add(self, lines: bytes, judged: Judged, known: tables.Numbers, numbers: tables.Numbers) -> None:
        """Count a block. known: which places are customers; numbers: theirs."""
        self.asked += len(known)
        self.allowed += int(judged.permitted.sum())
        self.unknown += len(known) - len(numbers)
        self.digest.update(lines)
        reason = judged.reason[known]
        for place, name in enumerate(judged.reasons):
            of_this = np.sort(numbers[reason == place])
            if len(of_this):
                self.numbers[name] |= BitMap(array("I", of_this.tobytes()))

    def parts(self) -> Iterator[tuple[int, str, bytes]]:
        """Part, reason and bitmap of each row that is kept, in one order."""
        for reason, numbers in sorted(self.numbers.items()):
            first, last = numbers.min() // Asked.SIZE, numbers.max() // Asked.SIZE
            for part in range(first, last + 1):
                here = numbers & BitMap(range(part * Asked.SIZE, (part + 1) * Asked.SIZE))
                if here:
                    here.run_optimize()
                    yield part, reason, here.serialize()


def _hashes(namespace: str, block: Block, lines: bytes) -> list[bytes]:
    """The hash by which each identifier of a block is found. lines: the block again, with an end after each."""
    if namespace != "email" and _plain(block, lines):
        return vault.lookup_hashes(namespace, block)
    values = [line.decode() for line in block]
    wrong = [bool(text.identifier_problem(namespace, value)) for value in values]
    found = vault.lookup_hashes(namespace, [text.normal(namespace, value).encode() for value in values])
    return [_NOBODY if bad else each for each, bad in zip(found, wrong, strict=True)]


def _plain(block: Block, lines: bytes) -> bool:
    """Whether all are printed ASCII, not empty and not too long: then each is an identifier as it stands."""
    printed = not lines.translate(None, _PRINTED) and lines.count(b"\n") == len(block)
    return printed and all(block) and max(map(len, block), default=0) <= text.IDENTIFIER_LENGTH
