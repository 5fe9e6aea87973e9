"""One row of a file becomes acts to record, or a refusal with its reason. Nothing is guessed."""

import unicodedata
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Cells
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from consent.rules import lifecycle, moments, text
from consent.rules.mapping import SKIP, Mapping, Step, Target, folded

REFUSALS = {
    "wrong_number_of_cells": "The row has more or fewer cells than the head of the file.",
    "unreadable": "The line is no JSON object of plain values, or has a member that nobody asked for.",
    "no_identifier": "The row does not say who it is about.",
    "bad_identifier": "The identifier cannot be one.",
    "control_character": "The identifier holds a control character.",
    "unknown_status": "The mapping does not say what this status means.",
    "unknown_purpose": "The mapping does not say which purpose this is.",
    "words_missing": "Explicit consent needs proof of the exact words, and the file holds none.",
    "no_date": "A yes needs a sure date, and none can be read.",
    "ended_later": "The row says yes, and also that it ended later.",
    "suppressed": "They asked to be left alone, or were erased. Only their own yes brings them back.",
    "not_recordable": "The choice cannot be recorded.",
}


class Refused(Exception):
    """Nothing of the row is kept. `code` is one of REFUSALS."""

    def __init__(self, code: str, more: str = "") -> None:
        super().__init__(more or REFUSALS[code])
        self.code = code


@dataclass(frozen=True)
class Act:
    """One act of a row. at: None counts from the moment of the import."""

    act: str
    at: datetime | None


@dataclass(frozen=True)
class Plan:
    """What a row becomes.

    version: assumed in place of words that were not ours. notice_digest: the very words, when the file names them.
    verified: whether the identifier is. others: further identifiers, each (namespace, id, verified).
    recipients, until: only of a file in our own words: a customer chooses third parties by name, and a pause's end.
    """

    namespace: str
    id: str
    purpose: str
    acts: tuple[Act, ...]
    language: str
    channel: str
    method: str
    categories: tuple[str, ...] | None = None
    version: int | None = None
    notice_digest: str = ""
    evidence: tuple[str, ...] = ()
    recipients: tuple[str, ...] | None = None
    actor: str = "self"
    verified: bool = True
    others: tuple[tuple[str, str, bool], ...] = ()
    jurisdiction: str | None = None
    minor_until: date | None = None
    until: datetime | None = None


class Reader:
    """Reads the rows of one file. explicit: purposes whose yes needs proof of the exact words."""

    def __init__(self, mapping: Mapping, *, explicit: Collection[str], now: datetime) -> None:
        self._mapping, self._explicit, self._now = mapping, explicit, now
        self._zone = ZoneInfo(mapping.dates.time_zone)
        self._empty = {each.strip().casefold() for each in mapping.empty}
        self._purposes: dict[str, Target] = folded(mapping.purpose.values)
        self._statuses = folded(mapping.status.values)
        self._languages: dict[str, str] = folded(mapping.language.values)

    def read(self, row: Cells[str, str]) -> Plan | None:
        """What the row becomes, or None when the mapping skips rows like it on purpose. Raises Refused."""
        mapping = self._mapping
        who = self._identifier(row[mapping.identifier.column])
        steps = mapping.status.always or self._statuses.get(_compared(row[mapping.status.column]))
        if not steps:
            raise Refused("unknown_status")
        target = mapping.purpose.always or self._purposes.get(_compared(row[mapping.purpose.column]))
        if target is None:
            raise Refused("unknown_purpose")
        if steps == SKIP:
            return None
        return Plan(
            mapping.identifier.namespace,
            who,
            target.purpose,
            self._acts(steps, target, row),
            self._language(row),
            mapping.channel,
            mapping.method,
            categories=target.categories,
            version=mapping.version,
            evidence=tuple(f"{name}: {row[name]}" for name in mapping.evidence),
        )

    def _identifier(self, cell: str) -> str:
        # Only spaces are trimmed here: a control character at the edge is a sign of damage too.
        value = cell.strip(" ")
        if value.casefold() in self._empty:
            raise Refused("no_identifier")
        return checked_identifier(self._mapping.identifier.namespace, value)

    def _language(self, row: Cells[str, str]) -> str:
        named = self._mapping.language
        return self._languages.get(_compared(row[named.column]), named.default) if named.column else named.default

    def _acts(self, steps: Sequence[Step], target: Target, row: Cells[str, str]) -> tuple[Act, ...]:
        found: list[tuple[Step, Act]] = []
        for step in steps:
            try:
                act = Act(step.act, self._moment_of(step, target, row))
            except Refused:
                if not step.optional:
                    raise
                continue
            # A yes dated after the no that the same row ends with would bring back what was taken back.
            found = [(kept, old) for kept, old in found if not (kept.optional and _after(old, act))]
            found.append((step, act))
        return tuple(act for _, act in found)

    def _moment_of(self, step: Step, target: Target, row: Cells[str, str]) -> datetime | None:
        if step.act in lifecycle.YES and target.purpose in self._explicit:
            raise Refused("words_missing")
        at = next((moment for name in step.at if (moment := self._moment(row[name]))), None)
        if at is None and step.otherwise != "now":
            raise Refused("no_date")
        ended = self._moment(row[step.unless_later]) if step.unless_later else None
        if at and ended and ended > at:
            raise Refused("ended_later")
        return at

    def _moment(self, cell: str) -> datetime | None:
        """The date in a cell, in UTC as it is kept; None when no format reads it or it lies in the future.

        In a local time its months would be counted from another day or hour than when it is read from the database.
        """
        value = cell.strip()
        for form in self._mapping.dates.formats if value.casefold() not in self._empty else ():
            try:
                read = datetime.strptime(value, form)  # noqa: DTZ007  the zone is set below
            except ValueError:
                continue
            read = read if read.tzinfo else read.replace(tzinfo=self._zone)
            return read.astimezone(UTC) if moments.EPOCH <= read <= self._now else None
        return None


def checked_identifier(namespace: str, value: str) -> str:
    """An identifier that may come in; raises Refused."""
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        raise Refused("control_character")
    if problem := text.identifier_problem(namespace, value):
        raise Refused("bad_identifier", problem)
    return value


def _compared(cell: str) -> str:
    return cell.strip().casefold()


def _after(earlier: Act, later: Act) -> bool:
    """Whether an act that a row puts first is dated after the one that follows it."""
    return earlier.at is not None and later.at is not None and earlier.at > later.at
