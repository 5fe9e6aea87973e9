"""A visit in a real browser: what "off" does to the next use, and how a visit ends."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from consent.models import PortalSession
from tests import world
from tests.browser import assert_accessible
from tests.callers import question
from tests.world import ALICE

pytestmark = pytest.mark.browser
UNTIL = re.compile(r"If you do nothing, you are signed out at \d\d:\d\d:\d\d UTC\.")
WARNING = "You will be signed out in 2 minutes."


def seconds(what: Callable[[], None]) -> float:
    """How long it takes, the shortest of five: a machine may stand still in some. It must come true in each."""
    begun = [time.monotonic()]
    for _ in range(5):
        what()
        begun.append(time.monotonic())
    return min(after - before for before, after in pairwise(begun))


def test_A28_off_refuses_the_next_use_at_once_and_the_customer_sees_the_refusal(enter, live_server):
    page = enter(javascript=False)
    key = world.key("mail-engine", "decide")

    def check() -> dict:
        sent = question(ALICE, "personal_offers")
        headers = {"Authorization": f"Bearer {key}"}
        return page.request.post(f"{live_server.url}/access/v1/evaluation", data=sent, headers=headers).json()

    assert check()["decision"] is True
    page.get_by_role("button", name=re.compile("^Turn off Send you offers")).click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    def refused() -> None:
        answer = check()
        assert (answer["decision"], answer["context"]["reason"]) == (False, "consent_withdrawn")

    def shown() -> None:
        page.get_by_role("link", name="Who used my data").click()
        row = page.get_by_role("row").filter(has_text="Mail engine").first
        assert "Refused" in row.inner_text()
        assert "You turned this off." in row.inner_text()

    assert seconds(refused) <= 1
    assert seconds(shown) <= 5


def test_A36_each_page_says_when_the_visit_ends_without_a_script(enter):
    page = enter(javascript=False)
    for address in ("/", "/log", "/concerns/new"):
        page.goto(address)
        expect(page.locator("#until")).to_have_text(UNTIL)
        assert not page.get_by_text(WARNING).is_visible()


def test_A36_two_minutes_before_the_end_one_press_prolongs_the_visit_and_loses_nothing(enter):
    page = enter()
    page.clock.install()
    page.goto("/concerns/new")
    page.get_by_label("Tell us in your own words").fill("They called me at night.")
    page.clock.run_for("27:00")
    assert not page.get_by_text(WARNING).is_visible()
    page.clock.run_for("01:05")
    expect(page.get_by_text(WARNING)).to_be_visible()
    assert_accessible(page)
    said, ends = page.locator("#until").inner_text(), PortalSession.objects.get()
    PortalSession.objects.update(seen_at=ends.seen_at - timedelta(minutes=10))
    page.get_by_role("button", name="Stay signed in").press("Enter")
    expect(page.get_by_text(WARNING)).to_be_hidden()
    expect(page.get_by_label("Tell us in your own words")).to_be_focused()
    expect(page.get_by_label("Tell us in your own words")).to_have_value("They called me at night.")
    assert page.locator("#until").inner_text() != said
    assert PortalSession.objects.get().seen_at >= ends.seen_at, "the service itself let the visit go on"
    assert page.said == []


def test_A36_who_did_nothing_is_told_that_the_visit_is_over(enter):
    page = enter()
    page.clock.install()
    page.goto("/receipts")
    page.clock.run_for("31:00")
    expect(page.get_by_text("You were signed out. Sign in again to go on.")).to_be_visible()
    assert_accessible(page)


def test_A6_the_script_is_small_and_keeps_to_the_policy(enter, live_server):
    page = enter()
    sent = page.request.get(f"{live_server.url}/static/portal.js")
    assert sent.ok
    assert len(sent.body()) <= 3000
    assert page.said == []
