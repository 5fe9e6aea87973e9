"""A proof file: entries of the log, and all it takes to check them offline. A receipt holds one entry.

    {"kind": "trustcenter-proof/1", "origin": …, "checkpoint": <signed note>, "vkeys": [<key>…],
     "complete": true, "first": 5, "last": 9,
     "entries": [{"index": 5, "leaf": <exact text>, "proof": [<base64 hash>…],
                  "disclosure": {"salt": <base64>, "payload": <exact text>}}, …]}

`complete` true says: from `first` to `last` nothing is left out. False (then without `first` and `last`) says
only: these are in the log. No member is decoration: a file with one unknown to us is refused, and so is one
with a byte changed anywhere. What the file cannot prove is that its own `vkeys` are the log's: pin them where
you can.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from . import canonical, commitment, encoding, merkle, note, shape
from .checkpoint import Checkpoint
from .errors import ProofError

KIND = "trustcenter-proof/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was proven: its place, what it says, and the payload if it was disclosed."""

    index: int
    leaf: dict[str, Any]
    payload: Any = None
    disclosed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a bundle proves.

    `pinned` is False when the keys came with the file (trust on first use): then it proves that the file
    agrees with itself and its signer, not who the signer is. `signed` is the head as a note.
    """

    signed: str
    origin: str
    size: int
    root: bytes
    entries: tuple[Entry, ...]
    pinned: bool
    complete: bool

    @property
    def disclosed(self) -> int:
        """How many entries came with their payload."""
        return sum(entry.disclosed for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry to put into a bundle; `disclosure` is (salt, canonical payload)."""

    index: int
    leaf: bytes
    proof: Sequence[bytes]
    disclosure: tuple[bytes, bytes] | None = field(default=None, repr=False)


def make_bundle(*, checkpoint: str, vkeys: Iterable[str], entries: Iterable[Proven], complete: bool) -> dict[str, Any]:
    """Return the document; it is verified before it is returned, so that nobody is handed a broken proof.

    Args:
        checkpoint: the signed note.
        vkeys: the keys of the log that signed it.
        entries: ascending by index; for `complete`, without a gap.
        complete: whether these are all entries from the first to the last.

    Raises:
        ProofError: as `verify_bundle`.
    """
    listed = [_entry_document(entry) for entry in entries]
    range_ = {"first": listed[0]["index"], "last": listed[-1]["index"]} if complete and listed else {}
    doc = {
        "kind": KIND,
        "origin": checkpoint.partition("\n")[0],
        "checkpoint": checkpoint,
        "vkeys": list(vkeys),
        "complete": complete,
        **range_,
        "entries": listed,
    }
    verify_bundle(doc, None)
    return doc


def dumps(doc: dict[str, Any]) -> bytes:
    """Return the file for a document: compact, in UTF-8, so that no byte of it is without meaning."""
    return json.dumps(doc, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def loads(raw: bytes) -> dict[str, Any]:
    """Return the document in a file.

    One document has one spelling: a file that says the same in other bytes was touched on the way.

    Raises:
        ProofError: `bundle-syntax` if it is not JSON in UTF-8, holds a member twice, or is no object;
            `bundle-kind` if it does not even say that it is a proof;
            `bundle-spelling` if it is not spelled as `dumps` spells it.
    """
    try:
        doc = shape.an_object(json.loads(raw.decode("utf-8"), object_pairs_hook=canonical.unique), "the file")
        spelled = dumps(doc)
    except ProofError:
        raise
    except (ValueError, RecursionError):
        raise ProofError("bundle-syntax", "This file is not JSON text in UTF-8. Take a fresh copy.") from None
    if "kind" not in doc:
        raise ProofError(
            "bundle-kind", "This is JSON, but no proof file, so it cannot be told. Each choice has its own."
        )
    if spelled != raw:
        raise ProofError(
            "bundle-spelling", "This file was rewritten on the way, if only its spacing. Take a fresh copy."
        )
    return doc


def verify_bundle(doc: dict[str, Any], vkeys: Sequence[str] | None) -> Report:
    """Return what `doc` proves.

    Args:
        doc: the parsed file.
        vkeys: the log's keys, from a source you trust; None takes those in the file, and the report says so.

    Raises:
        ProofError: `bundle-*` naming the member that is missing, unknown or of the wrong type;
            `bundle-kind`, `bundle-origin`, `bundle-range`, `bundle-order`; `key-missing` if no key is of
            this log; whatever the parts raise.
    """
    shape.an_object(doc, "the file")
    complete = shape.flag(doc, "complete")
    range_ = ("first", "last") if complete else ()
    shape.members(doc, "the file", ("kind", "origin", "checkpoint", "vkeys", "complete", "entries", *range_))
    if shape.text(doc, "kind") != KIND:
        raise ProofError("bundle-kind", f"This is not a {KIND} file. A newer verifier may know it.")
    head = _head(doc, vkeys)
    entries = tuple(_entry(item, head) for item in shape.items(doc, "entries"))
    _check_order(doc, [entry.index for entry in entries], complete)
    said = (shape.text(doc, "checkpoint"), head.origin, head.size, head.root)
    return Report(*said, entries, pinned=vkeys is not None, complete=complete)


def _head(doc: dict[str, Any], pinned: Sequence[str] | None) -> Checkpoint:
    """Return the checkpoint, opened with keys that speak for its log."""
    origin = shape.text(doc, "origin")
    carried = [shape.a_text(item, "vkeys") for item in shape.items(doc, "vkeys")]
    # Read all of them even when others are pinned: a file with a broken part is a broken file.
    if any(note.parse_vkey(item).name != origin for item in carried):
        raise ProofError("bundle-origin", "A key in `vkeys` is not a key of the log in `origin`.")
    return open_head(shape.text(doc, "checkpoint"), origin, carried if pinned is None else pinned)


def open_head(signed: str, origin: str, vkeys: Sequence[str]) -> Checkpoint:
    """Return the head of the log `origin` in a signed note, opened with those of the keys that speak for this log.

    Raises:
        ProofError: `key-missing` if none does; `bundle-origin` if the head is another log's; as `note.open_note`.
    """
    keys = [item for item in vkeys if note.parse_vkey(item).name == origin]
    if not keys:
        raise ProofError("key-missing", f"No key for the log {ascii(origin)[:80]}. Give the key of that log.")
    head = Checkpoint.parse(note.open_note(signed, keys))
    if head.origin != origin:
        raise ProofError("bundle-origin", "The checkpoint is of another log than `origin` says.")
    return head


def _entry(item: Any, head: Checkpoint) -> Entry:
    """Return one entry, proven to be in the tree of `head`."""
    item = shape.an_object(item, "entries")
    shape.members(item, "an entry", ("index", "leaf", "proof"), ("disclosure",))
    index, raw = shape.number(item, "index"), shape.raw_text(item, "leaf")
    proof = [encoding.from_base64(shape.a_text(one, "proof"), "`proof`") for one in shape.items(item, "proof")]
    merkle.verify_inclusion(index, head.size, merkle.leaf_hash(raw), proof, head.root)
    leaf = shape.an_object(canonical.loads(raw), "leaf")
    if "disclosure" not in item:
        return Entry(index, leaf)
    return Entry(index, leaf, _payload(item["disclosure"], leaf), disclosed=True)


def _payload(item: Any, leaf: dict[str, Any]) -> Any:
    """Return the disclosed payload, checked against the commitment in the leaf."""
    item = shape.an_object(item, "disclosure")
    shape.members(item, "`disclosure`", ("salt", "payload"))
    salt, payload = encoding.from_base64(shape.text(item, "salt"), "`salt`"), shape.raw_text(item, "payload")
    commitment.check_commitment(shape.text(leaf, "commitment"), salt, payload)
    return canonical.loads(payload)


def _check_order(doc: dict[str, Any], indices: list[int], complete: bool) -> None:
    if not indices:
        raise ProofError("bundle-range", "`entries` is empty: this file proves nothing.")
    if any(one >= other for one, other in pairwise(indices)):
        raise ProofError("bundle-order", "`entries` are out of order, or one is there twice.")
    if not complete:
        return
    first, last = shape.number(doc, "first"), shape.number(doc, "last")
    # Ascending, with the right ends and the right count: so each index from first to last is there.
    if (indices[0], indices[-1], len(indices)) != (first, last, last - first + 1):
        raise ProofError("bundle-range", "`complete` is claimed, but an entry from `first` to `last` is missing.")


def _entry_document(entry: Proven) -> dict[str, Any]:
    item: dict[str, Any] = {
        "index": entry.index,
        "leaf": entry.leaf.decode("utf-8"),
        "proof": [encoding.to_base64(one) for one in entry.proof],
    }
    if entry.disclosure:
        salt, payload = entry.disclosure
        item["disclosure"] = {"salt": encoding.to_base64(salt), "payload": payload.decode("utf-8")}
    return item
