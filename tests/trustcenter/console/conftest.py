"""Rosa, the privacy officer, signed in at the time of the cast."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client

from audit import guards
from consent.services import officers
from tests.world import NOW, OPERATOR

PASSWORD = "the kestrel hovers at noon"


@pytest.fixture
def clock(cast):
    """The time of the cast, held still; `clock.shift(…)` moves it."""
    with time_machine.travel(NOW, tick=False) as held:
        yield held


@pytest.fixture
def rosa(clock):
    return officers.create(
        username="rosa", password=PASSWORD, full_name="Rosa Lindqvist", by=OPERATOR, now=NOW - timedelta(days=1)
    )


@pytest.fixture
def visitor(clock):
    """A browser nobody signed in with."""
    return Client()


@pytest.fixture
def desk(rosa, visitor):
    """Rosa's browser, signed in."""
    answer = visitor.post("/console/sign-in", {"username": "rosa", "password": PASSWORD})
    assert answer.status_code == 302
    return visitor


@pytest.fixture
def open_file(desk):
    """`open_file(value=…, …)` sends the form that opens a customer's file; without more, Alice's."""

    def send(**changed: str):
        sent = {"namespace": "customer", "value": "C-1001", "why": "concern", "note": "Concern K-311."}
        return desk.post("/console/customers", sent | changed)

    return send


def damage(rows, **changed) -> None:
    """Change what is stored, as someone with the database in hand could."""
    connection.check_constraints()  # PostgreSQL alters no table while a constraint waits to be checked
    guards.remove(connection)
    rows.update(**changed)
    connection.check_constraints()
    guards.install(connection)
