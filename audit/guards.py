"""Append-only tables, guarded by the database itself.

A model asks for it with `guard = Guard(…)` in its body. Django remakes SQLite tables on some migrations
and silently drops their triggers, so the guards are installed after every migrate, and `missing()` lets
`doctor` and a test look for them.

Triggers are a hindrance, not evidence: whoever owns the database can drop them. The signed log is the evidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Guard:
    """What the database refuses on a table.

    update: SQL condition over OLD and NEW under which an UPDATE is refused ("1=1" refuses all, "" none).
    delete: the same for DELETE, over OLD.
    insert: the same for INSERT, over NEW.
    """

    update: str = "1=1"
    delete: str = "1=1"
    insert: str = ""


def guarded() -> Iterator[tuple[str, Guard]]:
    """Every table that has a guard, with it."""
    for model in apps.get_models(include_auto_created=True):
        guard = getattr(model, "guard", None)
        if isinstance(guard, Guard):
            yield model._meta.db_table, guard


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every guard in place, again if need be; tables that do not exist yet are left for the next time."""
    statements = _sqlite if connection.vendor == "sqlite" else _postgresql
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table, guard in guarded():
            if table in tables:
                for statement in statements(table, guard):
                    cursor.execute(statement)
                if connection.vendor == "sqlite" and guard.delete:
                    key = connection.introspection.get_primary_key_columns(cursor, table) or []
                    for statement in _no_replacing(table, guard, [key, *_unique(cursor, table)]):
                        cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take every guard away: for a test that empties its tables, never for the service."""
    with connection.cursor() as cursor:
        for table, guard in guarded():
            for event, _ in _events(guard):
                on = "" if connection.vendor == "sqlite" else f' ON "{table}"'
                cursor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, event)}"{on}')
            if connection.vendor != "sqlite":
                cursor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, "truncate")}" ON "{table}"')
            else:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, "replace")}"')


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of the triggers that should be there and are not."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    wanted = [_name(table, event) for table, guard in guarded() for event, _ in _events(guard)]
    whole = "replace" if connection.vendor == "sqlite" else "truncate"
    wanted += [_name(table, whole) for table, guard in guarded() if guard.delete]
    return [name for name in wanted if name not in there]


def install_after_migrate(*, using: str, **_: Any) -> None:
    install(connections[using])


def _events(guard: Guard) -> Iterator[tuple[str, str]]:
    for event in ("insert", "update", "delete"):
        condition = getattr(guard, event)
        if condition:
            yield event, condition


def _name(table: str, event: str) -> str:
    return f"guard_{table}_{event}"


def _sqlite(table: str, guard: Guard) -> Iterator[str]:
    for event, condition in _events(guard):
        name = _name(table, event)
        yield f'DROP TRIGGER IF EXISTS "{name}"'
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {event.upper()} ON "{table}" WHEN {condition} '
            f"BEGIN SELECT RAISE(ABORT, 'append only: {table} refuses this {event}'); END"
        )


def _unique(cursor: CursorWrapper, table: str) -> list[list[str]]:
    """The columns of each unique index; Django's own answer parses the table's whole text, for a second in all."""
    cursor.execute(
        "SELECT list.name, info.name FROM pragma_index_list(%s) list JOIN pragma_index_info(list.name) info"
        ' WHERE list."unique" ORDER BY list.seq, info.seqno',
        [table],
    )
    found: dict[str, list[str]] = {}
    for index, column in cursor.fetchall():
        found.setdefault(index, []).append(column)
    return list(found.values())


def _no_replacing(table: str, guard: Guard, unique: list[list[str]]) -> Iterator[str]:
    """SQLite's INSERT OR REPLACE deletes the row in the way without firing the trigger of a DELETE."""
    name = _name(table, "replace")
    # Table and columns are those of our own models: nothing of it comes from outside.
    same = " OR ".join(" AND ".join(f'OLD."{column}" = NEW."{column}"' for column in columns) for columns in unique)
    in_the_way = f'SELECT 1 FROM "{table}" AS OLD WHERE ({same}) AND ({guard.delete})'  # noqa: S608
    yield f'DROP TRIGGER IF EXISTS "{name}"'
    yield (
        f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}" WHEN EXISTS ({in_the_way}) '
        f"BEGIN SELECT RAISE(ABORT, 'append only: {table} refuses this replacement'); END"
    )


def _postgresql(table: str, guard: Guard) -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION trust_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'append only: % refuses this %', TG_TABLE_NAME, lower(TG_OP) "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for event, condition in _events(guard):
        name = _name(table, event)
        yield f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"'
        # PostgreSQL allows no sub-query in WHEN: the condition stands in a function of its own.
        yield (
            f'CREATE OR REPLACE FUNCTION "{name}_check"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            f"IF {condition} THEN RAISE EXCEPTION 'append only: {table} refuses this {event}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {'OLD' if event == 'delete' else 'NEW'}; END $$"
        )
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {event.upper()} ON "{table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{name}_check"()'
        )
        # ALWAYS: session_replication_role = replica does not switch it off.
        yield f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"'
    if guard.delete:
        name = _name(table, "truncate")
        yield f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"'
        yield (
            f'CREATE TRIGGER "{name}" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION trust_refuse()'
        )
        yield f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"'


class AppendOnly(models.Model):
    """A table whose rows are written once and never again."""

    guard = Guard()

    class Meta:
        abstract = True
