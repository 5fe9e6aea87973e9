"""The keys of a house with where each of them began and ended, as `/.well-known/jwks.json` gives them (RFC 7517).

    {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": …, "tc:vkey": <the key as a C2SP vkey>,
               "tc:since": 400, "tc:until": 1000, …}, …]}

Both are sizes of the log, and absent where there is no bound. A key of the log signs heads of more than `tc:since` and
at most `tc:until` entries; a receipt key vouches for entries from place `tc:since` on and before `tc:until`. So whoever
holds a key that was stolen can sign what they like: the place of the entry gives it away.
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
    """Keys as vkeys; for those that did not sign from the beginning, or ended, at which size of the log that was."""

    vkeys: Sequence[str] = ()
    begins: Mapping[str, int] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)

    def check_head(self, signed: str) -> None:
        """Return unless a signed head bears no other known signature than those of keys that ended before it, or
        began after it.

        Raises:
            ProofError: `key-ended`, `key-early`.
        """
        text, signatures = note.parse(signed)
        size, names = Checkpoint.parse(text).size, {each[:2] for each in signatures}
        signers = [each for each in self.vkeys if note.parse_vkey(each)[:2] in names]
        begun = [each for each in signers if each not in self.begins or self.begins[each] < size]
        if signers and not begun:
            raise ProofError("key-early", "The key of this head began when the log was larger. Who signed it then?")
        if signers and all(self.ends.get(each, size) < size for each in begun):
            raise ProofError("key-ended", "The key of this head ended when the log was smaller. Who signed it then?")

    def check_receipt(self, report: receipt.Report) -> None:
        """Return unless the key of a receipt, and of the head in it, ended before the entry that it is about, or began
        after it.

        Raises:
            ProofError: `key-ended`, `key-early`.
        """
        self.check_head(report.signed)
        place = report.entry.index
        if place < self.begins.get(report.vkey, 0):
            raise ProofError("key-early", f"The key of this receipt signs for later entries only. {self._left(report)}")
        if place >= self.ends.get(report.vkey, report.size):
            raise ProofError(
                "key-ended", f"The key of this receipt ended before its entry was made. {self._left(report)}"
            )

    def _left(self, report: receipt.Report) -> str:
        """What is proven all the same: the entry, where the key of its log is known and not only carried along."""
        if all(note.parse_vkey(each).name != report.origin for each in self.vkeys):
            return "Who signed it then?"
        return "Who signed it then? Its entry is in the log; what the receipt says beside it is not proven."


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
    return KeySet(vkeys, _sizes(vkeys, rows, "tc:since"), _sizes(vkeys, rows, "tc:until"))


def _sizes(vkeys: Sequence[str], rows: Sequence[dict[str, Any]], name: str) -> dict[str, int]:
    return {vkey: shape.number(row, name) for vkey, row in zip(vkeys, rows, strict=True) if name in row}


def _vkey(row: dict[str, Any]) -> str:
    found = shape.text(row, "tc:vkey")
    if encoding.to_base64url(note.parse_vkey(found).public_key) != shape.text(row, "x"):
        raise ProofError("jwks-bad", "A key in this set has two different spellings.")
    return found
