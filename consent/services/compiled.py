"""Sets of customers kept in memory, to decide about a million at once, and brought up to date before each use.

A set holds every identifier of a namespace with what stands for one purpose, and serves every recipient and every
category. Whoever the log named since it was read is read again, sealed or not. It is left when another version of the
purpose is in force, or when the log is not the one it was read with.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

import numpy as np
from django.db.models import Q

from audit.services import order
from consent.models import Identifier, Link, Subject
from consent.rules import tables
from consent.rules.actions import TOLD
from consent.rules.tables import Table
from consent.services.decisions import InForce
from consent.services.kinds import TOGETHER, Kinds, Reader

# How many sets a process keeps; one takes 40 MB for a million identifiers.
KEPT = 4
# Reading one who is asked about costs as much as compiling this many (tests/bench/audience.py measures it).
DEARER = 4
_NAMES = 1000


@dataclass(frozen=True, eq=False)
class Compiled:
    """A set as it stood at a moment.

    version: the row of the purpose's version, None where none is in force. special: the numbers of those whose facts
    go by the day. place, mark: whom the log named before it is read, and what stands before it. waiting: whom it named
    by what was not sealed yet.
    """

    table: Table
    kinds: Kinds
    version: int | None
    special: frozenset[int]
    moment: datetime
    place: int
    mark: str
    waiting: frozenset[str] = frozenset()


Find = Callable[[Sequence[bytes]], Table]
_Name = tuple[int, str]
_sets: OrderedDict[_Name, Compiled] = OrderedDict()
_alone: Counter[_Name] = Counter()
_lock = Lock()


def finder(*, row: InForce | None, namespace: str, asked: int, now: datetime) -> tuple[Kinds, Find]:
    """What gives a table that holds these hashes as they stand now or later, and the kinds that it counts.

    asked: how many will be looked for: of few, only they are read.
    """
    if kept := _kept(row, namespace, asked, now):
        return kept.kinds, lambda _: kept.table
    reader = Reader(row, namespace, now)
    return reader.kinds, lambda hashes: reader.these("lookup_hash", hashes)


def forget() -> None:
    """Keep nothing any more; for measuring."""
    with _lock:
        _sets.clear()
        _alone.clear()


def _kept(row: InForce | None, namespace: str, asked: int, now: datetime) -> Compiled | None:
    """A set brought up to now; None while it is cheaper to read those who are asked about."""
    name = (row.purpose.pk if row else 0, namespace)
    # One compiles, and others find what it compiled; who asks about few does not wait for that.
    if not _lock.acquire(blocking=asked > TOGETHER):
        return None
    try:
        found = _caught_up(_sets.pop(name, None), row, namespace, now)
        if found is None:
            if not _worth(name, asked):
                return None
            found = _compiled(row, namespace, now)
            found = _caught_up(found, row, namespace, now) or found  # what changed meanwhile
        if found.mark and len(found.table):
            _sets[name] = found
            while len(_sets) > KEPT:
                _sets.popitem(last=False)
        return found
    finally:
        _lock.release()


def _worth(name: _Name, asked: int) -> bool:
    """Whether so many were read one by one that compiling everybody would have cost no more."""
    if len(_alone) > _NAMES:
        _alone.clear()
    _alone[name] += asked
    newest = Identifier.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if _alone[name] * DEARER < newest:
        return False
    del _alone[name]
    return True


def _compiled(row: InForce | None, namespace: str, now: datetime) -> Compiled:
    place = order.size()  # first: what changes while we read comes after it
    reader = Reader(row, namespace, now)
    table = reader.everybody()
    version, special = row.version.pk if row else None, frozenset(reader.special)
    return Compiled(table, reader.kinds, version, special, now, place, order.mark(place))


def _caught_up(found: Compiled | None, row: InForce | None, namespace: str, now: datetime) -> Compiled | None:
    """The same set with everything that committed by now; None where it has to be compiled anew."""
    if found is None or found.version != (row.version.pk if row else None):
        return None
    waiting = frozenset(each.subject for each in order.waiting(TOLD))  # first: what is sealed meanwhile is then found
    size = order.size()
    if size < found.place or found.mark != order.mark(found.place):
        return None
    sealed = {each.subject for each in order.between(found.place, size, TOLD)}
    # Whom it named by what was not sealed is read again: in a restored backup that may never have happened.
    numbers = _numbers(sealed | waiting | found.waiting)
    if found.moment.date() != now.date():  # a child may have come of age
        numbers |= found.special
    if len(numbers) * DEARER > max(len(found.table), TOGETHER):
        return None
    if numbers:
        reader = Reader(row, namespace, now, found.kinds, set(found.special - numbers))
        new = reader.these("subject_id", sorted(numbers))
        table = tables.joined([found.table.without(np.array(sorted(numbers)), new), new])
        found = replace(found, table=table, special=frozenset(reader.special))
    return replace(found, moment=now, place=size, mark=order.mark(size), waiting=waiting)


def _numbers(pseudonyms: Iterable[str]) -> set[int]:
    """The numbers of these customers, and of every record that was ever joined to one of theirs."""
    names = sorted(pseudonyms)
    found: set[int] = set()
    for start in range(0, len(names), TOGETHER):
        rows = Subject.objects.filter(pseudonym__in=names[start : start + TOGETHER])
        found.update(rows.values_list("pk", flat=True))
    newest = found
    while newest:
        joined: set[int] = set()
        for part in _parts(sorted(newest)):
            pairs = Link.objects.filter(Q(survivor__in=part) | Q(other__in=part)).values_list("survivor", "other")
            joined.update(number for pair in pairs for number in pair)
        newest = joined - found
        found |= newest
    return found


def _parts(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + TOGETHER] for start in range(0, len(values), TOGETHER))
