"""Search the log: entries that fit a filter, newest first, a bounded piece of work at a time.

The number of an entry is in the order of time (`entries.uuid7`), and every index ends in it: so a page begins where
the one before ended, and a stretch of time is a stretch of any index. Of the parts of a filter that have an index, the
one whose next entries reach furthest back leads, and of those at most `READ` are held against the rest. What a search
has not looked at then it says: it never counts everything, and never runs until it is cut off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

from audit import rows
from audit.models import PLAIN_OUTCOMES, PLAIN_REASONS, Entry

READ = 10_000
# By so many entries of each part it is judged which one leads; mostly a page is found among as many.
_TRIED = 1000
# A kind of actor with more of them than this leads no search: nearly the whole log is theirs.
_ACTORS = 16
_LAST, _FIRST = UUID(int=2**128 - 1), UUID(int=0)
_TIME = 80  # bits of a UUIDv7 below its milliseconds
_PLANS = dict.fromkeys(("enable_sort", "enable_seqscan", "enable_bitmapscan", "jit"), "off")
_PLANS["plan_cache_mode"] = "force_custom_plan"
_COLUMNS = ("actor_type", "actor_ref", "subject", "action", "purpose", "recipient", "outcome", "reason")

# A stretch of an index: its columns, their values, and the condition of a partial one. Of such parts a way is merged.
Part = tuple[tuple[str, ...], tuple[str, ...], str]
Way = Sequence[Part]


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
    with transaction.atomic(savepoint=False):
        _follow_indices()
        return _newest(chosen, within, limit)


def _newest(chosen: Filter, within: Span, limit: int) -> tuple[list[UUID], UUID | None]:
    ways = list(_ways(chosen))
    leading = ways[0] if len(ways) == 1 else min(ways, key=lambda way: _far(way, within))
    # Of a way of many parts PostgreSQL reads as many of each: together they are no more than of one.
    for most in (_TRIED, max(_TRIED, READ // len(leading))):
        numbers = _fitting(leading, chosen, within, most, limit)
        if len(numbers) == limit:
            return numbers, None
        edge, _ = _reach(leading, within, most)
        if edge is None:
            break
    return numbers, edge


def _fitting(way: Way, chosen: Filter, within: Span, most: int, limit: int) -> list[UUID]:
    """The newest that fit, of so many entries of a way."""
    query, values = _listed(way, within, most, ", ".join(("id", "recorded_at", *_COLUMNS)))
    conditions, more = _conditions(chosen)
    query = f"SELECT id FROM ({query}) looked WHERE {conditions} ORDER BY id DESC LIMIT %s"  # noqa: S608
    return [number for (number,) in rows.read(query, [*values, *more, limit], Entry._meta.pk)]


def found(
    numbers: Sequence[UUID],
    edge: UUID | None,
    limit: int,
    *,
    beside: Sequence[Entry] = (),
    beside_edge: UUID | None = None,
) -> Found:
    """The page of these numbers and of the entries beside them, the newest first.

    numbers: one more than the limit where there is more. edge, beside_edge: how far each was looked at, as of `newest`.
    """
    reached = max(filter(None, (numbers[limit] if len(numbers) > limit else edge, beside_edge)), default=None)
    known = {each.id: each for each in beside}
    among = sorted((each for each in {*numbers, *known} if reached is None or each >= reached), reverse=True)
    shown = among[:limit]
    known = Entry.objects.select_related("leaf_row").in_bulk(shown) | known
    entries = tuple(known[each] for each in shown)
    if len(among) > limit:
        return Found(entries, shown[-1])
    return Found(entries, reached, moment_of(reached) if reached else None)


def moment_of(number: UUID) -> datetime:
    """When an entry was recorded, to the millisecond."""
    return datetime.fromtimestamp((number.int >> _TIME) / 1000, UTC)


def _follow_indices() -> None:
    """Have PostgreSQL read along our indices, until the transaction ends.

    Every statement here is bounded by a LIMIT on one of them. Left alone, the planner now and then reads and sorts all
    that might fit, since it takes the entries of a filter for scattered, or compiles for a third of a second; and a
    plan that was made for every value walks the whole log for one that is rare.
    """
    if connection.vendor == "postgresql":
        values = [part for pair in _PLANS.items() for part in pair]
        rows.read("SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(_PLANS)), values)


def _far(way: Way, within: Span) -> tuple[UUID, int]:
    """The smaller, the better a way leads: how far back some entries of it reach, then how many they are."""
    edge, count = _reach(way, within, _TRIED)
    return edge or _FIRST, count


def _reach(way: Way, within: Span, most: int) -> tuple[UUID | None, int]:
    """The last of so many entries of a way, None where it has fewer; and how many there are up to there."""
    query, values = _listed(way, within, most, "id")
    query = f"SELECT COUNT(*), MIN(CAST(id AS text)) FROM ({query}) looked"  # noqa: S608
    ((count, last),) = rows.read(query, values)
    return (UUID(last) if count == most else None), count


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
    actors = {each for kind, ref in chosen.actors for each in ([(kind, ref)] if ref else _all_of(kind))}
    if 0 < len(actors) <= _ACTORS:
        ways.append([(("actor_type", "actor_ref"), each, "") for each in actors])
    yield from ways or [[((), (), "")]]


def _all_of(kind: str) -> list[tuple[str, str]]:
    """The actors of a kind, one more than may lead: each found in the index behind the one before."""
    found: list[tuple[str, str]] = []
    refs = Entry.objects.filter(actor_type=kind).order_by("actor_type", "actor_ref").values_list("actor_ref", flat=True)
    ref = refs.first()
    while ref is not None and len(found) <= _ACTORS:
        found.append((kind, ref))
        ref = refs.filter(actor_ref__gt=ref).first()
    return found or [(kind, "")]


def _listed(way: Way, within: Span, most: int, columns: str) -> tuple[str, list[object]]:
    """The statement that lists at most so many entries by a way, newest first."""
    ordered = "ORDER BY id DESC LIMIT %s"
    if connection.vendor == "postgresql":
        parts = [_along(each, within, most, columns) for each in way]
        query = f"SELECT * FROM ({' UNION ALL '.join(part for part, _ in parts)}) listed {ordered}"  # noqa: S608
    else:
        parts = [_equal(each, within, columns) for each in way]
        query = f"{' UNION ALL '.join(part for part, _ in parts)} {ordered}"
    return query, [*(value for _, values in parts for value in values), most]


def _equal(part: Part, within: Span, columns: str) -> tuple[str, list[object]]:
    """For SQLite, which goes along the index of an equality, and reads of each part what the merged whole needs."""
    names, equal, apart = part
    conditions = " AND ".join([*(f"{name} = %s" for name in names), "id >= %s", "id < %s"])
    query = f"SELECT {columns} FROM audit_entry WHERE {conditions}{apart}"  # noqa: S608
    return query, [*equal, _prepared(within.first), _prepared(within.end)]


def _along(part: Part, within: Span, most: int, columns: str) -> tuple[str, list[object]]:
    """For PostgreSQL: as a stretch of the index, in its order.

    Of an equality it thinks that what is frequent is frequent everywhere, and walks the primary key to the beginning of
    the log for what there is none of before this page.
    """
    names, equal, apart = part
    row, marks = ", ".join([*names, "id"]), ", ".join(["%s"] * (len(names) + 1))
    order = ", ".join(f"{name} DESC" for name in (*names, "id"))
    conditions = f"({row}) >= ({marks}) AND ({row}) < ({marks}){apart}"
    query = f"(SELECT {columns} FROM audit_entry WHERE {conditions} ORDER BY {order} LIMIT %s)"  # noqa: S608
    return query, [*equal, _prepared(within.first), *equal, _prepared(within.end), most]


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
