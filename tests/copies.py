"""What many tests begin with is made once, by the services; each test gets a copy of the rows that came of it."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from consent.models import PurposeVersion

_Rows = dict[type[models.Model], list[tuple[Any, ...]]]
Statement = tuple[str, list[Any]]


def made_by(*steps: Callable[[], None]) -> list[list[Statement]]:
    """What each step writes, one after the other, into a database that is empty; afterwards it is empty again.

    Numbers that the database chose are not chosen again: what a copy holds never meets what is written after it.
    """
    found, before = [], _rows()
    assert not any(before.values()), "the database is not empty"
    with transaction.atomic():
        for step in steps:
            step()
            after = _rows()
            found.append([_insert(model, new) for model in after if (new := _new(before[model], after[model]))])
            before = after
        transaction.set_rollback(True)
    return found


def write(statements: list[Statement]) -> None:
    """Write such rows, past every guard and constraint."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values)


def _rows() -> _Rows:
    ours = [model for model in apps.get_models() if model._meta.app_label in {"audit", "consent"}]
    # A guard refuses parts of a published version: they come before it. Foreign keys are looked at in the end.
    ours.sort(key=lambda model: model is PurposeVersion)
    return {model: list(model._base_manager.order_by("pk").values_list(*_names(model))) for model in ours}


def _new(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    assert all(line in after for line in before), "a copy adds rows, and changes none"
    return [line for line in after if line not in before]


def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _insert(model: type[models.Model], rows: list[tuple[Any, ...]]) -> Statement:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    line = f"({', '.join(['%s'] * len(fields))})"
    statement = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {", ".join([line] * len(rows))}'
    return statement, [
        field.get_db_prep_save(value, connection) for row in rows for field, value in zip(fields, row, strict=True)
    ]
