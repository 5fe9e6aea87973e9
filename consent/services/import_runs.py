"""How far a file of consents got: remembered with the rows, so that `kill -9` costs no more than a batch."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime

import msgspec
from django.db import transaction

from consent.errors import Conflict
from consent.models import ImportRun
from consent.rules.imports import REFUSALS, Refused
from consent.rules.mapping import Mapping
from consent.services import ledger
from consent.services.ledger import Actor, Fact

LISTED = 20  # lines that are named of each reason
# Sentences may hold figures ("at most 512 characters, not 600"): past these they are told by their code alone.
REASONS = 20
COUNTS = ("imported", "repeated", "skipped", "refused", "events")


@dataclass
class Reason:
    """Why rows were refused: one of rules/imports.REFUSALS, how many, and where the first of them begin."""

    code: str
    rows: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass
class Report:
    """What became of the rows, over all runs of the file. events: acts recorded (in a dry run: that would be).

    line: where the last row began that is done. finished_at: when the file was done, if that was before this run.
    """

    imported: int = 0
    repeated: int = 0
    skipped: int = 0
    refused: int = 0
    events: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    line: int = 0
    finished_at: datetime | None = None

    @property
    def rows(self) -> int:
        return self.imported + self.repeated + self.skipped + self.refused

    def refuse(self, line: int, problem: Refused) -> None:
        """Count one refused row. However many there are, the report stays small."""
        self.refused += 1
        known = str(problem) in self.reasons or len(self.reasons) < REASONS
        reason = self.reasons.setdefault(str(problem) if known else REFUSALS[problem.code], Reason(problem.code))
        reason.rows += 1
        if len(reason.lines) < LISTED:
            reason.lines.append(line)


def place(*, digest: str, mapped: Mapping | None) -> Report:
    """How far this file got with this mapping; nothing yet, for a file that was never begun."""
    row = ImportRun.objects.filter(digest=digest, mapping=_digest(mapped)).first()
    return _report(row) if row else Report()


@transaction.atomic
def begin(*, digest: str, mapped: Mapping | None, again: bool, now: datetime) -> tuple[ImportRun, Report]:
    """The row of this file and what it counted so far. again: from the first line, whatever was done before."""
    row, _ = ImportRun.objects.get_or_create(digest=digest, mapping=_digest(mapped), defaults={"started_at": now})
    if again:
        row = ImportRun(pk=row.pk, digest=digest, mapping=row.mapping, started_at=now)
        row.save()
    return row, _report(row)


def advance(row: ImportRun, report: Report) -> None:
    """Remember the rows that were just done, in their own transaction.

    Raises Conflict when another process moved on in the meantime: then these rows are its, and ours are rolled back.
    """
    reasons = {sentence: asdict(reason) for sentence, reason in report.reasons.items()}
    counts = {name: getattr(report, name) for name in (*COUNTS, "line")}
    mine = ImportRun.objects.filter(pk=row.pk, line=row.line, started_at=row.started_at, finished_at=None)
    if not mine.update(**counts, reasons=reasons):
        raise Conflict("Another process is importing this very file. Let it end.")
    row.line = report.line


@transaction.atomic
def finish(*, row: ImportRun, report: Report, by: Actor, now: datetime) -> None:
    """The file is done, which is a fact; told once."""
    if not ImportRun.objects.filter(pk=row.pk, line=row.line, finished_at=None).update(finished_at=now):
        raise Conflict("Another process is importing this very file. Let it end.")
    counts = {name: getattr(report, name) for name in COUNTS}
    ledger.record(Fact("import.finished", object=row.digest, details=counts), by=by, now=now)


def _report(row: ImportRun) -> Report:
    return Report(
        **{name: getattr(row, name) for name in COUNTS},
        reasons={sentence: Reason(**reason) for sentence, reason in row.reasons.items()},
        line=row.line,
        finished_at=row.finished_at,
    )


def _digest(mapped: Mapping | None) -> str:
    """Of what the mapping says; its comments do not matter."""
    return hashlib.sha256(msgspec.json.encode(mapped)).hexdigest() if mapped else ""
