"""Search the log: entries that fit a filter, newest first, a bounded piece of work at a time.

The number of an entry is in the order of time (`entries.uuid7`), and every index ends in it: so a page begins where
the one before ended, and a stretch of time is a stretch of any index. Of the parts of a filter that have an index, the
one whose next entries reach furthest back leads, and of those at most `READ` are held against the rest. What a search
has not looked at then it says: it never counts everything, and never runs until it is cut off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from audit import rows
from audit.models import PLAIN_OUTCOMES, PLAIN_REASONS, Entry
from audit.services.entries import uuid7

READ = 20_000
# A kind of actor with more of them than this leads no search: nearly the whole log is theirs.
_ACTORS = 64
_LAST, _FIRST = UUID(int=2**128 - 1), UUID(int=0)
_TIME = 80  # bits of a UUIDv7 below its milliseconds
_COLUMNS = ("actor_type", "actor_ref", "subject", "action", "purpose", "recipient", "outcome", "reason")


@dataclass(frozen=True)
class Filter:
    """Which entries: those that fit each part, a part being any of its values; without values it asks for nothing.

    subjects: pseudonyms. actors: kind and reference, "" for every reference. since, before: the time of recording.
    """

    subjects: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    actors: tuple[tuple[str, str], ...] = ()
    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Found:
    """Entries, newest first. after: where to go on, None at the end of the log.

    searched_to: nothing older was looked at yet; None for a full page, and at the end.
    """

    entries: tuple[Entry, ...]
    after: UUID | None
    searched_to: datetime | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of the log: numbers from `first` on and before `end`."""

    first: UUID
    end: UUID


def span(chosen: Filter, before: UUID | None) -> Span:
    """The stretch that a filter's times leave, before an entry where one is named."""
    end = _floor(chosen.before) if chosen.before else _LAST
    return Span(_floor(chosen.since) if chosen.since else _FIRST, min(end, before or _LAST))


def find(*, chosen: Filter, before: UUID | None = None, limit: int = 100) -> Found:
    """The newest entries that fit, at most `limit`, before the one where the search goes on."""
    numbers, edge = newest(chosen, span(chosen, before), limit + 1)
    return found(numbers, edge, limit)


def newest(chosen: Filter, within: Span, limit: int) -> tuple[list[UUID], UUID | None]:
    """The numbers of the newest that fit, and the last number it looked at, None where it looked at all of them."""
    if within.first >= within.end:
        return [], None
    _, edge, leading = max(_reaches(chosen, within), key=lambda each: each[0])
    query, values = _listed(leading, within, "*")
    conditions, more = _conditions(chosen)
    query = f"SELECT id FROM ({query}) looked WHERE {conditions} ORDER BY id DESC LIMIT %s"  # noqa: S608
    numbers = [number for (number,) in rows.read(query, [*values, READ, *more, limit], Entry._meta.pk)]
    return numbers, edge


def found(numbers: Sequence[UUID], edge: UUID | None, limit: int) -> Found:
    """The page of these numbers, the newest first: a full one has one more than the limit. edge: as of `newest`."""
    shown = numbers[:limit]
    kept = Entry.objects.filter(id__in=shown).select_related("leaf_row").order_by("-id")
    if len(numbers) > limit:
        return Found(tuple(kept), shown[-1])
    return Found(tuple(kept), edge, moment_of(edge) if edge else None)


def moment_of(number: UUID) -> datetime:
    """When an entry was recorded, to the millisecond."""
    return datetime.fromtimestamp((number.int >> _TIME) / 1000, UTC)


# One way to list entries by an index: the conditions of each of its parts, which together are merged.
Way = Sequence[tuple[tuple[str, ...], tuple[str, ...], str]]


def _reaches(chosen: Filter, within: Span) -> Iterator[tuple[tuple[bool, int, int], UUID | None, Way]]:
    """How far back each way leads in one search: whether to the end, and then by how few, else to which number."""
    for way in _ways(chosen):
        query, values = _listed(way, within, "id")
        query = f"SELECT COUNT(*), MIN(CAST(id AS text)) FROM ({query}) looked"  # noqa: S608
        ((count, last),) = rows.read(query, [*values, READ])
        edge = UUID(last) if count == READ else None
        yield (edge is None, -count, -edge.int if edge else 0), edge, way


def _ways(chosen: Filter) -> Iterator[Way]:
    """The ways by which entries that fit can be listed; the whole log is one where no other is."""
    ways: list[Way] = [
        [((name,), (value,), "") for value in values]
        for name, values in (
            ("subject", chosen.subjects),
            ("action", chosen.actions),
            ("purpose", chosen.purposes),
            ("recipient", chosen.recipients),
        )
        if values
    ]
    if chosen.outcomes and not set(chosen.outcomes) & set(PLAIN_OUTCOMES):
        ways.append([(("outcome",), (value,), _apart("outcome", PLAIN_OUTCOMES)) for value in chosen.outcomes])
    if chosen.reasons and not set(chosen.reasons) & set(PLAIN_REASONS):
        ways.append([(("reason",), (value,), _apart("reason", PLAIN_REASONS)) for value in chosen.reasons])
    if actors := [each for kind, ref in chosen.actors for each in ([(kind, ref)] if ref else _all_of(kind))]:
        if len(actors) <= _ACTORS:
            ways.append([(("actor_type", "actor_ref"), each, "") for each in actors])
    yield from ways or [[((), (), "")]]


def _all_of(kind: str) -> list[tuple[str, str]]:
    """The actors of a kind, one more than may lead: each found in the index behind the one before."""
    found: list[tuple[str, str]] = [(kind, "")]
    while len(found) <= _ACTORS:
        later = Entry.objects.filter(actor_type=kind, actor_ref__gt=found[-1][1]).order_by("actor_ref")
        if (ref := later.values_list("actor_ref", flat=True).first()) is None:
            break
        found.append((kind, ref))
    return found


def _listed(way: Way, within: Span, columns: str) -> tuple[str, list[object]]:
    """The statement that lists entries by a way, newest first, as many as the last value says."""
    names = "id" if columns == "id" else ", ".join(("id", "recorded_at", *_COLUMNS))
    parts, values = [], []
    for columns_of, equal, apart in way:
        conditions = " AND ".join([*(f"{name} = %s" for name in columns_of), "id >= %s", "id < %s"])
        parts.append(f"SELECT {names} FROM audit_entry WHERE {conditions}{apart}")  # noqa: S608
        values += [*equal, _prepared(within.first), _prepared(within.end)]
    return " UNION ALL ".join(parts) + " ORDER BY id DESC LIMIT %s", values


def _conditions(chosen: Filter) -> tuple[str, list[object]]:
    """What an entry has to fit, whichever way it was come by."""
    parts, values = ["1 = 1"], []
    named = {
        "subject": chosen.subjects,
        "action": chosen.actions,
        "purpose": chosen.purposes,
        "recipient": chosen.recipients,
        "outcome": chosen.outcomes,
        "reason": chosen.reasons,
    }
    for name, wanted in named.items():
        if wanted:
            condition, given = rows.among(wanted)
            parts.append(f"{name} {condition}")
            values += given
    if chosen.actors:
        each = ["actor_type = %s AND actor_ref = %s" if ref else "actor_type = %s" for _, ref in chosen.actors]
        parts.append(f"({' OR '.join(each)})")
        values += [part for actor in chosen.actors for part in actor if part]
    times = (("recorded_at >= %s", chosen.since), ("recorded_at < %s", chosen.before))
    for condition, moment in times:
        if moment:
            parts.append(condition)
            values.append(connection.ops.adapt_datetimefield_value(moment))
    return " AND ".join(parts), values


def _apart(name: str, plain: Sequence[str]) -> str:
    """The condition of a partial index, in its own words: else the database does not know that it may be used."""
    return f" AND NOT ({name} IN ({', '.join(repr(each) for each in plain)}))"


def _prepared(number: UUID) -> object:
    return Entry._meta.pk.get_db_prep_value(number, connection)


def _floor(moment: datetime) -> UUID:
    """A number that no entry from this moment on is smaller than, and every one of a millisecond before is."""
    return UUID(int=int(moment.timestamp() * 1_000_000) // 1000 << _TIME)
