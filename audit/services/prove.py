"""Show that an entry is in the log, and that the log is what it says.

Everything here reads; nothing here holds a private key.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Max

from audit import vault
from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Head, Leaf, Payload, Pending, Verification, VerifierKey
from audit.proof import bundle, merkle, note, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services.seal import read_tile


@dataclass(frozen=True)
class State:
    """How the log stands: its newest signed head, what waits, and the last time it was checked."""

    size: int
    root: str
    signed_at: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    checked: Verification | None


def state() -> State:
    """How the log stands now."""
    newest = SignedHead.objects.order_by("-size").first()
    oldest = Pending.objects.order_by("id").select_related("entry").first()
    return State(
        size=newest.size if newest else 0,
        root=bytes(newest.root).hex() if newest else "",
        signed_at=newest.signed_at if newest else None,
        waiting=Pending.objects.count(),
        oldest_waiting=oldest.entry.recorded_at if oldest else None,
        checked=Verification.objects.order_by("-id").first(),
    )


def checkpoint() -> str | None:
    """The newest signed head, as a C2SP note; None before the first pass of the sealer."""
    return SignedHead.objects.order_by("-size").values_list("note", flat=True).first()


def vkeys() -> list[str]:
    """The public keys of the log, oldest first, one C2SP vkey each."""
    return list(VerifierKey.objects.filter(purpose="log").order_by("id").values_list("vkey", flat=True))


def tile(level: int, index: int, width: int) -> bytes | None:
    """The first `width` hashes of a tile, if the newest checkpoint covers that many; else None."""
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    if width > tiles.width_of(level, index, size):
        return None
    return read_tile(level, index)[: width * 32]


def proof_of(seq: int) -> dict[str, Any] | None:
    """The inclusion proof of the entry at a place of the log; None when it is not sealed yet."""
    newest = SignedHead.objects.order_by("-size").first()
    if newest is None or not 0 <= seq < newest.size:
        return None
    hashes = tiles.inclusion_proof(read_tile, seq, newest.size)
    return {
        "index": seq,
        "size": newest.size,
        "hashes": [base64.b64encode(each).decode() for each in hashes],
        "checkpoint": newest.note,
    }


def bundle_of(entries: Iterable[Entry], *, disclose: bool, complete: bool = False) -> dict[str, Any] | None:
    """A proof that carries itself: the entries, their proofs, the checkpoint and the keys.

    disclose: also the payloads, with the salts that tie them to the leaves.
    Returns None while one of the entries is not sealed.
    """
    chosen = list(entries)
    newest = SignedHead.objects.order_by("-size").first()
    places = dict(Leaf.objects.filter(entry__in=chosen).values_list("entry_id", "seq"))
    if newest is None or len(places) < len(chosen):
        return None
    shown = _disclosures(chosen) if disclose else {}
    proven = [
        _proven(entry, places[entry.id], newest.size, read_tile, shown.get(entry.id))
        for entry in sorted(chosen, key=lambda entry: places[entry.id])
    ]
    return bundle.make_bundle(checkpoint=newest.note, vkeys=vkeys(), entries=proven, complete=complete)


def bundle_each(places: Mapping[int, Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """A proof for each sealed entry by its place, without payloads, all under the newest head."""
    newest = SignedHead.objects.order_by("-size").first()
    if newest is None:
        return
    keys, read = vkeys(), cache(read_tile)
    for place, entry in places.items():
        proven = [_proven(entry, place, newest.size, read, None)]
        yield entry, bundle.make_bundle(checkpoint=newest.note, vkeys=keys, entries=proven, complete=False)


def _proven(
    entry: Entry, place: int, size: int, read: tiles.ReadTile, disclosure: tuple[bytes, bytes] | None
) -> bundle.Proven:
    hashes = tiles.inclusion_proof(read, place, size)
    return bundle.Proven(index=place, leaf=bytes(entry.leaf), proof=hashes, disclosure=disclosure)


def verify(*, now: datetime, progress: Callable[[int, int], None] = lambda done, of: None) -> Verification:
    """Check the whole log: every leaf as stored, the tree, the newest signature, and the columns beside each leaf.

    progress(done, total) is called now and then. Returns the finding, which is also kept.
    """
    finding, size = "", 0
    try:
        size = _verify(progress)
    except ProofError as problem:
        finding = str(problem)
    return Verification.objects.create(checked_at=now, size=size, good=not finding, finding=finding)


def _verify(progress: Callable[[int, int], None]) -> int:
    newest = SignedHead.objects.order_by("-size").first()
    head = Head.objects.first()
    if newest is None or head is None:
        return 0
    signed = Checkpoint.parse(note.open_note(newest.note, vkeys()))
    if head.size != signed.size or Leaf.objects.count() != signed.size:
        raise ProofError("size", f"The log holds {Leaf.objects.count()} entries, but {signed.size} were signed for.")
    tree = merkle.Frontier()
    rows = Leaf.objects.order_by("seq").select_related("entry")
    for place, row in enumerate(rows.iterator(chunk_size=2000)):
        if row.seq != place:
            raise ProofError("gap", f"Entry {place} is missing from the log.")
        _check_columns(row)
        tree.append(merkle.leaf_hash(bytes(row.entry.leaf)))
        if place % 2000 == 0:
            progress(place, signed.size)
    if tree.root() != signed.root:
        raise ProofError("root", "The entries do not give the signed root: at least one was changed or exchanged.")
    progress(signed.size, signed.size)
    return signed.size


def _check_columns(row: Leaf) -> None:
    """The columns are for searching; a search must not find what the leaf does not say."""
    leaf, entry = json.loads(bytes(row.entry.leaf)), row.entry
    said = (leaf["id"], leaf["action"], leaf["actor"]["type"], *(leaf.get(name, "") for name in _COLUMNS))
    held = (str(entry.id), entry.action, entry.actor_type, *(getattr(entry, name) for name in _COLUMNS))
    if said != held:
        raise ProofError("column", f"A column of entry {row.seq} differs from its leaf.")


_COLUMNS = ("subject", "purpose", "recipient", "outcome", "reason")


def _disclosures(entries: list[Entry]) -> dict[Any, tuple[bytes, bytes]]:
    """Payload and salt of each entry that can still be opened; a salt tells nothing about other entries."""
    shown = {}
    for row in Payload.objects.filter(entry__in=entries):
        try:
            box = vault.of(row.subject) if row.subject else vault.house()
        except vault.Unreadable:
            continue
        place = str(row.entry_id)
        shown[row.entry_id] = (box.salt(place), box.open(bytes(row.sealed), place))
    return shown
