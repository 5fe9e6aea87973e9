"""A file of consents recorded elsewhere, taken in row by row through the same verb as every other choice."""

from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Cells
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import models, transaction

from consent.errors import Field, Invalid, TrustError
from consent.models import ConsentEvent, Identifier
from consent.rules import bases, imports, lifecycle, mapping, text
from consent.rules.choice import Choice
from consent.rules.imports import Act, Plan, Refused
from consent.services import catalogue, consents, families, handles, ledger
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact

BATCH = 50  # rows in one transaction: few, so that others who write do not wait long
_Read = Callable[[Cells[str, str]], Plan | None]
_Place = tuple[str, str, str, str, datetime | None]


@dataclass(frozen=True)
class Row:
    """One row of the file: where it begins, and its cells; None when their number is wrong."""

    line: int
    cells: Cells[str, str] | None


@dataclass(frozen=True)
class Refusal:
    """A row of which nothing was kept, and why."""

    line: int
    code: str
    sentence: str


@dataclass
class Report:
    """What became of the rows. events: how many acts were recorded (in a dry run: would be)."""

    imported: int = 0
    repeated: int = 0
    skipped: int = 0
    refused: int = 0
    events: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.imported + self.repeated + self.skipped + self.refused


def read_mapping(document: Any) -> mapping.Mapping:
    """A mapping that fits the catalogue; raises Invalid naming what is wrong in it."""
    number = document.get("version") if isinstance(document, dict) else None
    offered: dict[str, Collection[str]] = {}
    for purpose in catalogue.purposes():
        known = purpose.versions.filter(number=number if isinstance(number, int) else 0, published_at__isnull=False)
        version = known.first()
        offered[purpose.key] = catalogue.terms(version).categories if version else ()
    return mapping.parse(document, offered=offered)


def run(
    *,
    rows: Iterable[Row],
    head: Sequence[str],
    mapped: mapping.Mapping | None,
    digest: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Take a file in, a few rows at a time; a second run of the same file records nothing twice.

    head: the file's columns. mapped: how to read them; None for a file in our own words (rules/imports.OWN).
    digest: SHA-256 of the file, in hex. dry_run: try everything, and keep nothing. progress(rows) is called now and
    then. Raises Invalid when the head lacks columns; then nothing was read.
    """
    read = _reader(mapped, head, now)
    report, left = Report(), iter(rows)
    seen: set[_Place] = set()
    while batch := list(islice(left, BATCH)):
        with transaction.atomic():
            for row in batch:
                _take(row, read, report, seen, by, now)
            transaction.set_rollback(dry_run)
        progress(report.rows)
    if not dry_run:
        _finish(report, digest, by, now)
    return report


def _reader(mapped: mapping.Mapping | None, head: Sequence[str], now: datetime) -> _Read:
    explicit = {
        row.key for row in catalogue.purposes() if row.current and row.current.legal_basis == bases.EXPLICIT_CONSENT
    }
    if mapped is not None:
        mapping.check_columns(mapped, head)
        return imports.Reader(mapped, explicit=explicit, now=now).read
    missing = [
        Field(f"/{name}", "required", f"The file has no column {name}.")
        for name in imports.OWN_NEEDED
        if name not in head
    ]
    unknown = [
        Field(f"/{name}", "unknown", "Not a column of ours; use a mapping.") for name in head if name not in imports.OWN
    ]
    if missing or unknown:
        raise Invalid(*missing, *unknown)
    return lambda cells: imports.read_own(cells, explicit=explicit, now=now)


def _take(row: Row, read: _Read, report: Report, seen: set[_Place], by: Actor, now: datetime) -> None:
    """One row, whole or not at all."""
    try:
        if row.cells is None:
            raise Refused("wrong_number_of_cells")
        plan = read(row.cells)
        if plan is None:
            report.skipped += 1
            return
        with transaction.atomic():
            recorded = {place for act in plan.acts if (place := _record(plan, act, row.line, seen, by, now))}
    except Refused as refused:
        _refuse(report, row.line, refused.code, str(refused))
    except TrustError as error:
        _refuse(report, row.line, "not_recordable", error.detail)
    else:
        seen |= recorded
        report.events += len(recorded)
        report.imported += bool(recorded)
        report.repeated += not recorded


def _refuse(report: Report, line: int, code: str, sentence: str) -> None:
    report.refused += 1
    report.refusals.append(Refusal(line, code, sentence))


def _record(plan: Plan, act: Act, line: int, seen: set[_Place], by: Actor, now: datetime) -> _Place | None:
    """Record one act, unless it is recorded already; where it stands now."""
    handle = Handle(plan.namespace, plan.id)
    known = handles.row(handle)
    if known.suppressed if known else handles.left_alone(handle):
        raise Refused("suppressed")
    place = (plan.namespace, text.normal(plan.namespace, plan.id), plan.purpose, act.act, act.at)
    # In a dry run nothing stays in the tables, so what was seen is remembered too.
    if place in seen or _recorded(known, plan, act):
        return None
    choice = Choice(
        plan.purpose,
        act.act,
        plan.channel,
        plan.method,
        language=plan.language,
        notice_digest=plan.notice_digest,
        categories=plan.categories if act.act in lifecycle.YES else None,
        collected_at=act.at,
        evidence={"line": line, "cells": list(plan.evidence)},
        imported=True,
        version=plan.version,
    )
    consents.record(subject=handle, choice=choice, by=by, now=now)
    return place


def _recorded(known: Identifier | None, plan: Plan, act: Act) -> bool:
    """Whether this act stands already. One without a date is known by having counted from the moment of an import."""
    if known is None:
        return False
    said = ConsentEvent.objects.filter(subject__in=families.of(known.subject), purpose__key=plan.purpose, act=act.act)
    if act.at is None:
        return said.filter(imported=True, collected_at=models.F("recorded_at")).exists()
    return said.filter(collected_at=act.at).exists()


@transaction.atomic
def _finish(report: Report, digest: str, by: Actor, now: datetime) -> None:
    counts = {name: getattr(report, name) for name in ("imported", "repeated", "skipped", "refused", "events")}
    ledger.record(Fact("import.finished", object=digest, details=counts), by=by, now=now)
