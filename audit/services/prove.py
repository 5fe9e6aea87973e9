"""Show that an entry is in the log, and how the log stands.

Everything here reads; nothing here holds a private key.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db.models import Max

from audit import vault
from audit.models import Checkpoint as SignedHead
from audit.models import Entry, Leaf, Payload, Pending, Refusal, Verification, VerifierKey
from audit.proof import bundle, note, tiles, tlog_proof
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import pruning, refusals, witnesses
from audit.services.tree import read_tile


@dataclass(frozen=True)
class State:
    """How the log stands: its newest signed head, what waits, the last time it was checked, why nothing is signed."""

    size: int
    root: str
    signed_at: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    checked: Verification | None
    refusal: Refusal | None


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
        refusal=refusals.standing(),
    )


def checkpoint() -> str | None:
    """The newest signed head, as a note with what witnesses said of it; None before the first pass of the sealer."""
    newest = SignedHead.objects.order_by("-size").first()
    return witnesses.signed(newest) if newest else None


def cosigned() -> str | None:
    """The newest head with as many cosignatures as the policy of witnesses asks for; None without one."""
    found = witnesses.newest()
    return witnesses.signed(found) if found else None


def vkeys() -> list[str]:
    """The public keys of the log, oldest first, one C2SP vkey each."""
    return [row.vkey for row in keys_of_log()]


def keys_of_log() -> list[VerifierKey]:
    """The same, each with the sizes of the heads it signs."""
    return list(VerifierKey.objects.filter(purpose="log").order_by("id"))


def tile(level: int, index: int, width: int) -> bytes | None:
    """The first `width` hashes of a tile, if the newest checkpoint covers that many; else None."""
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    if width > tiles.width_of(level, index, size):
        return None
    return read_tile(level, index)[: width * 32]


def leaf_at(seq: int) -> bytes | None:
    """The entry at a place of the log, as it was hashed; None when the newest checkpoint does not cover it.

    Raises ProofError when it is not there any more: `pruned` by policy, or `gap`.
    """
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    if seq >= size:
        return None
    leaf = Entry.objects.filter(leaf_row__seq=seq).values_list("leaf", flat=True).first()
    if leaf is None and pruning.covers(seq):
        raise ProofError("pruned", f"Entry {seq} was pruned by policy; its place and its hash can still be proven.")
    if leaf is None:
        raise ProofError("gap", f"Entry {seq} is missing from the log.")
    return bytes(leaf)


def proof_of(seq: int) -> dict[str, Any] | None:
    """The inclusion proof of the entry at a place of the log; None when it is not sealed yet."""
    head = _over(seq)
    if head is None:
        return None
    hashes = tiles.inclusion_proof(read_tile, seq, head.size)
    return {
        "index": seq,
        "size": head.size,
        "hashes": [base64.b64encode(each).decode() for each in hashes],
        "checkpoint": witnesses.signed(head),
    }


def tlog_proof_of(seq: int, *, with_entry: bool = False) -> bytes | None:
    """The same as C2SP tlog-proof; with_entry: the entry stands inside, so that the file needs nothing beside it."""
    head = _over(seq)
    if head is None:
        return None
    hashes = tiles.inclusion_proof(read_tile, seq, head.size)
    return tlog_proof.dumps(
        tlog_proof.Parsed(seq, hashes, witnesses.signed(head), leaf_at(seq) if with_entry else None)
    )


def places(numbers: Sequence[UUID]) -> tuple[int, dict[UUID, int]]:
    """How many entries the newest signed head covers, and the places of those of these entries that it covers."""
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    found = Leaf.objects.filter(entry_id__in=numbers, seq__lt=size)
    return size, dict(found.values_list("entry_id", "seq"))


def bundle_of(entries: Iterable[Entry], *, disclose: bool, complete: bool = False) -> dict[str, Any] | None:
    """A proof that carries itself: the entries, their proofs, the checkpoint and the keys.

    disclose: also the payloads, with the salts that tie them to the leaves.
    Returns None while one of the entries is not sealed. Raises ProofError when one of them was changed.
    """
    chosen = list(entries)
    places = dict(Leaf.objects.filter(entry__in=chosen).values_list("entry_id", "seq"))
    head = _over(max(places.values(), default=0))
    if head is None or len(places) < len(chosen):
        return None
    try:
        shown = disclosures(chosen) if disclose else {}
        proven = [
            _proven(entry, places[entry.id], head.size, read_tile, shown.get(entry.id))
            for entry in sorted(chosen, key=lambda entry: places[entry.id])
        ]
        return bundle.make_bundle(checkpoint=witnesses.signed(head), vkeys=vkeys(), entries=proven, complete=complete)
    except (UnicodeDecodeError, vault.Unreadable):
        raise ProofError("unreadable", "An entry, or what is kept beside it, cannot be read: it was changed.") from None


def bundle_each(places: Mapping[int, Entry]) -> Iterator[tuple[Entry, Callable[[], dict[str, Any]]]]:
    """What makes the proof of each sealed entry, by its place: without payloads, under a head that witnesses have seen.

    Where they have not, under the newest. Each may raise ProofError alone, when its entry was changed.
    """
    heads = [(head.size, witnesses.signed(head)) for head in _heads()]
    keys, read = vkeys(), cache(read_tile)
    for place, entry in places.items():
        size, signed = next(head for head in heads if place < head[0])
        yield entry, partial(_bundle_one, _proven(entry, place, size, read, None), signed, keys)


def _heads() -> list[SignedHead]:
    """The newest head that witnesses have seen, if there is one, and the newest of all."""
    found = [witnesses.newest(), SignedHead.objects.order_by("-size").first()]
    return [head for head in found if head]


def _over(place: int) -> SignedHead | None:
    """The first of these that covers a place of the log; None when it is not sealed yet."""
    return next((head for head in _heads() if 0 <= place < head.size), None)


def _bundle_one(proven: bundle.Proven, checkpoint: str, keys: list[str]) -> dict[str, Any]:
    try:
        return bundle.make_bundle(checkpoint=checkpoint, vkeys=keys, entries=[proven], complete=False)
    except UnicodeDecodeError:
        raise ProofError("unreadable", "An entry cannot be read: it was changed.") from None


@dataclass(frozen=True)
class Holding:
    """Whether an entry's proof holds: `size` 0 while it is not sealed; `finding` says what is wrong, if anything is."""

    size: int = 0
    hashes: int = 0
    finding: str = ""


def holds(entry: Entry) -> Holding:
    """Check one entry, as it is stored now, against the newest signed head."""
    try:
        proof = bundle_of([entry], disclose=True)
    except ProofError as problem:
        return Holding(finding=str(problem))
    if proof is None:
        return Holding()
    signed = Checkpoint.parse(note.open_note(proof["checkpoint"], proof["vkeys"]))
    return Holding(size=signed.size, hashes=len(proof["entries"][0]["proof"]))


def disclosures(entries: list[Entry]) -> dict[Any, tuple[bytes, bytes]]:
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


def _proven(
    entry: Entry, place: int, size: int, read: tiles.ReadTile, disclosure: tuple[bytes, bytes] | None
) -> bundle.Proven:
    hashes = tiles.inclusion_proof(read, place, size)
    return bundle.Proven(index=place, leaf=bytes(entry.leaf), proof=hashes, disclosure=disclosure)
