"""export-audit."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.proof import export
from audit.proof.errors import ProofError
from consent.rules import entries as rules
from consent.rules import moments
from consent.services import exports
from consent.services.entries import Wanted
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.commands import terminal

_EXAMPLES = """\
  trustcenter export-audit --output log.zip            everything that is sealed: proves that nothing is left out
  trustcenter export-audit --from 1000 --to 1999 --output part.zip
  trustcenter export-audit --customer customer C-1001 --output one.zip
      Chosen entries: proves that these are in the log, not that these are all.
  trustcenter export-audit --actor staff --action evidence. --since 2026-05-01T00:00:00Z --output staff.zip
      What staff looked at and carried away since then. The console and the API search by the same words.
  trustcenter export-audit --disclose --output log.zip
      Also what customers and staff wrote. The file then holds personal data (mode 0600).
  trustcenter export-audit --earlier kept.txt --output log.zip
      For a reader who kept a head (/log/checkpoint): also proves that the log grew out of that.
Anyone can check the file without us: python3 verify.py log.zip; verify.py is inside.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "export-audit",
        _export,
        short="write entries of the log, with all it takes to check them, as one zip file",
        examples=_EXAMPLES,
    )
    parser.add_argument("--from", dest="first", type=int, metavar="SEQ", default=0, help="first entry (default: 0)")
    parser.add_argument("--to", dest="last", type=int, metavar="SEQ", help="last entry (default: the newest sealed)")
    parser.add_argument("--customer", nargs=2, metavar=("NAMESPACE", "ID"), help="only entries about this customer")
    for name, (_, told) in rules.PARTS.items():
        parser.add_argument(f"--{name}", type=terminal.listed, metavar="A,B", default=[], help=told)
    parser.add_argument("--since", type=_moment, metavar="MOMENT", help="only entries from then on (RFC 3339)")
    parser.add_argument("--before", type=_moment, metavar="MOMENT", help="only entries before then")
    parser.add_argument("--disclose", action="store_true", help="also the personal data behind the entries")
    parser.add_argument("--earlier", type=Path, metavar="FILE", help="a signed head that the reader kept")
    parser.add_argument("--output", type=Path, metavar="FILE", required=True, help="where to write it")


def _export(options: argparse.Namespace) -> int:
    ready = exports.run(
        wanted=_wanted(options),
        found=_found(options),
        by=access.operator_actor(),
        now=access.clock(),
    )
    try:
        with terminal.private_bytes(options.output) as file:
            with terminal.progress("Entries") as progress:
                count = ready.write(file, progress)
            # Nobody is handed a proof that does not hold.
            with terminal.progress("Checked") as progress:
                found = export.verify(file, ready.keys, progress)
    except ProofError as problem:
        return terminal.complain(f"What is stored does not prove what was signed: {problem} ({problem.code})")
    terminal.say(f"{count:,} entries in {options.output}: {export.ALL if found.complete else export.IN}.")
    terminal.say(f"To check: trustcenter verify {options.output}")
    return 0


def _wanted(options: argparse.Namespace) -> exports.Wanted:
    return exports.Wanted(
        first=options.first,
        last=options.last,
        disclose=options.disclose,
        earlier=options.earlier.read_text("utf-8", "replace") if options.earlier else "",
    )


def _found(options: argparse.Namespace) -> Wanted:
    sent = {name: getattr(options, name) for name in rules.PARTS}
    chosen = rules.chosen(sent, since=options.since, before=options.before)
    return Wanted(chosen, Handle(*options.customer) if options.customer else None)


def _moment(text: str) -> datetime:
    try:
        return moments.moment(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
