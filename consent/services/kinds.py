"""What the decision reads of customers, read by the million: of many alike once, the rest one by one.

A million customers are a few kinds: what bears on a decision and many share. What a kind is follows from the same
functions by which a check reads one customer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
from msgspec import json

from audit import rows
from consent.models import ConsentState, PurposeVersion, Subject
from consent.rules import tables
from consent.rules.decision import Customer, State, Terms
from consent.rules.tables import ALWAYS, NEVER, Numbers, Table
from consent.services import catalogue, decisions, states
from consent.services.decisions import InForce, Known

TOGETHER = 4096
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_LINES = """
SELECT c.expires_at, c.paused_until, i.lookup_hash, i.subject_id, i.verified,
       (s.minor_until IS NOT NULL OR s.gpc_at IS NOT NULL OR s.limited_at IS NOT NULL), c.status, c.version_id,
       c.categories, c.recipients, c.objected, c.by_guardian
FROM consent_identifier i
JOIN consent_subject s ON s.id = i.subject_id
LEFT JOIN consent_consentstate c ON c.subject_id = i.subject_id AND c.purpose_id = %s
WHERE i.namespace = %s AND NOT i.suppressed"""
_TIMES = tuple(ConsentState._meta.get_field(name) for name in ("expires_at", "paused_until"))
_Line = tuple[Any, ...]


@dataclass(frozen=True)
class Kind:
    """A customer as the decision reads them, without the two moments; and what the version they agreed to allows."""

    customer: Customer
    agreed: Terms | None


@dataclass
class Kinds:
    """Kinds by number; 0 is nobody's. numbers, as_read: the number again, of a kind and of the columns of a line."""

    known: list[Kind | None] = field(default_factory=lambda: [None])
    numbers: dict[Kind, int] = field(default_factory=dict)
    as_read: dict[_Line, int] = field(default_factory=dict)

    def number(self, customer: Customer, agreed: Terms | None) -> int:
        """The number of the kind of this customer, a new one for a new kind."""
        still = replace(customer.state, expires_at=None, paused_until=None)
        kind = Kind(replace(customer, state=still), agreed)
        if kind not in self.numbers:
            self.numbers[kind] = len(self.known)
            self.known.append(kind)
        return self.numbers[kind]


@dataclass
class Reader:
    """Reads what stands of customers for one purpose, found by identifiers of one namespace, at one moment.

    special: the numbers of those read one by one, whose facts go by the day.
    """

    row: InForce | None
    namespace: str
    now: datetime
    kinds: Kinds = field(default_factory=Kinds)
    special: set[int] = field(default_factory=set)

    def everybody(self) -> Table:
        """Every identifier of the namespace that is not left alone."""
        return self._read("", [])

    def these(self, column: str, values: Iterable[Any]) -> Table:
        """Those whose `lookup_hash` or `subject_id` is among the values."""
        left, found = iter(values), []
        while part := list(islice(left, TOGETHER)):
            among, given = rows.among(part)
            found.append(self._read(f" AND i.{column} {among}", given))
        return tables.joined(found)

    def _read(self, where: str, values: Sequence[Any]) -> Table:
        purpose = self.row.purpose.pk if self.row else None
        parts = rows.stream(_LINES + where, [purpose, self.namespace, *values], *_TIMES)
        return tables.joined([table for part in parts for table in self._tables(part)])

    def _tables(self, lines: Sequence[_Line]) -> Iterator[Table]:
        """Of one part of what was read: those alike by their columns, then the others."""
        apart = [line for line in lines if line[5]] if self.row else []
        alike = [line for line in lines if not line[5]] if apart else lines
        get, number = self.kinds.as_read.get, self._by_columns
        yield _table(alike, [get(line[4:]) or number(line) for line in alike], [line[:2] for line in alike])
        if apart:
            found = self._one_by_one(apart)
            times = [(each.state.expires_at, each.state.paused_until) for each, _ in found]
            yield _table(apart, [self.kinds.number(*each) for each in found], times)

    def _by_columns(self, line: _Line) -> int:
        verified, status, version_id, categories, recipients, objected, by_guardian = (line[4], *line[6:])
        version = PurposeVersion.objects.get(pk=version_id) if version_id else None
        said = status and ConsentState(
            status=status,
            version=version,
            categories=json.decode(categories),
            recipients=json.decode(recipients),
            objected=bool(objected),
            by_guardian=bool(by_guardian),
        )
        customer = Customer()
        if self.row:
            terms = catalogue.terms(self.row.version)
            state = states.as_rule(said) if said else State()
            customer = decisions.customer_facts(
                Subject(), state, None, terms, self.now, verified=bool(verified), places=[""]
            )
        found = self.kinds.as_read[line[4:]] = self.kinds.number(
            customer, catalogue.terms(version) if version else None
        )
        return found

    def _one_by_one(self, lines: Sequence[_Line]) -> list[tuple[Customer, Terms | None]]:
        """The facts of each of these at the moment, and the version they agreed to."""
        if self.row is None:
            return []
        self.special.update(line[3] for line in lines)
        subjects = Subject.objects.in_bulk([line[3] for line in lines])
        read = decisions.readings(self.row, [Known(subjects[line[3]], bool(line[4])) for line in lines])
        return [(decisions.facts_at(self.row, each, self.now)[1], each.agreed) for each in read]


def microseconds(moment: datetime) -> int:
    """A moment as a number."""
    past = moment - _BEGIN
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def _table(lines: Sequence[_Line], kinds: Sequence[int], times: Sequence[_Line]) -> Table:
    high, low = tables.split([line[2] for line in lines])
    return Table(
        high,
        low,
        numbers=_array([line[3] for line in lines], np.uint32),
        kinds=_array(kinds, np.uint32),
        ends=_array([microseconds(ends) if ends else NEVER for ends, _ in times], np.int64),
        pauses=_array([microseconds(until) if until else ALWAYS for _, until in times], np.int64),
    )


def _array(values: Sequence[int], kind: Any) -> Numbers:
    return np.array(values, kind)
