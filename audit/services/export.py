"""Entries of the log as a zip file that verifies offline, written little by little, in constant memory."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from django.db.models import Q, QuerySet

from audit.models import Checkpoint as SignedHead
from audit.models import Leaf
from audit.proof import archive, bundle, canonical, export, lines, multiproof, note, pruning, tiles
from audit.proof.doors import single
from audit.proof.errors import ProofError
from audit.services import prove, tree, witnesses
from audit.services import pruning as prunings
from audit.services.entries import moment
from audit.services.tree import read_tile

_STEP = 1000
_README = """\
This file is proof of entries of an audit log. To check it you need Python 3.11 or later, and nobody's help:

    unzip {name} verify.py      or better: take verify.py from somewhere you trust more than this file
    python3 verify.py {name} --vkey KEY

KEY is the log's public key, from the organisation itself: /log/vkeys on its site, a letter, an earlier proof.
Exit codes: 0 it holds, 1 it does not, 2 it cannot be told. What each file is: manifest.json and verify.py --help.
"""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """Which entries: all from `first` to `last`, or those that fit a filter.

    filter: lists of values by the names of export.FILTERS. since, before: the time they were recorded.
    disclose: also the payloads that can still be opened. earlier: a head the reader kept, as a note.
    """

    first: int = 0
    last: int | None = None
    filter: dict[str, list[str]] | None = None
    since: datetime | None = None
    before: datetime | None = None
    disclose: bool = False
    earlier: str = ""

    @property
    def chosen(self) -> dict[str, Any]:
        """The filter as the manifest has it; empty for a range."""
        times = {"since": self.since, "before": self.before}
        return (self.filter or {}) | {name: moment(at) for name, at in times.items() if at}


def sealed() -> int:
    """How many entries the newest signed head covers."""
    newest = SignedHead.objects.order_by("-size").first()
    return newest.size if newest else 0


def matching(wanted: Wanted, size: int) -> QuerySet[Leaf]:
    """The sealed entries that are wanted, in the order of the log."""
    found = Leaf.objects.filter(seq__lt=size).order_by("seq")
    if not wanted.chosen:
        return found.filter(seq__gte=wanted.first, seq__lte=size - 1 if wanted.last is None else wanted.last)
    for name, values in (wanted.filter or {}).items():
        found = found.filter(_by_actor(values) if name == "actor" else Q(**{f"entry__{name}__in": values}))
    times = {"entry__recorded_at__gte": wanted.since, "entry__recorded_at__lt": wanted.before}
    return found.filter(**{name: at for name, at in times.items() if at})


def _by_actor(values: Sequence[str]) -> Q:
    """Kinds of actors, and single ones as kind:reference."""
    found = Q()
    for kind, _, ref in (each.partition(":") for each in values):
        found |= Q(entry__actor_type=kind, entry__actor_ref=ref) if ref else Q(entry__actor_type=kind)
    return found


class Export:
    """An export under one signed head, ready to be written: what is sealed never changes, so it can take its time."""

    def __init__(self, wanted: Wanted) -> None:
        """Choose the head: the newest, or one that witnesses have seen where it covers all that is wanted.

        Raises ProofError when the head the reader kept is not one of this log.
        """
        cosigned, newest = witnesses.newest(), SignedHead.objects.order_by("-size")[0]
        self.policies = [] if wanted.chosen else prunings.declarations(newest.size)
        needed = [each.place for each in self.policies] + [newest.size if wanted.last is None else wanted.last]
        self.head = cosigned if cosigned and max(needed) < cosigned.size else newest
        self.wanted, self.keys = wanted, prove.vkeys()
        self.earlier = bundle.open_head(wanted.earlier, self._origin, self.keys).size if wanted.earlier else 0

    def write(self, file: BinaryIO, progress: Progress = lambda done, of: None) -> int:
        """Write the zip file, and return how many entries are in it; progress(done, total) is called now and then.

        file: open for writing bytes, and for seeking. Raises ProofError when an entry cannot be read any more.
        """
        self._check_whole()
        writer, written = archive.Writer(file), self._lines(progress)
        writer.add("README.txt", [_README.format(name="export.zip").encode()])
        writer.add("verify.py", [single.source()])
        writer.add("entries.jsonl", written.written())
        proof = multiproof.prove(tiles.read_node(read_tile), written.places, self.head.size)
        writer.add("proof", export.hash_lines(proof))
        writer.add("checkpoint", [witnesses.signed(self.head).encode()])
        writer.add("vkeys", ["".join(f"{each}\n" for each in self.keys).encode()])
        self._add_earlier(writer)
        self._add_manifest(writer, written)
        writer.close()
        return len(written.places)

    def _check_whole(self) -> None:
        """Raises ProofError when an entry of a stretch is missing that no policy accounts for."""
        start = max(self.wanted.first, *(each.until for each in self.policies), 0)
        found = matching(self.wanted, self.head.size).filter(seq__gte=start).values_list("seq", flat=True)
        if not self.wanted.chosen and found.count() < self.last + 1 - start:
            there = set(found)
            gone = next(place for place in range(start, self.last + 1) if place not in there)
            raise ProofError("gap", f"Entry {gone} is missing from the log, and no log.pruned accounts for it.")

    def _lines(self, progress: Progress) -> "_Lines":
        found = matching(self.wanted, self.head.size)
        if self.wanted.chosen:
            return _Lines(found, self.wanted, progress)
        return _Stretch(found, self.wanted, progress, range(self.wanted.first, self.last + 1), self.policies)

    @property
    def last(self) -> int:
        """The last place that a stretch reaches."""
        return self.head.size - 1 if self.wanted.last is None else self.wanted.last

    @property
    def _origin(self) -> str:
        return note.parse(self.head.note)[0].partition("\n")[0]

    def _add_earlier(self, writer: archive.Writer) -> None:
        if self.earlier:
            grown = tiles.consistency_proof(read_tile, self.earlier, self.head.size)
            writer.add("earlier", [self.wanted.earlier.encode()])
            writer.add("consistency", export.hash_lines(grown))

    def _add_manifest(self, writer: archive.Writer, written: "_Lines") -> None:
        said: dict[str, Any] = {
            "kind": export.KIND,
            "origin": self._origin,
            "size": self.head.size,
            "entries": len(written.places),
            "disclosed": written.disclosed,
            "files": writer.hashes,
        }
        if self.wanted.chosen:
            said |= {"proves": export.IN, "filter": self.wanted.chosen}
        else:
            said |= {"proves": export.ALL, "first": self.wanted.first, "last": self.last}
        if written.pruned:
            said["pruned"] = written.pruned
        writer.add("manifest.json", [canonical.dumps(said)])
        writer.add("SHA256SUMS", [export.sums(writer.hashes)])


class _Lines:
    """The lines of the entries, and what is known of them once they are written."""

    def __init__(self, found: QuerySet[Leaf], wanted: Wanted, progress: Progress) -> None:
        self.found, self.wanted, self.progress = found, wanted, progress
        self.places = array("q")
        self.disclosed = self.pruned = 0

    def written(self) -> Iterator[bytes]:
        total, last = self.found.count(), -1
        while rows := list(self.found.filter(seq__gt=last).select_related("entry")[:_STEP]):
            shown = prove.disclosures([row.entry for row in rows]) if self.wanted.disclose else {}
            for row in rows:
                yield from self.up_to(row.seq)
                yield _line(row, shown.get(row.entry_id))
                self.places.append(row.seq)
            self.disclosed += len(shown)
            last = rows[-1].seq
            self.progress(len(self.places), total)

    def up_to(self, place: int) -> Iterator[bytes]:  # noqa: ARG002  what lies between chosen entries was not asked for
        """What stands between the last line and a place."""
        yield from ()


class _Stretch(_Lines):
    """Lines without a gap: for an entry that was pruned its hash, and behind them the entries that account for it."""

    def __init__(
        self,
        found: QuerySet[Leaf],
        wanted: Wanted,
        progress: Progress,
        stretch: range,
        policies: Sequence[pruning.Declaration],
    ) -> None:
        super().__init__(found, wanted, progress)
        self.stretch, self.policies = stretch, policies
        self.minimum = max((each.until for each in policies), default=0)

    def written(self) -> Iterator[bytes]:
        yield from super().written()
        yield from self.up_to(self.stretch.stop)
        beyond = [each for each in self.policies if each.place not in self.stretch and self._used(each)]
        for row in Leaf.objects.filter(seq__in=[each.place for each in beyond]).order_by("seq").select_related("entry"):
            yield _line(row, None)
            self.places.append(row.seq)

    def up_to(self, place: int) -> Iterator[bytes]:
        read = lru_cache(maxsize=1)(read_tile)
        for gone in range(self.places[-1] + 1 if self.places else self.stretch.start, place):
            if gone >= self.minimum:
                raise ProofError("gap", f"Entry {gone} was pruned just now. Export again.")
            yield lines.write_pruned(gone, tree.leaf_hash(gone, read))
            self.places.append(gone)
            self.pruned += 1

    def _used(self, said: pruning.Declaration) -> bool:
        return bool(self.pruned) and said.first < self.stretch.stop and said.until > self.stretch.start


def _line(row: Leaf, disclosure: tuple[bytes, bytes] | None) -> bytes:
    try:
        return lines.write(row.seq, bytes(row.entry.leaf), disclosure)
    except UnicodeDecodeError:
        raise ProofError("unreadable", f"Entry {row.seq} cannot be read: it was changed.") from None
