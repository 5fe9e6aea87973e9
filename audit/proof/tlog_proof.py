"""The proof of one entry as text: C2SP tlog-proof, which verifiers of other houses read too.

    c2sp.org/tlog-proof@v1
    extra <base64>         optional: here the entry itself, so that the file needs nothing beside it
    index 5
    <base64 hash>          none or more: from the leaf's sibling up to the root's child

    <signed head>          with the cosignatures of its witnesses, to the end of the file

Nothing vouches for `extra`: it is hashed like an entry that comes beside the file, and the hashes must lead to the
root. No key stands in the file, so one must be given.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import bundle, canonical, encoding, merkle, note, shape
from .errors import ProofError

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA = "extra "


@dataclass(frozen=True, slots=True)
class Parsed:
    """A well-formed proof, none of it verified; `extra` is None where there is none."""

    index: int
    hashes: list[bytes]
    signed: str
    extra: bytes | None


def is_proof(raw: bytes) -> bool:
    """Return whether a file says that it is such a proof, by its first line."""
    return raw.startswith(f"{HEADER}\n".encode())


def dumps(parsed: Parsed) -> bytes:
    """Return the file."""
    extra = [] if parsed.extra is None else [f"{_EXTRA}{encoding.to_base64(parsed.extra)}"]
    hashes = [encoding.to_base64(each) for each in parsed.hashes]
    return "\n".join([HEADER, *extra, f"index {parsed.index}", *hashes, "", parsed.signed]).encode("utf-8")


def parse(raw: bytes) -> Parsed:
    """Return what a file says; one proof has one spelling.

    Raises:
        ProofError: `tlog-proof-form`, `hash-length`, `base64-bad`, `unicode-bad`; as `note.parse`.
    """
    try:
        above, _, signed = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise ProofError("unicode-bad", "This proof is not text in UTF-8.") from None
    header, *lines = above.split("\n")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = encoding.from_base64(lines.pop(0).removeprefix(_EXTRA), "The extra data")
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if header != HEADER or not index or extra == b"":
        raise ProofError("tlog-proof-form", f"A proof begins with {HEADER}, then the index; this one does not.")
    hashes = [encoding.from_base64(each, "A hash") for each in lines[1:]]
    if any(len(each) != merkle.HASH_SIZE for each in hashes):
        raise ProofError("hash-length", f"A hash in this proof is not {merkle.HASH_SIZE} bytes long.")
    note.parse(signed)
    return Parsed(int(index[1]), hashes, signed, extra)


def verify(raw: bytes, entry: bytes | None, vkeys: Sequence[str] | None) -> bundle.Report:
    """Return what the proof in `raw` proves of an entry.

    Args:
        raw: the file.
        entry: the entry, byte for byte as it was hashed; None takes the one in the file.
        vkeys: the log's keys, from a source you trust: the file brings none.

    Raises:
        ProofError: `entry-missing` if there is none; `entry-other` if the file brings another than the one given;
            `key-missing`; as `parse`, `bundle.open_head` and `merkle.verify_inclusion`.
    """
    parsed = parse(raw)
    leaf = parsed.extra if entry is None else entry
    if leaf is None:
        raise ProofError("entry-missing", "This proof does not bring its entry. Give the entry with --entry FILE.")
    if parsed.extra not in (None, leaf):
        raise ProofError("entry-other", "The entry in this proof is not the one that was given with it.")
    head = bundle.open_head(parsed.signed, note.parse(parsed.signed)[0].partition("\n")[0], vkeys or ())
    merkle.verify_inclusion(parsed.index, head.size, merkle.leaf_hash(leaf), parsed.hashes, head.root)
    proven = bundle.Entry(parsed.index, shape.an_object(canonical.loads(leaf), "the entry"))
    return bundle.Report(parsed.signed, head.origin, head.size, head.root, (proven,), pinned=True, complete=False)
