"""import-consents: a file of consents recorded elsewhere."""

import argparse
import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.errors import Field, Invalid
from consent.rules.imports import OWN
from consent.rules.mapping import Mapping
from consent.services import imports
from consent.services.imports import Report, Row
from trustcenter import access
from trustcenter.commands import catalogue, terminal

_ABOUT = f"""\
Take in consents that another tool recorded. Each row goes through the same rules and leaves the same evidence as a
choice made today. What cannot be trusted is refused, row by row, with its reason. Running it twice doubles nothing.

Without --mapping the file is CSV, or NDJSON when its name ends so, with columns of these names:
  {", ".join(OWN)}"""
_EXAMPLES = """\
  trustcenter import-consents history.csv --mapping history.mapping.yaml --dry-run
      Try everything, keep nothing, and say what would be taken and what refused, and why.
  trustcenter import-consents history.csv --mapping history.mapping.yaml --refused refused.csv
      Also keep the refused rows with their reasons, to be mended. They hold personal data (mode 0600).
"""
_LISTED = 20


def add(commands: Any) -> None:
    parser = terminal.command(
        commands, "import-consents", _import, short="take in consents from a file", about=_ABOUT, examples=_EXAMPLES
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="how to read the file (YAML)")
    parser.add_argument("--dry-run", action="store_true", help="try everything and keep nothing")
    parser.add_argument("--refused", type=Path, metavar="FILE", help="write refused rows with their reasons here (CSV)")


@dataclass(frozen=True)
class Source:
    """A file that is read twice: once for its digest and length, once row by row."""

    path: Path
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    own: bool = True

    def digest(self) -> tuple[str, int]:
        """SHA-256 in hex, and how many lines there are."""
        found, lines = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while part := file.read(1 << 20):
                found.update(part)
                lines += part.count(b"\n")
        return found.hexdigest(), lines

    def head(self) -> list[str]:
        """The columns."""
        if not self._ndjson:
            with self._open() as file:
                return next(csv.reader(file, delimiter=self.delimiter), [])
        if self.own:
            return list(OWN)
        return next((list(row) for _, row in self._objects() if row is not None), [])

    def rows(self) -> Iterator[tuple[int, list[str], dict[str, str] | None]]:
        """Where each row begins, its cells as they stand, and by column; None when they do not fit the head."""
        head = self.head()
        if self._ndjson:
            for line, row in self._objects():
                fits = row is not None and row.keys() <= set(head)
                yield line, list((row or {}).values()), dict.fromkeys(head, "") | (row or {}) if fits else None
            return
        with self._open() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader, None)
            line = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield line, cells, dict(zip(head, cells, strict=True)) if len(cells) == len(head) else None
                line = reader.line_num + 1

    @property
    def _ndjson(self) -> bool:
        return self.path.suffix in (".ndjson", ".jsonl")

    def _objects(self) -> Iterator[tuple[int, dict[str, str] | None]]:
        with self._open() as file:
            for line, written in enumerate(file, 1):
                if written.strip():
                    yield line, _flat(written)

    def _open(self) -> io.TextIOBase:
        return self.path.open(encoding=self.encoding, newline="")


def source(path: Path, mapped: Mapping | None) -> Source:
    """The file as its mapping says it is written; raises Invalid when it cannot be read at all."""
    try:
        codecs.lookup(mapped.file.encoding if mapped else "utf-8")
        found = Source(path, mapped.file.encoding, mapped.file.delimiter, own=False) if mapped else Source(path)
        with path.open("rb"):
            return found
    except LookupError:
        raise Invalid(Field("/file/encoding", "unknown", "No such encoding is known.")) from None
    except OSError as problem:
        raise Invalid(Field("/file", "unreadable", f"Cannot read {path}: {problem.strerror}.")) from None


def take(path: Path, mapped: Mapping | None, *, dry_run: bool) -> tuple[Report, Source]:
    """Import a file, with progress shown; raises Invalid when the file as a whole cannot be read."""
    found = source(path, mapped)
    digest, lines = found.digest()
    try:
        with terminal.progress("Rows") as progress:
            report = imports.run(
                rows=(Row(line, cells) for line, _, cells in found.rows()),
                head=found.head(),
                mapped=mapped,
                digest=digest,
                by=access.operator_actor(),
                now=access.clock(),
                dry_run=dry_run,
                progress=lambda done: progress(min(done, lines), lines),
            )
    except (UnicodeDecodeError, csv.Error) as problem:
        detail = f"{path} cannot be read to its end: {problem}. Rows before that are kept; mend it and run it again."
        raise Invalid(Field("/file", "syntax", detail)) from None
    return report, found


def tell(report: Report, *, dry_run: bool) -> None:
    """The report in words."""
    would = "would be " if dry_run else ""
    terminal.say(
        f"{report.rows:,} rows:",
        f"  {report.imported:>6,}  {would}imported, as {report.events:,} acts",
        f"  {report.repeated:>6,}  repeated: recorded already",
        f"  {report.skipped:>6,}  skipped: the mapping says these are no consents",
        f"  {report.refused:>6,}  refused",
    )
    reasons: dict[str, list[str]] = {}
    for refusal in report.refusals:
        reasons.setdefault(refusal.sentence, []).append(str(refusal.line))
    for sentence, lines in sorted(reasons.items(), key=lambda item: -len(item[1])):
        more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
        terminal.say(
            f"          {len(lines):>4}  {sentence}", f"                line {', '.join(lines[:_LISTED])}{more}"
        )


def _import(options: argparse.Namespace) -> int:
    mapped = imports.read_mapping(catalogue.read(options.mapping)) if options.mapping else None
    report, found = take(options.file, mapped, dry_run=options.dry_run)
    tell(report, dry_run=options.dry_run)
    if options.refused:
        terminal.write_private(options.refused, _refused_rows(report, found))
        terminal.say(f"The refused rows are in {options.refused}. It holds personal data.")
    return 0


def _refused_rows(report: Report, found: Source) -> bytes:
    """The refused rows as they stand in the file, each with its line and reason in front."""
    refusals = {refusal.line: refusal for refusal in report.refusals}
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["LINE", "REASON", "WHY", *found.head()])
    for line, cells, _ in found.rows():
        if line in refusals:
            writer.writerow([line, refusals[line].code, refusals[line].sentence, *cells])
    return written.getvalue().encode()


def _flat(written: str) -> dict[str, str] | None:
    """A JSON object as cells; None when it is none."""
    try:
        value = json.loads(written)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return {name: " ".join(map(str, cell)) if isinstance(cell, list) else str(cell) for name, cell in value.items()}
