"""Copy or erase and Raise a concern in a real browser: for everybody, on a small screen, by keyboard, without
JavaScript."""

from itertools import product

import pytest
from playwright.sync_api import expect

from consent.services import concerns, rights, subjects
from consent.services.concerns import Said
from consent.services.rights import Wanted
from tests import visit, world
from tests.browser import LARGE, SPACED, assert_accessible, dress, duplicate_names
from tests.trustcenter.portal.test_browser import EXPLAINED, sideways
from tests.world import ALICE, CUSTOMER, OPERATOR

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]
OPEN = [
    "/copy-or-erase",
    "/copy-or-erase/limit",
    "/copy-or-erase/object",
    "/concerns",
    "/concerns/new",
    "/concerns/read",
]


@pytest.fixture
def enter(live_server, transactional_db, open_page, today):
    """`enter(viewport, …)`: Alice's browser, come in through a link, in a year of hers."""
    visit.half_year(today)

    def enter(viewport=(1280, 800), *, language: str = "en", **more):
        page = open_page(viewport, base_url=live_server.url, locale=language, **more)
        visit.come_in_by_link(page, language=language)
        return page

    return enter


@pytest.fixture
def threads(enter, today):
    """The addresses of a request and of a concern of Alice's on which something was written."""
    alice, by = subjects.find(ALICE), {"by": CUSTOMER, "now": today}
    wanted = Wanted("correct", "portal", "My street is Elm Road now.")
    request = rights.open(subject=alice, wanted=wanted, checked=True, **by).reference
    rights.ask_for_more(reference=request, words="Which of the two?", by=OPERATOR, now=today)
    concern = concerns.open(subject=alice, said=Said("Who is this?", "portal"), **by).concern.reference
    concerns.answer(reference=concern, words="A colleague.", by=OPERATOR, now=today)
    return [f"/copy-or-erase/requests/{request}", f"/concerns/{concern}"]


@pytest.mark.long
def test_A11_every_page_can_be_used_by_everybody(enter, threads):
    for scheme, width in product(["light", "dark"], [1280, 320]):
        page = enter((width, 800), color_scheme=scheme)
        for address in [*OPEN, *threads, "/log"]:
            page.goto(address)
            assert_accessible(page, explained=EXPLAINED)
            assert duplicate_names(page) == {}, address
            assert sideways(page) == 0, address


def test_A11_so_can_a_form_with_a_problem_and_the_answers_to_check(enter):
    page = enter((320, 800))
    page.goto("/concerns/new")
    page.get_by_role("button", name="Send my concern").click()
    assert page.title().startswith("Error: ")
    assert_accessible(page)
    page.get_by_role("link", name="Write what went wrong").click()
    expect(page.locator("#words")).to_be_focused()
    page.goto("/copy-or-erase/limit")
    page.get_by_role("button", name="Continue").click()
    assert_accessible(page)
    assert (duplicate_names(page), sideways(page)) == ({}, 0)


def test_A14_nothing_moves_sideways_with_large_or_spaced_text(enter, threads):
    for language, (width, style) in product(["en", "zh-hans"], [(320, SPACED), (640, LARGE)]):
        page = enter((width, 640), language=language)
        for address in [*OPEN, *threads]:
            page.goto(address)
            dress(page, style)
            assert sideways(page) == 0, (address, language, width)


def test_A10_a_limit_is_asked_for_followed_and_ended_without_javascript(enter, today):
    page = enter((390, 844), javascript=False)
    page.get_by_role("link", name="Copy or erase", exact=True).click()
    page.get_by_role("link", name="Limit the use of your data").click()
    page.get_by_label("Why should nobody use your data? (optional)").fill("I do not trust this.")
    page.get_by_role("button", name="Continue").click()
    assert "I do not trust this." in page.get_by_role("main").inner_text()
    page.get_by_role("button", name="Limit the use of my data").click()
    assert "We have your request" in page.get_by_role("status").inner_text()
    assert world.ask(ALICE, now=today).decision.reason == "processing_limited"
    page.get_by_role("button", name="End the limit").click()
    assert "You took it back." in page.get_by_role("status").inner_text()
    assert world.ask(ALICE, now=today).decision.permitted


def test_A10_a_concern_is_raised_and_read_again_without_javascript_and_without_a_session(enter, open_page, live_server):
    page = open_page((390, 844), base_url=live_server.url, javascript=False)
    page.goto("/concerns")
    page.get_by_role("link", name="Write to us").click()
    page.get_by_label("Tell us in your own words").fill("They called me at night.")
    page.get_by_role("button", name="Send my concern").click()
    number, secret = page.locator("code.aloud").all_inner_texts()
    page.get_by_role("link", name="concerns/read").click()
    page.get_by_label("Your number").fill(number)
    page.get_by_label("Your secret").fill(secret)
    page.get_by_role("button", name="Show my concern").click()
    assert "They called me at night." in page.get_by_role("main").inner_text()
    assert secret not in page.url
    assert sideways(page) == 0


def test_A15_a_request_is_sent_and_added_to_with_the_keyboard_alone(enter):
    page = enter()
    page.goto("/copy-or-erase/limit")
    page.locator("#words").focus()
    page.keyboard.type("Please.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Continue"
    page.locator(":focus").press("Enter")
    page.get_by_role("button", name="Limit the use of my data").focus()
    page.locator(":focus").press("Enter")
    page.wait_for_url("**#done")
    expect(page.locator("#done")).to_be_focused()
    page.locator("#words").focus()
    page.keyboard.type("Since March.")
    page.keyboard.press("Tab")
    page.locator(":focus").press("Enter")
    page.wait_for_url("**?done=added#done")
    assert "Since March." in page.get_by_role("main").inner_text()


def test_A16_what_is_touched_is_large_enough(enter, threads):
    page = enter((320, 640), has_touch=True)
    for address in [*OPEN, *threads]:
        page.goto(address)
        for box in page.locator("main button, main .button, main textarea, main input, main select").all():
            if box.is_visible() and box.get_attribute("type") != "radio":
                assert box.bounding_box()["height"] >= 44, address
