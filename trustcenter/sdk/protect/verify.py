"""verify: prove that nothing leaks, from the catalog, from plans of queries, and by trying as each role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.sql import SQL, Identifier

from .. import naming
from ..messages import Customer
from . import catalog, probes, standing
from .connection import Connection, scalars
from .mapping import FOLLOWER, Mapping, Refused, Table

Tick = Callable[[int, int], None]
MANY = 10_000

_UNBOUND = """
SELECT rolname::text FROM pg_roles WHERE rolsuper OR rolbypassrls ORDER BY 1
"""
# Views by which rows leave as somebody else sees them: the owner, whom nothing binds, and somebody who may read.
_VIEWS = """
SELECT DISTINCT v.oid::regclass::text, CASE v.relkind WHEN 'm' THEN 'm' ELSE 'v' END, r.rolname::text
FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
JOIN pg_class v ON v.oid = w.ev_class JOIN pg_roles r ON r.oid = v.relowner
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %(table)s AND v.oid <> %(table)s
  AND (v.relkind = 'm' OR (r.rolname = ANY(%(wide)s)
       AND NOT coalesce(v.reloptions::text LIKE '%%security_invoker=true%%', false)
       AND EXISTS (SELECT FROM aclexplode(v.relacl) g WHERE g.grantee <> v.relowner)))
ORDER BY 1
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text, r.rolname::text FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
WHERE p.prosecdef AND r.rolname = ANY(%(wide)s) AND position(%(name)s IN p.prosrc) > 0
  AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee <> p.proowner)) ORDER BY 1
"""
_SENT = """
SELECT p.pubname::text FROM pg_publication p WHERE p.puballtables OR EXISTS (
  SELECT FROM pg_publication_tables t WHERE t.pubname = p.pubname AND (t.schemaname, t.tablename) = (%s, %s)) ORDER BY 1
"""
_MEMBERS = """
SELECT r.rolname::text FROM pg_roles r WHERE NOT r.rolsuper AND r.rolname NOT LIKE 'pg\\_%%' AND r.rolname <> %(reader)s
  AND has_table_privilege(r.oid, %(view)s::text, 'SELECT') AND has_schema_privilege(r.oid, %(schema)s::name, 'USAGE')
  AND NOT EXISTS (SELECT FROM unnest(%(consumers)s::name[]) c WHERE pg_has_role(r.oid, c, 'USAGE')) ORDER BY 1
"""
_WRONG_MASKS = """
SELECT count(*) FILTER (WHERE t.trust_mask & ~m.mask <> 0), count(*) FILTER (WHERE m.mask & ~t.trust_mask <> 0)
FROM {table} t LEFT JOIN (
  SELECT i.key, bit_or(s.mask) AS mask FROM trust.identity i
  JOIN trust.span s ON s.customer = i.customer AND s.part = i.part AND s.begun GROUP BY 1
) found ON found.key = t.trust_key
CROSS JOIN LATERAL (SELECT coalesce(found.mask, 0) AS mask) m
"""


PROVED = (
    "rows and values are those permitted, none when the lease is over; none by COPY, prepared statements, functions of "
    "the table's owner, or the table itself; each query asks the gate once and finds a row by its index"
)


@dataclass
class Report:
    """findings: what leaks or may, and how to mend it. notes: what no database can stop. proved: what was tried."""

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)


def verify(connection: Connection, mapping: Mapping, *, progress: Tick = lambda done, of: None) -> Report:
    """Look, and try; nothing is changed. Raises Refused where it cannot be tried, psycopg.Error."""
    if not catalog.superuser(connection):
        raise Refused(["verify tries as each role: sign in as a superuser."])
    old = catalog.applied(connection)
    if old is None:
        raise Refused(["nothing is in force here. Run `trustcenter protect apply`."])
    report = Report()
    again = "Run `trustcenter protect apply`."
    if old.mapping != mapping:
        report.findings.append(f"the mapping is not the one in force. {again}")
    changed = [f"{each} {again}" for each in standing.changes(old.state, standing.read(connection, old.mapping))]
    report.findings += changed
    report.findings += catalog.refusals(connection, old.mapping, old)
    _who(connection, old.mapping, report)
    for table in old.mapping.tables:
        _around(connection, table, report)
    _masks(connection, old.mapping, report, progress)
    _try(connection, old.mapping, report)
    return report


@contextmanager
def undone(connection: Connection, level: str = "ISOLATION LEVEL READ COMMITTED") -> Iterator[None]:
    """A transaction of which nothing stays."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"SET TRANSACTION {level}")
        connection.execute("SET LOCAL lock_timeout = '5s'")
        yield


def _try(connection: Connection, mapping: Mapping, report: Report) -> None:
    """What each role gets. A probe that fails by itself is a finding: then something is not as it was made."""
    every = probes.places(connection, mapping)
    tries = [(place, probe) for place in every for probe in (probes.base, probes.closed, probes.plans)]
    try:
        with undone(connection, "ISOLATION LEVEL REPEATABLE READ"):
            found = list(probes.counts(connection, every))
        for place, probe in tries:
            with undone(connection):
                found += probe(connection, place)
    except psycopg.Error as error:
        found = [f"it could not be tried: {str(error).strip()}"]
    report.findings += dict.fromkeys(found)
    if not found:
        report.proved += [f"{place}, for {place.purpose}: {PROVED}" for place in every]


def _who(connection: Connection, mapping: Mapping, report: Report) -> None:
    unbound = scalars(connection, _UNBOUND)
    report.notes.append(f"nothing binds superusers and roles with BYPASSRLS: {', '.join(unbound)}.")
    maintainers = sorted({role for table in mapping.tables for role in table.maintainers})
    if maintainers:
        report.notes.append(f"maintainers see all rows: {', '.join(maintainers)}.")
    if mapping.policy == "setting":
        report.notes.append("policy: setting. Whoever runs SQL as a consumer can choose any purpose.")
    for reader in mapping.readers:
        for table in mapping.tables:
            view = Identifier(reader, table.shown_as).as_string(connection)
            values = {"reader": reader, "view": view, "schema": reader, "consumers": mapping.consumers(reader)}
            for role in scalars(connection, _MEMBERS, values):
                report.findings.append(
                    f"{role} may read {view}, and the mapping does not name it. Name it in `roles`, or REVOKE."
                )


def _around(connection: Connection, table: Table, report: Report) -> None:
    """Ways round a table: views and functions of whom nothing binds, copies, publications."""
    found = catalog.table(connection, table.name)
    if found is None:
        return
    wide = [*scalars(connection, _UNBOUND), *table.maintainers, FOLLOWER]
    values = {"table": found.oid, "wide": wide, "name": table.name.name}
    for name, kind, owner in connection.execute(_VIEWS, values).fetchall():
        report.findings.append(
            f"the materialized view {name} keeps a copy of rows of {table.name}, which no mask reaches. Drop it."
            if kind == "m"
            else f"the view {name} shows all rows of {table.name}: it belongs to {owner}, whom nothing binds here. "
            f"ALTER VIEW {name} SET (security_invoker = true), or give it another owner."
        )
    for name, owner in connection.execute(_FUNCTIONS, values).fetchall():
        report.findings.append(
            f"the function {name} names {table.name.name} and runs as {owner}, whom nothing binds here. "
            "REVOKE EXECUTE on it, make it SECURITY INVOKER, or give it another owner."
        )
    for name in scalars(connection, _SENT, table.name):
        report.notes.append(f"the publication {name} sends all rows of {table.name} elsewhere.")


def _masks(connection: Connection, mapping: Mapping, report: Report, progress: Tick) -> None:
    """Whether each row says what the feed said, and is whose its identifier says."""
    with undone(connection):
        connection.execute(SQL("SET LOCAL ROLE {}").format(Identifier(FOLLOWER)))
        key = scalars(connection, "SELECT hash_key FROM trust.position")[0]
        for table in mapping.tables:
            try:
                row = connection.execute(SQL(_WRONG_MASKS).format(table=Identifier(*table.name))).fetchone() or (0, 0)
            except psycopg.errors.UndefinedTable:
                return
            if row[0]:
                report.findings.append(
                    f"{row[0]:,} rows of {table.name} show more than the feed said. Run `trustcenter protect remove`, "
                    "`apply` and `follow`, and find out who wrote them."
                )
            if row[1]:
                report.notes.append(
                    f"{row[1]:,} rows of {table.name} show less than the feed said, until it is read anew."
                )
            wrong = sum(_strangers(connection, table, key, progress)) if key else 0
            if wrong:
                report.findings.append(
                    f"{wrong:,} rows of {table.name} stand under another identifier's key. Find out who wrote them."
                )
            report.proved.append(f"the masks of {table.name} are those of the feed")


def _strangers(connection: Connection, table: Table, key: bytes, progress: Tick) -> Iterator[int]:
    """How many rows have a key that their identifier does not give, for each part that was read."""
    query = SQL("SELECT {}::text, trust_key FROM {} WHERE trust_key IS NOT NULL").format(
        Identifier(table.id), Identifier(*table.name)
    )
    with connection.cursor(name="trust_rows") as cursor:
        cursor.execute(query)
        done = 0
        while rows := cursor.fetchmany(MANY):
            yield sum(naming.name(key, Customer(table.namespace, value or "\0")) != held for value, held in rows)
            done += len(rows)
            progress(done, done if len(rows) < MANY else done + MANY)
