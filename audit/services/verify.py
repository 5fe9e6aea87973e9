"""The whole log, checked against itself: leaves as stored, columns beside them, tree, tiles, newest signature."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Head, Leaf, Tile, Verification
from audit.proof import merkle, note, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import prove
from audit.services.entries import moment

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
    grown: dict[tuple[int, int], bytes] = {}

    def read_tile(level: int, index: int) -> bytes:
        return grown.get((level, index), b"")

    root, done = merkle.EMPTY_ROOT, 0
    for batch in _leaf_hashes(signed.size):
        changed, root = tiles.grow(read_tile, done, batch)
        grown.update(changed)
        done += len(batch)
        progress(done, signed.size)
    if done != signed.size or root != signed.root:
        raise ProofError("root", "The entries do not give the signed root: at least one was changed or exchanged.")
    _check_tiles(grown)
    _check_strangers()
    return signed.size


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


def _check_tiles(grown: dict[tuple[int, int], bytes]) -> None:
    """Proofs are cut from tiles, so each must begin as the leaves demand; the sealer may have grown it since."""
    for row in Tile.objects.iterator():
        wanted = grown.get((row.level, row.index), b"")
        if not bytes(row.data).startswith(wanted):
            raise ProofError("tile", f"Tile {row.level}/{row.index} of the stored tree does not fit its entries.")
