"""Trying to get at rows, as each role. The caller undoes all of it.

How many rows and values may show is counted as the follower, who sees masks and nothing else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from .catalog import Found, given, table
from .connection import Connection, Query, scalars
from .mapping import FOLLOWER, Mapping, Table
from .statements import mask

AGAIN = "Run `trustcenter protect apply`."
ALONE = f"Take it out of every role that reads or maintains it, or: {AGAIN[0].lower()}{AGAIN[1:]}"
TEXT = "Its type may be compared only by functions that PostgreSQL trusts with hidden rows: text, not citext."
DEFINER = """
CREATE FUNCTION pg_temp.trust_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS {body};
ALTER FUNCTION pg_temp.trust_definer() OWNER TO {owner};
"""
LEAKY = """
CREATE FUNCTION pg_temp.trust_leaky(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RETURN true; END'
"""
# Whoever may read the table by their rights, and is bound by its policies.
_MAY = """
SELECT r.rolname::text FROM pg_roles r WHERE NOT r.rolsuper AND NOT r.rolbypassrls AND NOT r.rolname = ANY(%(readers)s)
  AND has_any_column_privilege(r.oid, %(table)s::oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM unnest(%(wide)s::name[]) w WHERE pg_has_role(r.oid, w, 'USAGE')) ORDER BY 1
"""
_FIRST = """
SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = %s AND a.attname = %s AND i.indpred IS NULL)
"""
_CLOSED = "SELECT NOT EXISTS (SELECT FROM trust.gate WHERE clock_timestamp() >= since AND clock_timestamp() < until)"


@dataclass(frozen=True)
class Place:
    """One masked view, read for one purpose, by one role."""

    mapping: Mapping
    table: Table
    found: Found
    reader: str
    purpose: str

    @property
    def role(self) -> str:
        """Who reads it; where nobody may yet, its owner."""
        return next(iter(self.mapping.purposes[self.purpose].roles), self.reader)

    @property
    def view(self) -> Identifier:
        return Identifier(self.reader, self.table.shown_as)

    def __str__(self) -> str:
        return f"{self.reader}.{self.table.shown_as}"


def places(connection: Connection, mapping: Mapping) -> list[Place]:
    """Every masked view, for every purpose that it is read for."""
    return [
        Place(mapping, each, found, mapping.reader(purpose), purpose)
        for each in mapping.tables
        if (found := table(connection, each.name))
        for purpose in mapping.purposes
    ]


def counts(connection: Connection, every: Sequence[Place]) -> Iterator[str]:
    """More rows or values than the masks permit; within one snapshot of the database."""
    if scalars(connection, _CLOSED)[0]:  # nobody follows, so nobody waits for this row; else it is left alone
        connection.execute("UPDATE trust.gate SET since = '-infinity', until = 'infinity'")
    bits = given(connection)
    for place in every:
        tests = [mask(place.table, [place.purpose], bits)]
        tests += [
            mask(place.table, [place.purpose], bits, [each] if each else None) for each in place.table.kept.values()
        ]
        counted = SQL(", ").join(
            SQL("count(*) FILTER (WHERE trust_mask & {} <> 0)").format(Literal(each)) for each in tests
        )
        may = _one(connection, FOLLOWER, SQL("SELECT {} FROM {}").format(counted, Identifier(*place.table.name)))
        values = SQL(", ").join(SQL("count({})").format(Identifier(each)) for each in place.table.kept)
        shown = _one(
            connection, place.role, SQL("SELECT count(*), {} FROM {}").format(values, place.view), place.purpose
        )
        for what, most, seen in zip(["rows", *place.table.kept], may, shown, strict=True):
            if seen > most:
                yield f"{place} shows {place.role} {seen:,} {what}, and {most:,} are permitted. {AGAIN}"


def base(connection: Connection, place: Place) -> Iterator[str]:
    """Rows by the table itself, by COPY, or by a function of the owner, for whoever is bound."""
    wide = [*place.table.maintainers, FOLLOWER]
    values = {"readers": list(place.mapping.readers), "table": place.found.oid, "wide": wide}
    name = Identifier(*place.table.name)
    bound = scalars(connection, _MAY, values)
    for role in bound:
        if _one(connection, role, SQL("SELECT EXISTS (SELECT FROM {})").format(name)) == (True,):
            yield f"{role} sees rows of {place.table.name} by itself. {ALONE}"
        if _copied(connection, role, SQL("COPY {} TO STDOUT").format(name)):
            yield f"{role} gets rows of {place.table.name} by COPY. {ALONE}"
    if place.found.owner in bound:
        with _undone(connection):
            body = SQL("SELECT count(*) FROM {}").format(name).as_string(connection)
            connection.execute(SQL(DEFINER).format(body=Literal(body), owner=Identifier(place.found.owner)))
            if _one(connection, place.role, SQL("SELECT pg_temp.trust_definer()")) not in ((0,), None):
                yield f"a function that runs as {place.found.owner} shows rows of {place.table.name}. {AGAIN}"


def closed(connection: Connection, place: Place) -> Iterator[str]:
    """Anything once the lease is over: asked anew, prepared before, prepared as another role, by COPY."""
    query = SQL("SELECT EXISTS (SELECT FROM {})").format(place.view)
    with _undone(connection):
        _become(connection, place.role, place.purpose)
        connection.execute(SQL("PREPARE trust_asked AS {}").format(query))
        connection.execute("EXECUTE trust_asked")
        connection.execute("RESET ROLE")
        connection.execute("UPDATE trust.gate SET until = '-infinity'")
        for role in (place.role, place.found.owner):
            for asked in (query, SQL("EXECUTE trust_asked")):
                if _one(connection, role, asked, place.purpose) == (True,):
                    yield f"{place} shows rows to {role} when the lease is over. {AGAIN}"
        if _copied(connection, place.role, SQL("COPY (SELECT 1 FROM {}) TO STDOUT").format(place.view), place.purpose):
            yield f"{place} shows rows by COPY when the lease is over. {AGAIN}"
        connection.execute("DEALLOCATE trust_asked")


def plans(connection: Connection, place: Place) -> Iterator[str]:
    """A plan that asks something for each row, lets a stranger's function see rows, or leaves the index unused."""
    for what, name in (("1", Identifier(*place.table.name)), ("*", place.view)):
        for node in _nodes(connection, place, SQL("SELECT {} FROM {}").format(SQL(what), name)):
            if node.get("Parent Relationship") == "SubPlan" or "SubPlan" in str(node.get("Filter")):
                yield f"{place}: its plan asks something for each row. {AGAIN}"
    with _undone(connection):
        connection.execute(LEAKY)
        leaky = SQL("SELECT 1 FROM {} WHERE pg_temp.trust_leaky({}::text)").format(
            place.view, Identifier(place.table.id)
        )
        for node in _nodes(connection, place, leaky):
            if "trust_leaky" in str(node.get("Filter")) and node["Node Type"] != "Subquery Scan":
                yield f"{place}: a function of whoever asks sees rows before they are hidden. {AGAIN}"
    shown = place.table.kept[place.table.id] is None
    if shown and scalars(connection, _FIRST, [place.found.oid, place.table.id])[0]:
        looked = SQL("SELECT * FROM {view} WHERE {id} = (SELECT {id} FROM {view} LIMIT 1)")
        nodes = list(_nodes(connection, place, looked.format(view=place.view, id=Identifier(place.table.id))))
        mine = [node for node in nodes if node.get("Relation Name") == place.table.name.name]
        if not any({"Index Cond", "Recheck Cond"} & node.keys() for node in mine):
            yield f"{place}: one customer's row is not found by the index on {place.table.id}. {TEXT}"


def _nodes(connection: Connection, place: Place, query: Query) -> Iterator[dict[str, Any]]:
    """Every node of the plan that the reader gets, with a scan of the whole table made dear."""
    with _undone(connection):
        _become(connection, place.reader, place.purpose)
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = scalars(connection, SQL("EXPLAIN (FORMAT JSON, COSTS OFF) {}").format(query))[0]
    waiting = [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.get("Plans", [])


def _one(connection: Connection, role: str, query: Query, purpose: str = "") -> Any:
    """One row as a role gets it; None where it may not ask."""
    try:
        with connection.transaction():
            _become(connection, role, purpose)
            row = connection.execute(query).fetchone()
            connection.execute("RESET ROLE")
            return row
    except psycopg.errors.InsufficientPrivilege:
        return None


def _copied(connection: Connection, role: str, query: Query, purpose: str = "") -> bool:
    try:
        with _undone(connection):
            _become(connection, role, purpose)
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                return any(list(copy))
    except psycopg.errors.InsufficientPrivilege:
        return False


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    with connection.transaction(force_rollback=True):
        yield


def _become(connection: Connection, role: str, purpose: str) -> None:
    connection.execute(SQL("SET LOCAL ROLE {}").format(Identifier(role)))
    connection.execute("SELECT set_config('trust.purpose', %s, true)", [purpose])
