"""A backup of the test's own database, and its return: what an operator does, and what the log must notice."""

import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection


@contextlib.contextmanager
def backup(folder: Path) -> Iterator[Callable[[], None]]:
    """Copy the database as it is now; gives what brings it back. For tests that commit (`transactional_db`)."""
    with _sqlite(folder) if connection.vendor == "sqlite" else _postgresql() as restore:
        yield restore


@contextlib.contextmanager
def _sqlite(folder: Path) -> Iterator[Callable[[], None]]:
    connection.close()
    place, copy = Path(connection.settings_dict["NAME"]), folder / f"{uuid.uuid4().hex}.sqlite3"
    with contextlib.closing(sqlite3.connect(place)) as now, contextlib.closing(sqlite3.connect(copy)) as then:
        now.backup(then)

    def restore() -> None:
        connection.close()
        for ending in ("-wal", "-shm"):
            place.with_name(place.name + ending).unlink(missing_ok=True)
        shutil.copyfile(copy, place)

    yield restore


@contextlib.contextmanager
def _postgresql() -> Iterator[Callable[[], None]]:
    name, copy = connection.settings_dict["NAME"], f"backup_{uuid.uuid4().hex[:8]}"
    _server(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    try:
        yield lambda: _server(f'DROP DATABASE "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{copy}"')
    finally:
        _server(f'DROP DATABASE "{copy}" WITH (FORCE)')


def _server(*statements: str) -> None:
    import psycopg

    connection.close()
    given = connection.get_connection_params()
    place = {key: given[key] for key in ("host", "port", "user", "password") if given.get(key)}
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as server:
        for statement in statements:
            server.execute(statement)
