"""Grow the tree by what was committed, and sign its new head.

One path: what a crash left behind is found in the outbox by the next pass, so recovery is the normal pass.
A crash before COMMIT leaves nothing; a crash after it leaves a signed checkpoint that anyone may have read, and
which the next pass builds on. A signed head whose transaction rolled back never leaves this function.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit import keys
from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Head, Leaf, Pending, Tile, VerifierKey
from audit.proof import merkle, note, tiles
from audit.proof.checkpoint import Checkpoint

BATCH = 4096


@dataclass(frozen=True)
class Sealed:
    """What one pass did: how many entries it took in, and how large the log is now."""

    taken: int
    size: int


class LogDamaged(RuntimeError):
    """What is stored is not what was hashed; nothing more is signed until a person has looked."""


@transaction.atomic
def seal(*, now: datetime) -> Sealed:
    """Take up to 4,096 waiting entries into the tree and sign a checkpoint over them.

    Safe with any number of callers: the head row is locked, and its size is compared before it is moved.
    Raises LogDamaged when a waiting entry no longer has the hash it was written with.
    """
    _first_pass(now)
    head = Head.objects.select_for_update().get()
    waiting = list(Pending.objects.order_by("id").values_list("id", "entry_id", "leaf_hash")[:BATCH])
    if not waiting and SignedHead.objects.filter(size=head.size).exists():
        return Sealed(0, head.size)
    _check_edge(head)
    _read_back({entry: bytes(leaf_hash) for _, entry, leaf_hash in waiting})
    Leaf.objects.bulk_create(
        [Leaf(seq=head.size + place, entry_id=entry) for place, (_, entry, _) in enumerate(waiting)]
    )
    grown, root = tiles.grow(read_tile, head.size, [bytes(leaf_hash) for *_, leaf_hash in waiting])
    _store(grown)
    size = head.size + len(waiting)
    if waiting:
        moved = Head.objects.filter(pk=head.pk, size=head.size).update(size=size, root=root)
        if moved != 1:
            raise LogDamaged("Another sealer moved the head under our lock.")
        Pending.objects.filter(id__in=[row for row, _, _ in waiting]).delete()
    SignedHead.objects.create(size=size, root=root, note=_sign(size, root), signed_at=now)
    return Sealed(len(waiting), size)


def read_tile(level: int, index: int) -> bytes:
    """The stored hashes of one tile, full or partial."""
    return bytes(Tile.objects.values_list("data", flat=True).get(level=level, index=index))


def _first_pass(now: datetime) -> None:
    """Publish the key we sign with, and start the tree, once."""
    public, _ = keys.signer("log")
    VerifierKey.objects.get_or_create(
        vkey=note.vkey(settings.LOG_ORIGIN, public), defaults={"purpose": "log", "created_at": now}
    )
    Head.objects.get_or_create(pk=1, defaults={"size": 0, "root": merkle.EMPTY_ROOT})


def _check_edge(head: Head) -> None:
    """The tiles we are about to build on must still give the root we signed."""
    if tiles.root_at(read_tile, head.size) != bytes(head.root):
        raise LogDamaged("The stored tree does not give its own root. See docs/operate.md, Health.")


def _read_back(waiting: dict[UUID, bytes]) -> None:
    """Hash again what was stored: a bit that flipped on the way must not be signed."""
    for entry, leaf in Entry.objects.filter(id__in=waiting).values_list("id", "leaf"):
        if merkle.leaf_hash(bytes(leaf)) != waiting[entry]:
            raise LogDamaged(
                f"Entry {entry} is not what was written. Run `trustcenter verify` and see docs/operate.md."
            )


def _store(grown: dict[tuple[int, int], bytes]) -> None:
    for (level, index), data in grown.items():
        Tile.objects.update_or_create(level=level, index=index, defaults={"data": data})


def _sign(size: int, root: bytes) -> str:
    public, sign = keys.signer("log")
    body = Checkpoint(settings.LOG_ORIGIN, size, root).body()
    return note.sign(body, settings.LOG_ORIGIN, public, sign)
