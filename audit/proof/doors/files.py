"""Check one file: a receipt, a proof, an export. It opens the files it is given, and nothing else."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from .. import bundle, export, receipt, tlog_proof
from ..errors import ProofError
from . import speech
from .speech import count, plain
from .trust import Trust

LISTED = 20
_ZIP = b"PK\3\4"
Tick = Callable[[int, int], None]


def check(name: str, trust: Trust, *, entry: str | None = None, quiet: bool, progress: Tick) -> int:
    """Check the file of this name, or standard input for -, and say what was found. Returns the exit code.

    entry: the file with the entry that a tlog-proof does not bring.
    """
    try:
        leaf = Path(entry).read_bytes() if entry else None
        with _opened(name) as file:
            said = list(_proven(file, leaf, trust, progress))
    except OSError as error:
        return speech.say([f"Cannot read {error.filename or name}: {error.strerror}."], speech.CANNOT_TELL, sys.stderr)
    except ProofError as error:
        return speech.verdict(error) if quiet else speech.refuse("proof", error)
    return speech.say([] if quiet else said, speech.REAL)


def _opened(name: str) -> BinaryIO:
    return io.BytesIO(sys.stdin.buffer.read()) if name == "-" else Path(name).open("rb")


def _proven(file: BinaryIO, leaf: bytes | None, trust: Trust, progress: Tick) -> Iterator[str]:
    """Return what the file proves, in sentences; its content tells which of the kinds it is."""
    begin = file.read(len(_ZIP))
    file.seek(0)
    if begin == _ZIP:
        packed = export.verify(file, trust.vkeys, progress)
        yield from _export_sentences(packed)
        yield from trust.sentences(packed.signed)
        return
    raw = file.read()
    if receipt.is_receipt(raw):
        signed = receipt.verify_receipt(raw, trust.vkeys)
        trust.known.check_receipt(signed)
        yield from _receipt_sentences(signed)
        yield from trust.sentences(signed.signed)
        return
    if tlog_proof.is_proof(raw):
        report = tlog_proof.verify(raw, leaf, trust.vkeys)
    else:
        report = bundle.verify_bundle(bundle.loads(raw), trust.vkeys)
    yield from _sentences(report)
    yield from trust.sentences(report.signed)


def _sentences(report: bundle.Report) -> Iterator[str]:
    yield "This proof is real."
    yield from _head_sentences(report)
    yield from _listed(report.entries, len(report.entries), report.entries[-1].index)
    yield _extent(report.complete, report.entries[0].index, report.entries[-1].index)
    yield from _disclosed(report.disclosed)
    yield _trust(report.pinned)


def _export_sentences(report: export.Report) -> Iterator[str]:
    yield "This proof is real."
    yield from _head_sentences(report)
    yield from _listed(report.entries, report.count - report.pruned, report.last)
    yield f"{count(report.count)} in all."
    yield _extent(report.complete, report.first, report.last)
    yield from _pruned(report)
    for name, value in report.filter.items():
        yield f"They were chosen by {name}: {plain(value if isinstance(value, str) else ', '.join(value))}."
    yield from _disclosed(report.disclosed)
    if report.earlier:
        yield f"The log grew out of the earlier head of {count(report.earlier)} that came with it: nothing was altered."
    yield _trust(report.pinned)


def _head_sentences(report: bundle.Report | export.Report) -> Iterator[str]:
    yield f"Log {plain(report.origin)} held {count(report.size)} when it was signed."
    yield f"Its root hash was {report.root.hex()}."


def _listed(entries: tuple[bundle.Entry, ...], total: int, last: int) -> Iterator[str]:
    for entry in entries[:LISTED]:
        yield _entry_sentence(entry)
    if total > LISTED:
        yield f"… and {count(total - LISTED)} more, up to entry {last}."


def _receipt_sentences(report: receipt.Report) -> Iterator[str]:
    leaf = report.entry.leaf
    yield "This receipt is real."
    yield f"It was signed as {plain(report.issuer)}."
    yield f"It is about {plain(leaf.get('purpose'))}, version {plain(leaf.get('version'))}."
    yield _entry_sentence(report.entry)
    yield f"Log {plain(report.origin)} held {count(report.size)} then."
    yield "What it says is what the log says, and its words are those of the notice."
    yield _trust(report.pinned)


def _entry_sentence(entry: bundle.Entry) -> str:
    names = {"action": "", "at": "at ", "outcome": "outcome "}
    parts = [prefix + plain(entry.leaf[name]) for name, prefix in names.items() if name in entry.leaf]
    return f"Entry {entry.index} is in the log" + (": " if parts else "") + ", ".join(parts) + "."


def _extent(complete: bool, first: int, last: int) -> str:
    if complete:
        return f"These are all entries from {first} to {last}: none is left out."
    return "There may be others: this file proves that these are in the log, not that these are all."


def _pruned(report: export.Report) -> Iterator[str]:
    if not report.pruned:
        return
    yield f"Pruned by policy: {count(report.pruned)} of these. Their place is proven, their content is gone."
    here = [each for each in report.policies if each.first <= report.last and each.until > report.first]
    for each in here[:LISTED]:
        kinds = plain(", ".join(each.actions))
        yield f"Entry {each.place} declares it: from {each.first} to {each.until - 1}, {each.keep_days} days, {kinds}."
    if len(here) > LISTED:
        yield f"… and {count(len(here) - LISTED)} like it."


def _disclosed(number: int) -> Iterator[str]:
    if number:
        yield f"The words and data shown match what was recorded, in {count(number)}."


def _trust(pinned: bool) -> str:
    if pinned:
        return "It was signed with a key you gave."
    return (
        "The key came with the file, so this does not show whose log it is. "
        "To be sure, get the log's key from its owner and give it with --vkey."
    )
