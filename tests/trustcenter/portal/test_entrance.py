"""The way in: once, for five minutes, and never by looking."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from audit.models import Entry
from consent.models import PortalLink, PortalSession
from tests import visit
from tests.world import ALICE


def test_looking_at_a_link_changes_nothing(open_park, today):
    link, client = visit.link(today), Client()
    entries = Entry.objects.count()
    for _ in range(3):
        answer = client.get(link)
        assert answer.status_code == 200
    assert settings.PORTAL_COOKIE_NAME not in client.cookies
    assert not PortalSession.objects.exists()
    assert not PortalLink.objects.filter(used_at__isnull=False).exists()
    assert Entry.objects.count() == entries
    assert client.head(link).status_code == 405


def test_the_address_with_the_token_is_told_to_nobody(open_park, today):
    answer = Client().get(visit.link(today))
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["Cache-Control"] == "no-store"


def test_a_link_works_once(open_park, today):
    link = visit.link(today)
    assert Client().post(link)["Location"] == "/"
    chosen = Client()
    chosen.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    for again in (Client().post(link), Client().get(link), chosen.get(link)):
        assert again.status_code == 410
        assert "This link no longer works" in again.text
        assert "ask for a new one" in again.text


def test_an_old_link_says_what_to_do(open_park, today):
    link = visit.link(today - timedelta(minutes=6))
    answer = Client().get(link)
    assert answer.status_code == 410
    assert "ask for a new one" in answer.text
    assert Client().post(link).status_code == 410


def test_the_cookie_is_for_the_service_alone(open_park, today):
    client = Client()
    client.post(visit.link(today))
    cookie = client.cookies[settings.PORTAL_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert bool(cookie["secure"]) is settings.HTTPS
    assert not cookie["max-age"]


def test_the_link_brings_its_language_and_the_visitors_own_choice_wins(open_park, today):
    client = Client()
    client.post(visit.link(today, language="zh-hans"))
    assert "您的选择" in client.get("/").text
    client.post("/language", {"language": "en", "next": "/"})
    client.post(visit.link(today, language="zh-hans"))
    assert "Your choices" in client.get("/").text


def test_a_link_speaks_its_language_before_anyone_is_in(open_park, today):
    assert "继续" in Client().get(visit.link(today, language="zh-hans")).text


def test_a_language_we_do_not_have_changes_nothing(open_park, today):
    client = Client()
    client.post(visit.link(today, language="tlh"))
    assert "Your choices" in client.get("/").text


@pytest.mark.parametrize("page", ["/", "/log", "/log.csv", "/receipts", "/purposes/personal_offers"])
def test_strangers_are_shown_the_way_in(open_park, page):
    answer = Client().get(page)
    assert (answer.status_code, answer["Location"]) == (302, "/welcome")
    assert "gives you a link" in Client().get("/welcome").text


def test_a_stranger_cannot_choose(open_park):
    answer = Client().post("/choices/personal_offers", {"act": "off"})
    assert answer["Location"] == "/welcome"


def test_signing_out_ends_the_session_itself(alice):
    token = alice.cookies[settings.PORTAL_COOKIE_NAME].value
    assert alice.get("/sign-out").status_code == 405
    assert alice.post("/sign-out")["Location"] == "/welcome"
    thief = Client()
    thief.cookies[settings.PORTAL_COOKIE_NAME] = token
    assert thief.get("/").status_code == 302


def test_an_idle_session_is_over(alice):
    seen = PortalSession.objects.get().seen_at - settings.PORTAL_IDLE - timedelta(seconds=1)
    PortalSession.objects.update(seen_at=seen)
    assert alice.get("/")["Location"] == "/welcome"


def test_every_form_needs_its_own_token(open_park, today):
    client = Client(enforce_csrf_checks=True)
    link = visit.link(today, ALICE)
    for address in (link, "/language", "/sign-out", "/choices/personal_offers", "/choices/everything"):
        answer = client.post(address, {"act": "off"})
        assert answer.status_code == 403
        assert "This page was open for too long" in answer.text
    assert not PortalSession.objects.exists()


def test_the_language_menu_leads_nowhere_else(alice):
    answer = alice.post("/language", {"language": "en", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in answer["Location"]
