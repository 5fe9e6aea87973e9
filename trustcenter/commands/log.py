"""export-audit, verify."""

import argparse
import sys
from pathlib import Path
from typing import Any

from audit.proof import __main__ as verifier
from audit.proof import bundle
from audit.proof.errors import ProofError
from consent.services import exports
from trustcenter import access
from trustcenter.commands import remote_log, terminal

_EXPORT = """\
  trustcenter export-audit --output log.json           everything that is sealed
  trustcenter export-audit --from 1000 --to 1999 > part.json
  trustcenter export-audit --disclose --output log.json
      Also what customers and staff wrote. The file then holds personal data (mode 0600).
Anyone can check the file without us: trustcenter verify log.json
"""
_VERIFY = """\
  trustcenter verify receipt.jws                       a signed receipt, offline
  trustcenter verify receipt.json                      the proof of one choice, or what export-audit wrote
  trustcenter verify log.json --vkey "$(cat vkey.txt)" with a key that you had before
  trustcenter verify --log https://consent.example.org the whole public log of a service
Exit codes: 0 it is real, 1 it is not, 2 used wrongly, or it cannot be told: no such file, a key that is missing.
"""


def add(commands: Any) -> None:
    export = terminal.command(
        commands,
        "export-audit",
        _export,
        short="write a stretch of the log as one proof file",
        examples=_EXPORT,
    )
    export.add_argument("--from", dest="first", type=int, metavar="SEQ", help="first entry (default: 0)")
    export.add_argument("--to", dest="last", type=int, metavar="SEQ", help="last entry (default: the newest sealed)")
    export.add_argument("--disclose", action="store_true", help="also the personal data behind the entries")
    export.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    verify = terminal.command(
        commands,
        "verify",
        _verify,
        short="check a receipt, a proof file, or the public log of a service",
        examples=_VERIFY,
    )
    what = verify.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "file", nargs="?", metavar="FILE", help="a signed receipt (.jws), a proof, or what export-audit wrote (.json)"
    )
    what.add_argument("--log", metavar="URL", help="the address of a service")
    verify.add_argument("--vkey", action="append", metavar="VKEY", help="a key of log or receipts that you trust")


def _export(options: argparse.Namespace) -> int:
    with terminal.progress("Entries") as progress:
        proof = exports.run(
            first=options.first,
            last=options.last,
            disclose=options.disclose,
            by=access.operator_actor(),
            now=access.clock(),
            progress=progress,
        )
    written = bundle.dumps(proof)
    if options.output is None:
        sys.stdout.buffer.write(written)  # and not a byte more: a proof file has one spelling
        return 0
    terminal.write_private(options.output, written)
    terminal.say(
        f"{len(proof['entries']):,} entries in {options.output}. To check: trustcenter verify {options.output}"
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    pinned = [part for vkey in options.vkey or () for part in ("--vkey", vkey)]
    if options.file:
        return verifier.main([options.file, *pinned])
    try:
        with terminal.progress("Tiles") as progress:
            found = remote_log.verify(options.log, options.vkey, progress)
    except ProofError as problem:
        return terminal.complain("This log does NOT hold. Do not rely on it.", f"{problem} ({problem.code})")
    except OSError as problem:
        return terminal.complain(f"Cannot read the log at {options.log}: {problem}")
    terminal.say(f"Log {found.origin} holds: {found.size:,} entries give the root that was signed, {found.root.hex()}.")
    if not options.vkey:
        terminal.say(
            "Its key came from the service itself, and is trusted on first use. Keep it, and next time pin it:",
            *(f"  --vkey {vkey}" for vkey in found.vkeys),
        )
    return 0
