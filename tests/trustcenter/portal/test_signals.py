"""The signal of a customer's own browser, at the portal's door."""

import re
from datetime import timedelta

import pytest

from audit.models import Entry
from consent.models import Signal
from consent.services import subjects
from tests import world
from tests.world import ALICE, SYSTEM, ask, say

GPC = {"Sec-GPC": "1"}
NOTE = "Your browser asks us not to sell or share your data. We honour that."


@pytest.fixture
def shared(alice, today):
    """Alice's browser; offers are shared, and she lives in California."""
    world.publish(now=today - timedelta(days=300), personal_offers={"sale_or_sharing": True})
    say(ALICE, "give", now=today - timedelta(days=20))
    subjects.register(identifiers=[ALICE], jurisdiction="US-CA", by=SYSTEM, now=today)
    return alice


def test_C3_a_signed_in_request_with_the_signal_is_written_down_once(shared, today):
    assert shared.get("/log").status_code == 200
    assert not Signal.objects.exists()
    before = Entry.objects.count()
    for address in ("/receipts", "/", "/log"):
        assert shared.get(address, headers=GPC).status_code == 200
    assert Signal.objects.get().channel == "portal"
    assert Entry.objects.count() == before + 1
    assert ask(ALICE, now=today + timedelta(minutes=1)).decision.reason == "gpc_opt_out"


@pytest.mark.parametrize("value", ["0", "true", "2", "1;x", ""])
def test_another_value_is_no_signal(shared, value):
    shared.get("/", headers={"Sec-GPC": value})
    assert not Signal.objects.exists()


def test_of_who_is_not_signed_in_nothing_is_written(shared, client):
    for address in ("/", "/welcome", "/check"):
        client.get(address, headers=GPC)
    assert not Signal.objects.exists()


def test_C4_the_page_says_that_it_is_honoured_and_what_it_keeps_off(shared):
    assert NOTE not in shared.get("/").text
    page = shared.get("/", headers=GPC).text
    assert NOTE in page
    note = re.search(r'id="signal".*?</div>', page, re.S).group()
    assert "It keeps off:" in note
    assert 'href="/purposes/personal_offers"' in note
    assert "Your browser asks us not to sell or share your data." in page.split('id="signal"')[1].split("</div>", 1)[1]
    assert NOTE in shared.get("/").text, "its absence changes nothing"


def test_C4_a_later_yes_is_shown_as_on_and_the_signal_still_as_honoured(shared, today):
    shared.get("/", headers=GPC)
    pressed = shared.post(
        "/choices/personal_offers", {"act": "on", "notice": world.digest("personal_offers")}, headers=GPC
    )
    page = shared.get(pressed["Location"]).text
    assert NOTE in page
    assert "You said yes after that, so these are on:" in page
    assert ask(ALICE, now=today + timedelta(minutes=1)).decision.permitted


def test_where_the_law_is_not_known_a_yes_says_why_it_does_not_count(shared, today):
    subjects.register(identifiers=[ALICE], jurisdiction="", by=SYSTEM, now=today)
    shared.get("/", headers=GPC)
    pressed = shared.post("/choices/personal_offers", {"act": "on", "notice": world.digest("personal_offers")})
    page = shared.get(pressed["Location"]).text
    assert "those named may use this data" not in page
    assert "Your browser asks us not to sell or share your data." in page


def test_what_does_not_bind_is_not_shown_as_honoured(shared, today):
    subjects.register(identifiers=[ALICE], jurisdiction="GB", by=SYSTEM, now=today)
    assert NOTE not in shared.get("/", headers=GPC).text
    assert Signal.objects.exists()


def test_where_nothing_is_shared_the_note_says_so(alice, today):
    page = alice.get("/", headers=GPC).text
    assert NOTE in page
    assert "No use on this page sells or shares your data." in page


def test_in_chinese(shared):
    page = shared.get("/", headers=GPC | {"Accept-Language": "zh-hans"}).text
    assert "我们遵守这一要求" in page
