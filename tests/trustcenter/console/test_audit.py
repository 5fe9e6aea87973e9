"""The log as an officer sees it: found, counted, checked."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest

from audit.models import Entry, Verification
from audit.proof import export
from audit.services import prove
from consent.services import keys, subjects
from consent.services.ledger import Actor
from tests.trustcenter.console.conftest import damage
from tests.world import ALICE, BOB, NOW, ask, say, seal_all

AUDIT = "/console/audit"


def rows(desk, **query):
    answer = desk.get(AUDIT, query)
    assert answer.status_code == 200
    return answer.context["rows"]


def test_entries_are_listed_newest_first(desk):
    ask(ALICE, now=NOW + timedelta(seconds=1))
    found = rows(desk)
    assert str(found[0].act.name) == "Allowed"
    assert [row.at for row in found] == sorted((row.at for row in found), reverse=True)


def test_a_key_is_made_by_the_operator_for_its_recipient(desk):
    keys.create(recipient="mailbird", scopes=["decide"], by=Actor("operator"), now=NOW + timedelta(seconds=1))
    made = rows(desk)[0]
    assert (str(made.act.name), str(made.who)) == ("Key made", "Operator")
    assert "mailbird" in made.detail


def test_paging_shows_every_entry_once(desk):
    for second in range(110):
        ask(ALICE, now=NOW + timedelta(seconds=second))
    there, seen, older = sorted(Entry.objects.values_list("id", flat=True)), [], "outcome="
    while older:
        answer = desk.get(f"{AUDIT}?{older}")
        seen += [row.id for row in answer.context["rows"]]
        older = answer.context["older"]
    searches = Entry.objects.filter(action="log.searched").values_list("id", flat=True)
    assert sorted(set(seen) - {*searches}) == there
    assert len(seen) == len({*seen})


def test_each_filter_narrows_the_list(desk):
    ask(ALICE)
    ask(BOB, recipient="mailbird")
    say(ALICE, "withdraw", "improve_visit")
    assert {row.act.name for row in rows(desk, outcome="refused")} == {"Refused"}
    assert {row.who for row in rows(desk, recipient="mailbird")} == {"mailbird"}
    assert {str(row.act.name) for row in rows(desk, action="consent.withdrawn")} == {"Withdrawn"}
    assert {row.purpose for row in rows(desk, purpose="improve_visit")} == {"improve_visit"}
    assert min(row.at for row in rows(desk, since="2026-05-14")).date() == NOW.date()
    assert {str(row.act.name) for row in rows(desk, actor="staff")} == {"Log searched"}
    assert {row.act.name for row in rows(desk, reason="consent_refused")} == {"Refused"}
    assert {str(row.act.name) for row in rows(desk, action="catalogue.")} >= {"Purpose published", "Recipient changed"}
    assert rows(desk, action="consent.", since="2026-05-14", until="2026-05-14")[0].at.date() == NOW.date()
    assert rows(desk, until="2020-01-01") == []
    assert rows(desk, outcome="refused", recipient="adpartner") == []


def test_a_customer_is_named_in_a_form_and_never_in_an_address(desk):
    for second in range(60):
        ask(BOB, now=NOW + timedelta(seconds=second))
    answer = desk.post(AUDIT, {"value": "C-1002", "outcome": "refused"})
    assert len(answer.context["rows"]) == 50
    pseudonym = subjects.find(BOB).pseudonym
    assert f"subject={pseudonym}" in answer.context["older"]
    assert "C-1002" not in answer.context["older"]
    assert b"The customer sees that you looked." in answer.content
    older = desk.get(f"{AUDIT}?{answer.context['older']}")
    assert len(older.context["rows"]) == 10
    assert older.context["everybody"] == "outcome=refused"
    assert Entry.objects.filter(action="log.searched", subject=pseudonym).count() == 2


def test_a_search_without_a_customer_becomes_an_address(desk):
    answer = desk.post(AUDIT, {"value": "", "outcome": "refused", "since": "2026-05-01"})
    assert answer["Location"] == f"{AUDIT}?outcome=refused&since=2026-05-01#found"
    assert not Entry.objects.filter(action="log.searched").exists()


def test_whom_nobody_knows_is_said_and_that_somebody_looked_is_in_the_log(desk):
    answer = desk.post(AUDIT, {"value": "C-9999"})
    assert answer.status_code == 400
    assert b"We know no such customer. That you looked is in the log." in answer.content
    assert Entry.objects.get(action="log.searched").actor_type == "staff"


def test_a_search_that_stopped_early_says_how_far_it_came(desk, monkeypatch):
    for second in range(20):
        ask(ALICE, now=NOW + timedelta(seconds=second))
    monkeypatch.setattr("audit.services.search.READ", 5)
    monkeypatch.setattr("audit.services.search._TRIED", 5)
    answer = desk.get(AUDIT, {"action": "decision.made", "outcome": "refused", "reason": "no_consent"})
    assert b"No entry is like that." in answer.content
    answer = desk.get(AUDIT, {"action": "decision.made", "actor": "system:mail-engine", "outcome": "allowed"})
    assert len(answer.context["rows"]) == 5
    assert b"Searched back to 2026-05-14 12:00 UTC." in answer.content
    assert b"Search further back" in answer.content


def test_what_was_found_is_carried_away_signed(desk, tmp_path):
    ask(BOB)
    seal_all()
    page = desk.post(AUDIT, {"value": "C-1002", "outcome": "refused"})
    assert page.context["kept"].keys() == {"outcome", "subject"}
    answer = desk.post(f"{AUDIT}/export", page.context["kept"])
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/zip",
        'attachment; filename="log.zip"',
    )
    file = BytesIO(answer.content)
    report = export.verify(file, prove.vkeys())
    assert (report.count, report.complete) == (1, False)
    assert report.filter == {"outcome": ["refused"], "subject": [subjects.find(BOB).pseudonym]}
    assert Entry.objects.get(action="evidence.exported").actor_type == "staff"
    assert export.verify(BytesIO(desk.post(f"{AUDIT}/export").content), None).complete


def test_more_than_a_person_can_wait_for_is_left_to_a_command(desk, monkeypatch):
    seal_all()
    monkeypatch.setattr("consent.services.exports.AT_ONCE", 3)
    answer = desk.post(f"{AUDIT}/export", {"action": "catalogue."})
    assert answer.status_code == 400
    assert b"trustcenter export-audit" in answer.content


@pytest.mark.parametrize(
    "query",
    [
        *({"purpose": "x"}, {"outcome": "x"}, {"action": "x"}, {"since": "x"}, {"before": "x"}, {"recipient": "\0"}),
        *({"since": "2026-05-02", "until": "2026-05-01"}, {"actor": "x"}, {"reason": "x"}, {"value": "\u202e"}),
    ],
)
def test_a_search_that_cannot_be_says_so(desk, query):
    answer = desk.get(AUDIT, query)
    assert answer.status_code == 400
    assert b'role="alert"' in answer.content


def test_no_identifier_stands_in_the_log(desk):
    shown = desk.get(AUDIT).content.decode()
    assert "C-1001" not in shown
    assert "carol@example.org" not in shown


def test_the_state_of_the_log_is_told(desk):
    waiting = desk.get(AUDIT).content.decode()
    assert "Nothing is signed yet." in waiting
    assert "Not checked yet" in waiting
    seal_all()
    shown = desk.get(AUDIT).content.decode()
    state = prove.state()
    assert f"Newest signed head: {state.size} entries, 2026-05-14 12:00:00 UTC." in shown
    assert state.root[:6] in shown
    assert f"--vkey {prove.vkeys()[-1]}" in shown


def test_the_whole_log_is_checked_now(desk):
    seal_all()
    assert desk.post(f"{AUDIT}/check")["Location"] == f"{AUDIT}#log"
    assert Verification.objects.get().good
    assert f"from 0 to {prove.state().size - 1}, checked 2026-05-14 12:00:00 UTC." in desk.get(AUDIT).content.decode()


@pytest.mark.parametrize("leaf", [None, b"\xff", b"[]", b"{}", b'{"id":1,"action":2,"actor":3}'])
def test_a_changed_entry_is_found(desk, leaf):
    seal_all()
    row = Entry.objects.filter(action="consent.given")
    changed = leaf or bytes(row.get().leaf).replace(b'"v":1', b'"v":2')
    damage(row, leaf=changed)
    desk.post(f"{AUDIT}/check")
    shown = desk.get(AUDIT).content.decode()
    assert "Broken" in shown
    assert Verification.objects.get().finding.split(":")[0] in shown
    answer = desk.get(f"{AUDIT}/{row.get().id}")
    assert (answer.status_code, answer.context["proof"]["word"]) == (200, "Does not hold")


def test_a_check_by_a_link_does_nothing(desk):
    assert desk.get(f"{AUDIT}/check").status_code == 405
    assert not Verification.objects.exists()


def test_an_entry_shows_its_leaf_and_its_proof(desk):
    seal_all()
    entry = Entry.objects.get(action="consent.given")
    answer = desk.get(f"{AUDIT}/{entry.id}")
    assert answer.context["proof"]["word"] == "Holds"
    assert answer.context["leaf"].encode() == bytes(entry.leaf)


def test_what_concerns_a_customer_is_not_opened_here(desk):
    ask(ALICE, reference="Summer campaign")
    entry = Entry.objects.get(action="decision.made")
    shown = desk.get(f"{AUDIT}/{entry.id}").content.decode()
    assert "Summer campaign" not in shown
    assert subjects.find(ALICE).pseudonym in shown


def test_what_concerns_nobody_is_opened_here(desk):
    entry = Entry.objects.filter(action="catalogue.controller").first()
    assert "1 Harbour Road" in desk.get(f"{AUDIT}/{entry.id}").content.decode()


def test_no_entry_has_a_number_that_was_never_given(desk):
    assert desk.get(f"{AUDIT}/{UUID(int=1)}").status_code == 404


@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_named_as_wrong(desk, query):
    assert desk.get(f"{AUDIT}?{query}").status_code == 400
