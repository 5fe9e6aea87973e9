"""Rows written and read without the ORM are the rows the ORM would have written and read."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit import rows
from audit.models import Entry, Payload, Pending
from audit.rows import Over
from consent.models import ConsentEvent, ConsentState
from tests.world import ALICE, NOW, say

LATER = datetime(2026, 5, 15, 8, 30, 0, 123456, tzinfo=UTC)


def an_entry() -> Entry:
    return Entry(id=uuid.uuid4(), recorded_at=LATER, action="consent.given", actor_type="system", leaf=b"{}\x00\xff")


def test_rows_of_three_tables_are_written_with_their_numbers(db):
    entry = an_entry()
    waiting, payload = Pending(entry=entry, leaf_hash=b"h" * 32), Payload(entry=entry, sealed=b"\x00s")
    rows.write(entry, waiting, payload)
    found = Entry.objects.get(id=entry.id)
    assert (found.recorded_at, found.action, found.purpose) == (LATER, "consent.given", "")
    assert bytes(found.leaf) == b"{}\x00\xff"
    assert bytes(Pending.objects.get(pk=waiting.pk).leaf_hash) == b"h" * 32
    assert bytes(Payload.objects.get(entry=entry).sealed) == b"\x00s"
    assert payload.pk == entry.id


def test_what_the_database_refuses_is_refused_and_nothing_of_it_stays(db):
    entry = an_entry()
    rows.write(entry)
    again, waiting = an_entry(), Pending(entry=entry, leaf_hash=b"h" * 32)
    again.id = entry.id
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.write(waiting, again)
    assert not Pending.objects.filter(entry=entry).exists()


def test_the_guard_of_a_table_stands_in_the_way(cast):
    event = ConsentEvent.objects.first()
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        rows.write(Over(ConsentEvent(**fields_of(event) | {"act": "refuse"}), ("entry_id",)))


def test_a_row_takes_the_place_of_the_one_that_is_there_and_its_number(cast):
    state = say(ALICE, "give", now=NOW).state
    before = state.pk
    twin = ConsentState(**fields_of(state) | {"status": "refused", "expires_at": LATER, "categories": ["a", "b"]})
    rows.write(Over(twin, ("subject", "purpose")))
    assert twin.pk == before
    state.refresh_from_db()
    assert (state.status, state.expires_at, state.categories) == ("refused", LATER, ["a", "b"])


def test_a_row_may_point_at_one_that_is_written_with_it(cast):
    said = say(ALICE, "refuse", now=NOW)
    event = ConsentEvent(**fields_of(said.event) | {"entry_id": uuid.uuid4()})
    state = ConsentState(**fields_of(said.state) | {"event": event, "event_id": None})
    rows.write(event, Over(state, ("subject", "purpose")))
    assert event.pk > said.event.pk
    assert state.event_id == event.pk == ConsentState.objects.get(pk=said.state.pk).event_id


def test_values_are_read_as_their_fields_give_them(cast):
    event = say(ALICE, "give", now=LATER).event
    names = ("id", "collected_at", "categories", "imported", "entry_id", "language")
    query = f"SELECT {', '.join(names)} FROM consent_consentevent WHERE id = %s"
    ((*found,),) = rows.read(query, [event.pk], *map(ConsentEvent._meta.get_field, names))
    assert found == [event.pk, LATER, event.categories, False, event.entry_id, "en"]
    assert type(found[3]) is bool


def test_it_costs_one_statement_on_postgresql(db, django_assert_num_queries):
    entry = an_entry()
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        rows.write(entry, Pending(entry=entry, leaf_hash=b"h" * 32))


def fields_of(row) -> dict:
    return {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields if not each.primary_key}
