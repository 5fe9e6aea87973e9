"""Signed text: C2SP signed-note, and the keys (vkeys) that open it.

A note is text, a blank line, and one line for each signature:

    — <key name> base64(4-byte key id || Ed25519 signature over the text)

A signature by an unknown key is passed over (that is how keys rotate and witnesses join in); a bad one by a
known key spoils the whole note.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from . import ed25519, encoding
from .errors import ProofError

ED25519 = b"\x01"
SIGNATURE_LIMIT = 100

Signer = Callable[[bytes], bytes]
"""Returns the 64-byte Ed25519 signature over some bytes. The private key stays behind it."""


class VKey(NamedTuple):
    """A public key by the name under which it signs."""

    name: str
    key_id: bytes
    public_key: bytes


class Signature(NamedTuple):
    """One line below a note: by which key it is said to be, and what follows the key's id."""

    name: str
    key_id: bytes
    signature: bytes


def key_id(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    """Return the 4 bytes by which signatures name their key: a hint, since it can be made to collide."""
    return hashlib.sha256(encoding.to_utf8(name, "A key's name") + b"\n" + kind + public_key).digest()[:4]


def vkey(name: str, public_key: bytes, kind: bytes = ED25519) -> str:
    """Return `name+hexid+base64(kind || public key)`, the text in which a public key is handed out.

    Raises:
        ProofError: `key-name` or `vkey-bad` (a key that is not 32 bytes).
    """
    _check_name(name)
    if len(public_key) != ed25519.KEY_SIZE:
        raise ProofError("vkey-bad", f"An Ed25519 public key is {ed25519.KEY_SIZE} bytes, not {len(public_key)}.")
    return f"{name}+{key_id(name, public_key, kind).hex()}+{encoding.to_base64(kind + public_key)}"


def parse_vkey(text: str, kind: bytes = ED25519) -> VKey:
    """Return the key that `text` holds; kind: what it must be a key for.

    Raises:
        ProofError: `vkey-bad` if it is misspelt, of another kind, or its id is not that of its key;
            `key-name`, `base64-bad`.
    """
    name, _, rest = text.partition("+")
    hexid, _, encoded = rest.partition("+")
    _check_name(name)
    raw = encoding.from_base64(encoded, "The key")
    public_key = raw[1:]
    if raw[:1] != kind or len(public_key) != ed25519.KEY_SIZE:
        raise ProofError("vkey-bad", f"This is not an Ed25519 key of the kind needed here ({kind.hex()}, 32 bytes).")
    if key_id(name, public_key, kind).hex() != hexid:
        raise ProofError("vkey-bad", "The key and the id in it do not match. Copy it whole: name+8 hex digits+base64.")
    return VKey(name, bytes.fromhex(hexid), public_key)


def sign(text: str, name: str, public_key: bytes, signer: Signer) -> str:
    """Return the note in which key `name` signs `text`.

    Raises:
        ProofError: `note-*` or `unicode-bad` for text that cannot be a note; `key-name`; `signature-bad` if
            the signer does not belong to `public_key`: better no note than one that nobody can open.
    """
    _check_text(text)
    return f"{text}\n{_sign_line(text, name, public_key, signer)}"


def countersign(note: str, name: str, public_key: bytes, signer: Signer) -> str:
    """Return `note` with one more signature, as during the change from an old key to a new one.

    Raises:
        ProofError: as `sign`, and as `open_note` for a note that is not well formed.
    """
    text, _ = parse(note)
    return note + _sign_line(text, name, public_key, signer)


def open_note(note: str, vkeys: Iterable[str]) -> str:
    """Return the text of `note` if a key in `vkeys` signed it, and no key in `vkeys` signed it badly.

    Raises:
        ProofError: `note-*` or `unicode-bad` if it is not well formed; `signature-bad`; `signature-unknown`
            if none is by one of these keys; as `parse_vkey`.
    """
    text, signatures = parse(note)
    keys = [parse_vkey(item) for item in vkeys]
    opened = False
    for signature in signatures:
        # Two keys can share name and id only by design of an attacker, who gains a refusal.
        for key in keys:
            if key[:2] == signature[:2]:
                _verify(key, text, signature.signature)
                opened = True
    if not opened:
        raise ProofError("signature-unknown", "None of the keys given has signed this. Is it the right log's key?")
    return text


def _sign_line(text: str, name: str, public_key: bytes, signer: Signer) -> str:
    key = parse_vkey(vkey(name, public_key))
    signature = signer(text.encode())
    _verify(key, text, signature)
    return f"— {name} {encoding.to_base64(key.key_id + signature)}\n"


def _verify(key: VKey, text: str, signature: bytes) -> None:
    if not ed25519.verify(key.public_key, text.encode(), signature):
        raise ProofError("signature-bad", f"The signature of {ascii(key.name)[:80]} is not over this text.")


def parse(note: str) -> tuple[str, list[Signature]]:
    """Return text and signatures of a well-formed note, none of it verified. The last blank line parts them.

    Raises:
        ProofError: `note-*`, `unicode-bad`, `key-name` or `base64-bad` if it is not well formed.
    """
    _check_text(note)
    text, blank, tail = note.rpartition("\n\n")
    lines = tail.split("\n")[:-1]
    if not blank or not lines:
        raise ProofError("note-form", "A note is text, a blank line, and signatures. Part of this one is missing.")
    if len(lines) > SIGNATURE_LIMIT:
        raise ProofError("note-signatures", f"More than {SIGNATURE_LIMIT} signatures.")
    return text + "\n", [parse_line(line) for line in lines]


def parse_line(line: str) -> Signature:
    """Return the signature that one line holds, not verified; raises as `parse`."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—":
        raise ProofError("note-form", "After the blank line, a line of this note is not a signature.")
    _check_name(name)
    raw = encoding.from_base64(encoded, "A signature")
    if len(raw) < 5:
        raise ProofError("note-form", "A signature in this note is too short.")
    return Signature(name, raw[:4], raw[4:])


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise ProofError("note-form", "A note ends in a newline. The end of this one is missing.")
    if any(letter < " " and letter != "\n" for letter in text):
        raise ProofError("note-control", "A note holds no control characters; this one does.")
    encoding.to_utf8(text, "This note")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise ProofError("key-name", "A key's name is not empty and has no spaces and no plus sign.")
