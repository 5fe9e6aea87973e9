"""Links into the portal: for one customer, by the brand's own systems only."""

from datetime import datetime

import pytest

from audit.models import Entry
from consent.models import PortalLink
from consent.services import portal_links
from tests.callers import about, post, subject
from tests.world import ALICE, MALLORY, NOW, key

LINKS = "/api/v1/portal-links"


@pytest.fixture
def shop(cast):
    return key()


def test_a_link_opens_the_portal_for_five_minutes_at_most(shop, settings):
    told = post(LINKS, {"subject": subject(ALICE), "language": "zh-hans"}, key=shop).json()
    assert set(told) == {"url", "expires_at"}
    base, _, token = told["url"].rpartition("/")
    assert base == f"{settings.PUBLIC_URL}/enter"
    assert portal_links.open_invitation(token=token, now=NOW) == "zh-hans"
    assert 290 <= (datetime.fromisoformat(told["expires_at"]) - NOW).total_seconds() <= 330
    assert Entry.objects.filter(action="portal.invited").count() == 1


def test_a_repeated_request_gives_the_same_link(shop):
    body = {"subject": subject(ALICE)}
    first = post(LINKS, body, key=shop, Idempotency_Key="l")
    assert post(LINKS, body, key=shop, Idempotency_Key="l").json() == first.json()
    assert PortalLink.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/subject"),
        ({"subject": subject(MALLORY)}, "/subject"),
        ({"subject": subject(ALICE), "language": "tlh"}, "/language"),
        ({"subject": subject(ALICE), "level": 2}, "/level"),
        ({"subject": {"namespace": "customer", "id": 5}}, "/subject/id"),
    ],
)
def test_a_wrong_member_is_named(shop, body, pointer):
    about(post(LINKS, body, key=shop), 400, pointer)
    assert not PortalLink.objects.exists()


def test_a_third_party_gets_no_way_in(cast):
    partner = key("adpartner", "consents:write", purposes=["personal_offers"], namespaces=["customer"])
    about(post(LINKS, {"subject": subject(ALICE)}, key=partner), 403)


def test_a_limited_key_stays_in_its_namespaces(cast):
    limited = key("mail-engine", "consents:write", namespaces=["email"])
    about(post(LINKS, {"subject": subject(ALICE)}, key=limited), 403)


def test_a_key_for_some_purposes_opens_no_portal_which_is_about_all(cast):
    limited = key("mail-engine", "consents:write", purposes=["personal_offers"])
    about(post(LINKS, {"subject": subject(ALICE)}, key=limited), 403)
    assert not PortalLink.objects.exists()
