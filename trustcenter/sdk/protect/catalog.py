"""What stands in the database: read, never changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from psycopg.rows import dict_row

from . import same_database
from .connection import Connection, scalars
from .mapping import FOLLOWER, OURS, Mapping, Name, Table, roles
from .statements import MARK, Bits

TYPES = ("text", "varchar", "bpchar", "citext", "name", "int2", "int4", "int8", "uuid")
MOST = 63  # bits of a bigint whose sign is left alone

_TABLE = """
SELECT c.oid, c.relkind::text AS kind, c.relrowsecurity AS row, c.relforcerowsecurity AS force,
  (SELECT rolname::text FROM pg_roles WHERE oid = c.relowner) AS owner,
  c.relispartition OR EXISTS (SELECT 1 FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS parted,
  ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies,
  pg_has_role(c.relowner, 'USAGE') AS ours
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""
_COLUMNS = """
SELECT a.attname::text, CASE WHEN t.typbasetype <> 0 THEN (SELECT b.typname FROM pg_type b WHERE b.oid = t.typbasetype)
  ELSE t.typname END::text
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_ROLES = """
SELECT r.rolname::text AS name, r.rolsuper OR r.rolbypassrls AS bypass, shobj_description(r.oid, 'pg_authid') AS comment
FROM pg_roles r
"""
_ELSEWHERE = """
SELECT DISTINCT r.rolname::text FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
WHERE d.refclassid = 'pg_authid'::regclass
  AND d.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
_LOOSE = """
SELECT rolname::text FROM pg_roles
WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolreplication)
"""
_JOINED = """
SELECT r.rolname::text, m.rolname::text FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid
JOIN pg_roles m ON m.oid = a.member WHERE r.rolname = ANY(%s) AND m.rolname <> current_user
"""
_SCHEMAS = "SELECT nspname::text, coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace"
_MEMBERS = "SELECT pg_has_role(%s::name, %s::name, 'MEMBER')"


@dataclass
class Found:
    """A table as it is. columns: by name, with their types."""

    oid: int
    kind: str
    row: bool
    force: bool
    owner: str
    parted: bool
    policies: list[str]
    ours: bool
    columns: dict[str, str] = field(default_factory=dict)


@dataclass
class Applied:
    """What was put in force."""

    mapping: Mapping
    script: str
    before: dict[str, dict[str, bool]]
    state: dict[str, str]


def applied(connection: Connection) -> Applied | None:
    """What was put in force here, or None."""
    if connection.execute("SELECT to_regclass('trust.applied')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT mapping, script, before, state FROM trust.applied").fetchone()
    return Applied(Mapping.of(row[0]), *row[1:]) if row else None


def document(mapping: Mapping) -> str:
    """A mapping as JSON."""
    return msgspec.json.encode(mapping).decode()


def table(connection: Connection, name: Name) -> Found | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_TABLE, name).fetchone()
    if row is None:
        return None
    return Found(**row, columns=dict(connection.execute(_COLUMNS, [row["oid"]]).fetchall()))


def only_here(connection: Connection, names: list[str]) -> list[str]:
    """Those of our roles that no other database of this server knows."""
    elsewhere = set(scalars(connection, _ELSEWHERE))
    return [name for name in names if name not in elsewhere]


def loosened(connection: Connection, mapping: Mapping) -> tuple[list[str], list[tuple[str, str]]]:
    """Of our roles, those that somebody let do more; and members that somebody put into those that read."""
    loose = scalars(connection, _LOOSE, [[FOLLOWER, *mapping.readers]])
    return loose, connection.execute(_JOINED, [list(mapping.readers)]).fetchall()


def superuser(connection: Connection) -> bool:
    """Whether whoever signed in is one."""
    return bool(scalars(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")[0])


def given(connection: Connection) -> Bits:
    """The numbers that pairs have."""
    rows = connection.execute("SELECT purpose, category, number FROM trust.bit").fetchall()
    return {(purpose, category): number for purpose, category, number in rows}


def bits(mapping: Mapping, before: Bits) -> Bits:
    """The number of each pair: those given before stay, since masks with them stand in the rows.

    There may be more than fit.
    """
    new = [pair for pair in mapping.pairs if pair not in before]
    return before | {pair: number for number, pair in enumerate(new, max(before.values(), default=-1) + 1)}


def have_roles(connection: Connection) -> dict[str, dict[str, Any]]:
    """Every role of the server: whether nothing binds it, and its comment."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return {row["name"]: row for row in cursor.execute(_ROLES).fetchall()}


def refusals(connection: Connection, mapping: Mapping, old: Applied | None) -> Iterator[str]:
    """Why this mapping cannot be put in force here; each names the member and says what to do."""
    known = have_roles(connection)
    for at, role in roles(mapping):
        if role not in known:
            yield f"{at}: there is no role {role}. Make it first: CREATE ROLE."
    yield from _ours(connection, mapping, known, old)
    for place, each in enumerate(mapping.tables):
        yield from _table(table(connection, each.name), each, f"tables[{place}]", old)
    yield from _readers(connection, mapping, known)
    for name in same_database.TABLES if mapping.same_database else ():
        if table(connection, Name(mapping.same_database, name)) is None:
            yield f"same_database: TrustCenter's table {name} is not in the schema {mapping.same_database} here."
    if max(bits(mapping, given(connection) if old else {}).values(), default=0) >= MOST:
        yield (
            f"purposes: {len(mapping.purposes)} purposes and their categories need more than the {MOST} bits of a mask"
            + (", with those given before; `protect remove` and `protect apply` number them anew." if old else ".")
        )


def _ours(connection: Connection, mapping: Mapping, known: dict[str, Any], old: Applied | None) -> Iterator[str]:
    for role in (FOLLOWER, *mapping.readers):
        if role in known and not str(known[role]["comment"]).startswith(MARK):
            yield f"purposes: the role {role} is there already and is not ours. Rename it."
    schemas = dict(connection.execute(_SCHEMAS).fetchall())
    for name in ("trust", *mapping.readers):
        if name in schemas and not schemas[name].startswith(MARK):
            yield f"purposes: the schema {name} is there already and is not ours. Rename it."
    if old is None and "trust" in schemas:
        yield "the schema trust: it says that it is ours, but nothing was put in force. Drop it."


def _table(found: Found | None, table: Table, at: str, old: Applied | None) -> Iterator[str]:
    if found is None:
        yield f"{at}.table: there is no table {table.name}."
        return
    if found.kind != "r" or found.parted:
        yield f"{at}.table: {table.name} is no plain table. Views, partitions and what inherits cannot be protected."
        return
    if not found.ours:
        yield f"{at}.table: {table.name} belongs to {found.owner}. Sign in as it, or as a superuser."
    mine = old is not None and table.name in [each.name for each in old.mapping.tables]
    ours = {"trust_follower", "trust_maintainers", *(old.mapping.readers if old else ())}
    have = {name: kind for name, kind in found.columns.items() if name not in OURS}
    if not mine and len(have) < len(found.columns):
        yield f"{at}.table: {table.name} has a column {' or '.join(OURS)} of its own. Rename it."
    if others := set(found.policies) - (ours if mine else set()):
        names = ", ".join(sorted(others))
        yield f"{at}.table: {table.name} has policies of its own, whose rows would show. Drop {names}."
    for column in have:
        if column not in table.kept:
            yield f"{at}.columns: {column} is not named. Give it its category, or null if it is no personal data."
    for column in table.kept:
        if column not in have:
            yield f"{at}.{'id' if column == table.id else 'columns'}: {table.name} has no column {column}."
    if have.get(table.id, "text") not in TYPES:
        known = ", ".join(TYPES)
        yield f"{at}.id: {table.id} is {have[table.id]}, which is not always written the same way. Known: {known}."


def _readers(connection: Connection, mapping: Mapping, known: dict[str, Any]) -> Iterator[str]:
    """Whoever reads for a purpose must be bound by it."""
    owners = [found.owner for each in mapping.tables if (found := table(connection, each.name))]
    wide = dict.fromkeys(owners, "owns a table and could switch this off")
    wide |= {role: "maintains a table and sees all of it" for each in mapping.tables for role in each.maintainers}
    wide |= {mapping.follower: "is the follower"} if mapping.follower else {}
    for purpose, each in mapping.purposes.items():
        for place, role in enumerate(each.roles):
            at = f"purposes.{purpose}.roles[{place}]"
            if role not in known:
                continue
            if known[role]["bypass"]:
                yield f"{at}: {role} is a superuser or has BYPASSRLS, so nothing hides a row from it. Name another."
                continue
            for other, why in wide.items():
                if other in known and connection.execute(_MEMBERS, [role, other]).fetchone() == (True,):
                    yield f"{at}: {role} is {other} or may act as it, which {why}. Name another."
