"""What a witness judges: C2SP tlog-witness, `add-checkpoint`. Pure: keeping the file and serving is done outside.

old <size of the head I cosigned last>
<base64 hash>…                            the consistency proof from there

<signed head>
"""

import re
from typing import NamedTuple

from . import encoding, merkle, note
from .checkpoint import Checkpoint
from .errors import ProofError

PROOF_LIMIT = 63
"""Hashes in a request: enough for every log that can be."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class Request(NamedTuple):
    """A head to cosign, and the proof that it grew out of the head of size `old`."""

    old: int
    proof: list[bytes]
    signed: str


def make_request(request: Request) -> bytes:
    """Return the body of an `add-checkpoint` request."""
    lines = [f"old {request.old}", *map(encoding.to_base64, request.proof), "", request.signed]
    return "\n".join(lines).encode()


def parse_request(raw: bytes) -> Request:
    """Return what the body of an `add-checkpoint` request asks for.

    Raises:
        ProofError: `request-bad`, `base64-bad`.
    """
    try:
        head, blank, signed = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise ProofError("request-bad", "The request is not text in UTF-8.") from None
    first, *hashes = head.split("\n")
    old = _OLD.fullmatch(first)
    if not old or not blank or len(hashes) > PROOF_LIMIT:
        raise ProofError("request-bad", "A request is the old size, up to 63 hashes, a blank line, and a signed head.")
    return Request(int(old[1]), [encoding.from_base64(each, "The proof") for each in hashes], signed)


def origin(signed: str) -> str:
    """Return the log a head says it is of, before anything of it is believed; raises as `note.parse`."""
    return note.parse(signed)[0].partition("\n")[0]


def judge(request: Request, vkeys: list[str], known: Checkpoint | None) -> Checkpoint:
    """Return the head, if a witness may cosign it.

    Args:
        request: what was asked for.
        vkeys: the keys of the log it says it is of.
        known: the head of that log cosigned last; None if there was none.

    Raises:
        ProofError: `signature-bad` or `signature-unknown` (403), `request-bad` (400), `witness-size` if `old` is
            not the size cosigned last (409); anything else is a head or a proof that does not hold (422).
    """
    head = Checkpoint.parse(note.open_note(request.signed, vkeys))
    if head.origin != origin(request.signed) or any(note.parse_vkey(each).name != head.origin for each in vkeys):
        raise ProofError("signature-unknown", "A key signs for the log it is named after, and for no other.")
    if request.old > head.size:
        raise ProofError("request-bad", "The old size is above that of the head.")
    if request.old != (known.size if known else 0):
        raise ProofError("witness-size", "Another head was cosigned last.")
    if known is None or known.size == 0:
        if request.proof:
            raise ProofError("proof-length", "From an empty log there is nothing to prove.")
    else:
        merkle.verify_consistency(known.size, head.size, request.proof, known.root, head.root)
    return head
