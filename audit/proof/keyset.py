"""The keys of a house with where each of them ended, as `/.well-known/jwks.json` gives them (RFC 7517).

    {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": …, "tc:vkey": <the key as a C2SP vkey>, "tc:until": 1000, …}, …]}

`tc:until` is a size of the log. The log's key signed no larger head; a receipt key vouches for no entry from that place
on. So whoever holds a key that was stolen can sign what they like: the place of the entry gives it away.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import canonical, encoding, note, receipt, shape
from .checkpoint import Checkpoint
from .errors import ProofError


@dataclass(frozen=True)
class KeySet:
    """Keys, and for those that ended at which size of the log, both as vkeys."""

    vkeys: Sequence[str] = ()
    ends: Mapping[str, int] = field(default_factory=dict)

    def check_head(self, signed: str) -> None:
        """Return unless a signed head bears no other known signature than those of keys that ended before it.

        Raises:
            ProofError: `key-ended`.
        """
        text, signatures = note.parse(signed)
        size, names = Checkpoint.parse(text).size, {each[:2] for each in signatures}
        signers = [each for each in self.vkeys if note.parse_vkey(each)[:2] in names]
        if signers and all(self.ends.get(each, size) < size for each in signers):
            raise ProofError("key-ended", "The key of this head ended when the log was smaller. Who signed it then?")

    def check_receipt(self, report: receipt.Report) -> None:
        """Return unless the key of a receipt, and of the head in it, ended before the entry that it is about.

        Raises:
            ProofError: `key-ended`.
        """
        self.check_head(report.signed)
        if report.entry.index >= self.ends.get(report.vkey, report.size):
            raise ProofError(
                "key-ended", "The key of this receipt ended before its entry was made. Who signed it then?"
            )


def parse(raw: bytes) -> KeySet:
    """Return the keys in a file.

    Raises:
        ProofError: `jwks-bad` if it is no set of keys of ours; `vkey-bad`, `key-name`, `base64-bad`; `bundle-*` for a
            member of another type.
    """
    try:
        doc = shape.an_object(json.loads(raw.decode("utf-8"), object_pairs_hook=canonical.unique), "the key set")
    except ProofError:
        raise
    except (ValueError, RecursionError):
        raise ProofError("jwks-bad", "This is not a set of keys as /.well-known/jwks.json gives it.") from None
    rows = [shape.an_object(each, "keys") for each in shape.items(doc, "keys")]
    vkeys = [_vkey(each) for each in rows]
    if len(set(vkeys)) != len(vkeys):
        raise ProofError("jwks-bad", "A key is there twice in this set.")
    ends = {vkey: row for vkey, row in zip(vkeys, rows, strict=True) if "tc:until" in row}
    return KeySet(vkeys, {vkey: shape.number(row, "tc:until") for vkey, row in ends.items()})


def _vkey(row: dict[str, Any]) -> str:
    found = shape.text(row, "tc:vkey")
    if encoding.to_base64url(note.parse_vkey(found).public_key) != shape.text(row, "x"):
        raise ProofError("jwks-bad", "A key in this set has two different spellings.")
    return found
