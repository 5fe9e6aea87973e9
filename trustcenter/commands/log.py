"""verify."""

import argparse
from typing import Any

from audit.proof import __main__ as verifier
from trustcenter.commands import terminal

_VERIFY = """\
  trustcenter verify receipt.jws                       a signed receipt, offline
  trustcenter verify receipt.json                      the proof of one choice
  trustcenter verify log.zip --vkey "$(cat vkey.txt)"  what export-audit wrote, with a key that you had before
  trustcenter verify 5.tlog-proof --entry 5.json --vkey "$(cat vkey.txt)"
      the proof of one entry in the form of other logs (C2SP tlog-proof), and the entry
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
    verify.add_argument(
        "file", nargs="?", metavar="FILE", help="a receipt (.jws), a proof (.json, .tlog-proof), an export (.zip)"
    )
    verify.add_argument("--entry", metavar="FILE", help="the entry that a tlog-proof does not bring itself")
    verify.add_argument("--log", metavar="URL", help="the address of a service, or a folder copied from its /log/")
    verify.add_argument("--compare", nargs=2, metavar="HEAD", help="two heads: signed heads, exports or proofs")
    verify.add_argument("--head", metavar="FILE", help="with --log: a head you kept, which the log must contain")
    verify.add_argument("--vkey", action="append", metavar="VKEY", help="a key of log or receipts that you trust")
    verify.add_argument("--jwks", metavar="FILE", help="its keys, and where they ended: /.well-known/jwks.json, saved")
    verify.add_argument("--policy", metavar="FILE", help="logs and witnesses that you trust (C2SP tlog-policy)")


def _verify(options: argparse.Namespace) -> int:
    """Hand over to the verifier that strangers run: what it says here is what it says there."""
    given = ("log", "head", "policy", "jwks", "entry")
    named = {f"--{name}": getattr(options, name) for name in given}
    chosen = {name: [name, value] for name, value in named.items() if value}
    words = [*chosen.pop("--policy", []), *chosen.pop("--jwks", [])]
    words += [part for vkey in options.vkey or () for part in ("--vkey", vkey)]
    if bool(options.file) + bool(options.compare or options.log) != 1 or (options.compare and options.head):
        terminal.note("Say what to check: FILE, --log URL, or --compare HEAD HEAD. See `trustcenter verify --help`.")
        return 2
    if options.file:
        words = [options.file, *chosen.get("--entry", []), *words]
    elif options.compare:
        words = ["compare", *options.compare, *chosen.get("--log", []), *words]
    else:
        words = ["log", options.log, *chosen.get("--head", []), *words]
    with terminal.progress("Checked") as progress:
        return verifier.main(words, progress)
