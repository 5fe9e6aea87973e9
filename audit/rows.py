"""Rows at the price of their SQL: a statement is built once for its tables, not anew for each row.

For the path of every record and check, where the ORM's building of SQL costs several times what the database needs.
Values go through their fields, as the ORM's do, and the guards stand in the database.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models, transaction

# The tables and columns of our statements are those of our own models: nothing of them comes from outside.

_LINE = 0x7C0DE  # our own room among the database's advisory locks
# Which column of a line is made a Python value of, as what, and by which function.
_Converter = tuple[int, Any, Any]


@dataclass(frozen=True)
class Over:
    """A row that takes the place of the one with the same `unique` fields, and is a new one where there is none."""

    row: models.Model
    unique: tuple[str, ...]


@dataclass(frozen=True)
class _Shape:
    """What a row's part of a statement is made of; pointers: which columns take the number of which row beside it."""

    model: type[models.Model]
    unique: tuple[str, ...]
    pointers: tuple[tuple[str, int], ...]


def write(*new: models.Model | Over) -> None:
    """Write rows of one or several tables, and give each the number the database chose for it.

    A row may point at one that stands before it and has no number yet.
    """
    wanted = [each if isinstance(each, Over) else Over(each, ()) for each in new]
    # PostgreSQL takes them all in one statement; SQLite has none for that, but is no journey away either.
    together = transaction.get_connection().vendor == "postgresql"
    for group in [wanted] if together else [[each] for each in wanted]:
        _write(group)


@dataclass(frozen=True)
class Lines:
    """Many new rows of one table: the values of each for its columns `names`, all but a number chosen for it."""

    model: type[models.Model]
    names: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]


def write_many(*tables: Lines) -> None:
    """Write many rows of several tables, at the price of their bytes; a number the database chooses is not told.

    Text and bytes go as they are; of other values, which must be hashable, what stands in many rows is prepared once.
    """
    connection = transaction.get_connection()
    filled = [(table, _prepared(table)) for table in tables if table.values]
    if filled and connection.vendor == "postgresql" and all(len(lines) == 1 for _, lines in filled):
        # One journey for all; for so little, COPY is three.
        shapes = tuple(_Shape(table.model, (), ()) for table, _ in filled)
        with connection.cursor() as cursor:
            cursor.execute(_statement(shapes), [value for _, lines in filled for value in lines[0]])
        return
    with connection.cursor() as cursor:
        for table, lines in filled:
            if connection.vendor == "postgresql":
                with cursor.copy(_copy(table.model)) as copy:
                    for line in lines:
                        copy.write_row(line)
            else:
                cursor.executemany(_insert(_Shape(table.model, (), ()), returning=False), lines)


def find(query: str, values: Sequence[Any], *, hold: str = "", **named: type[models.Model]) -> list[tuple[Any, ...]]:
    """The rows of a query as models: a line of them for each line of the answer.

    query: `{p}` in it stands for all columns of the table that it calls p, whose model is named: p=Purpose. What it
    selects after these comes as it is stored.
    hold: the table whose rows are kept from others until the transaction ends.
    """
    connection = transaction.get_connection()
    statement, converters = _select(connection.vendor, query, tuple(named.items()))
    if hold and connection.features.has_select_for_update:
        # SQLite has no such words and needs none: our transactions have the whole database from their start.
        statement += f" FOR UPDATE OF {hold}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = _converted(cursor.fetchall(), converters, connection)
    return [_models(line, tuple(named.values()), connection.alias) for line in found]


def read(query: str, values: Sequence[Any], *columns: Any) -> list[tuple[Any, ...]]:
    """What a query of ours finds; columns: the model fields it selects, in their order, which convert what is read.

    None for a column stands for what is stored, as it is.
    """
    connection = transaction.get_connection()
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return _converted(cursor.fetchall(), _converters(connection.vendor, columns), connection)


def stream(query: str, values: Sequence[Any], *columns: Any, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
    """The same of a long answer, in parts of so many lines, so that it is never whole in memory.

    columns: of the first columns of a line only; the others come as the driver gives them.
    """
    connection = transaction.get_connection()
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, values)
        while part := cursor.fetchmany(size):
            yield _converted(part, _converters(connection.vendor, columns), connection)


def among(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The condition that a column holds one of these values, at least one, with what to give the query.

    PostgreSQL takes them as one. For SQLite the list is filled up to a power of two with its last value, so that there
    are few statements to build.
    """
    if transaction.get_connection().vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    size = 1 << (len(values) - 1).bit_length()
    return f"IN ({', '.join(['%s'] * size)})", [*values, *[values[-1]] * (size - len(values))]


def listed(column: str) -> str:
    """The expression for all values of a column in one text, a space between two; none at all is NULL."""
    name = "string_agg" if transaction.get_connection().vendor == "postgresql" else "group_concat"
    return f"{name}({column}, ' ')"


def line_up(numbers: Iterable[int]) -> None:
    """Wait for every other transaction that lined up for one of these numbers, and keep them until this one ends.

    For what has no row yet to be held. SQLite lets one transaction write at a time, so there nobody needs to wait.
    """
    wanted = sorted(set(numbers))
    connection = transaction.get_connection()
    if wanted and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, each) FROM unnest(%s::int[]) each", [_LINE, wanted])


def _write(group: list[Over]) -> None:
    connection = transaction.get_connection()
    shapes, values = [], []
    for place, each in enumerate(group):
        row, pointers = each.row, _pointers(each.row, [earlier.row for earlier in group[:place]])
        shapes.append(_Shape(type(row), each.unique, pointers))
        pointing = dict(pointers)
        values += [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in _fields(type(row))
            if field.attname not in pointing
        ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(tuple(shapes)), values)
        numbers = cursor.fetchone()
    for each, shape, number in zip(group, shapes, numbers, strict=True):
        if _numbered(shape.model):
            each.row.pk = number
        for name, place in shape.pointers:
            setattr(each.row, name, group[place].row.pk)
        each.row._state.adding, each.row._state.db = False, connection.alias


def _prepared(table: Lines) -> list[tuple[Any, ...]]:
    """The rows as the database takes them, their columns in the order of our statements."""
    connection, columns = transaction.get_connection(), []
    given = dict(zip(table.names, zip(*table.values, strict=True), strict=True))
    for field in _fields(table.model):
        values = given[field.attname]
        others = {value for value in values if type(value) not in (str, bytes)}
        prepared = {value: field.get_db_prep_save(value, connection) for value in others}
        columns.append([prepared.get(value, value) for value in values] if prepared else values)
    return list(zip(*columns, strict=True))


def _pointers(row: models.Model, earlier: list[models.Model]) -> tuple[tuple[str, int], ...]:
    """Which columns of a row take the number of a row that is written with it; one written before has its own."""
    found = []
    for field in _relations(type(row)):
        if getattr(row, field.attname) is None and (target := field.get_cached_value(row, None)) is not None:
            if target.pk is not None:
                setattr(row, field.attname, target.pk)
            else:
                found.append((field.attname, next(place for place, each in enumerate(earlier) if each is target)))
    return tuple(found)


def _converted(found: list[tuple[Any, ...]], converters: list[_Converter], connection: Any) -> list[tuple[Any, ...]]:
    if not converters:
        return found
    lines = [list(line) for line in found]
    for line in lines:
        for place, column, convert in converters:
            line[place] = convert(line[place], column, connection)
    return [tuple(line) for line in lines]


def _models(line: tuple[Any, ...], kinds: tuple[type[models.Model], ...], alias: str) -> tuple[Any, ...]:
    found, start = [], 0
    for kind in kinds:
        names = _names(kind)
        found.append(kind.from_db(alias, names, line[start : start + len(names)]))
        start += len(names)
    return *found, *line[start:]


@cache
def _converters(vendor: str, columns: tuple[Any, ...]) -> list[_Converter]:  # noqa: ARG001  two databases
    """What makes Python values of columns: SQLite knows no times and no JSON."""
    connection = transaction.get_connection()
    return [
        (place, column, convert)
        for place, column in enumerate(field and field.cached_col for field in columns)
        if column
        for convert in [*connection.ops.get_db_converters(column), *column.target.get_db_converters(connection)]
    ]


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    """The columns we write: all but a number that the database chooses."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


@cache
def _numbered(model: type[models.Model]) -> bool:
    """Whether the database chooses its rows' numbers."""
    return isinstance(model._meta.pk, models.AutoField)


@cache
def _relations(model: type[models.Model]) -> list[Any]:
    return [field for field in _fields(model) if field.remote_field]


@cache
def _select(vendor: str, query: str, named: tuple[tuple[str, type[models.Model]], ...]) -> tuple[str, list[_Converter]]:
    """The statement with the columns of each table in it, and what makes Python values of them."""
    fields = {name: model._meta.concrete_fields for name, model in named}
    columns = {name: ", ".join(f'{name}."{field.column}"' for field in found) for name, found in fields.items()}
    return query.format(**columns), _converters(vendor, tuple(field for found in fields.values() for field in found))


@cache
def _statement(shapes: tuple[_Shape, ...]) -> str:
    """One statement for all; Django's foreign keys are checked at commit, so the order is free."""
    if len(shapes) == 1:
        return _insert(shapes[0])
    parts = ", ".join(f"row_{place} AS ({_insert(shape)})" for place, shape in enumerate(shapes))
    return f"WITH {parts} SELECT " + ", ".join(f"(TABLE row_{place})" for place in range(len(shapes)))


@cache
def _copy(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    return f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'


def _insert(shape: _Shape, *, returning: bool = True) -> str:
    fields, pointing = _fields(shape.model), dict(shape.pointers)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    given = ", ".join(f"(TABLE row_{pointing[each.attname]})" if each.attname in pointing else "%s" for each in fields)
    statement = f'INSERT INTO "{shape.model._meta.db_table}" ({columns}) VALUES ({given})'  # noqa: S608
    if shape.unique:
        same = ", ".join(f'"{each.column}"' for each in fields if each.name in shape.unique)
        new = ", ".join(
            f'"{each.column}" = excluded."{each.column}"' for each in fields if each.name not in shape.unique
        )
        statement += f" ON CONFLICT ({same}) DO UPDATE SET {new}"
    return f'{statement} RETURNING "{shape.model._meta.pk.column}"' if returning else statement
