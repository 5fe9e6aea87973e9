"""rotate-keys."""

import argparse
from typing import Any

from django.conf import settings

from audit import keys
from consent.services import rotation
from trustcenter import access
from trustcenter.commands import terminal

_ABOUT = """\
A new key for the log, without a moment in which a verifier is lost. First both sign: who pinned the old key goes on,
and learns of the new one from the log (an entry `log.key_rotated`), /log/vkeys and JWKS. Some weeks later --finish ends
the old one. Restart `trustcenter serve` after each step, so that the sealer reads its keys anew.
"""
_EXAMPLES = """\
  trustcenter rotate-keys             make the next key, and let both sign
  trustcenter rotate-keys --finish    the old one signs no more
Is the old key in other hands? Then it must not sign on: see docs/operate.md, When nothing is signed.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands, "rotate-keys", _rotate, short="a new key for the log, with overlap", about=_ABOUT, examples=_EXAMPLES
    )
    parser.add_argument("--finish", action="store_true", help="end the old key")


def _rotate(options: argparse.Namespace) -> int:
    by, now = access.operator_actor(), access.clock()
    if options.finish:
        terminal.say(f"No longer signs: {rotation.finish(by=by, now=now)}")
        if settings.SIGNER or "log:" in settings.TRUST_KEYS:
            terminal.note("Now let TRUST_KEYS or TRUST_SIGNER give the next key under the name “log”.")
    else:
        keys.make_next()
        terminal.say(rotation.begin(by=by, now=now))
        terminal.note("Hand this vkey to those who pinned the old one.")
    terminal.note("Restart `trustcenter serve`.")
    return 0
