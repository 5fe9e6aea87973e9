"""Rows at the price of their SQL: a statement is built once for its tables, not anew for each row.

For the path of every record and check, where the ORM's building of SQL costs several times what the database needs.
Values go through their fields, as the ORM's do, and the guards stand in the database.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import models, transaction


def insert(*new: models.Model) -> None:
    """Write unsaved rows of one or several tables, and give each the number the database chose for it."""
    # PostgreSQL takes them all in one statement; SQLite has none for that, but is no journey away either.
    if transaction.get_connection().vendor == "postgresql":
        numbers = _write(_together(tuple(type(row) for row in new)), *new)
    else:
        numbers = [_write(_insert(type(row)), row)[0] for row in new]
    for row, number in zip(new, numbers, strict=True):
        _is_written(row, number)


def put(row: models.Model, *unique: str) -> None:
    """Write a row in place of the one that has the same `unique` fields, or as a new one where there is none."""
    _is_written(row, _write(_put(type(row), unique), row)[0])


def find(query: str, values: Sequence[Any], *, hold: str = "", **named: type[models.Model]) -> list[tuple[Any, ...]]:
    """The rows of a query as models: a line of them for each line of the answer.

    query: `{p}` in it stands for all columns of the table that it calls p, whose model is named: p=Purpose.
    hold: the table whose rows are kept from others until the transaction ends.
    """
    statement, fields = _select(query, tuple(named.items()))
    if hold and transaction.get_connection().features.has_select_for_update:
        # SQLite has no such words and needs none: our transactions have the whole database from their start.
        statement += f" FOR UPDATE OF {hold}"
    return [_models(line, tuple(named.values())) for line in read(statement, values, *fields)]


def read(query: str, values: Sequence[Any], *columns: Any) -> list[tuple[Any, ...]]:
    """What a query of ours finds; columns: the model fields it selects, in their order, which convert what is read."""
    connection = transaction.get_connection()
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    converters = _converters(connection.vendor, columns)
    if not converters:
        return found
    lines = [list(line) for line in found]
    for line in lines:
        for place, column, convert in converters:
            line[place] = convert(line[place], column, connection)
    return [tuple(line) for line in lines]


def _models(line: tuple[Any, ...], kinds: tuple[type[models.Model], ...]) -> tuple[Any, ...]:
    found, start = [], 0
    for kind in kinds:
        names = _names(kind)
        found.append(kind.from_db(transaction.get_connection().alias, names, line[start : start + len(names)]))
        start += len(names)
    return tuple(found)


def _write(statement: str, *rows: models.Model) -> Any:
    connection = transaction.get_connection()
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in _fields(type(row))
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def _is_written(row: models.Model, number: Any) -> None:
    if isinstance(row._meta.pk, models.AutoField):
        row.pk = number
    row._state.adding, row._state.db = False, transaction.get_connection().alias


@cache
def _converters(vendor: str, columns: tuple[Any, ...]) -> list[tuple[int, Any, Any]]:  # noqa: ARG001  two databases
    """What makes Python values of columns, as (place, column, function): SQLite knows no times and no JSON."""
    connection = transaction.get_connection()
    return [
        (place, column, convert)
        for place, column in enumerate(field.cached_col for field in columns)
        for convert in [*connection.ops.get_db_converters(column), *column.target.get_db_converters(connection)]
    ]


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    """The columns we write: all but a number that the database chooses."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


# The tables and columns of the statements below are those of our own models: nothing of them comes from outside.


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _select(query: str, named: tuple[tuple[str, type[models.Model]], ...]) -> tuple[str, list[Any]]:
    """The statement with the columns of each table in it, and their fields."""
    fields = {name: model._meta.concrete_fields for name, model in named}
    columns = {name: ", ".join(f'{name}."{field.column}"' for field in found) for name, found in fields.items()}
    return query.format(**columns), [field for found in fields.values() for field in found]


@cache
def _insert(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    places = ", ".join(["%s"] * len(_fields(model)))
    key = model._meta.pk.column
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places}) RETURNING "{key}"'  # noqa: S608


@cache
def _together(kinds: tuple[type[models.Model], ...]) -> str:
    """One statement for rows of several tables; Django's foreign keys are checked at commit, so any order will do."""
    parts = ", ".join(f"row_{place} AS ({_insert(model)})" for place, model in enumerate(kinds))
    return f"WITH {parts} SELECT " + ", ".join(f"(TABLE row_{place})" for place in range(len(kinds)))


@cache
def _put(model: type[models.Model], unique: tuple[str, ...]) -> str:
    fixed = [field.column for field in _fields(model) if field.name in unique]
    free = [field.column for field in _fields(model) if field.name not in unique]
    same, new = ", ".join(f'"{each}"' for each in fixed), ", ".join(f'"{each}" = excluded."{each}"' for each in free)
    return _insert(model).replace(" RETURNING ", f" ON CONFLICT ({same}) DO UPDATE SET {new} RETURNING ")
