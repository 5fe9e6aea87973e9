"""seal, recover-log."""

import argparse
import signal
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections

from audit.services import seal
from audit.services.refusals import Refused
from audit.services.turn import Turn
from consent.services import recovery
from trustcenter import access, processes
from trustcenter.commands import signing, terminal, witnesses

_RECOVER = """\
  trustcenter recover-log clock
      The clock was ahead, is right now, and heads may carry earlier times again.
  trustcenter recover-log mark
      The mark in TRUST_OUTSIDE_DIR is lost, and the database is known to be the newest there is.
  LOG_ORIGIN=park.example/log/2 trustcenter recover-log new-origin --because restored
      Entries that were published are lost for good: the old log ends, and the new one says what is missing.
"""
_ABOUT = """\
Let the log go on after the sealer refused to sign; `trustcenter doctor` says why it does. What is decided here stands
in the log for ever. Stop `trustcenter serve` first.
"""


def add(commands: Any) -> None:
    sealer = terminal.command(
        commands,
        "seal",
        _seal,
        short="grow and sign the log, again and again",
        about=(
            "The sealer, which signs receipts too. `serve` runs it; by hand only where web and worker run apart.\n"
            "One seals, any number more stand by."
        ),
        examples="  trustcenter seal\n  trustcenter seal --once      seal what waits, then end\n",
    )
    sealer.add_argument("--once", action="store_true", help="seal what waits, then end")
    recover = terminal.command(
        commands,
        "recover-log",
        _recover,
        short="go on after the sealer refused to sign",
        about=_ABOUT,
        examples=_RECOVER,
    )
    recover.add_argument("what", choices=["clock", "mark", "new-origin"], help="what you decide")
    recover.add_argument("--because", choices=recovery.CAUSES, help="why the old log ends; for new-origin")


def _seal(options: argparse.Namespace) -> int:
    if options.once:
        return _once()
    processes.end_with_parent()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    Sealer(stop).run()
    return 0


def _once() -> int:
    taken = 0
    try:
        while done := seal.seal(now=access.clock()).taken:
            taken += done
    except Refused as problem:
        return terminal.complain(f"Nothing more is signed. {problem}", problem.mending)
    signing.all_waiting()
    terminal.say(f"Sealed {taken:,} entries.")
    return 0


class Sealer:
    """Seals twice a second until told to stop, or stands by until it is its turn."""

    def __init__(self, stop: threading.Event) -> None:
        self.log = structlog.get_logger("sealer")
        self.stop, self.turn = stop, Turn()
        self.active: bool | None = None
        self.refusal = ""
        self.signer: threading.Thread | None = None

    def run(self) -> None:
        """Until told to stop. Receipts are signed, and witnesses asked, by whoever seals."""
        while not self.stop.is_set():
            begun = time.monotonic()
            if self._pass() < seal.BATCH:
                self.stop.wait(max(0.0, begun + settings.SEAL_EVERY - time.monotonic()))
        self.turn.end()
        if self.signer:
            self.signer.join()

    def _pass(self) -> int:
        """One pass; how many entries it took. A database that is away for a moment is no reason to end."""
        try:
            self._look_whose_turn()
            done = seal.seal(now=access.clock()) if self.active else seal.Sealed(0, 0)
        except Refused as problem:
            self._refuse(problem)
            return 0
        except OperationalError as problem:
            self.log.warning("database away", problem=str(problem))
            close_old_connections()
            return 0
        self.refusal = ""
        if done.taken:
            self.log.info("sealed", taken=done.taken, size=done.size)
        return done.taken

    def _look_whose_turn(self) -> None:
        before, self.active = self.active, self.turn.mine()
        if self.active != before:
            self.log.info("sealing" if self.active else "standing by", every=settings.SEAL_EVERY)
        if self.active and self.signer is None:
            self.signer = threading.Thread(target=signing.until, args=(self.stop,), name="receipts")
            self.signer.start()
            # A witness may take half a minute to answer; nobody waits for that when we are told to end.
            threading.Thread(target=witnesses.until, args=(self.stop,), name="witnesses", daemon=True).start()

    def _refuse(self, problem: Refused) -> None:
        """Once for each trouble: it is tried again at each pass, and /health/ready and /metrics say that it lasts."""
        if self.refusal != problem.code:
            self.log.error("nothing is signed", code=problem.code, problem=str(problem), mending=problem.mending)
        self.refusal = problem.code


def _recover(options: argparse.Namespace) -> int:
    by, now = access.operator_actor(), access.clock()
    if (options.what == "new-origin") != bool(options.because):
        terminal.complain("new-origin needs --because, and only new-origin.")
        return 2
    try:
        if options.what == "clock":
            recovery.accept_clock(by=by, now=now)
            terminal.say("The log is signed on from now.")
        elif options.what == "mark":
            recovery.accept_database(by=by, now=now)
            terminal.say("The mark was made anew from the database.")
        else:
            place = recovery.new_log(because=options.because, by=by, now=now)
            terminal.say(
                f"The log is called {settings.LOG_ORIGIN} from now on. Entry {place:,} says how the old one ended.",
                "Keep LOG_ORIGIN so for all processes, and tell those who pinned the old name and key.",
            )
    except Refused as problem:
        return terminal.complain(str(problem), problem.mending)
    return 0
