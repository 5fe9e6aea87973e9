"""prune-log."""

import argparse
import time
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.services import prove
from audit.services.pruning import Due
from consent.services import pruning
from trustcenter import access
from trustcenter.commands import terminal

PATIENCE = 10.0  # seconds; a pass of the sealer takes half of one
_EXAMPLES = """\
  LOG_KEEP_DAYS=730 trustcenter prune-log --dry-run    how many entries are that old
  trustcenter prune-log                                take them out, by the policy of LOG_KEEP_DAYS
"""
_ABOUT = """\
Take uses of data out of the log that are older than LOG_KEEP_DAYS. First an entry `log.pruned` declares it; once that
is sealed, the entries go, and there is no way back. The tree stays, so the log and every proof go on to verify. The
worker does the same each night. Safe to stop and to repeat; after a restore it takes out again what came back.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "prune-log",
        _prune,
        short="take uses of data out of the log that are older than the policy keeps them",
        about=_ABOUT,
        examples=_EXAMPLES,
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")


def _prune(options: argparse.Namespace) -> int:
    days, now = settings.LOG_KEEP_DAYS, access.clock()
    if not days:
        return terminal.complain("There is no policy: the log keeps all for ever. LOG_KEEP_DAYS sets one.")
    if options.dry_run:
        terminal.say(_told(pruning.plan(keep_days=days, now=now)))
        return 0
    with terminal.progress("Entries") as progress:
        done = pruning.run(keep_days=days, by=access.operator_actor(), now=now, progress=progress)
        published = done.number is None or _published(done.number)
        gone = done.gone + (pruning.finish(progress=progress) if done.number and published else 0)
    terminal.say(f"Declared: {_told(done.declared)}", f"Gone: {gone:,} entries.")
    if not published:
        terminal.note("Nothing goes before the declaration is sealed. Run this again once the sealer runs.")
    return 0


def _told(due: Due | None) -> str:
    if due is None:
        return "no entry is older than the policy keeps it."
    return f"{due.entries:,} entries recorded before {due.before:%Y-%m-%d %H:%M} UTC, below entry {due.until:,}."


def _published(number: UUID) -> bool:
    until = time.monotonic() + PATIENCE
    while not prove.places([number])[1]:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
