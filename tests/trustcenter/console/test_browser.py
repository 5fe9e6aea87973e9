"""The console in a real browser: sign in, find, see; on a desk and on a phone, by day and by night."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from consent.services import officers
from tests import world
from tests.browser import assert_accessible, duplicate_names
from tests.trustcenter.console.conftest import PASSWORD
from tests.world import ALICE, OPERATOR, SYSTEM, ask, say, seal_all

pytestmark = [pytest.mark.browser, pytest.mark.once]  # as for the portal
SIZES = {"desk": (1280, 800), "phone": (390, 844)}


@pytest.fixture
def today(transactional_db):
    """The cast, as of now: a browser keeps its own time, so the clock is not held here."""
    now = datetime.now(UTC)
    world.publish(now=now - timedelta(days=400))
    officers.create(username="rosa", password=PASSWORD, full_name="Rosa Lindqvist", by=OPERATOR, now=now)
    world.subjects.register(identifiers=[ALICE], by=SYSTEM, now=now - timedelta(days=50))
    say(ALICE, "give", recipients=["mail-engine", "adpartner"], now=now - timedelta(days=40))
    for day in range(20, 10, -1):
        ask(ALICE, now=now - timedelta(days=day), reference=f"Letter {day}")
    say(ALICE, "withdraw", now=now - timedelta(days=5))
    ask(ALICE, recipient="adpartner", now=now - timedelta(days=4))
    seal_all(now=now)
    say(ALICE, "give", "improve_visit", now=now)
    return now


def sign_in(page: Page) -> None:
    page.goto("/console/")
    page.get_by_label("Name").fill("rosa")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def find(page: Page, value: str = "C-1001") -> None:
    page.goto("/console/customers")
    page.locator("[name=value]").fill(value)
    page.locator("[name=why]").select_option("concern")
    page.locator("[name=note]").fill("Concern K-311: why was AdPartner refused?")
    page.locator("main form button").click()


def check(page: Page, blocked: list[str]) -> None:
    """What every page must be, whatever is on it; a click waits for the page, not for its stylesheet."""
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if page.viewport_size == dict(zip(("width", "height"), SIZES["phone"], strict=True)):
        # axe cannot judge the colours of what a table has scrolled out of sight: for it the cells are stacked.
        page.evaluate("document.querySelectorAll('.scroll *').forEach((cell) => { cell.style.display = 'block' })")
    assert_accessible(page)
    assert duplicate_names(page) == {}
    assert [line for line in blocked if "Content Security Policy" in line] == []


def test_an_officer_signs_in_finds_and_sees(open_page, live_server, today):
    page = open_page(base_url=live_server.url, javascript=False)
    sign_in(page)
    find(page)
    expect(page).to_have_url(f"{live_server.url}/console/customers/open")
    assert page.get_by_role("heading", level=1).inner_text() == "Customer C-1001"
    state = page.get_by_role("row", name="Send you offers that fit")
    assert "Withdrawn" in state.inner_text()
    expect(page.get_by_text("The customer turned this off.")).to_be_visible()
    page.locator(".track a[href*='entry=']").last.click()
    expect(page.get_by_text("Holds", exact=True)).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all in view, with proof").click()
    assert waiting.value.suggested_filename == "proof-record.json"
    page.get_by_role("button", name="Close the file").click()
    page.get_by_role("link", name="Audit").click()
    page.get_by_role("button", name="Check the whole log now").click()
    expect(page.get_by_text("Unbroken", exact=True)).to_be_visible()
    page.get_by_label("Answer", exact=True).select_option("refused")
    page.keyboard.press("Tab")
    page.get_by_label("Identifier", exact=True).fill("C-1001")
    page.locator(":focus").press("Enter")
    expect(page.get_by_text("The customer sees that you looked.")).to_be_visible()
    assert {cell.inner_text() for cell in page.locator("tbody .state").all()} == {"Refused"}
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export these, signed").click()
    assert waiting.value.suggested_filename == "log.zip"
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Console"


@pytest.mark.parametrize(
    ("size", "scheme", "locale"),
    [("desk", "light", "en"), ("desk", "dark", "zh-CN"), ("phone", "dark", "en"), ("phone", "light", "zh-CN")],
)
def test_every_page_is_sound(open_page, live_server, today, size, scheme, locale):
    page = open_page(SIZES[size], base_url=live_server.url, color_scheme=scheme, locale=locale)
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.goto("/console/sign-in")
    check(page, blocked)
    page.locator("[name=username]").fill("rosa")
    page.locator("[name=password]").fill("wrong")
    page.locator("main form button").click()
    check(page, blocked)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    check(page, blocked)
    find(page, "C-9999")
    check(page, blocked)
    find(page)
    check(page, blocked)
    page.locator("summary").first.click()
    check(page, blocked)
    page.goto("/console/customers/open/choice")
    page.locator("summary").first.click()
    check(page, blocked)
    page.goto("/console/customers")
    check(page, blocked)
    page.goto("/console/audit")
    check(page, blocked)
    page.locator(".note button").click()
    check(page, blocked)
    page.locator("[name=value]").fill("C-9999")
    page.locator(".filters button").click()
    check(page, blocked)
    page.locator("[name=value]").fill("C-1001")
    page.locator(".filters button").click()
    check(page, blocked)
    assert "C-1001" not in page.url
    page.locator("#found ~ p a, .top p a").last.click()
    check(page, blocked)
    page.locator("table a").first.click()
    check(page, blocked)


def test_an_officer_writes_down_a_paper_and_carries_the_scan_away(open_page, live_server, today):
    page = open_page(base_url=live_server.url, javascript=False)
    sign_in(page)
    find(page)
    page.get_by_role("link", name="Record a choice for them").click()
    page.get_by_label("Purpose").select_option("personal_offers")
    page.get_by_label("What they said").select_option("yes")
    page.get_by_label("How they told us").select_option("paper")
    page.get_by_label("Why you record it for them").fill("Form from the gate, 3 May.")
    page.get_by_role("button", name="Record the choice").click()
    expect(page.get_by_role("alert")).to_be_visible()
    file = {"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 signed"}
    page.get_by_label("Scan of the paper").set_input_files(file)
    page.get_by_role("button", name="Record the choice").click()
    expect(page.get_by_text("Form from the gate, 3 May.")).to_be_visible()
    assert "Given" in page.get_by_role("row", name="Send you offers that fit").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download scan").click()
    assert waiting.value.suggested_filename.endswith(".pdf")
