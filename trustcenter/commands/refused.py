"""The file of refused rows: written while the import runs, in the form of its source, to be mended and imported."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from consent.rules.imports import Refused
from consent.rules.own_words import REFUSED
from consent.services.imports import Row
from trustcenter.commands import formulas, terminal
from trustcenter.commands.sources import Source


class RefusedRows:
    """Where refused rows go: each with its line and its reason, as it stands in the source.

    An import that goes on after `line` keeps what the file has of the rows up to there: what follows was written by
    a run that was stopped before its rows counted. In CSV, cells that a spreadsheet would run are guarded (formulas).
    """

    def __init__(self, path: Path, source: Source, head: list[str], line: int) -> None:
        self.path, self._source, self._line = path, source, line
        self._head = [name for name in head if name not in REFUSED]
        self._file: TextIO | None = None
        self.rows = self.guarded = 0

    def keep(self, row: Row, problem: Refused) -> None:
        """Write one row; at once, because the next thing may be the end of the process."""
        self._write([row.line, problem.code, str(problem)], row.written)
        self._opened().flush()

    def close(self) -> None:
        """The file is there from now on, also when nothing was refused."""
        self._opened().close()

    def _opened(self) -> TextIO:
        if self._file is None:
            kept = written_before(self.path, self._source, self._line) if self._line else iter(())
            new = self.path.with_name(f"{self.path.name}~")
            # Read with or without the mark in front; we write none.
            encoding = self._source.encoding.lower().replace("_", "-").removesuffix("-sig")
            self._file = terminal.open_private(new, encoding=encoding, errors="backslashreplace")
            if not self._source.ndjson:
                self._file.write(_table([[*REFUSED, *map(formulas.guarded, self._head)]], self._source.delimiter))
            for written, guarded in kept:
                self._file.write(written)
                self.rows += 1
                self.guarded += guarded
            self._file.flush()
            new.replace(self.path)
        return self._file

    def _write(self, why: list[Any], written: Any) -> None:
        file = self._opened()
        self.rows += 1
        if self._source.ndjson:
            file.write(_object(dict(zip(REFUSED, why, strict=True)), written))
            return
        plain = [formulas.guarded(cell) for cell in written]
        self.guarded += sum(old != new for old, new in zip(written, plain, strict=True))
        file.write(_table([[*why, *plain]], self._source.delimiter))


def written_before(path: Path, source: Source, line: int) -> Iterator[tuple[str, int]]:
    """The rows of such a file up to a line of its source, with the number of guarded cells; without one torn apart."""
    if not path.exists():
        return
    with path.open(encoding=source.encoding, newline="", errors="replace") as file:
        if source.ndjson:
            for written in file:
                try:
                    found = json.loads(written)["LINE"]
                except (ValueError, TypeError, KeyError):
                    return
                if found > line:
                    return
                yield written, 0
            return
        reader = csv.reader(file, delimiter=source.delimiter)
        next(reader, None)
        for cells in reader:
            # A line number is whole when another cell follows it.
            if len(cells) < 2 or not cells[0].isdigit() or int(cells[0]) > line:
                return
            yield _table([cells], source.delimiter), sum(cell.startswith("'") for cell in cells[len(REFUSED) :])


def _table(rows: list[list[Any]], delimiter: str) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue()


def _object(why: dict[str, Any], written: str) -> str:
    """The object with our members in front; its own stand to the letter, numbers too."""
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return json.dumps(why | {"ROW": written.strip()}) + "\n"
    if found.keys() & why.keys() or not found:
        return json.dumps(why | {name: value for name, value in found.items() if name not in why}) + "\n"
    return f"{json.dumps(why)[:-1]}, {written.strip()[1:]}\n"
