"""The portal in a real browser: what a customer does, in both languages, light and dark, on a small screen, without
JavaScript; and what no page may do."""

import re

import pytest
from playwright.sync_api import expect

from consent.services import subjects
from consent.services.log import MONTHS, Month
from tests import world
from tests.browser import assert_accessible, duplicate_names
from tests.callers import get
from tests.world import ALICE
from trustcenter.portal.drawing import bars

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]
# axe cannot see what lies behind text in an SVG; test_the_words_in_the_chart_stand_out measures it instead.
CHART = [(bar.middle, bar.middle_refused, bar.centre) for bar in bars([Month(2026, 1, 0, 0)] * MONTHS)]
EXPLAINED = {f'color-contrast text[x="{x}"]' for bar in CHART for x in bar}


def sideways(page) -> int:
    page.wait_for_load_state("load")
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def _said(purpose):
    from consent.services import states

    found = states.history(subject=subjects.find(ALICE)).filter(purpose__key=purpose)
    return sorted(found, key=lambda event: event.pk)


def test_A10_what_was_refused_stands_in_the_log(enter):
    page = enter(javascript=False)
    page.get_by_role("link", name="Who used my data").click()
    row = page.get_by_role("row").filter(has_text="SnapRide Ltd")
    assert "Refused" in row.inner_text()
    assert "You turned this off." in row.inner_text()


def test_the_receipt_can_be_read_and_carried_away(enter):
    page = enter()
    page.locator(".entry .line a").first.click()
    expect(page.get_by_text("Real and unchanged")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the proof").click()
    assert download.value.suggested_filename.startswith("receipt-")


def sheets(page) -> int:
    """How many sheets of A4 a page takes on paper."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def test_a_receipt_takes_one_sheet_of_paper_in_either_form(enter, today, open_page):
    for language in ("en", "zh-hans"):
        given = {"recipients": ["mail-engine", "mailbird", "adpartner"], "language": language, "now": today}
        event = world.say(ALICE, "give", notice_digest=world.digest("personal_offers", language), **given).event
        world.sign_all(today)
        page = enter(language=language)
        page.goto(f"/receipts/{event.entry_id}")
        assert sheets(page) == 1, language
        key = world.key("mail-engine", "consents:read")
        told = get(f"/api/v1/receipts/{event.entry_id}", key=key, Accept="text/html")
        alone = open_page()
        alone.set_content(told.content.decode())
        expect(alone.get_by_role("heading", level=1)).to_be_visible()
        assert_accessible(alone)
        assert sheets(alone) == 1, language


def test_A10_A27_a_receipt_is_checked_without_javascript_and_without_a_session(enter, today, open_page, live_server):
    world.sign_all(today)
    page = enter()
    page.locator(".entry .line a").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    stranger = open_page(base_url=live_server.url, javascript=False)
    stranger.goto("/check")
    stranger.get_by_label("The file that you downloaded").set_input_files(download.value.path())
    stranger.get_by_role("button", name="Check it").click()
    expect(stranger.get_by_text("Real and unchanged")).to_be_visible()
    stranger.get_by_label("Or the text in it").fill("not.a.receipt")
    stranger.get_by_role("button", name="Check it").click()
    assert "Real and unchanged" not in stranger.content()
    assert_accessible(page)


def test_A11_A13_after_saving_the_note_has_the_focus(enter):
    page = enter()
    page.get_by_role("button", name="Turn off Improve your visit").click()
    expect(page.locator("#saved")).to_be_focused()
    assert_accessible(page, explained=EXPLAINED)
    assert duplicate_names(page) == {}


def test_A15_third_parties_are_chosen_with_the_keyboard_alone(enter, today):
    page = enter()
    page.goto("/purposes/personal_offers/amount")
    page.get_by_role("checkbox", name="AdPartner Ltd").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Save my choice"
    page.locator(":focus").press("Enter")
    page.wait_for_url("**#saved")
    assert _said("personal_offers")[-1].recipients == ["mail-engine", "mailbird", "adpartner"]


CONTRAST = """text => { const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const [one, other] = [light(getComputedStyle(text).fill), light(getComputedStyle(document.body).backgroundColor)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05); }"""


def test_A40_the_words_in_the_chart_stand_out(enter):
    for scheme in ("light", "dark"):
        page = enter(color_scheme=scheme)
        page.goto("/log")
        found = [text.evaluate(CONTRAST) for text in page.locator("figure text").all()]
        assert len(found) == 18
        assert min(found) >= 4.5


@pytest.mark.parametrize("viewport", [(390, 844), (1280, 800)], ids=["phone", "desktop"])
def test_C4_the_browsers_signal_is_shown_as_honoured(enter, today, viewport):
    world.publish(now=today, personal_offers={"sale_or_sharing": True})
    for language, told in (("en", "We honour that."), ("zh-hans", "我们遵守这一要求")):
        page = enter(viewport, language=language, javascript=False, extra_http_headers={"Sec-GPC": "1"})
        note = page.locator("#signal")
        assert told in note.inner_text()
        assert note.bounding_box()["y"] < viewport[1], "seen without scrolling"
        assert sideways(page) == 0
        page = enter(viewport, language=language)
        expect(page.locator("#signal"), "a browser that falls silent takes nothing back").to_be_visible()
        assert_accessible(page, explained=EXPLAINED)
        assert duplicate_names(page) == {}
        page.locator("#signal a").click()
        page.wait_for_url("**/purposes/personal_offers")
