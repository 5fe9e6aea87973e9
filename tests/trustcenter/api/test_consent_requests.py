"""Making a page that asks for one consent: by the brand's own systems only."""

from datetime import datetime

import pytest
from django.test import Client

from consent.models import ConsentEvent, ConsentRequest
from tests.callers import about, post, subject
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, digest, key

REQUESTS = "/api/v1/consent-requests"
BODY = {"subject": subject(CAROL), "purpose": "personal_offers"}


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.BRAND_ORIGINS = ["https://shop.example.org"]


@pytest.fixture
def shop(cast):
    return key()


def local(url: str) -> str:
    return "/ask/" + url.rpartition("/ask/")[2]


def test_a_page_asks_for_an_hour_and_its_answer_names_the_question(shop, settings):
    body = BODY | {"return_url": "https://shop.example.org/back", "occasion": "Checkout", "channel": "app"}
    answer = post(REQUESTS, body, key=shop)
    told = answer.json()
    assert (answer.status_code, set(told)) == (201, {"state", "id", "url", "expires_at"})
    assert told["state"] == "requested"
    assert told["url"].startswith(f"{settings.PUBLIC_URL}/ask/")
    assert "C-1003" not in told["url"]
    assert 3590 <= (datetime.fromisoformat(told["expires_at"]) - NOW).total_seconds() <= 3630
    said = Client().post(local(told["url"]), {"act": "give", "notice": digest("personal_offers")})
    assert said["Location"] == f"https://shop.example.org/back?consent=given&request={told['id']}"
    assert [event.act for event in ConsentEvent.objects.order_by("-id")[:2]] == ["give", "request"]


def test_where_a_yes_stands_it_says_so_and_makes_no_page(shop):
    answer = post(REQUESTS, BODY | {"subject": subject(ALICE)}, key=shop)
    assert (answer.status_code, answer.json()) == (200, {"state": "given"})
    assert not ConsentRequest.objects.exists()


def test_A21_within_12_months_of_a_no_it_is_refused(shop):
    answer = post(REQUESTS, BODY | {"subject": subject(BOB)}, key=shop)
    about(answer, 409)
    assert answer.json()["code"] == "asked_recently"


def test_a_repeated_request_asks_once(shop):
    first = post(REQUESTS, BODY, key=shop, Idempotency_Key="a")
    assert post(REQUESTS, BODY, key=shop, Idempotency_Key="a").json() == first.json()
    assert ConsentRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"subject": subject(MALLORY)}, "/subject"),
        ({"purpose": "nothing"}, "/purpose"),
        ({"purpose": "plan_staff"}, "/purpose"),
        ({"language": "tlh"}, "/language"),
        ({"channel": "phone"}, "/channel"),
        ({"return_url": "https://evil.example/"}, "/return_url"),
        ({"return_url": "https://shop.example.org/\nx"}, "/return_url"),
        ({"occasion": "x" * 201}, "/occasion"),
        ({"recipients": ["adpartner"]}, "/recipients"),
    ],
)
def test_a_wrong_member_is_named(shop, more, pointer):
    about(post(REQUESTS, BODY | more, key=shop), 400, pointer)
    assert not ConsentRequest.objects.exists()


def test_a_third_party_asks_nobody(cast):
    partner = key("adpartner", "consents:write", purposes=["personal_offers"], namespaces=["customer"])
    about(post(REQUESTS, BODY, key=partner), 403)


@pytest.mark.parametrize("limits", [{"namespaces": ["email"]}, {"purposes": ["improve_visit"]}])
def test_a_limited_key_stays_within_its_limits(cast, limits):
    about(post(REQUESTS, BODY, key=key("mail-engine", "consents:write", **limits)), 403)
