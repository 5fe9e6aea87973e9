"""Your choices in a real browser, without JavaScript: how many presses each takes, how it fits, how it looks."""

import gzip

import pytest
from playwright.sync_api import expect

from audit.models import Entry
from consent.services import states, subjects
from tests import words, world
from tests.browser import assert_accessible, duplicate_names
from tests.trustcenter.portal.test_browser import sideways
from tests.world import ALICE, CAROL

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]
KIB = 1024
LOOK = """button => { const style = getComputedStyle(button), box = button.getBoundingClientRect();
    return [button.className, box.width, box.height, style.color, style.backgroundColor, style.borderColor,
            style.fontSize, style.fontWeight].join(" ") }"""
INSIDE = """() => [...document.querySelectorAll("main a, main form[method=get]")]
    .map(each => each.href || each.action)"""


def said(purpose: str = "personal_offers", who=ALICE) -> list[str]:
    """What was said about a purpose, oldest first."""
    found = states.history(subject=subjects.find(who)).filter(purpose__key=purpose)
    return [event.act for event in sorted(found, key=lambda event: event.pk)]


def material(now) -> None:
    """Offers come to use more data, for longer."""
    world.publish(now=now, personal_offers={"retention": "P24M", "recipients": ["mail-engine", "mailbird"]})


def test_A1_A2_A35_C7_D2_G13_one_press_turns_each_use_off_and_one_press_takes_it_back(enter, today):
    page = enter(javascript=False)
    for name, purpose, recipient in (
        ("Turn off Improve your visit", "improve_visit", "queue-planner"),
        ("Turn off Send you offers that fit", "personal_offers", "mail-engine"),
        ("Say no Plan staff and rides", "plan_staff", "staff-planner"),
    ):
        page.goto("/")
        page.get_by_role("button", name=name).click()
        assert not world.ask(ALICE, purpose, recipient=recipient, now=today).decision.permitted
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        assert world.ask(ALICE, purpose, recipient=recipient, now=today).decision.permitted
    whose = subjects.find(ALICE).pseudonym
    found = Entry.objects.filter(subject=whose, purpose="personal_offers", action__startswith="consent.")
    acts = found.order_by("recorded_at").values_list("action", flat=True)
    assert list(acts) == ["consent.given", "consent.withdrawn", "consent.given"]


def test_A1_A35_everything_goes_off_in_one_press_and_comes_back_in_one(enter, today):
    page = enter(javascript=False)
    page.get_by_role("button", name="Turn everything off").click()
    assert "You turned everything off" in page.get_by_role("status").inner_text()
    assert said()[-1] == "withdraw"
    page.get_by_role("button", name="Undo all of it").click()
    for purpose, recipient in (("personal_offers", "mail-engine"), ("plan_staff", "staff-planner")):
        assert world.ask(ALICE, purpose, recipient=recipient, now=today).decision.permitted
    assert page.get_by_role("button", name="Turn everything on").count() == 0


def test_A3_G13_G20_no_no_needs_a_code(enter, today):
    world.say(ALICE, "give", "ride_photos", notice_digest=world.digest("ride_photos"), now=today)
    page = enter(javascript=False)
    page.get_by_role("button", name="Turn off Find you in ride photos").click()
    assert said("ride_photos")[-1] == "withdraw"
    page.goto("/purposes/ride_photos/amount")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Save my choice").click()
    assert "/fresh?" in page.url, "a yes to sensitive data does"


def test_A4_every_page_of_choices_is_two_steps_from_home(enter, today):
    material(today)
    page = enter(javascript=False)
    near = {address for address in page.evaluate(INSIDE) if "/purposes/" in address}
    further = set()
    for address in near:
        page.goto(address)
        further |= set(page.evaluate(INSIDE))
    reached = {address.rsplit("purposes/", 1)[-1] for address in near | further}
    assert {"personal_offers/changed", "personal_offers/amount", "improve_visit/amount", "ride_photos"} <= reached


def test_A5_home_with_six_uses_needs_no_scrolling_in_any_language(enter):
    for language in ("en", *words.LANGUAGES):
        page = enter(language=language)
        page.click("form[action='/seen'] button")
        box = page.locator("footer").bounding_box()
        assert box["y"] + box["height"] <= 800, language
        assert page.locator(".entry").count() == 6


def test_A6_the_pages_are_light(enter, today):
    page = enter()
    for address, most in (("/", 30), ("/purposes/personal_offers/amount", 60), ("/purposes/personal_offers", 60)):
        page.asked.clear()
        page.goto(address, wait_until="networkidle")
        # Asked for once more, beside the cache: what comes from there weighs nothing, and not everybody has it there.
        weights = {url: len(gzip.compress(page.request.get(url).body())) for url in page.asked}
        assert len(weights) == 3, "the page, its style and its script"
        assert sum(weights.values()) <= most * KIB, weights


def test_A19_C7_D2_yes_and_no_are_the_same_button(enter, today):
    page = enter()
    names = ("Turn on Find you in ride photos", "Turn off Improve your visit", "Say no Plan staff and rides")
    assert len({page.get_by_role("button", name=name).evaluate(LOOK) for name in names}) == 1
    material(today)
    page.goto("/purposes/personal_offers/changed")
    keep = page.get_by_role("button", name="Keep off Send you offers that fit").evaluate(LOOK)
    assert keep == page.get_by_role("button", name="Turn on Send you offers that fit").evaluate(LOOK)


def test_A20_D2_nothing_is_picked_beforehand_and_half_a_choice_is_not_saved(enter):
    world.say(CAROL, "request", "personal_offers")
    page = enter(who=CAROL, javascript=False)
    assert {each.inner_text() for each in page.locator(".entry.on h2").all()} == {
        "Plan staff and rides",
        "Your tickets and orders",
        "Safety in the park",
    }
    for address in ("/purposes/personal_offers/amount", "/purposes/ride_photos/amount"):
        page.goto(address)
        assert page.locator("input:checked").count() == 0
    page.goto("/purposes/personal_offers/amount")
    page.get_by_role("button", name="Save my choice").click()
    assert "Pick an amount first." in page.get_by_role("alert").inner_text()
    page.get_by_label("My own choice", exact=True).check()
    page.get_by_label("Your e-mail address").check()
    page.get_by_role("button", name="Save my choice").click()
    assert "at least one who may see it" in page.get_by_role("alert").inner_text()
    assert said(who=CAROL) == ["request"]


def test_A10_a_level_is_picked_saved_and_shown_as_theirs(enter, today):
    page = enter(javascript=False)
    page.goto("/purposes/personal_offers")
    page.get_by_role("link", name="Choose how much we see").click()
    page.get_by_label("A little").check()
    page.get_by_label("3 months").check()
    page.get_by_role("button", name="Save my choice").click()
    assert "You changed how much you share" in page.get_by_role("status").inner_text()
    assert world.ask(ALICE, categories=("purchase_history",), now=today).decision.reason == "category_not_chosen"
    page.goto("/purposes/personal_offers/amount")
    expect(page.get_by_label("A little")).to_be_checked()
    expect(page.get_by_label("As now: until")).to_be_checked()
    assert "You have A little now." in page.locator("main").inner_text()


def test_A10_a_use_is_paused_for_a_time_and_woken(enter, today):
    page = enter(javascript=False)
    page.goto("/purposes/improve_visit")
    assert page.locator("main button").first.inner_text().startswith("Turn off"), "leaving comes first"
    page.get_by_role("button", name="1 month").click()
    assert "You paused" in page.get_by_role("status").inner_text()
    asked = world.ask(ALICE, "improve_visit", recipient="queue-planner", now=today).decision
    assert asked.reason == "consent_paused"
    page.goto("/purposes/improve_visit")
    assert page.get_by_role("button", name="Turn off Improve your visit").count() == 1
    page.get_by_role("button", name="End the pause Improve your visit").click()
    assert said("improve_visit") == ["give", "pause", "resume"]


def test_A10_L3_what_changed_is_seen_side_by_side_and_kept_off_or_turned_on(enter, today):
    material(today)
    page = enter(javascript=False)
    page.get_by_role("button", name="See what changed Send you offers that fit").click()
    assert "we keep it longer" in page.locator("main").inner_text()
    assert page.locator("ins").all_inner_texts() == ["2 years"]
    page.get_by_role("button", name="Keep off").click()
    note = page.get_by_role("status")
    assert "You said no to" in note.inner_text()
    assert note.get_by_role("button", name="Undo").count() == 0, "it was off before"
    page.get_by_role("button", name="Turn on Send you offers that fit").click()
    assert said() == ["give", "refuse", "give"]
    assert world.ask(ALICE, now=today).decision.permitted


def test_A10_the_summary_of_the_first_visit_is_closed_once(enter):
    page = enter(javascript=False)
    assert page.get_by_role("region", name="In short").get_by_role("listitem").count() == 5
    page.get_by_role("button", name="Close this").click()
    assert page.get_by_role("region", name="In short").count() == 0
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "seen"]
    assert (cookie["value"], cookie["httpOnly"], cookie["sameSite"]) == ("1", True, "Lax")


def test_A11_A13_A14_the_new_states_of_these_pages_can_be_used_by_everybody(enter, today):
    page = enter((320, 800))
    page.goto("/purposes/improve_visit")
    page.get_by_role("button", name="1 week").click()
    assert_accessible(page)
    page.goto("/purposes/improve_visit")
    assert_accessible(page)
    page.goto("/")
    page.get_by_role("button", name="Turn everything off").click()
    assert_accessible(page)
    assert duplicate_names(page) == {}
    page.get_by_role("button", name="Undo all of it").click()
    material(today)
    for width, scheme in ((1280, "light"), (320, "dark")):
        page = enter((width, 800), color_scheme=scheme)
        page.goto("/purposes/personal_offers/changed")
        assert_accessible(page)
        assert duplicate_names(page) == {}
        assert sideways(page) == 0
