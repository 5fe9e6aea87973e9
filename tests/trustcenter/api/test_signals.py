"""A browser's signal, reported by the brand's own site; and what we say of it in public."""

from datetime import date

import pytest

from audit.models import Entry
from consent.models import Signal
from tests import world
from tests.callers import about, choice, get, post, question, subject
from tests.world import ALICE, MALLORY, NOW, publish, say

BODY = {"subject": subject(ALICE), "signal": "gpc", "channel": "web"}


@pytest.fixture
def key(cast):
    publish(now=NOW, improve_visit={"sale_or_sharing": True})
    return world.key()


def report(key, **more):
    return post("/api/v1/signals", BODY | more, key=key)


def test_C3_the_first_report_counts_and_is_answered_the_same_ever_after(key):
    first, second = report(key), report(key, channel="app")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (first.json()["signal"], first.json()["honoured"]) == ("gpc", True)
    assert Signal.objects.count() == 1
    say(ALICE, "give", "improve_visit", collected_at=NOW)
    asked = question(ALICE, "improve_visit", subject={"type": "system", "id": "queue-planner"})
    answer = post("/access/v1/evaluation", asked, key=world.key("queue-planner")).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "gpc_opt_out")


def test_whom_we_do_not_know_we_know_by_it(key):
    assert report(key, subject=subject(MALLORY)).status_code == 201


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"signal": "dnt"}, "/signal"),
        ({"signal": True}, "/signal"),
        ({"channel": "timetable"}, "/channel"),
        ({"value": "0"}, "/value"),
        ({"subject": {"namespace": "customer", "id": "a\0"}}, "/subject/id"),
    ],
)
def test_what_is_no_signal_is_named(key, more, pointer):
    about(report(key, **more), 400, pointer)
    assert not Signal.objects.exists()


def test_the_header_of_a_system_is_not_its_customers(key):
    assert post("/api/v1/consents", choice(ALICE, "withdraw"), key=key, Sec_GPC="1").status_code == 201
    assert post("/access/v1/evaluation", question(ALICE), key=key, Sec_GPC="1").status_code == 200
    assert not Signal.objects.exists()
    assert not Entry.objects.filter(action="signal.received").exists()


def test_it_is_said_in_public(db):
    answer = get("/.well-known/gpc.json")
    assert answer["Content-Type"] == "application/json"
    told = answer.json()
    assert told["gpc"] is True
    assert date.fromisoformat(told["lastUpdate"])
    assert set(told) == {"gpc", "lastUpdate"}
