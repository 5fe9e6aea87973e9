"""The pages behind a link in a letter: one press, no session; and the one click of a mail program (RFC 8058)."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from audit.models import Entry
from consent.models import ConsentEvent
from consent.services import stop_links
from consent.services.stop_links import Wanted
from tests.world import ALICE, ask

BODY = urlencode({"List-Unsubscribe": "One-Click"})
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def link(open_park, today):
    """The address of a fresh link that stops Alice's offers."""
    return make(today)


def make(now, *, language: str = "", purposes=("personal_offers",)) -> str:
    made = stop_links.make(wanted={0: Wanted(ALICE, purposes, language)}, now=now)[0]
    return f"/stop/{made.token}"


def acts() -> list[str]:
    return list(
        ConsentEvent.objects.filter(purpose__key="personal_offers").order_by("id").values_list("act", flat=True)
    )


def test_A30_looking_changes_nothing(link):
    entries = Entry.objects.count()
    for address in (link, f"{link}/now"):
        answer = Client().get(address)
        assert answer.status_code == 200
        assert "Send you offers that fit" in answer.text
        assert answer.text.count('<button class="main">') == 1
        assert Client().head(address).status_code == 405
    assert (acts(), Entry.objects.count()) == (["give"], entries)


def test_the_page_tells_nothing_about_the_customer(link):
    page = Client().get(link)
    assert "C-1001" not in page.text
    assert not re.search(r"\bOn\b", page.text), "not even whether it is on"
    assert page["Referrer-Policy"] == "strict-origin"
    assert page["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_A1_T7_one_press_stops_without_a_session_or_a_cookie(link, today):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(link)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert 'href="/"' in answer.text, "the way in"
    assert acts() == ["give", "withdraw"]
    assert ask(ALICE, now=today + timedelta(seconds=9)).decision.reason == "consent_withdrawn"
    assert Client().post(link).status_code == 200
    assert acts() == ["give", "withdraw"]


def test_the_link_is_no_way_in(link):
    client = Client()
    client.get(link)
    client.post(link)
    assert client.get("/")["Location"] == "/welcome"


def test_A30_the_link_turns_nothing_on_and_stops_nothing_else(link):
    for body in ({"act": "on"}, {"purpose": "improve_visit"}, {"act": "undo"}):
        Client().post(link, body)
    assert acts() == ["give", "withdraw"]
    assert not ConsentEvent.objects.filter(
        purpose__key="improve_visit", subject__identifiers__namespace="customer"
    ).filter(act="withdraw")


def test_T8_one_click_stops_at_once_and_twice_is_once(link, today):
    for _ in range(2):
        answer = Client(enforce_csrf_checks=True).post(f"{link}/now", BODY, content_type=FORM)
        assert (answer.status_code, answer.text) == (200, "Stopped.\n")
        assert not answer.cookies
        assert acts() == ["give", "withdraw"]
    assert ask(ALICE, now=today + timedelta(seconds=9)).decision.reason == "consent_withdrawn"
    event = ConsentEvent.objects.latest("id")
    assert (event.channel, event.language, event.notice) == ("email_link", "", None)


def test_one_click_may_come_as_multipart(link):
    assert Client().post(f"{link}/now", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert acts() == ["give", "withdraw"]


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=no", "x=One-Click", "One-Click", '{"List-Unsubscribe": 1}'])
def test_any_other_body_is_refused(link, body):
    assert Client().post(f"{link}/now", body, content_type=FORM).status_code == 400
    assert acts() == ["give"]


@pytest.mark.parametrize("ending", ["", "/now"])
def test_A30_an_old_or_broken_link_says_what_to_do(link, today, ending):
    old = make(today - timedelta(days=1100))
    for address in (old, link[:-3], "/stop/x"):
        for answer in (Client().get(address + ending), Client().post(address + ending, BODY, content_type=FORM)):
            assert answer.status_code == 410
            assert "You can still say no." in answer.text
    assert acts() == ["give"]


def test_the_page_speaks_the_letters_language_and_the_readers_own_choice_wins(open_park, today):
    link, client = make(today, language="zh-hans"), Client()
    assert "将停止" in client.get(link).text
    client.post("/language", {"language": "en", "next": link})
    assert "will stop this" in client.get(link).text
    assert "Saved." in client.post(link).text


def test_several_uses_are_named_each(open_park, today):
    page = Client().get(make(today, purposes=("personal_offers", "plan_staff"))).text
    assert "Stop these uses of your data" in page
    assert page.count('<p class="words">') == 2


def test_the_receipt_names_the_way(link, come_in):
    Client().post(link)
    page = come_in(ALICE).get("/receipts").text
    assert "By a link in an e-mail, by you" in page
