"""The SQL that takes a mapping away again: what is made anew when the mapping changes, or all of it."""

from collections.abc import Collection, Iterator
from typing import Any

from psycopg.sql import SQL, Composed, Identifier

from . import same_database, tables
from .mapping import FOLLOWER, Mapping, Name

Before = dict[str, dict[str, bool]]

TABLE = """\
DROP TRIGGER IF EXISTS zzz_trust_1_insert ON {table};
DROP TRIGGER IF EXISTS zzz_trust_2_keep ON {table};
DROP TRIGGER IF EXISTS zzz_trust_3_hide ON {table};
DROP POLICY IF EXISTS trust_maintainers ON {table};
"""
# Their views and policies, and all that was granted to them here. What others built on the views stops this.
ROLE = "DROP OWNED BY {role};\n"
GONE = "DROP ROLE {role};\n"
LEFT = "REVOKE {role} FROM {member};\n"
COLUMNS = "ALTER TABLE {table} DROP COLUMN IF EXISTS trust_mask, DROP COLUMN IF EXISTS trust_key, {row}, {force};\n"
KEPT = """\
DROP FUNCTION IF EXISTS trust.hide(), trust.keep();
DROP TABLE IF EXISTS {tables};
DROP SCHEMA trust;
"""


def derived(old: Mapping, there: Collection[Name]) -> Iterator[Composed]:
    """Everything but what holds data: masks, keys, what was followed. there: the tables that still stand."""
    for table in old.tables:
        if table.name in there:
            yield SQL(TABLE).format(table=Identifier(*table.name))
    if old.same_database:
        yield same_database.remove(old.same_database)
    for role in (*old.readers, FOLLOWER):
        yield SQL(ROLE).format(role=Identifier(role))


def unfollow(member: str) -> Composed:
    """Who signs in as the follower no longer may."""
    return SQL(LEFT).format(role=Identifier(FOLLOWER), member=Identifier(member))


def given_back(name: Name, before: dict[str, Any]) -> Composed:
    """A table as it was before it was protected."""
    row = SQL("{} ROW LEVEL SECURITY").format(SQL("ENABLE" if before["row"] else "DISABLE"))
    force = SQL("{} ROW LEVEL SECURITY").format(SQL("FORCE" if before["force"] else "NO FORCE"))
    return SQL(COLUMNS).format(table=Identifier(*name), row=row, force=force)


def everything(old: Mapping, before: Before, there: Collection[Name]) -> Iterator[Composed]:
    """All of it but the roles."""
    yield from derived(old, there)
    for name in there:
        yield given_back(name, before[str(name)])
    names = SQL(", ").join(Identifier("trust", name) for name in (*(name for name, _ in tables.TABLES), "subject"))
    yield SQL(KEPT).format(tables=names)


def roles(names: Collection[str]) -> Iterator[Composed]:
    """The roles themselves; whatever they had is gone."""
    for role in names:
        yield SQL(GONE).format(role=Identifier(role))
