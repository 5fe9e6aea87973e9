"""Joining and parting records by API, and leaving a customer alone."""

import pytest

from consent.models import Identifier, Link
from consent.services.subjects import Handle
from tests.callers import about, choice, get, post, subject
from tests.world import ALICE, BOB, MALLORY, ask, key

JOIN, PART, ALONE = (f"/api/v1/subjects/{verb}" for verb in ("link", "unlink", "suppress"))
BODY = {"subject": subject(ALICE), "other": subject(BOB), "reason": "A letter\nnamed both.", "evidence": {"by": "K-1"}}


@pytest.fixture
def shop(cast):
    return key()


def test_it_says_what_changed_and_the_same_again_under_its_key(shop):
    first = post(JOIN, BODY, key=shop, Idempotency_Key="j1")
    assert first.status_code == 200
    (change,) = first.json()["changes"]
    assert (change["purpose"], change["was"], change["status"]) == ("personal_offers", ["given", "refused"], "refused")
    assert post(JOIN, BODY, key=shop, Idempotency_Key="j1").content == first.content
    assert post(JOIN, BODY, key=shop).json() == {"changes": []}
    assert Link.objects.count() == 1
    about(post(JOIN, BODY | {"other": subject(ALICE)}, key=shop, Idempotency_Key="j1"), 422)


def test_two_customers_in_one_registration_are_told_where_to_join_them(shop):
    answer = post("/api/v1/subjects", {"identifiers": [subject(ALICE), subject(BOB)]}, key=shop)
    about(answer, 409)
    assert JOIN in answer.json()["detail"]


def test_parting_answers_what_is_left_of_the_one_who_goes(shop):
    assert post(JOIN, BODY, key=shop).status_code == 200
    body = {"subject": subject(BOB), "reason": "Two people."}
    assert post(PART, body, key=shop).json() == {"changes": []}
    about(post(PART, body, key=shop), 409)


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"reason": ""}, ["/reason"]),
        ({"reason": 7}, ["/reason"]),
        ({"reason": "x" * 2001}, ["/reason"]),
        ({"reason": "a\u202eb"}, ["/reason"]),
        ({"evidence": []}, ["/evidence"]),
        ({"other": {"namespace": "customer"}}, ["/other/id"]),
        ({"other": {"namespace": "email", "id": "nobody"}}, ["/other/id"]),
        ({"other": subject(MALLORY)}, ["/other"]),
        ({"both": True}, ["/both"]),
    ],
)
def test_every_wrong_member_is_named(shop, change, pointers):
    about(post(JOIN, BODY | change, key=shop), 400, *pointers)
    assert not Link.objects.exists()


@pytest.mark.parametrize("limits", [{"purposes": ["personal_offers"]}, {"namespaces": ["email"]}])
def test_a_limited_key_is_refused(cast, limits):
    about(post(JOIN, BODY, key=key("mail-engine", **limits)), 403)


def test_a_choice_under_an_unverified_identifier_can_only_reduce(shop):
    who = {"namespace": "email", "id": "a@example.org", "verified": False}
    answer = post("/api/v1/consents", choice(ALICE) | {"subject": who}, key=shop)
    about(answer, 409)
    assert answer.json()["code"] == "identifier_unverified"
    assert post("/api/v1/consents", choice(ALICE, "refuse") | {"subject": who}, key=shop).status_code == 201
    assert not Identifier.objects.get(namespace="email", verified=False).suppressed
    about(post("/api/v1/portal-links", {"subject": {"namespace": "email", "id": "a@example.org"}}, key=shop), 409)


def test_leaving_alone_hides_the_customer_from_every_door_but_their_own_yes(shop):
    assert post(ALONE, {"subject": subject(ALICE)}, key=shop).json() == {"suppressed": True}
    assert post(ALONE, {"subject": subject(MALLORY)}, key=shop).json() == {"suppressed": True}
    for who in (ALICE, MALLORY):
        for tail in ("", "/history", "/uses"):
            about(get(f"/api/v1/subjects/{who.namespace}/{who.id}{tail}", key=shop), 404)
        answer = post("/api/v1/consents", choice(who, "withdraw", actor="staff"), key=shop)
        assert (answer.status_code, answer.json()["code"]) == (409, "suppressed")
        assert post("/api/v1/subjects", {"identifiers": [subject(who)]}, key=shop).json()["code"] == "suppressed"
    assert post("/api/v1/consents", choice(ALICE), key=shop).status_code == 201
    assert get("/api/v1/subjects/customer/C-1001", key=shop).status_code == 200
    assert ask(Handle("customer", "C-1004")).decision.reason == "unknown_customer"


def test_a_batch_with_one_who_is_left_alone_records_the_others(shop):
    assert post(ALONE, {"subject": subject(BOB)}, key=shop).status_code == 200
    items = [choice(ALICE, "withdraw"), choice(BOB, "request"), choice(MALLORY, "refuse")]
    answer = post("/api/v1/consents/batch", {"consents": items}, key=shop)
    assert [each["status"] for each in answer.json()["results"]] == [201, 409, 201]
