"""Links for the foot of a letter: one, or those of a whole mailing."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Entry
from consent.models import ConsentEvent
from tests.callers import about, post, subject
from tests.world import ALICE, BOB, MALLORY, key

LINKS = "/api/v1/stop-links"


@pytest.fixture
def mailer(cast):
    return key()


def local(url: str) -> str:
    return "/stop/" + url.rpartition("/stop/")[2]


def test_a_link_and_its_one_click_stop_the_purpose(mailer, settings):
    for member, body in (("url", {}), ("one_click_url", {"List-Unsubscribe": "One-Click"})):
        told = post(LINKS, {"subject": subject(ALICE), "purposes": ["personal_offers"]}, key=mailer).json()
        assert set(told) == {"url", "one_click_url", "expires_at"}
        assert told[member].startswith(f"{settings.PUBLIC_URL}/stop/")
        assert "C-1001" not in told[member]
        assert Client().post(local(told[member]), body).status_code == 200
    assert ConsentEvent.objects.filter(act="withdraw", channel="email_link").count() == 1
    lasts = datetime.fromisoformat(told["expires_at"]) - ConsentEvent.objects.latest("id").recorded_at
    assert lasts > timedelta(days=1094)


def test_making_links_leaves_nothing_behind(mailer):
    entries = Entry.objects.count()
    post(LINKS, {"subject": subject(ALICE)}, key=mailer)
    assert Entry.objects.count() == entries


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/subject"),
        ({"subject": subject(MALLORY)}, "/subject"),
        ({"subject": subject(ALICE), "purposes": []}, "/purposes"),
        ({"subject": subject(ALICE), "purposes": ["personal_offers", "park_safety"]}, "/purposes/1"),
        ({"subject": subject(ALICE), "language": "tlh"}, "/language"),
        ({"subject": subject(ALICE), "act": "give"}, "/act"),
    ],
)
def test_a_wrong_member_is_named(mailer, body, pointer):
    about(post(LINKS, body, key=mailer), 400, pointer)


def test_a_thousand_at_once_each_with_its_own_result(mailer):
    items = [{"subject": subject(who)} for who in (ALICE, MALLORY, BOB)] + [{"subject": 5}, 7]
    results = post(f"{LINKS}/batch", {"links": items}, key=mailer).json()["results"]
    assert [each["status"] for each in results] == [200, 400, 200, 400, 400]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/subject"
    many = [{"subject": subject(ALICE)}] * 1000
    answer = post(f"{LINKS}/batch", {"links": many}, key=mailer)
    assert len({each["url"] for each in answer.json()["results"]}) == 1000
    about(post(f"{LINKS}/batch", {"links": [*many, many[0]]}, key=mailer), 400, "/links")
    about(post(f"{LINKS}/batch", {"links": []}, key=mailer), 400, "/links")


def test_a_third_party_is_not_told_who_is_a_customer(cast):
    partner = key("adpartner", "consents:write", purposes=["personal_offers"], namespaces=["customer"])
    about(post(LINKS, {"subject": subject(ALICE)}, key=partner), 403)
    about(post(f"{LINKS}/batch", {"links": [{"subject": subject(ALICE)}]}, key=partner), 403)


def test_a_limited_key_stays_within_its_limits(cast):
    limited = key("mail-engine", "consents:write", namespaces=["customer"], purposes=["improve_visit"])
    about(post(LINKS, {"subject": subject(ALICE), "purposes": ["personal_offers"]}, key=limited), 403)
    about(post(LINKS, {"subject": {"namespace": "email", "id": "a@b.org"}}, key=limited), 403)
    about(post(LINKS, {"subject": subject(ALICE)}, key=limited), 400, "/purposes")
    assert post(LINKS, {"subject": subject(ALICE), "purposes": ["improve_visit"]}, key=limited).status_code == 200
