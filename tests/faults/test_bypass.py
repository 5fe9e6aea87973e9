"""F23: a change without its entry, and an entry without its change."""

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Entry
from audit.services import entries
from consent.models import ConsentEvent, ConsentState
from tests.faults.log import finding
from tests.world import ALICE, ask, say, seal_all


def test_F23_who_writes_past_the_services_leaves_no_entry_and_is_found_by_what_was_said(cast, run):
    """Signals and save() see no `update()`; nor does a database's own log say what it meant."""
    say(ALICE, "withdraw")
    seal_all()
    before = Entry.objects.count()
    assert not ask(ALICE).decision.permitted
    ConsentState.objects.filter(status="withdrawn").update(status="given")
    assert Entry.objects.count() == before + 1, "that of the question, and none of the change"
    code, said, _ = run("rebuild-state", "--check")
    assert code == 1
    assert "personal_offers" in said
    assert run("rebuild-state")[0] == 0
    assert not ask(ALICE).decision.permitted
    seal_all()
    assert finding() == ""


def test_F23_a_change_whose_entry_cannot_be_written_is_not_made(cast, monkeypatch):
    said = ConsentEvent.objects.count()
    write = entries.rows.write

    def failing(*rows):
        if any(isinstance(each, Entry) for each in rows):
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM no_such_table")
        write(*rows)

    monkeypatch.setattr(entries.rows, "write", failing)
    with pytest.raises(DatabaseError), transaction.atomic():
        say(ALICE, "withdraw")
    assert ConsentEvent.objects.count() == said
    monkeypatch.undo()
    assert ask(ALICE).decision.permitted, "nothing was changed, so nothing is said"
