"""Who may act for whom: recorded, read and ended by the brand's own systems only."""

from datetime import timedelta

import pytest

from consent.models import Mandate
from consent.services import subjects
from tests.callers import about, get, post, subject
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, SYSTEM, key

MANDATES = "/api/v1/mandates"
BODY = {
    "kind": "representative",
    "subject": subject(ALICE),
    "by": subject(BOB),
    "verification": "A signed letter, and a call to the number we know.",
}


@pytest.fixture
def desk(cast):
    return key()


def of(who, desk):
    return get(f"/api/v1/subjects/{who.namespace}/{who.id}/mandates", key=desk).json()


def test_a_mandate_is_given_read_and_ended(desk):
    answer = post(MANDATES, BODY | {"label": "Alice", "evidence": {"letter": "L-9"}}, key=desk)
    told = answer.json()
    assert (answer.status_code, told["kind"], told["until"]) == (201, "representative", None)
    assert of(ALICE, desk) == {"over": [told], "held": []}
    assert of(BOB, desk) == {"over": [], "held": [told]}
    ended = post(f"{MANDATES}/{told['id']}/end", {}, key=desk)
    assert (ended.status_code, ended.json()) == (200, {"id": told["id"]})
    assert of(ALICE, desk) == {"over": [], "held": []}
    about(post(f"{MANDATES}/{told['id']}/end", {}, key=desk), 404)


def test_G16_a_guardians_ends_with_childhood(desk):
    day = (NOW + timedelta(days=300)).date()
    subjects.register(identifiers=[CAROL], minor_until=day, by=SYSTEM, now=NOW)
    told = post(MANDATES, BODY | {"kind": "guardian", "subject": subject(CAROL)}, key=desk).json()
    assert told["until"].startswith(day.isoformat())


def test_a_repeated_request_gives_one_mandate(desk):
    first = post(MANDATES, BODY, key=desk, Idempotency_Key="m")
    assert post(MANDATES, BODY, key=desk, Idempotency_Key="m").json() == first.json()
    about(post(MANDATES, BODY, key=desk), 409)
    assert Mandate.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"kind": "friend"}, "/kind"),
        ({"kind": "guardian"}, "/kind"),
        ({"subject": subject(MALLORY)}, "/subject"),
        ({"by": {"namespace": "customer"}}, "/by/id"),
        ({"verification": ""}, "/verification"),
        ({"verification": 5}, "/verification"),
        ({"label": "a\u202eb"}, "/label"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"evidence": []}, "/evidence"),
        ({"since": "2020-01-01T00:00:00Z"}, "/since"),
    ],
)
def test_a_wrong_member_is_named(desk, more, pointer):
    about(post(MANDATES, BODY | more, key=desk), 400, pointer)
    assert not Mandate.objects.exists()


def test_a_third_party_gives_reads_and_ends_none(cast, desk):
    number = post(MANDATES, BODY, key=desk).json()["id"]
    partner = key("adpartner", "consents:write", "consents:read", purposes=["personal_offers"], namespaces=["customer"])
    about(post(MANDATES, BODY, key=partner), 403)
    about(post(f"{MANDATES}/{number}/end", {}, key=partner), 403)
    about(get("/api/v1/subjects/customer/C-1001/mandates", key=partner), 403)


def test_a_limited_key_stays_in_its_namespaces(cast):
    about(post(MANDATES, BODY, key=key("mail-engine", "consents:write", namespaces=["email"])), 403)


def test_a_key_for_some_purposes_lets_nobody_act_in_all_of_them(desk):
    limited = key("mail-engine", "consents:write", purposes=["personal_offers"])
    about(post(MANDATES, BODY, key=limited), 403)
    told = post(MANDATES, BODY, key=desk).json()
    about(post(f"{MANDATES}/{told['id']}/end", {}, key=limited), 403)
    assert Mandate.objects.count() == 1
