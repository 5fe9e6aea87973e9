"""The whole log, checked against itself: leaves as stored, columns beside them, tree, tiles, newest signature."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Head, Leaf, Verification
from audit.proof import merkle, note, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import prove
from audit.services.entries import moment
from audit.services.tree import read_tile

BATCH = 4096
_COLUMNS = ("subject", "purpose", "recipient", "outcome", "reason")


def whole_log(*, now: datetime, progress: Callable[[int, int], None] = lambda done, of: None) -> Verification:
    """Check everything up to the newest signed head; progress(done, total) is called after each batch.

    Returns the finding, which is also kept.
    """
    finding, size = "", 0
    try:
        size = _check(progress)
    except ProofError as problem:
        finding = str(problem)
    return Verification.objects.create(checked_at=now, size=size, good=not finding, finding=finding)


def _check(progress: Callable[[int, int], None]) -> int:
    signed = _signed_head()
    if signed is None:
        _check_strangers()
        return 0
    tree, bent = tiles.Regrown(), ""
    for batch in _leaf_hashes(signed.size):
        bent = bent or _unlike_stored(tree.append(batch))
        progress(tree.size, signed.size)
    bent = bent or _unlike_stored(tree.edge)
    if tree.size != signed.size or tree.root != signed.root:
        where = f" {bent}" if bent else ""
        raise ProofError("root", f"The entries do not give the signed root: one was changed or exchanged.{where}")
    if bent:
        raise ProofError("tile", bent)
    _check_strangers()
    return signed.size


def _unlike_stored(grown: dict[tuple[int, int], bytes]) -> str:
    """Where the stored tiles do not begin as the leaves demand, in words; the sealer may have grown them since.

    Proofs are cut from tiles. And where an entry was changed, they still tell which one.
    """
    for (level, index), wanted in sorted(grown.items()):
        stored = read_tile(level, index)
        if not stored.startswith(wanted):
            cuts = range(0, len(wanted), merkle.HASH_SIZE)
            place = next(at for at in cuts if stored[at : at + merkle.HASH_SIZE] != wanted[at : at + merkle.HASH_SIZE])
            first = (index * tiles.WIDTH + place // merkle.HASH_SIZE) << (tiles.HEIGHT * level)
            return f"Tile {level}/{index} of the stored tree does not fit its entries, from entry {first} on."
    return ""


def _check_strangers() -> None:
    """Whoever reads a record is shown entries, sealed or not: one that will never be sealed must not be among them."""
    if Entry.objects.filter(leaf_row__isnull=True, pending__isnull=True).exists():
        raise ProofError("stranger", "An entry stands neither in the log nor among those that wait for it.")


def _signed_head() -> Checkpoint | None:
    """The newest head, once its signature holds and as many entries are stored as it was signed for.

    The sealer works on while we read: entries counted before the head is read are signed for by it or are strangers;
    how far the tree grew, read after it, is at least as far.
    """
    stored = Leaf.objects.count()
    newest = SignedHead.objects.order_by("-size").first()
    head = Head.objects.first()
    if newest is None and not stored:
        return None
    if newest is None or head is None:
        raise ProofError("size", f"The log holds {stored} entries, but its signed head is missing.")
    signed = Checkpoint.parse(note.open_note(newest.note, prove.vkeys()))
    covered = Leaf.objects.filter(seq__lt=signed.size).count()
    # What is in the tree and not signed yet, the sealer is signing now, or it says why not.
    if head.size < signed.size or stored > head.size or covered < signed.size:
        raise ProofError("size", f"The log holds {stored} entries, but {signed.size} were signed for.")
    return signed


def _leaf_hashes(size: int) -> Iterator[list[bytes]]:
    """The hashes of the stored leaves, in order, batch by batch, each leaf compared with its columns."""
    batch: list[bytes] = []
    rows = Leaf.objects.filter(seq__lt=size).order_by("seq").select_related("entry")
    for place, row in enumerate(rows.iterator(chunk_size=BATCH)):
        if row.seq != place:
            raise ProofError("gap", f"Entry {place} is missing from the log.")
        _check_columns(row)
        batch.append(merkle.leaf_hash(bytes(row.entry.leaf)))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_columns(row: Leaf) -> None:
    """The columns are for searching; a search must not find what the leaf does not say."""
    entry = row.entry
    try:
        leaf = json.loads(bytes(entry.leaf))
        actor = leaf["actor"]["type"], leaf["actor"].get("ref", "")
        said = (leaf["id"], leaf["at"], leaf["action"], *actor, *(leaf.get(name, "") for name in _COLUMNS))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ProofError("leaf", f"Entry {row.seq} cannot be read: its leaf was changed.") from None
    shown = str(entry.id), moment(entry.recorded_at), entry.action, entry.actor_type, entry.actor_ref
    held = (*shown, *(getattr(entry, name) for name in _COLUMNS))
    if said != held:
        raise ProofError("column", f"A column of entry {row.seq} differs from its leaf.")
