"""erase, reapply-erasures."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audit.proof import export
from audit.proof.errors import ProofError
from audit.services import prove
from consent.errors import Conflict
from consent.services import erasures
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.commands import terminal

_ERASE = """\
  trustcenter erase customer C-1001 --why withdrawn
"""
_ABOUT = """\
Destroy all that is personal of one customer, with every record that is joined to theirs: identifiers, evidence, scans,
receipts, sessions, and the secret that opens them. There is no way back. The log still verifies, and no import can
bring them back."""
_REAPPLY = """\
  trustcenter reapply-erasures
  trustcenter reapply-erasures --log log.zip    also those told of in what export-audit wrote before
      For when the record of erasures ($TRUST_OUTSIDE_DIR/erasures.log) was lost together with the database.
"""
_AGAIN = """\
After a restore: people who were erased since the backup was made came back with it. This erases them again, by the
record that is kept outside the database. Until then `serve` does not start. Safe to repeat."""


def add(commands: Any) -> None:
    one = terminal.command(
        commands, "erase", _erase, short="erase one customer for good", about=_ABOUT, examples=_ERASE
    )
    one.add_argument("namespace", metavar="NAMESPACE", help="of the identifier, e.g. customer or email")
    one.add_argument("id", metavar="ID")
    one.add_argument("--why", choices=erasures.WHY, required=True, help="GDPR Art. 17(1)(a) to (f), in this order")
    again = terminal.command(
        commands,
        "reapply-erasures",
        _reapply,
        short="erase again whom a restored backup brought back",
        about=_AGAIN,
        examples=_REAPPLY,
    )
    again.add_argument("--log", type=Path, metavar="FILE", help="what export-audit wrote")


def _erase(options: argparse.Namespace) -> int:
    done = erasures.erase(
        subject=Handle(options.namespace, options.id),
        why=options.why,
        by=access.operator_actor(),
        now=access.clock(),
    )
    terminal.say(
        f"Erased: {done.records:,} records, {done.identifiers:,} identifiers, {done.payloads:,} payloads, "
        f"{done.receipts:,} receipts, {done.scans:,} scans. The entry that tells of it: {done.number}"
    )
    return 0


def _reapply(options: argparse.Namespace) -> int:
    published = _leaves(options.log) if options.log else ()
    with terminal.progress("Customers") as progress:
        done = erasures.reapply(published=published, by=access.operator_actor(), now=access.clock(), progress=progress)
    terminal.say(f"{done.erased:,} customers erased again; {done.learned:,} erasures added to the record.")
    return 0


def _leaves(path: Path) -> Sequence[Mapping[str, Any]]:
    """The entries of an export that tell of an erasure, once our own keys prove it. Raises Conflict."""
    with path.open("rb") as file:
        try:
            export.verify(file, prove.vkeys())
        except ProofError as problem:
            raise Conflict(f"{path} does not prove that it is our log: {problem}") from None
        return [leaf for leaf in export.leaves(file) if leaf["action"] == erasures.ACTION]
