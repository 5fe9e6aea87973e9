"""The key of a witness: made here, kept in a file of mode 0600, spelled as Go's `note` package spells a signer."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import cosignature, ed25519, encoding, note
from ..errors import ProofError
from ..note import VKey

_PREFIX = "PRIVATE+KEY+"


class Key(NamedTuple):
    """Public half, and what signs with the private one."""

    public: VKey
    sign: Callable[[bytes], bytes]


def make(name: str, file: Path) -> str:
    """Make a key, write it to a file that must not exist yet, and return its public half as a vkey.

    Raises ProofError `key-name`, OSError.
    """
    seed = secrets.token_bytes(32)
    vkey = cosignature.vkey(name, ed25519.public_key(seed))
    hexid = cosignature.parse_vkey(vkey).key_id.hex()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        written.write(f"{_PREFIX}{name}+{hexid}+{encoding.to_base64(cosignature.KIND + seed)}\n")
        written.flush()
        os.fsync(written.fileno())
    return vkey


def read(file: Path) -> Key:
    """Return the key in a file. Raises ProofError `vkey-bad` or `base64-bad` for another file, OSError."""
    text = file.read_text("utf-8").removesuffix("\n")
    name, _, rest = text.removeprefix(_PREFIX).partition("+")
    hexid, _, encoded = rest.partition("+")
    raw = encoding.from_base64(encoded, "The witness's key")
    seed = raw[1:]
    if not text.startswith(_PREFIX) or raw[:1] != cosignature.KIND or len(seed) != ed25519.KEY_SIZE:
        raise ProofError("vkey-bad", "This is not the key of a witness; `witness keygen` makes one.")
    public = cosignature.parse_vkey(cosignature.vkey(name, ed25519.public_key(seed)))
    if public.key_id.hex() != hexid:
        raise ProofError("vkey-bad", "The key in this file and the id in it do not match.")
    return Key(public, lambda message: ed25519.sign(seed, message))


def by_origin(vkeys: list[str]) -> dict[str, list[str]]:
    """Return the keys of logs by the log they are of; raises as `note.parse_vkey`."""
    found: dict[str, list[str]] = {}
    for each in vkeys:
        found.setdefault(note.parse_vkey(each).name, []).append(each)
    return found
