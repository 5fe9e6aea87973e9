"""A log to attack, what an ordinary audit table could say of it, and its public part as anybody may copy it."""

import json
from pathlib import Path

from django.db import connection, transaction

from audit import keys
from audit.models import Checkpoint as Signed
from audit.models import Entry, Head, Leaf, Pending, Tile
from audit.proof import merkle, note, paths, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import prove, tree, verify
from consent.services import ledger
from tests.world import NOW, OPERATOR, SYSTEM, seal_all


def fill(number: int, *, now=NOW) -> None:
    """So many entries of several kinds, sealed."""
    with transaction.atomic():
        for place in range(number):
            checked = ledger.Fact("use.reported", purpose="personal_offers", recipient="mail-engine", outcome="allowed")
            fact = ledger.Fact("key.revoked", object=f"key-{place}") if place % 5 == 0 else checked
            ledger.record(fact, by=SYSTEM if place % 2 else OPERATOR, now=now)
    seal_all(now)


def looks_good() -> bool:
    """All that a table of entries without a tree can say of itself: numbered without gap or double, each row sound."""
    rows = list(Leaf.objects.select_related("entry").order_by("seq"))
    numbered = [row.seq for row in rows] == list(range(len(rows))) and len({row.entry_id for row in rows}) == len(rows)
    return numbered and not Pending.objects.exists() and all(_sound(bytes(row.entry.leaf)) for row in rows)


def _sound(leaf: bytes) -> bool:
    try:
        return isinstance(json.loads(leaf), dict)
    except ValueError:
        return False


def finding() -> str:
    """What our own check says; "" when all is good."""
    # Within one transaction it is the same to us, and leaves nothing behind in thousands of tries.
    try:
        verify._check(lambda done, of: None)
    except ProofError as problem:
        return str(problem)
    return ""


def cut_to(size: int) -> None:
    """Take the newest entries away with all that tells of them inside the database, down to an earlier signed head."""
    gone = Leaf.objects.filter(seq__gte=size).values_list("entry_id", flat=True)
    numbers = list(gone)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_leaf WHERE seq >= %s", [size])
        cursor.execute("DELETE FROM audit_checkpoint WHERE size > %s", [size])
    for table in ("audit_payload", "audit_entry"):
        _delete(table, "id" if table == "audit_entry" else "entry_id", numbers)
    rebuild(head=size)


def _delete(table: str, column: str, numbers: list) -> None:
    from audit.models import Payload

    model = {"audit_entry": Entry, "audit_payload": Payload}[table]
    model.objects.filter(**{f"{column}__in": numbers})._raw_delete("default")


def rebuild(*, head: int) -> None:
    """Make tiles and head anew from the entries that are there now, as whoever owns the database can."""
    found = Leaf.objects.filter(seq__lt=head).order_by("seq").select_related("entry")
    hashes = [merkle.leaf_hash(bytes(row.entry.leaf)) for row in found]
    grown, root = tiles.grow(lambda level, index: b"", 0, hashes)
    Tile.objects.all()._raw_delete("default")
    Tile.objects.bulk_create(Tile(level=level, index=index, data=data) for (level, index), data in grown.items())
    Head.objects.update(size=head, root=root)


def sign_again() -> None:
    """Sign the head as it is now with the real key, in place of all that was signed: a dishonest operator."""
    head, key = Head.objects.get(), keys.signer("log")
    found = Checkpoint(note.parse_vkey(prove.vkeys()[0]).name, head.size, bytes(head.root))
    text = note.sign(found.body(), found.origin, key.public, key.sign)
    Signed.objects.all()._raw_delete("default")
    Signed.objects.bulk_create([Signed(size=head.size, root=head.root, note=text, signed_at=NOW)])


def published(folder: Path) -> str:
    """Checkpoint, keys and tiles of the log as the public addresses hand them out, as files."""
    (folder / "tile").mkdir(parents=True)
    size = Head.objects.get().size
    (folder / "checkpoint").write_text(prove.checkpoint(), "utf-8")
    (folder / "vkeys").write_text("".join(f"{each}\n" for each in prove.vkeys()), "utf-8")
    for level, index, width in tiles.tiles_of(size):
        file = folder / "tile" / paths.tile_path(level, index, width)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tree.read_tile(level, index)[: width * merkle.HASH_SIZE])
    return str(folder)
