"""The offline verifier, and the witness: `python -m audit.proof FILE`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from . import doors
from .doors import files, heads, speech, trust, witness
from .errors import ProofError

_ABOUT = "Check a TrustCenter receipt or audit export, on this computer, without asking anyone."
_EXAMPLES = """\
examples:
  {0} receipt.jws
      Check one receipt with the key that came in it. This shows that nothing in it was changed
      since it was signed; it cannot show who signed it.
  {0} export.zip --vkey log.example+0b9ef1d2+AWJ...
      Check with a key you have from the organisation itself (its /log/vkeys page, a letter, an
      earlier proof). Now it also shows who signed it. Repeat --vkey for several keys:
      a receipt has a key of its own, whose name ends in /receipts.
  {0} receipt.jws --jwks jwks.json
      Check with all keys of the organisation (its /.well-known/jwks.json, saved), old ones too:
      what a key signed that had ended by then is refused.
  {0} export.zip --policy policy.txt
      The head must also have been seen by the witnesses that your policy asks for.
  {0} --quiet receipt.jws && echo real
      Print nothing; the exit code tells: 0 real, 1 found wrong, 2 used wrongly or cannot tell.
  {0} 5.tlog-proof --entry 5.json --vkey log.example+0b9ef1d2+AWJ...
      The proof of one entry as other logs write it (C2SP tlog-proof), and the entry beside it.
  {0} - < receipt.jws
      Read from standard input.
other checks, each with --help of its own:
  {0} log https://log.example    the whole public log, from its tiles; or from a folder
  {0} compare head-a head-b      whether one head grew out of the other
  {0} witness keygen|serve|pull  be a witness: keep the last head, cosign the next
"""
Tick = Callable[[int, int], None]


def main(argv: Sequence[str] | None = None, progress: Tick = lambda done, of: None) -> int:
    """Do what `argv` asks for and say in plain sentences what was found; progress(done, of) is called now and then.

    Returns:
        0 if the proof holds, 1 if it does not, 2 if it cannot be told: a file or a key that cannot be read.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    kinds = {"log": _log, "compare": _compare, "witness": _witness}
    try:
        if len(words) > 1 and words[0] in kinds:
            return kinds[words[0]](words[1:], progress)
        # `bundle` was the one kind of check there was; naming it keeps old commands right.
        return _file(words[1:] if len(words) > 1 and words[0] == "bundle" else words, progress)
    except KeyboardInterrupt:
        return speech.CANNOT_TELL


def _parser(name: str, about: str, epilog: str = "") -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"{doors.PROGRAM}{name and ' '}{name}",
        description=about,
        epilog=epilog.format(doors.PROGRAM),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _file(words: list[str], progress: Tick) -> int:
    parser = _parser("", _ABOUT, _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="the receipt, proof or export, or - for standard input")
    parser.add_argument("--entry", metavar="FILE", help="the entry that a tlog-proof does not bring itself")
    trust.arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing, only set the exit code")
    options = parser.parse_args(words)
    believed = _trust(options)
    if believed is None:
        return speech.CANNOT_TELL
    return files.check(options.file, believed, entry=options.entry, quiet=options.quiet, progress=progress)


def _log(words: list[str], progress: Tick) -> int:
    parser = _parser("log", "Check a whole public log: that its leaves give each tile and the head it signed.")
    parser.add_argument("place", metavar="ADDRESS", help="of the service, or a folder copied from its /log/")
    parser.add_argument("--head", metavar="FILE", help="a head you kept (/log/checkpoint): the log must contain it")
    trust.arguments(parser)
    options = parser.parse_args(words)
    believed = _trust(options)
    return speech.CANNOT_TELL if believed is None else heads.check_log(options, believed, progress)


def _compare(words: list[str], progress: Tick) -> int:
    parser = _parser("compare", "Tell whether one head grew out of the other; if not, print both: they prove a fork.")
    parser.add_argument("one", metavar="HEAD", help="a signed head (/log/checkpoint), or an export or proof with one")
    parser.add_argument("other", metavar="HEAD", help="another of the same log")
    parser.add_argument("--log", metavar="ADDRESS", help="where the tree between them can be read; a folder does too")
    parser.add_argument("--proof", metavar="FILE", help="or the consistency proof, one base64 hash a line")
    trust.arguments(parser)
    options = parser.parse_args(words)
    believed = _trust(options)
    return speech.CANNOT_TELL if believed is None else heads.compare(options, believed, progress)


def _witness(words: list[str], progress: Tick) -> int:  # noqa: ARG001  nothing long
    parser = _parser("witness", "Be a witness of logs: cosign a head only if it grew out of the one cosigned last.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    make = kinds.add_parser("keygen", help="make a key, and print what others need to know it by")
    make.add_argument("--name", required=True, help="of the witness: an address of yours without https://")
    make.add_argument("--key", metavar="FILE", required=True, help="where to write the private key")
    serve = kinds.add_parser("serve", help="take heads over HTTP, as C2SP tlog-witness")
    serve.add_argument("--bind", default="127.0.0.1:8700", metavar="HOST:PORT", help="(default %(default)s)")
    pull = kinds.add_parser("pull", help="fetch and cosign the newest head of one log, and print it")
    pull.add_argument("place", metavar="ADDRESS", help="of the service, or a folder")
    for each in (serve, pull):
        each.add_argument("--key", metavar="FILE", required=True, help="the witness's private key")
        each.add_argument("--state", metavar="FILE", required=True, help="the heads cosigned so far")
        trust.arguments(each)
    options = parser.parse_args(words)
    try:
        if options.kind == "keygen":
            return witness.keygen(options)
        believed = trust.read(options)
        return (witness.serve if options.kind == "serve" else witness.pull)(options, believed)
    except ProofError as error:
        return speech.refuse("head", error)
    except (OSError, ValueError) as error:
        return speech.say([f"The witness: {error}."], speech.CANNOT_TELL, sys.stderr)


def _trust(options: argparse.Namespace) -> trust.Trust | None:
    """Return whom to believe; None, and a sentence, if it cannot be read."""
    try:
        return trust.read(options)
    except ProofError as error:
        speech.say([f"Cannot use --vkey, --jwks or --policy: {error}"], 0, sys.stderr)
    except OSError as error:
        speech.say([f"Cannot read {error.filename}: {error.strerror}."], 0, sys.stderr)
    return None


if __name__ == "__main__":
    sys.exit(main())
