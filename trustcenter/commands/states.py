"""count, rebuild-state."""

import argparse
import json
from datetime import datetime
from typing import Any

from consent.errors import Field, Invalid
from consent.rules import moments
from consent.services import counts, rebuild
from consent.services.counts import Count
from consent.services.rebuild import Difference
from trustcenter import access
from trustcenter.commands import terminal

_COUNT = """\
  trustcenter count
  trustcenter count --as-of 2026-05-01T00:00:00Z
  trustcenter count --as-of 2026-05-01T00:00:00Z --json > counts.json
"""
_REBUILD = """\
  trustcenter rebuild-state --check      exit code 1 when any answer differs
  trustcenter rebuild-state              put right what differs
"""
_ABOUT = """\
Compare the current answer of every customer with what they said, and make it that where it differs. Each answer that is
put right leaves a fact in the log. Works while the service runs: one customer waits at a time, for a moment.
"""


def add(commands: Any) -> None:
    count = terminal.command(
        commands, "count", _count, short="how many customers stand where, now or at a past moment", examples=_COUNT
    )
    count.add_argument("--as-of", metavar="MOMENT", help="a past moment (RFC 3339), from all that was recorded by then")
    count.add_argument("--json", action="store_true", help="for a program")
    repair = terminal.command(
        commands,
        "rebuild-state",
        _rebuild,
        short="prove that every answer is what was said, or make it so",
        about=_ABOUT,
        examples=_REBUILD,
    )
    repair.add_argument("--check", action="store_true", help="change nothing, only tell")


def _count(options: argparse.Namespace) -> int:
    now = access.clock()
    moment = _past(options.as_of, now) if options.as_of else None
    with terminal.progress("Customers") as progress:
        found = counts.read(moment=moment, now=now, progress=progress)
    if options.json:
        terminal.say(json.dumps({"as_of": (moment or now).isoformat(), "purposes": [_row(row) for row in found]}))
    else:
        _table(found)
    return 0


def _past(text: str, now: datetime) -> datetime:
    try:
        found = moments.moment(text)
    except ValueError as problem:
        raise Invalid(Field("/as_of", "format", str(problem))) from None
    if found > now:
        raise Invalid(Field("/as_of", "format", "This moment has not come yet."))
    return found


def _row(row: Count) -> dict[str, Any]:
    return {
        "purpose": row.purpose.key,
        "version": row.version.number,
        "customers": row.customers,
        "permitted": row.permitted,
        "statuses": row.statuses,
    }


def _table(found: list[Count]) -> None:
    names = sorted({name for row in found for name in row.statuses})
    head = ["purpose", "version", "customers", "permitted", *names]
    rows = [
        [row.purpose.key, str(row.version.number), f"{row.customers:,}", f"{row.permitted:,}"]
        + [f"{row.statuses.get(name, 0):,}" for name in names]
        for row in found
    ]
    terminal.table(head, rows)


def _rebuild(options: argparse.Namespace) -> int:
    with terminal.progress("Customers") as progress:
        report = rebuild.run(
            check=options.check,
            by=access.operator_actor(),
            now=access.clock(),
            found=_tell,
            progress=progress,
        )
    terminal.say(f"{report.answers:,} answers of {report.customers:,} customers: {report.differences:,} differed.")
    if options.check and report.differences:
        return terminal.complain("To put them right: trustcenter rebuild-state")
    return 0


def _tell(difference: Difference) -> None:
    terminal.say(f"{difference.subject} {difference.purpose}: {', '.join(difference.members)}")
