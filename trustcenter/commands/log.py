"""export-audit, verify, seal."""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections

from audit.proof import __main__ as verifier
from audit.proof import bundle
from audit.proof.errors import ProofError
from audit.services import seal
from consent.services import exports
from trustcenter import access, processes
from trustcenter.commands import remote_log, signing, terminal

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
    sealer = terminal.command(
        commands,
        "seal",
        _seal,
        short="grow and sign the log, again and again",
        about="The sealer, which signs receipts too. `serve` runs it; by hand only where web and worker run apart.",
        examples="  trustcenter seal\n  trustcenter seal --once      seal what waits, then end\n",
    )
    sealer.add_argument("--once", action="store_true", help="seal what waits, then end")


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


def _seal(options: argparse.Namespace) -> int:
    if options.once:
        taken = 0
        while done := seal.seal(now=access.clock()).taken:
            taken += done
        signing.all_waiting()
        terminal.say(f"Sealed {taken:,} entries.")
        return 0
    processes.end_with_parent()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    log = structlog.get_logger("sealer")
    log.info("sealing", every=settings.SEAL_EVERY)
    signer = threading.Thread(target=signing.until, args=(stop,), name="receipts")
    signer.start()
    while not stop.is_set():
        if not _pass(log):
            stop.wait(settings.SEAL_EVERY)
    signer.join()
    return 0


def _pass(log: Any) -> int:
    """One pass; how many entries it took. A database that is away for a moment is no reason to end."""
    try:
        done = seal.seal(now=access.clock())
    except OperationalError as problem:
        log.warning("database away", problem=str(problem))
        close_old_connections()
        return 0
    if done.taken:
        log.info("sealed", taken=done.taken, size=done.size)
    return done.taken
