"""create-key, list-keys, revoke-key."""

import argparse
import json
from datetime import datetime
from typing import Any

from consent.rules import durations
from consent.services import keys
from trustcenter import access
from trustcenter.commands import terminal

_CREATE = """\
  trustcenter create-key --recipient mail-engine --scopes decide,consents:read,consents:write
  trustcenter create-key --recipient adpartner --scopes decide --purposes personal_offers \\
      --namespaces email --expires P90D --networks 203.0.113.0/24
      A third party's key is always limited to purposes and namespaces.
  KEY=$(trustcenter create-key --recipient mail-engine --scopes decide)
      Only the key goes to standard output, so a script can keep it.
"""


def add(commands: Any) -> None:
    create = terminal.command(
        commands,
        "create-key",
        _create,
        short="make an API key for a system or partner, shown once",
        examples=_CREATE,
    )
    create.add_argument("--recipient", required=True, metavar="KEY", help="who will use it: a recipient's key")
    create.add_argument("--scopes", required=True, type=terminal.listed, help=f"some of {', '.join(keys.SCOPES)}")
    create.add_argument("--expires", type=_duration, metavar="P90D", help="when it ends (default: never)")
    create.add_argument("--purposes", type=terminal.listed, help="only for these purposes")
    create.add_argument("--namespaces", type=terminal.listed, help="only for identifiers of these namespaces")
    create.add_argument("--networks", type=terminal.listed, default=[], help="only from these, e.g. 10.0.0.0/8")
    create.add_argument("--json", action="store_true", help="print key, prefix, recipient and scopes as JSON")
    terminal.command(commands, "list-keys", _list, short="show every API key and whether it works")
    revoke = terminal.command(
        commands,
        "revoke-key",
        _revoke,
        short="end an API key at once",
        examples="  trustcenter revoke-key 3f9a1c2b7d4e    the prefix is the middle of tc_<prefix>_<secret>\n",
    )
    revoke.add_argument("prefix", metavar="PREFIX", help="as `trustcenter list-keys` shows it")


def _create(options: argparse.Namespace) -> int:
    now = access.clock()
    made = keys.create(
        recipient=options.recipient,
        scopes=options.scopes,
        by=access.operator_actor(),
        now=now,
        expires_at=durations.after(now, options.expires) if options.expires else None,
        purposes=options.purposes,
        namespaces=options.namespaces,
        networks=options.networks,
    )
    row = made.row
    if options.json:
        shown = {"key": made.key, "prefix": row.prefix, "recipient": row.recipient.key, "scopes": row.scopes}
        terminal.say(json.dumps(shown))
        return 0
    terminal.say(made.key)
    terminal.note("Keep it now: it is shown once, and only its fingerprint is stored.")
    terminal.note(f"To end it: trustcenter revoke-key {row.prefix}")
    return 0


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001  every command takes its options
    now = access.clock()
    rows = [
        (row.prefix, row.recipient.key, ",".join(row.scopes), _state(row, now), _day(row.created_at), _day(row.used_on))
        for row in keys.listed()
    ]
    terminal.table(("PREFIX", "RECIPIENT", "SCOPES", "STATE", "MADE", "LAST USED"), rows)
    return 0


def _revoke(options: argparse.Namespace) -> int:
    row = keys.revoke(prefix=options.prefix, by=access.operator_actor(), now=access.clock())
    terminal.say(f"Ended: {row.prefix} of {row.recipient.key}. It is refused from now on.")
    return 0


def _state(row: Any, now: datetime) -> str:
    if row.revoked_at:
        return f"revoked {_day(row.revoked_at)}"
    if row.expires_at is None:
        return "works"
    return f"{'ended' if row.expires_at <= now else 'works until'} {_day(row.expires_at)}"


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "never"


def _duration(text: str) -> str:
    try:
        durations.parse(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    return text
