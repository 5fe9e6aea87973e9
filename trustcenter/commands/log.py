"""verify, seal."""

import argparse
import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections

from audit.proof import __main__ as verifier
from audit.services import seal
from trustcenter import access, processes
from trustcenter.commands import signing, terminal, witnesses

_VERIFY = """\
  trustcenter verify receipt.jws                       a signed receipt, offline
  trustcenter verify receipt.json                      the proof of one choice
  trustcenter verify log.zip --vkey "$(cat vkey.txt)"  what export-audit wrote, with a key that you had before
  trustcenter verify log.zip --policy policy.txt       witnesses must have seen its head, too
  trustcenter verify --log https://consent.example.org the whole public log of a service
  trustcenter verify --log https://consent.example.org --head kept.txt    and that it grew out of a head you kept
  trustcenter verify --compare one.zip other.zip --log https://consent.example.org
Exit codes: 0 it is real, 1 it is not, 2 used wrongly, or it cannot be told: no such file, a key that is missing.
"""


def add(commands: Any) -> None:
    verify = terminal.command(
        commands,
        "verify",
        _verify,
        short="check a receipt, a proof, an export, two heads, or the public log of a service",
        examples=_VERIFY,
    )
    verify.add_argument("file", nargs="?", metavar="FILE", help="a receipt (.jws), a proof (.json), an export (.zip)")
    verify.add_argument("--log", metavar="URL", help="the address of a service, or a folder copied from its /log/")
    verify.add_argument("--compare", nargs=2, metavar="HEAD", help="two heads: signed heads, exports or proofs")
    verify.add_argument("--head", metavar="FILE", help="with --log: a head you kept, which the log must contain")
    verify.add_argument("--vkey", action="append", metavar="VKEY", help="a key of log or receipts that you trust")
    verify.add_argument("--policy", metavar="FILE", help="logs and witnesses that you trust (C2SP tlog-policy)")
    sealer = terminal.command(
        commands,
        "seal",
        _seal,
        short="grow and sign the log, again and again",
        about="The sealer, which signs receipts too. `serve` runs it; by hand only where web and worker run apart.",
        examples="  trustcenter seal\n  trustcenter seal --once      seal what waits, then end\n",
    )
    sealer.add_argument("--once", action="store_true", help="seal what waits, then end")


def _verify(options: argparse.Namespace) -> int:
    """Hand over to the verifier that strangers run: what it says here is what it says there."""
    named = {"--log": options.log, "--head": options.head, "--policy": options.policy}
    chosen = {name: [name, value] for name, value in named.items() if value}
    words = [*chosen.pop("--policy", []), *(part for vkey in options.vkey or () for part in ("--vkey", vkey))]
    if bool(options.file) + bool(options.compare or options.log) != 1 or (options.compare and options.head):
        terminal.note("Say what to check: FILE, --log URL, or --compare HEAD HEAD. See `trustcenter verify --help`.")
        return 2
    if options.file:
        words = [options.file, *words]
    elif options.compare:
        words = ["compare", *options.compare, *chosen.get("--log", []), *words]
    else:
        words = ["log", options.log, *chosen.get("--head", []), *words]
    with terminal.progress("Checked") as progress:
        return verifier.main(words, progress)


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
    # A witness may take half a minute to answer; nobody waits for that when we are told to end.
    threading.Thread(target=witnesses.until, args=(stop,), name="witnesses", daemon=True).start()
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
