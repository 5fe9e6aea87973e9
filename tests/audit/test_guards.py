"""What is append-only in the models is append-only in the database, on both engines."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from audit import guards
from audit.guards import guarded
from consent.models import ConsentEvent
from tests.world import ALICE, say, seal_all

FILLED = ["audit_entry", "audit_leaf", "audit_checkpoint", "consent_consentevent"]
APPEND_ONLY = ["audit_checkpoint", "consent_consentevent", "audit_verification"]


def test_every_guard_is_in_place_after_migrate(db):
    assert guards.missing(connection) == []


def test_a_dropped_guard_is_noticed_and_the_next_migrate_puts_it_back(transactional_db):
    guards.remove(connection)
    assert "guard_audit_entry_update" in guards.missing(connection)
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []


def test_the_append_only_tables_are_the_ones_we_think(db):
    assert {table for table, guard in guarded() if guard == guards.Guard()} >= set(APPEND_ONLY)


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["audit_entry", "consent_consentevent"])
def test_raw_sql_is_refused(cast, table, statement):
    column = "action" if table == "audit_entry" else "act"
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(f'"{table}"', column, f"'{column}'"))


def test_emptying_a_table_at_once_is_refused(cast):
    """TRUNCATE fires no row trigger on PostgreSQL; SQLite has none, there a DELETE of everything is the same."""
    seal_all()
    statement = "DELETE FROM {}" if connection.vendor == "sqlite" else "TRUNCATE {} CASCADE"
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("audit_checkpoint"))


@pytest.mark.parametrize("table", [*FILLED, "audit_verifierkey", "audit_tile", "audit_head"])
def test_no_row_is_replaced_by_an_insert(cast, table):
    """SQLite fires no DELETE trigger for what INSERT OR REPLACE takes away."""
    seal_all()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0]
    statement = "INSERT OR REPLACE INTO" if connection.vendor == "sqlite" else "INSERT INTO"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{statement} {table} SELECT * FROM {table}")


def test_an_event_cannot_be_changed_through_the_model(park):
    event = say(ALICE, "give").event
    event.act = "refuse"
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()
    assert ConsentEvent.objects.get().act == "give"
