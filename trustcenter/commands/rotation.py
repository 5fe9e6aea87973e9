"""rotate-keys."""

import argparse
from typing import Any

from django.conf import settings

from audit import keys
from consent.rules import moments
from consent.services import rotation
from trustcenter import access
from trustcenter.commands import terminal

_ABOUT = """\
A new key for the log, without a moment in which a verifier is lost. First both sign: who pinned the old key goes on,
and learns of the new one from the log (an entry `log.key_rotated`), /log/vkeys and JWKS. Some weeks later --finish ends
the old one. Restart `trustcenter serve` after each step, so that the sealer reads its keys anew.
With --receipts the same for the key of receipts: the new one is published, and signs once the old one has ended.
"""
_EXAMPLES = """\
  trustcenter rotate-keys                        make the next key, and let both sign
  trustcenter rotate-keys --finish               the old one signs no more
  trustcenter rotate-keys --receipts             publish the next key of receipts
  trustcenter rotate-keys --receipts --finish    it signs from now on
  trustcenter rotate-keys --receipts --compromised --since 2026-11-20T08:00:00Z
      The receipt key is in other hands since then. It ends at once; what it signs of later entries is refused.
  trustcenter rotate-keys --receipts --compromised --since 2026-02-03T00:00:00Z --key 'park.example/log/receipts+…'
      The same of a key that ended since: it is believed up to that moment only, and no longer up to its end.
Is the log's key in other hands? Then it must not sign on: see docs/operate.md, When nothing is signed.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands, "rotate-keys", _rotate, short="a new key, with overlap", about=_ABOUT, examples=_EXAMPLES
    )
    parser.add_argument("--receipts", action="store_true", help="the key of receipts instead of the log's")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--finish", action="store_true", help="end the old key")
    how.add_argument("--compromised", action="store_true", help="with --receipts: a key is in other hands")
    parser.add_argument("--since", type=_moment, metavar="MOMENT", help="since when it is (RFC 3339); default: now")
    parser.add_argument("--key", metavar="VKEY", help="one that ended already; default: the one that signs")


def _rotate(options: argparse.Namespace) -> int:
    by, now, name = access.operator_actor(), access.clock(), rotation.RECEIPT if options.receipts else rotation.LOG
    if lacking := _lacking(options):
        terminal.complain(lacking)
        return 2
    if options.key:
        place = rotation.disown(vkey=options.key, since=options.since, by=by, now=now)
        terminal.say(f"Believed of entries before {place} only: {options.key}")
        return 0
    if options.finish:
        _ended(name, rotation.finish(name=name, by=by, now=now))
    elif options.compromised:
        keys.make_next(name)
        _ended(name, rotation.revoke(since=options.since or now, by=by, now=now))
    else:
        keys.make_next(name)
        terminal.say(rotation.begin(name=name, by=by, now=now))
        terminal.note("Hand this vkey to those who pinned the old one.")
    terminal.note("Restart `trustcenter serve`.")
    return 0


def _lacking(options: argparse.Namespace) -> str:
    if (options.compromised and not options.receipts) or (options.since and not options.compromised):
        return "--compromised needs --receipts, and --since needs --compromised."
    return "--key needs --since." if options.key and not options.since else ""


def _ended(name: str, old: str) -> None:
    terminal.say(f"No longer signs: {old}")
    if settings.SIGNER or f"{name}:" in settings.TRUST_KEYS:
        terminal.note(f"Now let TRUST_KEYS or TRUST_SIGNER give the next key under the name “{name}”.")


def _moment(text: str) -> Any:
    try:
        return moments.moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a moment such as 2026-05-01T00:00:00Z") from None
