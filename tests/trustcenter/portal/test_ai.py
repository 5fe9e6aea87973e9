"""AI and you: what a computer does with a customer's data, how to say no, and how to have a person look again."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import expect

from audit.models import Entry
from consent.rules import catalogue as rules
from consent.services import consent_requests, rights, subjects, uses
from consent.services.ledger import Actor
from consent.services.uses import Use
from tests import visit, world
from tests.browser import assert_accessible, duplicate_names
from tests.world import ALICE, BOB, CAROL, SYSTEM, ask, document, publish


def section(page: str, key: str) -> str:
    return re.search(rf'<section id="{key}">.*?</section>', page, re.DOTALL)[0]


def test_AI1_each_use_of_ai_is_told_in_full_and_no_other_use_is(alice):
    page = alice.get("/ai").text
    assert re.findall(r'<section id="(\w+)"', page) == ["personal_offers", "ride_photos"]
    offers = section(page, "personal_offers")
    for words in (
        *("What it does", "A computer looks at what you bought, and when."),
        *("What goes in", "What you buy in the park"),
        *("What comes out", "A list of our offers, in order."),
        *("Does a person decide?", "Only when you ask. Until then the computer does it alone."),
        *("Your price and service", "It changes neither your price nor your service."),
        *("What it learned from", "From counts of what each shop sold.", "It does not learn from your data."),
        *("How sure it is", "Of 100 visitors, 9 used the offer that it put first."),
        *("If you turn it off", "You still see every sale we show to all visitors."),
    ):
        assert words in offers, words
    assert "It can change your service. It does not change your price." in section(page, "ride_photos")
    assert "AI has a part in 2 uses of your data. It changes no price." in page


def test_a_price_that_ai_can_change_is_not_called_unchanged(alice, today):
    ai = document()["purposes"][1]["ai"] | {"affects": ["price"]}
    publish(now=today, personal_offers={"ai": ai})
    page = alice.get("/ai").text
    assert "It can change your price. It does not change your service." in page
    assert "It changes no price." not in page


def test_P7_saying_no_to_ai_is_one_press_on_the_page_that_tells_of_it(alice, today):
    offers = section(alice.get("/ai").text, "personal_offers")
    assert "Turn off" in offers
    notice = re.search(r'name="notice" value="(\w+)"', offers)[1]
    assert alice.post("/choices/personal_offers", {"act": "off", "notice": notice}).status_code == 302
    assert ask(ALICE, now=today).decision.reason == "consent_withdrawn"


def test_what_it_did_is_listed_with_the_occasion_and_refusals_are_not(alice, today):
    ask(ALICE, now=today, reference="Spring sale")
    ask(ALICE, recipient="adpartner", now=today, reference="Refused anyway")
    ask(BOB, now=today, reference="Of somebody else")
    rows = section(alice.get("/ai").text, "personal_offers")
    assert "Spring sale" in rows
    assert "Refused anyway" not in rows
    assert "Of somebody else" not in rows


def test_what_is_older_than_90_days_is_left_to_the_log(db, come_in, today):
    visit.half_year(today)
    rows = section(come_in().get("/ai").text, "personal_offers")
    assert rows.count('<tr role="row"') == 1 + 6, "asked 3, 12, 12, 31, 60 and 61 days ago; not 90 days and two hours"
    assert 'href="/log?purpose=personal_offers"' in rows


def test_only_the_newest_ten_stand_on_the_page(alice, today):
    rows = [Use(ALICE, "personal_offers", ("purchase_history",), today) for _ in range(12)]
    uses.report(uses=rows, recipient="mail-engine", by=Actor("system", ref="mail-engine"), now=today)
    assert section(alice.get("/ai").text, "personal_offers").count('<tr role="row"') == 1 + 10


def test_AI2_G31_U6_L6_P7_a_person_is_asked_to_look_again_at_a_result_and_answers(alice, today):
    number = ask(ALICE, now=today, reference="Spring sale").id
    offers = section(alice.get("/ai").text, "personal_offers")
    assert 'href="/copy-or-erase/human_review"' in offers
    address = re.search(rf'href="(/copy-or-erase/human_review\?entry={number})"', offers)[1]
    form = alice.get(address).text
    assert "Spring sale" in form
    sent = {"words": "Why this one?", "entry": re.search(r'name="entry" value="([^"]+)"', form)[1], "step": "send"}
    opened = alice.post("/copy-or-erase/human_review", sent)["Location"].partition("?")[0]
    told = rights.follow(reference=opened.rpartition("/")[2])
    assert (told.request.about, told.steps[0].words, told.request.due > today.date()) == (number, "Why this one?", True)
    assert Entry.objects.get(action="rights.opened").actor_type == "customer", "and it is in the log"
    words = "You bought fish twice. A person has now taken you off this list."
    rights.answer(reference=told.request.reference, words=words, by=world.OPERATOR, now=today)
    assert words in alice.get(opened).text


def test_C13_a_use_of_ai_is_told_before_the_yes_can_be_said_no_to_and_its_results_are_listed(alice, today):
    subjects.register(identifiers=[CAROL], jurisdiction="US-CA", by=SYSTEM, now=today)
    made = consent_requests.create(wanted=consent_requests.Wanted(CAROL, "personal_offers"), by=SYSTEM, now=today)
    asked = Client().get(f"/ask/{made.token}").text
    told = "A computer looks at what you bought, and when."
    assert asked.index(told) < asked.index("<button")
    subjects.register(identifiers=[ALICE], jurisdiction="US-CA", by=SYSTEM, now=today)
    ask(ALICE, now=today, reference="Spring sale")
    offers = section(alice.get("/ai").text, "personal_offers")
    assert told in offers
    assert "Spring sale" in offers
    assert "Turn off" in offers


def test_a_version_from_before_the_facts_were_asked_for_says_so(alice):
    from consent.models import PurposeVersion

    [old] = PurposeVersion.objects.filter(purpose__key="personal_offers")
    world.damage(PurposeVersion.objects.filter(pk=old.pk), details={})
    page = alice.get("/ai").text
    assert "We have not told you this yet." in section(page, "personal_offers")
    assert "It changes no price." not in page, "nobody told us"


def test_a_brand_without_ai_says_that(db, come_in, today):
    file = document()
    plain = [row for row in file["purposes"] if not row["uses_ai"]]
    world.catalogue.apply(
        document={name: value for name, value in file.items() if name != "principles"} | {"purposes": plain},
        by=world.OPERATOR,
        now=today - timedelta(days=1),
    )
    page = come_in().get("/ai").text
    assert "We use no AI on your data, and no computer decides about you." in page
    assert "How we use AI" not in page
    assert Client().get("/ai/principles").status_code == 404


def test_the_principles_are_open_to_everyone_in_each_version(open_park, today):
    file = document() | {"principles": {"en": {"title": "AI here", "statements": ["We ask you first."]}}}
    world.catalogue.apply(document=file, by=world.OPERATOR, now=today)
    stranger = Client()
    newest, first = stranger.get("/ai/principles").text, stranger.get("/ai/principles/1").text
    assert "We ask you first." in newest
    assert 'href="/ai/principles/1"' in newest
    assert "This is an earlier version." in first
    assert "AI sets no price for you." in first
    assert rules.digest({"principles": "ai", "version": 2, "words": file["principles"]}) in newest
    assert stranger.get("/ai/principles/3").status_code == 404
    assert stranger.post("/ai/principles").status_code == 405
    chinese = stranger.get("/ai/principles", headers={"accept-language": "zh-hans"}).text
    assert '<h1><bdi lang="en">AI here</bdi></h1>' in chinese


def test_the_page_asks_the_database_a_fixed_number_of_times(alice, today, django_assert_max_num_queries):
    for _ in range(8):
        ask(ALICE, now=today)
    alice.get("/ai")
    with django_assert_max_num_queries(40):
        alice.get("/ai")


@pytest.mark.browser
def test_everybody_can_read_it_and_say_no_without_javascript(transactional_db, today, live_server, open_page):
    visit.half_year(today)
    for language, (width, scheme) in zip(("en", "zh-hans"), ((1280, "dark"), (320, "light")), strict=True):
        page = open_page((width, 800), base_url=live_server.url, locale=language, color_scheme=scheme)
        visit.come_in_by_link(page, language=language)
        page.goto("/ai")
        assert_accessible(page)
        assert duplicate_names(page) == {}
    page = open_page(base_url=live_server.url, javascript=False)
    visit.come_in_by_link(page)
    page.get_by_role("link", name="AI and you").click()
    page.get_by_role("button", name="Turn off Send you offers that fit").click()
    expect(page.get_by_role("status")).to_contain_text("You turned off “Send you offers that fit”")
