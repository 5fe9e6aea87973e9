"""Acting for somebody else in a real browser: without JavaScript, by keyboard, for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from consent.models import ConsentEvent, SignInCode
from tests import visit
from tests.browser import LARGE, assert_accessible, dress, duplicate_names
from tests.trustcenter.portal.test_browser import EXPLAINED, sideways
from tests.trustcenter.portal.test_ways_browser import FORCED

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def enter(live_server, transactional_db, today, open_page):
    """`enter(viewport, …)`: the browser of Alice, who may act for Carol, a moment after she came in by a code."""
    visit.half_year(today)
    visit.mother(today)

    def enter(viewport=(1280, 800), *, javascript: bool = False, **more) -> Page:
        page = open_page(viewport, base_url=live_server.url, javascript=javascript, **more)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        SignInCode.objects.all().delete()
        page.goto("/welcome")
        page.locator("#email").fill(visit.MAIL.id)
        page.locator("main button").first.click()
        page.wait_for_url("**/welcome/code*")
        page.locator("#code").fill(visit.code())
        page.locator("main button").first.click()
        page.wait_for_url(f"{live_server.url}/")
        return page

    return enter


def stops(page: Page) -> Iterator[str]:
    """The page to choose, and pages with the banner on them."""
    page.goto("/acting")
    yield "whom"
    page.locator("#held ~ ul button").first.click()
    page.wait_for_url("**/")
    yield "home"
    for address in ("/purposes/improve_visit", "/log", "/acting"):
        page.goto(address)
        yield address


def test_A10_a_mother_acts_for_her_daughter_and_stops(enter):
    page = enter()
    page.get_by_role("link", name="Act for someone else").click()
    page.get_by_role("button", name="Act for them Your daughter").click()
    banner = page.get_by_role("region", name="You act for someone else")
    expect(banner).to_contain_text("You are acting for: Your daughter.")
    page.get_by_role("button", name="Turn on Improve your visit").click()
    expect(page.get_by_role("status")).to_contain_text("You turned on “Improve your visit”")
    event = ConsentEvent.objects.latest("id")
    assert (event.act, event.actor) == ("give", "guardian")
    banner.get_by_role("button", name="Stop acting for them").click()
    page.wait_for_url("**/")
    expect(banner).to_have_count(0)


MODES = [
    {"viewport": (1280, 800), "color_scheme": "dark"},
    {"viewport": (320, 640)},
    {"viewport": (1280, 800), "forced_colors": "active"},
    {"viewport": (390, 844), "locale": "zh-hans"},
]


@pytest.mark.long
def test_A11_A13_A14_A16_A17_it_can_be_used_by_everybody(enter):
    for mode in MODES:
        page = enter(**mode, javascript=True)
        for stop in stops(page):
            assert_accessible(page, explained={*EXPLAINED, *(FORCED if "forced_colors" in mode else ())})
            assert duplicate_names(page) == {}, (stop, mode)
            assert sideways(page) == 0, (stop, mode)
            for box in page.locator(".across button, #held ~ ul button, #over ~ ul button").all():
                assert box.bounding_box()["height"] >= 44, stop
        assert not [text for text in page.said if "Content Security Policy" in text]
    page = enter((640, 640), javascript=True)
    for stop in stops(page):
        dress(page, LARGE)
        assert sideways(page) == 0, stop
