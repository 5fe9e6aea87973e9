"""The offline verifier: `python -m audit.proof FILE`. It opens the file it is given, and nothing else."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from . import bundle, note, receipt
from .errors import ProofError

REAL, WRONG, CANNOT_TELL = 0, 1, 2
LISTED = 20

_PROGRAM = f"python -m {__package__}"
_DESCRIPTION = "Check a TrustCenter receipt or audit export, on this computer, without asking anyone."
_EPILOG = f"""\
examples:
  {_PROGRAM} receipt.jws
      Check one receipt with the key that came in it. This shows that nothing in it was changed
      since it was signed; it cannot show who signed it.
  {_PROGRAM} export.json --vkey log.example+0b9ef1d2+AWJ...
      Check with a key you have from the organisation itself (its /log/vkeys page, a letter, an
      earlier proof). Now it also shows who signed it. Repeat --vkey for several keys:
      a receipt has a key of its own, whose name ends in /receipts.
  {_PROGRAM} --quiet receipt.jws && echo real
      Print nothing; the exit code tells: 0 real, 1 found wrong, 2 used wrongly or cannot tell.
  {_PROGRAM} - < receipt.jws
      Read from standard input.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Check the file named in `argv` and say in plain sentences what was found.

    Returns:
        0 if the proof holds, 1 if it does not, 2 if the file or a key cannot be read.
    """
    options = _options(sys.argv[1:] if argv is None else argv)
    try:
        raw = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    except OSError as error:
        return _say([f"Cannot read {options.file}: {error.strerror}."], CANNOT_TELL, sys.stderr)
    try:
        keys = _keys(options.vkey)
    except ProofError as error:
        return _say([f"Cannot use --vkey: {error}"], CANNOT_TELL, sys.stderr)
    try:
        proven = _proven(raw, keys)
    except ProofError as error:
        return _say([] if options.quiet else _refusal(error), _verdict(error), sys.stderr)
    return _say([] if options.quiet else proven, REAL, sys.stdout)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the receipt or proof file, or - for standard input")
    parser.add_argument("--vkey", action="append", metavar="VKEY", help="a key of the log that you trust")
    parser.add_argument("--quiet", action="store_true", help="print nothing, only set the exit code")
    # `bundle` is the one kind of check there is; naming it keeps old commands right when there are more.
    return parser.parse_args(argv[1:] if len(argv) > 1 and argv[0] == "bundle" else argv)


def _keys(vkeys: Sequence[str] | None) -> Sequence[str] | None:
    """Return the pinned keys, each read once: a misspelt --vkey says nothing about the file."""
    for vkey in vkeys or ():
        note.parse_vkey(vkey)
    return vkeys


def _proven(raw: bytes, keys: Sequence[str] | None) -> Iterator[str]:
    """Return what the file proves, in sentences; its content tells which of the two kinds it is."""
    if receipt.is_receipt(raw):
        return _receipt_sentences(receipt.verify_receipt(raw, keys))
    return _sentences(bundle.verify_bundle(bundle.loads(raw), keys))


def _verdict(error: ProofError) -> int:
    """Return CANNOT_TELL where the file may be good and only we lack the means, WRONG everywhere else."""
    return CANNOT_TELL if error.code in ("bundle-kind", "key-missing") else WRONG


def _refusal(error: ProofError) -> Iterator[str]:
    if _verdict(error) == WRONG:
        yield "This proof does NOT hold. Do not rely on it."
    else:
        yield "Cannot tell whether this proof holds. Do not rely on it yet."
    yield f"{error} ({error.code})"


def _sentences(report: bundle.Report) -> Iterator[str]:
    yield "This proof is real."
    yield f"Log {_plain(report.origin)} held {_count(report.size)} when it was signed."
    yield f"Its root hash was {report.root.hex()}."
    for entry in report.entries[:LISTED]:
        yield _entry_sentence(entry)
    if len(report.entries) > LISTED:
        yield f"… and {_count(len(report.entries) - LISTED)} more, up to entry {report.entries[-1].index}."
    yield _extent(report)
    if report.disclosed:
        yield f"The words and data shown match what was recorded, in {_count(report.disclosed)}."
    yield _trust(report)


def _receipt_sentences(report: receipt.Report) -> Iterator[str]:
    leaf = report.entry.leaf
    yield "This receipt is real."
    yield f"It was signed as {_plain(report.issuer)}."
    yield f"It is about {_plain(leaf.get('purpose'))}, version {_plain(leaf.get('version'))}."
    yield _entry_sentence(report.entry)
    yield f"Log {_plain(report.origin)} held {_count(report.size)} then."
    yield "What it says is what the log says, and its words are those of the notice."
    yield _trust(report)


def _entry_sentence(entry: bundle.Entry) -> str:
    names = {"action": "", "at": "at ", "outcome": "outcome "}
    parts = [prefix + _plain(entry.leaf[name]) for name, prefix in names.items() if name in entry.leaf]
    return f"Entry {entry.index} is in the log" + (": " if parts else "") + ", ".join(parts) + "."


def _extent(report: bundle.Report) -> str:
    if report.complete:
        first, last = report.entries[0].index, report.entries[-1].index
        return f"These are all entries from {first} to {last}: none is left out."
    return "There may be others: this file proves that these are in the log, not that these are all."


def _trust(report: bundle.Report | receipt.Report) -> str:
    if report.pinned:
        return "It was signed with a key you gave."
    return (
        "The key came with the file, so this does not show whose log it is. "
        "To be sure, get the log's key from its owner and give it with --vkey."
    )


def _count(number: int) -> str:
    return f"{number:,} entry" if number == 1 else f"{number:,} entries"


def _plain(value: Any) -> str:
    """Return `value` in one line: a log entry must not be able to steer the terminal it is shown on."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))[:200]


def _say(lines: Iterable[str], code: int, stream: TextIO) -> int:
    """Print `lines` and return `code`; letters the terminal cannot show are spelled out."""
    encoding = stream.encoding or "utf-8"
    for line in lines:
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
