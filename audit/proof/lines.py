"""The lines of `entries.jsonl` in an export: one entry a line, and one spelling for each."""

import json
from typing import Any

from . import bundle, canonical, commitment, encoding, merkle, shape
from .errors import ProofError

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_MEMBERS = (("seq", "leaf"), ("seq", "leaf", "payload", "salt"), ("seq", "hash"))


def write(seq: int, leaf: bytes, disclosure: tuple[bytes, bytes] | None) -> bytes:
    """Return the line of one entry; disclosure: salt and canonical payload."""
    item: dict[str, Any] = {"seq": seq, "leaf": leaf.decode("utf-8")}
    if disclosure:
        salt, payload = disclosure
        item |= {"payload": payload.decode("utf-8"), "salt": encoding.to_base64(salt)}
    return _ENCODER.encode(item).encode("utf-8") + b"\n"


def write_pruned(seq: int, leaf_hash: bytes) -> bytes:
    """Return the line of an entry of which only the hash is left."""
    return _ENCODER.encode({"seq": seq, "hash": encoding.to_base64(leaf_hash)}).encode("utf-8") + b"\n"


def read(raw: bytes) -> tuple[bundle.Entry | int, bytes]:
    """Return what a line says, or only the place of an entry that was pruned, and the hash of the leaf.

    Raises:
        ProofError: `bundle-syntax`, `bundle-spelling`; as `canonical.loads` and `commitment.check_commitment`.
    """
    try:
        item = shape.an_object(json.loads(raw.decode("utf-8")), "a line of entries.jsonl")
        spelled = _ENCODER.encode(item).encode("utf-8") + b"\n"
    except ProofError:
        raise
    except (ValueError, RecursionError):
        raise ProofError("bundle-syntax", "A line of entries.jsonl is not JSON text in UTF-8.") from None
    # One line has one spelling; that also finds a member that is there twice.
    if spelled != raw or tuple(item) not in _MEMBERS:
        raise ProofError("bundle-spelling", "A line of entries.jsonl was rewritten on the way.")
    seq = shape.number(item, "seq")
    if "hash" in item:
        return seq, encoding.from_base64(shape.text(item, "hash"), "`hash`")
    leaf = shape.raw_text(item, "leaf")
    value, hashed = shape.an_object(canonical.loads(leaf), "leaf"), merkle.leaf_hash(leaf)
    if "salt" not in item:
        return bundle.Entry(seq, value), hashed
    salt, payload = encoding.from_base64(shape.text(item, "salt"), "`salt`"), shape.raw_text(item, "payload")
    commitment.check_commitment(shape.text(value, "commitment"), salt, payload)
    return bundle.Entry(seq, value, canonical.loads(payload), disclosed=True), hashed
