"""Faults are tried through the commands too."""

import pytest

from audit import guards
from tests.faults.log import published
from tests.trustcenter.commands.conftest import run  # noqa: F401


@pytest.fixture
def served(tmp_path):
    """Copies the public log as it is now, as anybody may; gives the folder."""
    count = iter(range(1000))
    return lambda: published(tmp_path / f"log-{next(count)}")


@pytest.fixture
def unguarded(db):
    """The owner of the database has lifted the guards: what follows is nothing that an application could do."""
    from django.db import connection

    guards.remove(connection)
    yield
    connection.check_constraints()
    guards.install(connection)
