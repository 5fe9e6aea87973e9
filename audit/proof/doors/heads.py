"""Check a whole public log, and compare two of its heads."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .. import bundle, encoding, export, merkle, note, shape, tiles, tlog_proof
from ..checkpoint import Checkpoint
from ..errors import ProofError
from . import place, speech
from .speech import count, plain
from .trust import Trust

Tick = Callable[[int, int], None]
_ZIP = b"PK\3\4"


def check_log(options: argparse.Namespace, trust: Trust, progress: Tick) -> int:
    """Check the log at an address or in a folder against its own head, and against one that was kept."""
    try:
        old = _signed(options.head)[0] if options.head else None
        size = Checkpoint.parse(note.parse(old)[0]).size if old else None
        found = place.verify(place.reader(options.place), trust.vkeys, progress, size)
        kept = _kept(old, found, trust) if old else None
        seen = list(trust.sentences(found.signed))
    except ProofError as error:
        return speech.refuse("log", error)
    except OSError as error:
        return _unread(options.place, error)
    if kept and kept[0].root != found.began:
        return speech.forked(kept[1], found.signed)
    return speech.say([*_log_sentences(found, kept and kept[0], trust), *seen], speech.REAL)


def compare(options: argparse.Namespace, trust: Trust, progress: Tick) -> int:  # noqa: ARG001  nothing long
    """Tell whether one head grew out of the other. Both are shown when not: that is the proof of a fork."""
    try:
        read = place.reader(options.log) if options.log else None
        one, other = sorted(_both(options, trust, read), key=lambda each: each[0].size)
        return _compared(one, other, options.proof, read)
    except ProofError as error:
        return speech.refuse("pair of heads", error)
    except OSError as error:
        return _unread(f"{error.filename or options.log or options.one}", error)


Head = tuple[Checkpoint, str]


def _kept(signed: str, found: place.Found, trust: Trust) -> Head:
    """The head that was kept. One by a key that had ended says nothing against the log: a thief can sign any."""
    trust.known.check_head(signed)
    return bundle.open_head(signed, found.head.origin, found.vkeys), signed


def _compared(one: Head, other: Head, proof: str | None, read: place.Read | None) -> int:
    """Tell it of two heads, the smaller first; by a proof, by the tiles of the log, or by their being of one size."""
    (old, _), (new, _) = one, other
    if old.size == new.size:
        if old.root != new.root:
            return speech.forked(one[1], other[1])
        return speech.say([f"Both are the same head, of {count(new.size)}."], speech.REAL)
    if proof:
        hashes = [encoding.from_base64(each, "The proof") for each in Path(proof).read_text("ascii").split()]
        merkle.verify_consistency(old.size, new.size, hashes, old.root, new.root)
    elif read is None:
        raise ProofError("compare-proof", "Heads of two sizes need --log, to read the tree between them, or --proof.")
    else:
        read_tile = place.tile_reader(read, new.size)
        if tiles.root_at(read_tile, new.size) != new.root:
            raise ProofError("compare-proof", "The log shown is not the one of the larger head.")
        if not _within(old, new, read_tile):
            return speech.forked(one[1], other[1])
    said = f"The head of {count(new.size)} grew out of that of {count(old.size)}: nothing was altered or taken away."
    return speech.say([said], speech.REAL)


def _within(old: Checkpoint, new: Checkpoint, read_tile: tiles.ReadTile) -> bool:
    """Return whether `old` is a beginning of `new`, whose tiles these are; a log that got shorter is not."""
    return old.size <= new.size and tiles.root_at(read_tile, old.size) == old.root


def _both(options: argparse.Namespace, trust: Trust, read: place.Read | None) -> list[Head]:
    found = [_signed(name) for name in (options.one, options.other)]
    origin, *others = {note.parse(signed)[0].partition("\n")[0] for signed, _ in found}
    if others:
        raise ProofError("compare-origin", "These are heads of two different logs.")
    carried = [key for _, keys in found for key in keys]
    vkeys = trust.vkeys or carried or (place.keys(read) if read else [])
    for signed, _ in found:
        trust.known.check_head(signed)
    return [(bundle.open_head(signed, origin, vkeys), signed) for signed, _ in found]


def _signed(name: str) -> tuple[str, list[str]]:
    """Return the signed head in a file, an export or a proof, and the keys that came with it."""
    with Path(name).open("rb") as file:
        raw = file.read(len(_ZIP))
        file.seek(0)
        if raw == _ZIP:
            return export.checkpoint(file)
        raw = file.read()
    if raw.startswith(b"{"):
        doc = bundle.loads(raw)
        return shape.text(doc, "checkpoint"), [shape.a_text(each, "vkeys") for each in shape.items(doc, "vkeys")]
    if tlog_proof.is_proof(raw):
        return tlog_proof.parse(raw).signed, []
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        raise ProofError("unicode-bad", f"{plain(name)} holds no signed head: it is not text in UTF-8.") from None


def _log_sentences(found: place.Found, kept: Checkpoint | None, trust: Trust) -> list[str]:
    head = found.head
    said = [f"Log {plain(head.origin)} holds: {count(head.size)} give the root that was signed, {head.root.hex()}."]
    if kept:
        said.append(f"It grew out of the head of {count(kept.size)} that you kept: nothing was altered or taken away.")
    if trust.vkeys is None:
        said.append("Its key came from the log itself, and is trusted on first use. Keep it, and next time pin it:")
        said += [f"  --vkey {plain(vkey)}" for vkey in found.vkeys]
    return said


def _unread(what: str, error: OSError) -> int:
    return speech.say([f"Cannot read {what}: {error}."], speech.CANNOT_TELL, sys.stderr)
