"""What a witness says of a head: C2SP tlog-cosignature, `cosignature/v1` with Ed25519.

"As of this time, the largest consistent head of this log that I have seen is this one." It is a line below the signed
head, like the log's own signature, and holds the time besides:

    — <witness name> base64(4-byte key id || 8-byte time || Ed25519 signature)
"""

from . import ed25519, encoding, note
from .errors import ProofError
from .note import Signer, VKey

KIND = b"\x04"
"""The kind of a witness's key, so that it cannot pose as the key of a log."""
_TIME_LIMIT = 2**63


def vkey(name: str, public_key: bytes) -> str:
    """Return the text in which a witness hands out its public key; raises as `note.vkey`."""
    return note.vkey(name, public_key, KIND)


def parse_vkey(text: str) -> VKey:
    """Return the key of a witness; raises as `note.parse_vkey`."""
    return note.parse_vkey(text, KIND)


def sign(text: str, key: VKey, signer: Signer, *, time: int) -> str:
    """Return the line in which a witness cosigns a head.

    Args:
        text: the opened text of the head.
        key: the witness's public key.
        signer: signs with its private half.
        time: seconds since 1970, UTC.

    Raises:
        ProofError: `signature-bad` if the signer does not belong to the key.
    """
    signature = signer(_message(text, time))
    raw = key.key_id + time.to_bytes(8, "big") + signature
    line = f"— {key.name} {encoding.to_base64(raw)}\n"
    check(text, line, key)
    return line


def check(text: str, line: str, key: VKey) -> int:
    """Return the time at which `key` cosigned the head `text`, by this line.

    Raises:
        ProofError: `signature-unknown` if the line is another key's; `signature-bad`; as `note.parse_line`.
    """
    signature = note.parse_line(line.removesuffix("\n"))
    if signature[:2] != key[:2]:
        raise ProofError("signature-unknown", "This line is not by that witness.")
    return _verify(text, signature, key)


def times(signed: str, key: VKey) -> list[int]:
    """Return the times at which `key` cosigned a signed head: none, if no line of it is by that witness.

    Raises:
        ProofError: `signature-bad` if a line says it is by that witness, and is not; as `note.parse`.
    """
    text, signatures = note.parse(signed)
    return [_verify(text, each, key) for each in signatures if each[:2] == key[:2]]


def _verify(text: str, signature: note.Signature, key: VKey) -> int:
    time, raw = int.from_bytes(signature.signature[:8], "big"), signature.signature[8:]
    if not 0 < time < _TIME_LIMIT or not ed25519.verify(key.public_key, _message(text, time), raw):
        raise ProofError("signature-bad", f"The cosignature of {ascii(key.name)[:80]} is not over this head.")
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
