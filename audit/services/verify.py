"""The whole log, checked against itself: leaves as stored, columns beside them, tree, tiles, newest signature."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max

from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Head, Leaf, Pruning, Verification
from audit.proof import merkle, note, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.proof.pruning import Account, Declaration, chained
from audit.services import beside, prove, pruning, tree
from audit.services.entries import moment

BATCH = 4096
_COLUMNS = ("subject", "purpose", "recipient", "outcome", "reason")
_Read = tuple[int, Entry, dict[str, Any]]


def whole_log(*, now: datetime, progress: Callable[[int, int], None] = lambda done, of: None) -> Verification:
    """Check everything up to the newest signed head; progress(done, total) is called after each batch.

    What was pruned by policy is no finding, as long as it is exactly what the log declares.
    Returns the finding, which is also kept.
    """
    finding, size, pruned = "", 0, 0
    try:
        size, pruned = _settled(progress)
    except ProofError as problem:
        finding = str(problem)
    return Verification.objects.create(checked_at=now, size=size, pruned=pruned, good=not finding, finding=finding)


def _settled(progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Check; and once more where entries went meanwhile, by a policy that was declared after we began."""
    known = Pruning.objects.count()
    try:
        return _check(progress)
    except ProofError:
        if Pruning.objects.count() == known:
            raise
        return _check(progress)


def _check(progress: Callable[[int, int], None]) -> tuple[int, int]:
    """How many entries were checked, and how many of them were pruned."""
    signed = _signed_head()
    if signed is None:
        _check_strangers()
        return 0, 0
    declared = pruning.declarations(signed.size)
    account = Account(declared)
    grown, bent, odd = tiles.Regrown(), "", ""
    for batch, read in _leaf_hashes(signed.size, account):
        bent = bent or _unlike_stored(grown.append(batch))
        odd = odd or beside.fault(read)
        progress(grown.size, signed.size)
    bent = bent or _unlike_stored(grown.edge)
    if grown.size != signed.size or grown.root != signed.root:
        where = f" {bent}" if bent else ""
        raise ProofError("root", f"The entries do not give the signed root: one was changed or exchanged.{where}")
    if bent or odd:
        raise ProofError("tile" if bent else "payload", bent or odd)
    _check_declared(declared)
    _check_strangers()
    beside.check_gone()
    return signed.size, account.missing


def _unlike_stored(grown: dict[tuple[int, int], bytes]) -> str:
    """Where the stored tiles do not begin as the leaves demand, in words; the sealer may have grown them since.

    Proofs are cut from tiles. And where an entry was changed, they still tell which one.
    """
    for (level, index), wanted in sorted(grown.items()):
        stored = tree.read_tile(level, index)
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

    The sealer works on while we read: the last entry, looked for before the head is read, is signed for by it or is a
    stranger; how far the tree grew, read after it, is at least as far.
    """
    last = Leaf.objects.aggregate(seq=Max("seq"))["seq"]
    stored = 0 if last is None else last + 1
    newest = SignedHead.objects.order_by("-size").first()
    head = Head.objects.first()
    if newest is None and not stored:
        return None
    if newest is None or head is None:
        raise ProofError("size", f"The log holds {stored} entries, but its signed head is missing.")
    signed = Checkpoint.parse(note.open_note(newest.note, prove.vkeys()))
    # What is in the tree and not signed yet, the sealer is signing now, or it says why not.
    if head.size < signed.size or stored > head.size or stored < signed.size:
        raise ProofError("size", f"The log holds {stored} entries, but {signed.size} were signed for.")
    return signed


def _leaf_hashes(size: int, account: Account) -> Iterator[tuple[list[bytes], list[_Read]]]:
    """The hashes of the leaves, in order, batch by batch: each that is stored compared with its columns, each that is
    not held against what was declared, and then taken from the tree. With each batch the entries that were read."""
    batch: list[bytes] = []
    found: list[_Read] = []
    read = lru_cache(maxsize=1)(tree.read_tile)
    for place, row in _places(size):
        leaf = _checked(row) if row else None
        account.tell(place, leaf)
        if row and leaf:
            found.append((place, row.entry, leaf))
        batch.append(merkle.leaf_hash(bytes(row.entry.leaf)) if row else tree.leaf_hash(place, read))
        if len(batch) == BATCH:
            yield batch, found
            batch, found = [], []
    if batch:
        yield batch, found
    account.finish(size)


def _places(size: int) -> Iterator[tuple[int, Leaf | None]]:
    """Each place below `size` with its row; None where there is none."""
    next_place = 0
    rows = Leaf.objects.filter(seq__lt=size).order_by("seq").select_related("entry__payload")
    for row in rows.iterator(chunk_size=BATCH):
        yield from ((place, None) for place in range(next_place, row.seq))
        yield row.seq, row
        next_place = row.seq + 1
    yield from ((place, None) for place in range(next_place, size))


def _checked(row: Leaf) -> dict[str, Any]:
    """What an entry says. The columns are for searching; a search must not find what the leaf does not say."""
    entry = row.entry
    try:
        leaf: dict[str, Any] = json.loads(bytes(entry.leaf))
        actor = leaf["actor"]["type"], leaf["actor"].get("ref", "")
        said = (leaf["id"], leaf["at"], leaf["action"], *actor, *(leaf.get(name, "") for name in _COLUMNS))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ProofError("leaf", f"Entry {row.seq} cannot be read: its leaf was changed.") from None
    shown = str(entry.id), moment(entry.recorded_at), entry.action, entry.actor_type, entry.actor_ref
    held = (*shown, *(getattr(entry, name) for name in _COLUMNS))
    if said != held:
        raise ProofError("column", f"A column of entry {row.seq} differs from its leaf.")
    return leaf


def _check_declared(declared: list[Declaration]) -> None:
    """What the log says of its pruning must fit the log: the sizes, the roots, and how old the heads were."""
    chained(declared)
    for each in declared:
        old = SignedHead.objects.filter(size__gte=each.until, signed_at__lt=datetime.fromisoformat(each.before))
        if tree.root_at(each.size) != each.root or not old.exists():
            raise ProofError(
                "pruned-declaration",
                f"Entry {each.place} (log.pruned) takes in entries that were not published when it says so.",
            )
    said = {(action, each.first, each.until) for each in declared for action in each.actions}
    size = declared[-1].place + 1 if declared else 0
    held = Pruning.objects.filter(entry__leaf_row__seq__lt=size).values_list("action", "first", "until")
    if said != set(held):
        raise ProofError("pruned-column", "What the database lets go is not what the log.pruned entries declare.")
