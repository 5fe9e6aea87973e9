"""Grow the tree by what was committed, then sign and publish its new head.

One path: what a crash left behind is found by the next pass, in the outbox or as a head that was not published yet, so
recovery is the normal pass. Nothing is signed that has not committed (audit/services/heads.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit import rows
from audit.models import Entry, Head, Pending
from audit.proof import merkle, tiles
from audit.services import heads, refusals, tree
from audit.services.refusals import LogDamaged, Refused

BATCH = 8192
_WAITING = (
    "SELECT p.id, p.leaf_hash, e.leaf FROM audit_pending p LEFT JOIN audit_entry e ON e.id = p.entry_id "
    "ORDER BY p.id LIMIT %s"
)
_PLACE = (
    "INSERT INTO audit_leaf (seq, entry_id) SELECT %s + row_number() OVER (ORDER BY id), entry_id FROM audit_pending "
    "WHERE id"
)
_FLUSH = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"


@dataclass(frozen=True)
class Sealed:
    """What one pass did: how many entries it took in, and how large the log is now."""

    taken: int
    size: int


def seal(*, now: datetime) -> Sealed:
    """Take up to 8,192 waiting entries into the tree, and publish a signed head over them.

    Safe with any number of callers. Raises Refused, and writes down why, when nothing may be signed: LogDamaged when a
    waiting entry no longer has the hash it was written with, or has a place already.
    """
    try:
        size, taken = heads.publish(now=now), 0
        if Pending.objects.exists():
            taken = _grow()
            size = heads.publish(now=now)
    except Refused as problem:
        refusals.remember(problem, now=now)
        raise
    refusals.forget()
    return Sealed(taken, size)


def take(entry: Entry) -> int:
    """Give one waiting entry its place before all others; returns its place. In the transaction that wrote it."""
    head = Head.objects.select_for_update().get()
    waiting = Pending.objects.get(entry=entry)
    _extend(head, [(waiting.pk, waiting.leaf_hash, entry.leaf)])
    return head.size


@transaction.atomic(durable=True)
def _grow() -> int:
    """One batch from the outbox into the tree."""
    _make_durable()
    head = Head.objects.select_for_update().get()
    waiting = rows.read(_WAITING, [BATCH])
    if waiting:
        _extend(head, waiting)
    return len(waiting)


def _extend(head: Head, waiting: Sequence[tuple[Any, ...]]) -> None:
    """Add leaves to the tree: the head row is locked, and its size compared before it is moved."""
    tree.check_edge(head)
    hashes = [_read_back(*row) for row in waiting]
    grown, root = tiles.grow(tree.read_tile, head.size, hashes)
    tree.store(grown, head.size)
    moved = Head.objects.filter(pk=head.pk, size=head.size).update(size=head.size + len(waiting), root=root)
    if moved != 1:
        raise LogDamaged("Another sealer moved the head under our lock.")
    _move([row[0] for row in waiting], head.size)


def _make_durable() -> None:
    """A head is published after this commits, so the commit must outlive a power cut even where others need not."""
    connection = transaction.get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_FLUSH)


def _read_back(number: int, written: bytes, leaf: bytes | None) -> bytes:
    """Hash again what was stored: a bit that flipped on the way must not be signed."""
    if leaf is None or merkle.leaf_hash(bytes(leaf)) != bytes(written):
        entry = Pending.objects.get(pk=number).entry_id
        raise LogDamaged(f"Entry {entry} is not what was written. Run `trustcenter verify` and see docs/operate.md.")
    return bytes(written)


def _move(numbers: Sequence[int], first: int) -> None:
    """From the outbox to their places, in the order in which they were hashed. The rows never leave the database."""
    among, values = rows.among(numbers)
    with transaction.get_connection().cursor() as cursor:
        try:
            cursor.execute(f"{_PLACE} {among}", [first - 1, *values])
        except IntegrityError:
            raise LogDamaged("An entry that has its place waits for another: somebody wrote to the outbox.") from None
        cursor.execute(f"DELETE FROM audit_pending WHERE id {among}", values)  # noqa: S608  placeholders only
