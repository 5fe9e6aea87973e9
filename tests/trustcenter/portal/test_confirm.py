"""The page behind a link that confirms a yes: it shows what, and only a press confirms."""

from datetime import timedelta

import pytest
from django.test import Client

from audit.models import Entry
from consent.models import ConsentState
from consent.services import subjects
from tests.world import MALLORY, publish, say

DAY = timedelta(days=1)


@pytest.fixture
def link(open_park, today):
    """The link that Mallory's mail holds."""
    publish(now=today - DAY, personal_offers={"double_opt_in": True})
    return f"/confirm/{say(MALLORY, 'give', now=today).waiting.token}"


def status() -> str:
    return ConsentState.objects.get(subject=subjects.find(MALLORY), purpose__key="personal_offers").status


def test_looking_changes_nothing_and_shows_what_is_confirmed(link):
    entries = Entry.objects.count()
    answer = Client().get(link)
    assert answer.status_code == 200
    assert "Yes, that was me" in answer.text
    assert "MailBird Ltd" in answer.text
    assert "If you turn it off" in answer.text, "else what ends reads as what begins"
    assert "AdPartner" not in answer.text, "a third party that was not chosen"
    assert (status(), Entry.objects.count()) == ("requested", entries)
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["Cache-Control"] == "no-store"


def test_a_press_confirms_once(link):
    answer = Client().post(link)
    assert answer.status_code == 200
    assert "You turned on" in answer.text
    assert status() == "given"
    for again in (Client().post(link), Client().get(link)):
        assert again.status_code == 410


def test_after_a_no_the_link_is_spent(link, today):
    say(MALLORY, "refuse", now=today)
    assert Client().post(link).status_code == 410
    assert status() == "refused"


def test_it_shows_only_the_words_and_nobodys_name(link):
    assert MALLORY.id not in Client().get(link).text


def test_until_then_their_own_pages_say_that_it_waits_for_them(link, come_in):
    for page in ("/", "/purposes/personal_offers"):
        assert "You said yes, and have yet to confirm it." in come_in(MALLORY).get(page).text
