"""A file of rows, CSV or NDJSON: read twice, once to see that all of it can be read, and once row by row."""

import codecs
import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.errors import Field, Invalid
from consent.rules.mapping import Mapping
from consent.rules.own_words import ACCEPTED, COLUMNS, REFUSED, TOLD
from consent.services.imports import Row
from trustcenter.commands import formulas

LINE = 1 << 20  # characters: a line that is longer is no row of a list of people
_MEMBERS = 500  # names of members in a whole NDJSON file
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class Measured:
    """What the first reading found: SHA-256 in hex, how many rows, and the columns."""

    digest: str
    rows: int
    head: list[str]


@dataclass(frozen=True)
class Source:
    """own: the file is in our own words, not read by a mapping."""

    path: Path
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    own: bool = True

    @property
    def ndjson(self) -> bool:
        return self.path.suffix in (".ndjson", ".jsonl")

    def measure(self, progress: Tick) -> Measured:
        """Read the file through. Raises Invalid, in one sentence, when not all of it can be read as what it says it is.

        progress(done, of): lines.
        """
        found, lines = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while part := file.read(1 << 20):
                found.update(part)
                lines += part.count(b"\n")
        line = rows = 0
        head = self._head()
        names = dict.fromkeys(head)
        try:
            for row in self.rows(head):
                line, rows = row.line, rows + 1
                if self.ndjson and not self.own:
                    names |= dict.fromkeys(row.cells or ())
                if len(names) > max(_MEMBERS, len(head)):
                    raise self.unreadable(f"its objects have more than {_MEMBERS} different members")
                if rows % 1000 == 0:
                    progress(min(line, lines), lines)
        except UnicodeDecodeError:
            raise self.unreadable(f"after line {line} it is not text in {self.encoding}") from None
        except csv.Error as problem:
            raise self.unreadable(f"after line {line} it is not CSV: {problem}") from None
        progress(lines, lines)
        return Measured(found.hexdigest(), rows, head or list(names))

    def rows(self, head: list[str]) -> Iterator[Row]:
        """The rows, in order. head: the columns."""
        return self._objects(head) if self.ndjson else self._table(head)

    def unreadable(self, why: str) -> Invalid:
        """The error of a file that cannot be read as a whole."""
        return Invalid(Field("/file", "syntax", f"{self.path} cannot be read: {why}. Nothing was taken in."))

    def _head(self) -> list[str]:
        """The columns of a table, which its first line names; those of our own words; else whatever objects have."""
        if self.ndjson:
            return list(COLUMNS) if self.own else []
        try:
            head = next(csv.reader(self._lines(), delimiter=self.delimiter, strict=True), [])
        except UnicodeDecodeError:
            raise self.unreadable(f"it is not text in {self.encoding}") from None
        except csv.Error as problem:
            raise self.unreadable(f"its first line is not CSV: {problem}") from None
        if not head:
            raise self.unreadable("it is empty, or its first line is")
        if len(head) == 1 and (other := [each for each in ",;\t|" if each != self.delimiter and each in head[0]]):
            detail = f"its columns seem to stand apart by {other[0]!r}; name it as `delimiter` in the mapping's `file`"
            raise self.unreadable(detail)
        return head

    def _table(self, head: list[str]) -> Iterator[Row]:
        kept = tuple(head[: len(REFUSED)]) == REFUSED  # rows that were refused before
        guarded = kept or (self.own and set(TOLD) <= set(head))  # or an export: we wrote it
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        next(reader, None)
        line = reader.line_num + 1
        for cells in reader:
            plain = [formulas.bare(cell) for cell in cells] if guarded else cells
            if cells:
                fits = dict(zip(head, plain, strict=True)) if len(cells) == len(head) else None
                yield Row(line, fits, plain[len(REFUSED) :] if kept else plain)
            line = reader.line_num + 1

    def _objects(self, head: list[str]) -> Iterator[Row]:
        known = ACCEPTED if self.own else None
        for line, written in enumerate(self._lines(), 1):
            if written.strip():
                cells = flat(written)
                fits = cells is not None and (known is None or cells.keys() <= known)
                yield Row(line, dict.fromkeys(head, "") | (cells or {}) if fits else None, written, "unreadable")

    def _lines(self) -> Iterator[str]:
        """The lines, each of bounded length and without the NUL that no text has."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            number = 0
            while written := file.readline(LINE + 1):
                number += 1
                if len(written) > LINE:
                    raise self.unreadable(f"line {number} has more than {LINE:,} characters")
                if "\0" in written:
                    raise self.unreadable(f"line {number} holds a NUL, so this is no text")
                yield written


def source(path: Path, mapped: Mapping | None) -> Source:
    """The file as its mapping says it is written; raises Invalid when it cannot be opened."""
    try:
        codecs.lookup(mapped.file.encoding if mapped else "utf-8")
        found = Source(path, mapped.file.encoding, mapped.file.delimiter, own=False) if mapped else Source(path)
        with path.open("rb"):
            return found
    except LookupError:
        raise Invalid(Field("/file/encoding", "unknown", "No such encoding is known.")) from None
    except OSError as problem:
        raise Invalid(Field("/file", "unreadable", f"Cannot read {path}: {problem.strerror}.")) from None


def flat(written: str) -> dict[str, str] | None:
    """A JSON object as cells: a list is one value a line, a number stands as it is written. None when it is none."""
    try:
        value = json.loads(written, parse_int=str, parse_float=str, parse_constant=_refuse)
        cells = {name: _cell(each) for name, each in value.items()} if isinstance(value, dict) else None
        # Half a character (a lone surrogate) or a NUL can be written in JSON, and is no text.
        json.dumps(cells, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return cells


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_cell(each) for each in value if not isinstance(each, list) or _refuse("nested"))
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    if not isinstance(value, str) or "\0" in value:
        _refuse("object")
    return str(value)


def _refuse(what: str) -> Any:
    raise ValueError(what)
