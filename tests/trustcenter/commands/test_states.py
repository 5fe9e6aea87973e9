"""count, rebuild-state."""

import json
from datetime import timedelta

from audit.models import Entry
from consent.models import ConsentState
from consent.services import subjects
from tests.world import ALICE, NOW


def test_counts_are_a_table_for_people_and_json_for_programs(run, cast):
    code, out, err = run("count")
    assert (code, err) == (0, "")
    head, *rows = [line.split() for line in out.splitlines()]
    assert head == ["purpose", "version", "customers", "permitted", "given", "refused", "unknown"]
    assert ["personal_offers", "1", "3", "1", "1", "1", "1"] in rows
    moment = (NOW - timedelta(days=25)).isoformat()
    code, out, _ = run("count", "--as-of", moment, "--json")
    told = json.loads(out)
    assert (code, told["as_of"]) == (0, moment)
    assert {"given": 1} in [row["statuses"] for row in told["purposes"] if row["purpose"] == "personal_offers"]


def test_a_moment_that_is_none_or_to_come_is_refused(run, cast):
    for moment in ("yesterday", "2099-01-01T00:00:00Z"):
        code, out, err = run("count", "--as-of", moment)
        assert (code, out) == (1, "")
        assert "/as_of" in err


def test_a_check_proves_that_every_answer_is_what_was_said(run, cast):
    code, out, err = run("rebuild-state", "--check")
    assert code == 0
    assert out == "2 answers of 3 customers: 0 differed.\n"
    assert "Customers: 3 of 3" in err


def test_damage_is_named_without_the_person_and_put_right(run, cast):
    alice = subjects.find(ALICE)
    ConsentState.objects.filter(subject=alice).update(status="withdrawn")
    code, out, err = run("rebuild-state", "--check")
    assert code == 1
    assert out.splitlines() == [
        f"{alice.pseudonym} personal_offers: status",
        "2 answers of 3 customers: 1 differed.",
    ]
    assert "rebuild-state" in err
    assert ALICE.id not in out + err
    assert run("rebuild-state")[0] == 0
    assert Entry.objects.get(action="state.rebuilt").subject == alice.pseudonym
    assert run("rebuild-state", "--check")[0] == 0
