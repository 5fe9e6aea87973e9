"""An export of the log: a zip file with entries, the proof that they are in it, and all it takes to check them.

    README.txt      what to type
    verify.py       the verifier, one file
    entries.jsonl   {"seq":5,"leaf":<exact text>} a line; disclosed: also "payload" (exact text) and "salt" (base64)
    proof           the hashes between the entries (multiproof), one base64 a line, for all of them together
    checkpoint      the signed head, with the cosignatures of witnesses below
    vkeys           the keys of the log
    earlier         optional: a head the reader kept; consistency: the hashes that prove the log grew out of it
    manifest.json   what this is: kind, origin, size, proves, first and last or filter, counts, SHA-256 of each file;
                    `pruned` where some of the entries were pruned
    SHA256SUMS      for `sha256sum -c`, manifest included

An entry that was pruned by policy has {"seq":5,"hash":…} for a line: its place is proven, its content is gone. The
entries `log.pruned` that account for it are in the file, behind the last one where need be.

`proves` says "these are all" (from `first` to `last` nothing is left out) or "these are in" (there may be others that
`filter` fits as well: that none is missing cannot be proven). Everything is read from front to back: a million
entries take no more memory than ten.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from . import bundle, canonical, encoding, lines, merkle, multiproof, note, pruning, shape
from .archive import Reader
from .checkpoint import Checkpoint
from .errors import ProofError

KIND = "trustcenter-export/1"
ALL, IN = "these are all", "these are in"
NAMES = ("README.txt", "verify.py", "entries.jsonl", "proof", "checkpoint", "vkeys")
EARLIER = ("earlier", "consistency")
LAST = ("manifest.json", "SHA256SUMS")
FILTERS = ("subject", "action", "actor", "purpose", "recipient", "outcome", "reason")
"""What entries may be chosen by: members of the leaf, each by a list of its values; and `since` and `before`, times.

An actor is named by its kind, or by kind and reference: `system:mail-engine`.
"""
SHOWN = 20
_SAID = ("kind", "origin", "size", "proves", "entries", "disclosed", "files")
_BASE64_HASH = 44


@dataclass(frozen=True)
class Report:
    """What an export proves; `entries` are the first of them. `earlier`: how large the head was that it grew out of.

    pruned: how many of `count` are gone, as `policies` declare.
    """

    signed: str
    origin: str
    size: int
    root: bytes
    entries: tuple[bundle.Entry, ...]
    first: int
    last: int
    count: int
    disclosed: int
    pinned: bool
    complete: bool
    filter: dict[str, Any]
    earlier: int = 0
    pruned: int = 0
    policies: tuple[pruning.Declaration, ...] = ()


def sums(hashes: dict[str, str]) -> bytes:
    """Return the file that `sha256sum -c` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in hashes.items()).encode("ascii")


def hash_lines(hashes: Iterator[bytes] | Sequence[bytes]) -> Iterator[bytes]:
    """Yield hashes as the lines of `proof` and `consistency`."""
    return (encoding.to_base64(each).encode("ascii") + b"\n" for each in hashes)


def fits(leaf: dict[str, Any], chosen: dict[str, Any]) -> bool:
    """Return whether an entry is one that a filter asks for; times compare as text, since all are spelled alike."""
    if not all(_names(leaf, name) & {*chosen[name]} for name in FILTERS if name in chosen):
        return False
    at = leaf.get("at")
    return isinstance(at, str) and chosen.get("since", "") <= at and ("before" not in chosen or at < chosen["before"])


def _names(leaf: dict[str, Any], name: str) -> set[Any]:
    """Return what a leaf may be chosen by under a name of FILTERS."""
    value = leaf.get(name)
    if name != "actor":
        return {value} if isinstance(value, str) else set()
    kind, ref = (value.get("type"), value.get("ref")) if isinstance(value, dict) else (None, None)
    return {kind, f"{kind}:{ref}"} if isinstance(kind, str) else set()


def verify(
    file: BinaryIO, vkeys: Sequence[str] | None, progress: Callable[[int, int], None] = lambda done, of: None
) -> Report:
    """Return what the export in `file` proves.

    Args:
        file: open for reading bytes, and for seeking.
        vkeys: the log's keys, from a source you trust; None takes those in the file, and the report says so.
        progress: called now and then with entries read, and how many there are.

    Raises:
        ProofError: `archive-bad`, `export-*`, `bundle-*`, `key-missing`; whatever the parts raise.
    """
    reader = Reader(file)
    said = _manifest(reader)
    head, signed = _head(reader, said, vkeys)
    entries = _Entries(reader, said, progress)
    if multiproof.root(entries.leaves(), _hashes(reader, "proof"), head.size) != head.root:
        raise ProofError("root-mismatch", "The entries are not in this log as they are shown here.")
    entries.check_counts()
    earlier = _earlier(reader, head, said, vkeys)
    span = (entries.first, entries.last, entries.count, entries.disclosed)
    complete, chosen = said["proves"] == ALL, said.get("filter", {})
    kept = signed, *_plain(head), tuple(entries.shown), *span, vkeys is not None, complete, chosen, earlier
    return Report(*kept, entries.pruned, entries.policies)


def leaves(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield what every entry that is left in an export says; of one that `verify` has found to hold."""
    found = (lines.read(raw)[0] for raw in Reader(file).lines("entries.jsonl"))
    return (entry.leaf for entry in found if isinstance(entry, bundle.Entry))


def checkpoint(file: BinaryIO) -> tuple[str, list[str]]:
    """Return the signed head in an export and the keys that came with it, unread otherwise; raises as `verify`."""
    reader = Reader(file)
    return _text(reader, "checkpoint"), _text(reader, "vkeys").split()


def _plain(head: Checkpoint) -> tuple[str, int, bytes]:
    return head.origin, head.size, head.root


def _manifest(reader: Reader) -> dict[str, Any]:
    """Return the manifest, with the hash of every other file held against it."""
    raw = reader.read("manifest.json")
    said = shape.an_object(canonical.loads(raw), "manifest.json")
    if shape.text(said, "kind") != KIND:
        raise ProofError("bundle-kind", f"This is not a {KIND} file. A newer verifier may know it.")
    kept = EARLIER if EARLIER[0] in reader.names else ()
    if reader.names != [*NAMES, *kept, *LAST]:
        raise ProofError("export-members", "A file is missing in this export, or one is there that does not belong.")
    extent = ("first", "last") if said.get("proves") == ALL else ("filter",)
    shape.members(said, "manifest.json", _SAID + extent, ("pruned",))
    if said["proves"] not in (ALL, IN):
        raise ProofError("export-proves", "The manifest does not say whether these are all, or only some.")
    if extent == ("filter",):
        _check_filter(shape.an_object(said["filter"], "filter"))
    found = {name: _digest(reader, name) for name in (*NAMES, *kept)}
    if said["files"] != found:
        wrong = [name for name in found if shape.an_object(said["files"], "files").get(name) != found[name]]
        raise ProofError("export-hash", f"`{', '.join(wrong)}` is not the file that was exported.")
    if reader.read("SHA256SUMS") != sums(found | {"manifest.json": hashlib.sha256(raw).hexdigest()}):
        raise ProofError("export-hash", "`SHA256SUMS` does not list the files of this export.")
    return said


def _check_filter(chosen: dict[str, Any]) -> None:
    shape.members(chosen, "`filter`", (), (*FILTERS, "since", "before"))
    for name, value in chosen.items():
        for each in shape.items(chosen, name) if name in FILTERS else [value]:
            shape.a_text(each, name)


def _digest(reader: Reader, name: str) -> str:
    digest = hashlib.sha256()
    for chunk in reader.chunks(name):
        digest.update(chunk)
    return digest.hexdigest()


def _head(reader: Reader, said: dict[str, Any], pinned: Sequence[str] | None) -> tuple[Checkpoint, str]:
    """Return the head, opened with keys that speak for its log, and the note it stands in."""
    signed, origin = _text(reader, "checkpoint"), shape.text(said, "origin")
    carried = _text(reader, "vkeys").split("\n")
    if carried.pop() or any(note.parse_vkey(each).name != origin for each in carried):
        raise ProofError("bundle-origin", "A key in `vkeys` is not a key of the log in `origin`.")
    head = bundle.open_head(signed, origin, carried if pinned is None else pinned)
    if shape.number(said, "size") != head.size:
        raise ProofError("export-counts", "The manifest names another size of the log than its signed head.")
    return head, signed


class _Entries:
    """Reads the entries, one after another, and counts what it has seen."""

    def __init__(self, reader: Reader, said: dict[str, Any], progress: Callable[[int, int], None]) -> None:
        self.reader, self.said, self.progress = reader, said, progress
        self.total = shape.number(said, "entries")
        self.end = shape.number(said, "last") + 1 if said["proves"] == ALL else 0
        self.shown: list[bundle.Entry] = []
        self.first = self.last = self.count = self.disclosed = self.beyond = 0
        self.policies = tuple(_policies(reader)) if "pruned" in said else ()
        self.account = pruning.Account(self.policies)

    @property
    def pruned(self) -> int:
        return self.account.missing

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        for raw in self.reader.lines("entries.jsonl"):
            entry, leaf_hash = lines.read(raw)
            place = entry.index if isinstance(entry, bundle.Entry) else entry
            if 0 < self.end <= place:
                self.take_policy(place)
            else:
                self.take(place, entry if isinstance(entry, bundle.Entry) else None)
            yield place, leaf_hash

    def take(self, place: int, entry: bundle.Entry | None) -> None:
        """Count an entry of those that were asked for; None where only its hash is left."""
        if self.end:
            self.account.tell(place, entry.leaf if entry else None)
        elif entry is None or not fits(entry.leaf, self.said["filter"]):
            raise ProofError("export-filter", f"Entry {place} is not one that the filter asks for.")
        if entry and len(self.shown) < SHOWN:
            self.shown.append(entry)
        self.first = self.first if self.count else place
        self.last, self.count = place, self.count + 1
        self.disclosed += entry is not None and entry.disclosed
        if self.count % 4096 == 0:
            self.progress(self.count, max(self.total, self.count))

    def take_policy(self, place: int) -> None:
        """Behind the last entry stands only what accounts for those that were pruned."""
        if all(each.place != place for each in self.policies):
            raise ProofError("bundle-range", f"Entry {place} is not one of those this export says it has.")
        self.beyond += 1

    def check_counts(self) -> None:
        self.account.finish(self.end)
        said, found = self.said, (self.count + self.beyond, self.disclosed, self.pruned)
        pruned = shape.number(said, "pruned") if "pruned" in said else 0
        if found != (self.total, shape.number(said, "disclosed"), pruned):
            raise ProofError("export-counts", "The manifest counts other entries than there are.")
        if said["proves"] == IN:
            return
        first, last = shape.number(said, "first"), shape.number(said, "last")
        # Ascending, with the right ends and the right count: so each from first to last is there.
        if (self.first, self.last, self.count) != (first, last, last - first + 1):
            raise ProofError("bundle-range", "It says that these are all, but one from `first` to `last` is missing.")


def _policies(reader: Reader) -> Iterator[pruning.Declaration]:
    """Yield what the `log.pruned` among the entries declare; with all the others it is checked that they are in it."""
    mark = pruning.ACTION.encode("ascii")
    for raw in reader.lines("entries.jsonl"):
        entry = lines.read(raw)[0] if mark in raw else 0
        if isinstance(entry, bundle.Entry) and entry.leaf.get("action") == pruning.ACTION:
            yield pruning.parse(entry.index, entry.leaf)


def _hashes(reader: Reader, name: str) -> Iterator[bytes]:
    for raw in reader.lines(name):
        if len(raw) != _BASE64_HASH + 1 or not raw.endswith(b"\n") or not raw.isascii():
            raise ProofError("hash-length", f"A line of `{name}` is not a hash.")
        yield encoding.from_base64(raw[:-1].decode("ascii"), f"`{name}`")


def _earlier(reader: Reader, head: Checkpoint, said: dict[str, Any], pinned: Sequence[str] | None) -> int:
    """Return the size of the head the reader kept, once this one is shown to have grown out of it; 0 without one."""
    if EARLIER[0] not in reader.names:
        return 0
    keys = _text(reader, "vkeys").split() if pinned is None else pinned
    kept = bundle.open_head(_text(reader, "earlier"), said["origin"], keys)
    merkle.verify_consistency(kept.size, head.size, list(_hashes(reader, "consistency")), kept.root, head.root)
    return kept.size


def _text(reader: Reader, name: str) -> str:
    try:
        return reader.read(name).decode("utf-8")
    except UnicodeDecodeError:
        raise ProofError("unicode-bad", f"`{name}` is not text in UTF-8.") from None
