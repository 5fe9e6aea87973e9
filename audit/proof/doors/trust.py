"""Which keys to believe, from the command line: keys, a policy, or those the file brings."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import keyset, note, policy
from ..keyset import KeySet
from .speech import plain


@dataclass(frozen=True)
class Trust:
    """The keys to believe, None for those that come along; the policy to hold heads against; where keys ended."""

    vkeys: list[str] | None
    policy: policy.Policy | None
    known: KeySet = field(default_factory=KeySet)

    def sentences(self, signed: str) -> Iterator[str]:
        """Say which witnesses have seen this head; raises as `KeySet.check_head` and `Policy.check`."""
        self.known.check_head(signed)
        if self.policy:
            seen = ", ".join(plain(each.name) for each in self.policy.check(signed)) or "none, and none was asked for"
            yield f"Witnesses of your policy that have seen this head: {seen}."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say whom to believe."""
    parser.add_argument("--vkey", action="append", metavar="VKEY", help="a key of the log that you trust")
    parser.add_argument("--jwks", metavar="FILE", help="its keys, and where they ended: /.well-known/jwks.json, saved")
    parser.add_argument("--policy", metavar="FILE", help="logs and witnesses that you trust (C2SP tlog-policy)")


def read(options: argparse.Namespace) -> Trust:
    """Return what the options say; each key is read once, since a misspelt one says nothing about the file.

    Raises:
        ProofError: as `note.parse_vkey`, `policy.parse` and `keyset.parse`; OSError for a file that cannot be read.
    """
    known = keyset.parse(Path(options.jwks).read_bytes()) if options.jwks else KeySet()
    given = policy.parse(Path(options.policy).read_bytes()) if options.policy else None
    vkeys: Sequence[str] = [*(options.vkey or ()), *(given.logs if given else ()), *known.vkeys]
    for each in vkeys:
        note.parse_vkey(each)
    return Trust(list(vkeys) or None, given, known)
