"""The ways in, in a real browser: by a code, by a letter, by a fresh code; without JavaScript, for everybody."""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Page, expect

from consent.models import ConsentEvent, SignInCode
from tests import visit
from tests.browser import LARGE, SPACED, assert_accessible, dress, duplicate_names
from tests.trustcenter.portal.test_browser import sideways
from tests.visit import MAIL, letter

pytestmark = pytest.mark.browser


@pytest.fixture
def door(live_server, transactional_db, today, open_page):
    """`door(viewport, …)`: the browser of somebody who stands outside; Alice's address is known."""
    visit.half_year(today)

    def door(viewport=(1280, 800), *, javascript: bool = False, **more) -> Page:
        page = open_page(viewport, base_url=live_server.url, javascript=javascript, **more)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("request", lambda request: page.asked.append(request.url))
        return page

    return door


def ask_for_code(page: Page, address: str = MAIL.id) -> None:
    page.goto("/welcome")
    page.get_by_label("Your e-mail").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url("**/welcome/code*")


def enter_code(page: Page, code: str) -> None:
    page.get_by_label("The code from the e-mail").fill(code)
    page.get_by_role("button", name="Continue").click()


def test_A10_a_customer_comes_in_by_a_code(door):
    page = door()
    ask_for_code(page)
    enter_code(page, visit.code())
    expect(page.get_by_role("heading", level=1)).to_have_text("You decide how we use your data")


def test_A10_a_wrong_code_is_said_and_tried_again(door):
    page = door()
    ask_for_code(page)
    code = visit.code()
    enter_code(page, "12")
    expect(page.get_by_role("alert")).to_have_text("A code has six digits. Write all six.")
    enter_code(page, f"{(int(code) + 1) % 10**6:06}")
    expect(page.get_by_role("alert")).to_contain_text("This is not the code.")
    enter_code(page, f"{code[:3]} {code[3:]}")
    expect(page).to_have_url(f"{page.url.split('/welcome')[0].rstrip('/')}/")


KEPT = """async () => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...await caches.keys(),
    ...(await indexedDB.databases()).map(each => each.name),
    ...(await navigator.serviceWorker.getRegistrations()).map(each => each.scope)]"""


@pytest.mark.once
def test_E1_nothing_is_kept_on_a_device_but_what_the_page_cannot_do_without(door, today):
    page = door(javascript=True)

    def kept() -> set[str]:
        assert page.evaluate(KEPT) == []
        return {each["name"] for each in page.context.cookies()}

    page.goto(visit.question(today))
    assert kept() == set(), "who is asked gets no cookie at all"
    for address in (letter(today, "personal_offers"), "/ai/principles", "/welcome", "/check", "/concerns/new"):
        page.goto(address)
        assert kept() <= {"csrf"}, "the token that keeps others from sending our forms"
    ask_for_code(page)
    assert kept() <= {"csrf", "sign-in"}
    enter_code(page, visit.code())
    expect(page.get_by_role("button", name="Turn everything off")).to_be_visible()
    for address in ("/", "/log", "/receipts", "/copy-or-erase", "/ai", "/purposes/personal_offers"):
        page.goto(address)
        assert kept() <= {"csrf", "portal", "language"}, address
    ends = {each["name"]: each["expires"] for each in page.context.cookies()}
    assert (ends["portal"], ends["csrf"]) == (-1, -1), "closing the browser ends them"


@pytest.mark.once
def test_A15_the_whole_way_in_by_keyboard(door):
    page = door()
    page.goto("/welcome")
    page.get_by_label("Your e-mail").focus()
    page.keyboard.type(MAIL.id)
    page.locator(":focus").press("Enter")
    page.wait_for_url("**/welcome/code")
    page.get_by_label("The code from the e-mail").focus()
    page.keyboard.type(visit.code())
    page.keyboard.press("Tab")
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("button", name="Turn everything off")).to_be_visible()


def test_A1_a_letter_stops_a_use_with_one_press(door, today):
    page = door()
    page.goto(letter(today, "personal_offers"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    event = ConsentEvent.objects.latest("id")
    assert (event.act, event.channel, event.purpose.key) == ("withdraw", "email_link", "personal_offers")
    page.get_by_role("link", name="See all your choices").click()
    page.wait_for_url("**/welcome")


def test_a_letter_stops_a_use_where_the_browser_keeps_no_cookie(door, today):
    page = door(extra_http_headers={"Cookie": ""})
    page.goto(letter(today, "personal_offers"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("Send you offers that fit")


def test_A10_who_came_by_a_link_downloads_the_log_after_a_fresh_code(door, today):
    page = door()
    visit.come_in_by_link(page)
    page.get_by_role("link", name="Who used my data").click()
    page.get_by_role("link", name="Download this list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Show us that it is you")
    page.get_by_role("button", name="Send me a code").click()
    enter_code(page, visit.code())
    page.wait_for_url("**/log")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this list").click()
    assert download.value.suggested_filename == "who-used-my-data.csv"


def test_A10_a_yes_to_sensitive_data_asks_for_a_fresh_code_and_a_no_never(door, today):
    page = door()
    visit.come_in_by_link(page)
    page.get_by_role("button", name="Turn on Find you in ride photos").click()
    page.get_by_role("button", name="Send me a code").click()
    enter_code(page, visit.code())
    page.wait_for_url("**/purposes/ride_photos")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("status")).to_contain_text("You turned on “Find you in ride photos”")
    later = door()
    visit.come_in_by_link(later)
    later.get_by_role("button", name="Turn off Find you in ride photos").click()
    expect(later.get_by_role("status")).to_contain_text("You turned off")


def press(page: Page) -> None:
    """Press the button of a page, and wait for the next one."""
    with page.expect_navigation():
        page.locator("main button:visible").first.click()


def stops(page: Page, today) -> Iterator[str]:
    """Every page of the ways in, one after the other, each in what it can show."""
    page.goto("/welcome")
    yield "welcome"
    page.locator("form").last.evaluate("form => form.noValidate = true")
    page.locator("#email").fill("no address")
    press(page)
    yield "no address"
    page.locator("#email").fill(MAIL.id)
    press(page)
    yield "code"
    page.locator("#code").fill("12")
    press(page)
    yield "no code"
    visit.code()
    SignInCode.objects.update(tries=5)
    page.locator("#code").fill("123456")
    press(page)
    yield "spent code"
    page.goto(letter(today, "personal_offers", "plan_staff", language="en"))
    yield "letter"
    press(page)
    yield "stopped"
    page.goto("/stop/made-up")
    yield "old letter"
    visit.come_in_by_link(page)
    page.goto("/fresh?next=/log")
    yield "fresh"


MODES = [
    {"viewport": (1280, 800)},
    {"viewport": (1280, 800), "color_scheme": "dark"},
    {"viewport": (320, 640)},
    {"viewport": (320, 640), "color_scheme": "dark", "reduced_motion": "reduce"},
    {"viewport": (1280, 800), "forced_colors": "active"},
    {"viewport": (390, 844), "locale": "zh-hans"},
]
# In forced colours it is the reader's own system that paints, and axe cannot tell what lies behind.
FORCED = {"color-contrast"}


@pytest.mark.long
@pytest.mark.once
def test_A11_A13_every_page_can_be_used_by_everybody(door, today):
    for mode in MODES:
        SignInCode.objects.all().delete()
        page = door(**mode, javascript=True)
        for stop in stops(page, today):
            assert_accessible(page, explained=FORCED if "forced_colors" in mode else ())
            assert duplicate_names(page) == {}, (stop, mode)
            assert sideways(page) == 0, (stop, mode)


@pytest.mark.once
def test_A14_A16_large_and_spaced_text_and_buttons_that_can_be_touched(door, today):
    for language, (width, style) in product(["en", "zh-hans"], [(320, SPACED), (640, LARGE)]):
        SignInCode.objects.all().delete()
        page = door((width, 640), locale=language, javascript=True)
        for stop in stops(page, today):
            for box in page.locator("main button:visible, main .button:visible, main input:visible").all():
                assert box.bounding_box()["height"] >= 44, stop
            dress(page, style)
            assert sideways(page) == 0, (stop, language, width)


@pytest.mark.once
def test_A7_A17_no_page_asks_anyone_else_or_breaks_its_own_policy(door, today, live_server):
    page = door(javascript=True)
    pages = []
    page.on("framenavigated", lambda frame: pages.append(frame.url))
    assert len(list(stops(page, today))) == 9
    assert len(page.asked) <= 6 * len(pages)
    assert not [url for url in page.asked if not url.startswith(f"{live_server.url}/")]
    assert not [text for text in page.said if "Content Security Policy" in text or "violates" in text]


@pytest.mark.once
def test_A22_the_words_of_these_pages_are_plain(door, today):
    """No sentence has more than 25 words; what is said stands in main."""
    page = door(javascript=True)
    for stop in stops(page, today):
        text = page.locator("main").inner_text()
        for line in text.splitlines():
            for sentence in line.replace("?", ".").replace("!", ".").split(". "):
                assert len(sentence.split()) <= 25, (stop, sentence)
