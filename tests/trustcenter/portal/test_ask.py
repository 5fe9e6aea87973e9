"""The page that asks for one consent: what it says before its buttons, who may frame it, and what an answer does."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from audit.models import Entry
from consent.models import ConsentEvent
from consent.services import consent_requests, subjects
from consent.services.consent_requests import Wanted
from tests import visit, world
from tests.world import ALICE, CAROL, SYSTEM, digest

SHOP = "https://shop.example.org"


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.BRAND_ORIGINS = [SHOP]


@pytest.fixture
def page(open_park, today):
    """`page(purpose, …)`: the address of a fresh question to Carol."""
    subjects.register(identifiers=[CAROL, visit.MAIL], by=SYSTEM, now=today)

    def page(purpose: str = "personal_offers", **more) -> str:
        made = consent_requests.create(wanted=Wanted(CAROL, purpose, **more), by=SYSTEM, now=today)
        return f"/ask/{made.token}"

    return page


def press(address: str, act: str, purpose: str = "personal_offers", **more):
    """Press a button in a browser that keeps no cookie and whose forms come without a token."""
    body = {"act": act, "notice": digest(purpose)} | more
    return Client(enforce_csrf_checks=True).post(address, body)


def acts(purpose: str = "personal_offers") -> list[str]:
    found = ConsentEvent.objects.filter(purpose__key=purpose, subject=subjects.find(CAROL))
    return list(found.order_by("id").values_list("act", flat=True))


def test_G14_the_right_to_take_back_is_told_before_the_buttons(page):
    for language, told in (("en", "You can turn it off at any time"), ("zh-hans", "随时可以关闭")):
        html = Client().get(page(language=language)).text
        assert html.index(told) < html.index("<button")


def test_everything_that_a_yes_means_stands_before_the_buttons(page):
    html = Client().get(page()).text
    before = html[: html.index("<button")]
    for heading in ("What data", "What we do", "What for", "Who sees it", "What you get", "How long", "If you say no"):
        assert heading in before
    assert "MailBird" in before


def test_A20_G2_no_company_is_ticked_beforehand(page):
    html = Client().get(page()).text
    assert html.count('type="checkbox"') == 1
    assert not re.search(r"<input[^>]*\bchecked\b", html)


def test_A19_yes_no_and_not_now_are_the_same_button(page):
    html = Client().get(page()).text
    buttons = re.findall(r"<button ([^>]*)>([^<]*)</button>", html)
    assert [label for _, label in buttons] == ["No", "Turn on", "Not now"]
    assert not [attributes for attributes, _ in buttons if "class" in attributes]


@pytest.mark.parametrize(
    ("act", "told", "outcome"),
    [("give", "You turned on", "given"), ("refuse", "You said no", "refused"), ("defer", "You put off", "deferred")],
)
def test_an_answer_is_saved_without_a_cookie_and_leads_back(page, act, told, outcome):
    answer = press(page(), act)
    assert told in answer.text
    assert not answer.cookies
    assert "12 months" in answer.text or act != "refuse"
    address = page(return_url=f"{SHOP}/b?step=2") if act == "defer" else None
    if address:
        where = press(address, act)["Location"]
        assert re.fullmatch(rf"{re.escape(SHOP)}/b\?step=2&consent={outcome}&request=[0-9a-f-]{{36}}", where)
    assert acts()[-1] == act


def test_A30_looking_changes_nothing_and_replay_shows_what_was_chosen(page):
    address, entries = page(return_url=f"{SHOP}/b"), Entry.objects.count()
    for _ in range(2):
        assert Client().get(address).status_code == 200
    assert Client().head(address).status_code == 405
    assert Entry.objects.count() == entries
    press(address, "refuse")
    assert press(address, "give")["Location"].count("consent=refused") == 1
    again = Client().get(address).text
    assert "You said no" in again
    assert f'href="{SHOP}/b?consent=refused&amp;request=' in again
    assert "<button" not in again
    assert acts() == ["request", "refuse"]


def test_the_page_tells_nothing_else_about_the_customer(page, today):
    world.say(CAROL, "give", "improve_visit", now=today)
    answer = Client().get(page())
    for word in ("C-1003", "alice@", "Improve your visit"):
        assert word not in answer.text
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_it_is_no_way_in(page):
    client = Client()
    client.get(page())
    assert client.get("/")["Location"] == "/welcome"


@pytest.mark.parametrize("body", [{}, {"act": "give"}, {"act": "withdraw", "notice": "0" * 64}, {"notice": "0" * 64}])
def test_what_no_page_of_ours_sends_is_refused(page, body):
    assert Client().post(page(), body).status_code == 400
    assert acts() == ["request"]


def test_it_is_framed_by_the_brands_own_sites_only_and_leads_back_to_them(page, settings):
    address = page(return_url=SHOP)
    for answer in (
        Client().get(address),
        Client().post(address, {}),
        Client().get("/ask/spent"),
        press(address, "defer"),
    ):
        policy = answer["Content-Security-Policy"]
        assert f"frame-ancestors {SHOP};" in f"{policy};"
        assert f"form-action 'self' {SHOP}" in policy
        assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in Client().get("/welcome")["Content-Security-Policy"]
    settings.BRAND_ORIGINS = []
    assert "frame-ancestors 'none'" in Client().get(address)["Content-Security-Policy"]


def test_a_yes_to_companies_only_names_at_least_one(page, today):
    world.publish(now=today, personal_offers={"recipients": ["adpartner"], "levels": []})
    address = page()
    html = Client().get(address).text
    assert "Only the companies that you choose" in html
    answer = press(address, "give")
    assert (answer.status_code, acts()) == (400, ["request"])
    assert "Choose at least one company" in answer.text
    assert "You turned on" in press(address, "give", third="adpartner").text


def test_words_that_changed_meanwhile_are_shown_anew(page, today):
    address, old = page(), digest("personal_offers")
    more = ["contact.email", "purchase_history", "location.wristband"]
    world.publish(now=today, personal_offers={"categories": more})
    answer = press(address, "give", notice=old)
    assert answer.status_code == 409
    assert "These are the new words." in answer.text
    assert digest("personal_offers") in answer.text
    assert acts() == ["request"]


def test_G17_sensitive_data_needs_the_code_on_the_page_itself(page):
    address = page("ride_photos")
    step = press(address, "give", "ride_photos", third="snapride")
    assert "Nothing is saved yet." in step.text
    assert not step.cookies
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', step.text.split('id="no"')[0]))
    code = visit.code()
    assert "This is not the code" in press(address, "give", "ride_photos", **hidden, code="12").text
    assert "You turned on" in press(address, "give", "ride_photos", **hidden, code=f"{code[:3]} {code[3:]}").text
    assert ConsentEvent.objects.latest("id").recipients == ["mail-engine", "snapride"]


def test_too_many_codes_are_refused_and_the_page_says_so(page):
    address = page("ride_photos")
    for _ in range(5):
        press(address, "give", "ride_photos")
    answer = press(address, "give", "ride_photos")
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text


def test_an_old_link_says_what_to_do(page, today):
    made = consent_requests.create(wanted=Wanted(ALICE, "improve_visit"), by=SYSTEM, now=today - timedelta(hours=2))
    for address in (f"/ask/{made.token}", "/ask/made-up"):
        for answer in (Client().get(address), press(address, "give")):
            assert answer.status_code == 410
            assert "This link no longer works" in answer.text


def test_the_page_speaks_the_brands_language_and_the_readers_own_choice_wins(page):
    address = page(language="zh-hans")
    assert '<html lang="zh-Hans"' in Client().get(address).text
    english = Client().get(f"{address}?language=en").text
    assert "What data" in english
    chosen = digest("personal_offers", "en")
    assert chosen in english
    assert "Saved." in press(f"{address}?language=en", "give").text
    assert ConsentEvent.objects.latest("id").language == "en"


def test_the_receipt_names_the_way(page, today, come_in):
    press(page(channel="kiosk"), "give")
    assert "At a kiosk, by you" in come_in(CAROL).get("/receipts").text
