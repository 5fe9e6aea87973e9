"""A file of consents recorded elsewhere, taken in row by row through the same verb as every other choice."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from consent.errors import Suppressed, TrustError
from consent.models import ConsentEvent
from consent.rules import bases, imports, lifecycle, mapping, own_words
from consent.rules.choice import Choice
from consent.rules.imports import Act, Plan, Refused
from consent.services import catalogue, consents, families, handles, import_runs, subjects
from consent.services.handles import Handle
from consent.services.import_runs import Report
from consent.services.ledger import Actor
from consent.services.seen import Seen

# Rows in one transaction: few, so that others who write do not wait long. Ten times as many are hardly faster: nearly
# all of the time goes into recording.
BATCH = 50
_Read = Callable[[Mapping[str, str]], Plan | None]
_Place = tuple[str, str, datetime | None]


@dataclass(frozen=True)
class Row:
    """One row of the file: where it begins, and its cells by column.

    cells: None when they cannot be read; broken then says why, one of rules/imports.REFUSALS.
    written: the row as it stands in the file, for whoever keeps what was refused.
    """

    line: int
    cells: Mapping[str, str] | None
    written: Any = None
    broken: str = "wrong_number_of_cells"


Refusals = Callable[[Row, Refused], None]


@dataclass
class _Import:
    """One file on its way in. digest: of the file. seen: what a dry run would have recorded."""

    read: _Read
    digest: str
    by: Actor
    now: datetime
    seen: Seen | None = None


@dataclass
class _Customer:
    """Whom a row is about: what stands of them (purpose, act and moment of each event), and whether to leave them."""

    said: set[_Place]
    left_alone: bool


def read_mapping(document: Any, *, target: mapping.Target | None = None) -> mapping.Mapping:
    """A mapping that fits the catalogue.

    target: the purpose that the mapping leaves open. Raises Invalid naming what is wrong.
    """
    document = mapping.fill(document, target)
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
    again: bool = False,
    refused: Refusals = lambda row, problem: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Take a file in, a few rows at a time. One that was stopped goes on where it stood; one that is done stays done.

    The report is about the whole file. again: from the first line; still nothing that stands is recorded twice.
    head: the file's columns. mapped: how to read them; None for a file in our own words (rules/own_words).
    digest: SHA-256 of the file, in hex. dry_run: try everything, and keep nothing. refused(row, problem) is called
    before the rows around it are committed; progress(rows) now and then, with the rows done in all runs.
    Raises Invalid when the head lacks columns; then nothing was read. Raises Conflict when the file is being imported.
    """
    work = _Import(_reader(mapped, head, now), digest, by, now)
    if dry_run:
        return _try(work, rows, refused, progress)
    row, report = import_runs.begin(digest=digest, mapped=mapped, again=again, now=now)
    if report.finished_at:
        return report
    for batch in _batches(each for each in rows if each.line > report.line):
        with transaction.atomic():
            _take(work, batch, report, refused)
            import_runs.advance(row, report)
        progress(report.rows)
    import_runs.finish(row=row, report=report, by=by, now=now)
    return report


def _try(work: _Import, rows: Iterable[Row], refused: Refusals, progress: Callable[[int], None]) -> Report:
    """What a run from the first line would do."""
    report = Report()
    with closing(Seen()) as work.seen:
        for batch in _batches(rows):
            with transaction.atomic():
                _take(work, batch, report, refused)
                transaction.set_rollback(True)
            progress(report.rows)
    return report


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _reader(mapped: mapping.Mapping | None, head: Sequence[str], now: datetime) -> _Read:
    explicit = {
        row.key for row in catalogue.purposes() if row.current and row.current.legal_basis == bases.EXPLICIT_CONSENT
    }
    if mapped is not None:
        mapping.check_columns(mapped, head)
        return imports.Reader(mapped, explicit=explicit, now=now).read
    own_words.check_columns(head)
    return lambda cells: own_words.read(cells, explicit=explicit, now=now)


def _take(work: _Import, batch: Sequence[Row], report: Report, refused: Refusals) -> None:
    """Some rows, each whole or not at all, in the caller's transaction."""
    plans = [_plan(work.read, row) for row in batch]
    named = [Handle(plan.namespace, plan.id, plan.verified) for plan in plans if isinstance(plan, Plan)]
    places = [place for place, plan in enumerate(plans) if isinstance(plan, Plan)]
    # Those who are known first, then strangers in one order: so no two who write wait for each other.
    turns = [places[turn] for turn in subjects.hold_together(named)]
    if any(isinstance(plan, Plan) and plan.others for plan in plans):
        turns = places  # one row can say that the next one's stranger is the same person: then as the file has them
    customers = _customers(named)
    done = {place: _record(work, batch[place].line, plans[place], customers) for place in turns}
    for place, row in enumerate(batch):
        _count(row, done.get(place, plans[place]), report, refused)


def _plan(read: _Read, row: Row) -> Plan | Refused | None:
    try:
        if row.cells is None:
            raise Refused(row.broken)
        return read(row.cells)
    except Refused as problem:
        return problem


def _customers(named: Sequence[Handle]) -> dict[tuple[str, str], _Customer]:
    """The customers of a batch by identifier, with what they said before; a few queries for all."""
    found = handles.recorded(named)
    whose = families.standing_for(row.subject_id for row in found.values())
    said: dict[int, set[_Place]] = {row.subject_id: set() for row in found.values()}
    events = ConsentEvent.objects.filter(subject__in=whose)
    for pk, purpose, act, collected, recorded, imported in events.values_list(
        "subject_id", "purpose__key", "act", "collected_at", "recorded_at", "imported"
    ):
        # One without a date is known by having counted from the moment of an import.
        undated = [(purpose, act, None)] if imported and collected == recorded else []
        said[whose[pk]] |= {(purpose, act, collected), *undated}
    customers: dict[tuple[str, str], _Customer] = {}
    for handle in named:
        row = found.get(handles.key(handle))
        alone = row.suppressed if row else handles.left_alone(handle)
        customers.setdefault(handles.key(handle), _Customer(said[row.subject_id] if row else set(), alone))
    return customers


def _record(work: _Import, line: int, plan: Any, customers: dict[tuple[str, str], _Customer]) -> int | Refused:
    """Record what of a row does not stand yet; how many acts."""
    handle = Handle(plan.namespace, plan.id, plan.verified)
    customer = customers[handles.key(handle)]
    if customer.left_alone:
        return Refused("suppressed")
    new = [act for act in plan.acts if not _stands(work, plan, act, customer)]
    if not new:
        return 0
    alone = len(new) == 1 and not _describes(plan)
    try:
        with nullcontext() if alone else transaction.atomic():  # a choice alone is whole or not at all by itself
            for act in new:
                consents.record(subject=handle, choice=_choice(work, line, plan, act), by=work.by, now=work.now)
            if _describes(plan):
                _describe(work, plan)
    except Suppressed:
        return Refused("suppressed")
    except TrustError as error:
        return Refused("not_recordable", error.detail)
    for other in plan.others:  # from now on the same customer, also for the next rows
        customers[handles.key(Handle(*other))] = customer
    customer.said |= {(plan.purpose, act.act, act.at) for act in new}
    if work.seen is not None:
        for act in new:
            work.seen.add(_named(plan, act))
    return len(new)


def _stands(work: _Import, plan: Plan, act: Act, customer: _Customer) -> bool:
    if (plan.purpose, act.act, act.at) in customer.said:
        return True
    return work.seen is not None and _named(plan, act) in work.seen


def _named(plan: Plan, act: Act) -> str:
    """One act of one customer as a text."""
    return "\0".join([*handles.key(Handle(plan.namespace, plan.id)), plan.purpose, act.act, str(act.at)])


def _choice(work: _Import, line: int, plan: Plan, act: Act) -> Choice:
    gives = act.act in lifecycle.YES
    return Choice(
        plan.purpose,
        act.act,
        plan.channel,
        plan.method,
        language=plan.language,
        notice_digest=plan.notice_digest,
        categories=plan.categories if gives else None,
        recipients=plan.recipients if gives else None,
        collected_at=act.at,
        until=plan.until if act.act == lifecycle.PAUSE else None,
        actor=plan.actor,
        evidence={"file": work.digest, "line": line, "cells": list(plan.evidence)},
        imported=True,
        version=plan.version,
    )


def _describes(plan: Plan) -> bool:
    return bool(plan.others or plan.jurisdiction or plan.minor_until)


def _describe(work: _Import, plan: Plan) -> None:
    """What the file says of the customer besides the choice: further identifiers, where they live, when of age."""
    subjects.register(
        identifiers=[Handle(plan.namespace, plan.id, plan.verified), *(Handle(*each) for each in plan.others)],
        jurisdiction=plan.jurisdiction,
        minor_until=plan.minor_until,
        by=work.by,
        now=work.now,
    )


def _count(row: Row, outcome: int | Plan | Refused | None, report: Report, refused: Refusals) -> None:
    """What became of one row. None: the mapping skips it on purpose."""
    report.line = row.line
    if isinstance(outcome, Refused):
        report.refuse(row.line, outcome)
        refused(row, outcome)
    elif outcome is None:
        report.skipped += 1
    elif isinstance(outcome, int):
        report.events += outcome
        report.imported += bool(outcome)
        report.repeated += not outcome
