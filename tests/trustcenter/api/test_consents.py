"""Recording by API: one choice, many, once, and never by a third party to itself."""

import json
from datetime import timedelta

import pytest

from audit.models import Entry
from consent.models import ConsentEvent, ConsentState, Subject
from tests.callers import about, choice, get, post, question
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, digest, key, publish

ONE, MANY = "/api/v1/consents", "/api/v1/consents/batch"


@pytest.fixture
def shop(cast):
    return key()


@pytest.fixture
def partner(cast):
    return key("adpartner", "consents:write", purposes=["personal_offers"], namespaces=["customer"])


def allowed(who):
    return post("/access/v1/evaluation", question(who), key=key()).json()["decision"]


def test_a_choice_is_recorded_as_the_contract_says(shop, settings):
    response = post(ONE, choice(CAROL, categories=["contact.email"], evidence={"page": "checkout", "n": 3}), key=shop)
    assert response.status_code == 201
    told = response.json()
    assert set(told) == {"event", "state", "receipt", "token"}
    event = told["event"]
    assert (event["act"], event["purpose"], event["version"]) == ("give", "personal_offers", 1)
    assert (event["notice_digest"], event["language"], event["assumed"]) == (digest("personal_offers"), "en", True)
    assert told["state"] == {
        "purpose": "personal_offers",
        "status": "given",
        "categories": ["contact.email"],
        "recipients": ["mail-engine", "mailbird"],
        "legal_basis": "consent",
        "version": 1,
        "since": event["collected_at"],
        "expires_at": told["state"]["expires_at"],
        "paused_until": None,
    }
    assert told["receipt"] == {
        "id": event["id"],
        "url": f"{settings.PUBLIC_URL}/api/v1/receipts/{event['id']}",
    }
    body = question(CAROL, context={"at_least": told["token"]})
    assert post("/access/v1/evaluation", body, key=shop).json()["decision"]


def test_evidence_and_identifiers_are_not_in_the_leaf(shop):
    post(ONE, choice(MALLORY, evidence={"call": "Mallory rang"}), key=shop)
    leaves = b"".join(bytes(entry.leaf) for entry in Entry.objects.all())
    assert MALLORY.id.encode() not in leaves
    assert b"rang" not in leaves


def test_a_withdrawal_needs_no_language_and_counts_at_once(shop):
    body = choice(ALICE, "withdraw")
    del body["language"]
    assert allowed(ALICE)
    assert post(ONE, body, key=shop).json()["state"]["status"] == "withdrawn"
    assert not allowed(ALICE)


def test_a_yes_names_its_language(shop):
    body = choice(CAROL)
    del body["language"]
    about(post(ONE, body, key=shop), 400, "/language")


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"purpose": "world_domination"}, 400, "/purpose"),
        ({"act": "shout"}, 400, "/act"),
        ({"channel": "dream"}, 400, "/channel"),
        ({"actor": "dog"}, 400, "/actor"),
        ({"language": "tlh"}, 400, "/language"),
        ({"notice_digest": "0" * 64}, 400, "/notice_digest"),
        ({"categories": ["dreams"]}, 400, "/categories"),
        ({"categories": []}, 400, "/categories"),
        ({"recipients": ["nobody"]}, 400, "/recipients"),
        ({"act": "withdraw", "categories": ["contact.email"]}, 400, "/categories"),
        ({"collected_at": (NOW + timedelta(minutes=6)).isoformat()}, 400, "/collected_at"),
        ({"collected_at": (NOW - timedelta(days=4000)).isoformat()}, 400, "/collected_at"),
        ({"purpose": "tickets_and_orders"}, 409, None),
        ({"purpose": "ride_photos"}, 400, "/notice_digest"),
    ],
)
def test_what_cannot_be_recorded_is_refused(shop, change, status, pointer):
    before = ConsentEvent.objects.count(), Entry.objects.count(), Subject.objects.count()
    about(post(ONE, choice(MALLORY) | change, key=shop), status, *([pointer] if pointer else []))
    assert (ConsentEvent.objects.count(), Entry.objects.count(), Subject.objects.count()) == before


def test_every_wrong_member_is_named(shop):
    body = {"subject": {"namespace": "customer", "id": "a\0"}, "colour": "red", "act": "give", "purpose": 5}
    about(post(ONE, body, key=shop), 400, "/subject/id", "/colour", "/purpose", "/channel", "/method")


def test_a_superseded_text_is_409(shop):
    old = digest("personal_offers")
    publish(now=NOW - timedelta(days=1), personal_offers={"retention": "P24M"})
    response = post(ONE, choice(CAROL, notice_digest=old), key=shop)
    about(response, 409)
    assert response.json()["code"] == "notice_superseded"


def test_a_limited_key_records_within_its_limits(cast):
    limited = key("mail-engine", "consents:write", purposes=["personal_offers"], namespaces=["customer"])
    assert post(ONE, choice(CAROL), key=limited).status_code == 201
    about(post(ONE, choice(CAROL, "object", purpose="plan_staff"), key=limited), 403)
    body = choice(CAROL) | {"subject": {"namespace": "email", "id": "carol@example.org"}}
    about(post(ONE, body, key=limited), 403)


def test_nobody_grants_to_themselves(partner, shop):
    response = post(ONE, choice(CAROL, recipients=["mail-engine", "adpartner"]), key=partner)
    about(response, 403)
    assert response.json()["code"] == "not_allowed"
    body = {"consents": [choice(CAROL, recipients=["adpartner"]), choice(CAROL, "refuse")]}
    results = post(MANY, body, key=partner).json()["results"]
    assert [each["status"] for each in results] == [403, 201]
    about(post(MANY, body | {"atomic": True}, key=partner), 403)
    assert post(ONE, choice(CAROL, recipients=["adpartner"]), key=shop).status_code == 201


def test_nobody_can_have_read_a_text_before_it_was_published(shop):
    early = (NOW - timedelta(days=800)).isoformat()
    body = choice(CAROL, collected_at=early, notice_digest=digest("personal_offers"))
    about(post(ONE, body, key=shop), 400, "/collected_at")


def test_a_third_party_cannot_lift_an_objection_to_its_own_use(cast):
    publish(now=NOW, plan_staff={"recipients": ["staff-planner", "adpartner"]})
    partner = key("adpartner", "decide", "consents:write", purposes=["plan_staff"], namespaces=["customer"])
    asked = question(CAROL, "plan_staff") | {"subject": {"type": "third_party", "id": "adpartner"}}
    assert post(ONE, choice(CAROL, "object", purpose="plan_staff"), key=key()).status_code == 201
    about(post(ONE, choice(CAROL, purpose="plan_staff"), key=partner), 403)
    assert not post("/access/v1/evaluation", asked, key=partner).json()["decision"]


def test_a_third_party_is_told_only_what_it_said(partner):
    told = post(ONE, choice(BOB, collected_at=(NOW - timedelta(days=40)).isoformat()), key=partner).json()
    assert set(told) == {"event", "receipt", "token"}
    assert ConsentState.objects.get(event__act="refuse").status == "refused"


def test_the_same_request_has_one_effect(shop):
    first = post(ONE, choice(CAROL), key=shop, Idempotency_Key="k-1")
    again = post(ONE, choice(CAROL), key=shop, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert ConsentEvent.objects.filter(subject__identifiers__namespace="email").count() == 1
    other = post(ONE, choice(CAROL, "withdraw"), key=shop, Idempotency_Key="k-1")
    about(other, 422)
    assert post(ONE, choice(CAROL), key=key(), Idempotency_Key="k-1").status_code == 201, "another key, another name"


def test_a_refused_request_can_be_mended_under_its_name(shop):
    about(post(ONE, choice(CAROL, language="tlh"), key=shop, Idempotency_Key="k-2"), 400)
    assert post(ONE, choice(CAROL), key=shop, Idempotency_Key="k-2").status_code == 201


def test_an_idempotency_key_has_an_end(shop):
    about(post(ONE, choice(CAROL), key=shop, Idempotency_Key="k" * 513), 400)


def test_each_item_of_a_batch_has_its_own_result(shop):
    items = [
        choice(CAROL),
        choice(CAROL, language="tlh"),
        {"purpose": 5},
        "what",
        choice(BOB, "give"),
        choice(ALICE, "withdraw", purpose="tickets_and_orders"),
    ]
    response = post(MANY, {"consents": items}, key=shop)
    assert response.status_code == 200
    results = response.json()["results"]
    assert [each["status"] for each in results] == [201, 400, 400, 400, 201, 409]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/language"
    assert results[0]["receipt"]["id"] == results[0]["event"]["id"]
    assert "problem" not in results[0]
    assert allowed(CAROL)
    assert allowed(BOB)


def test_a_batch_together_is_all_or_nothing(shop):
    body = {"consents": [choice(CAROL), choice(CAROL, language="tlh"), choice(BOB, "dance")], "atomic": True}
    before = Entry.objects.count()
    about(post(MANY, body, key=shop), 400, "/consents/2/act")
    body["consents"].pop()
    about(post(MANY, body, key=shop), 400, "/consents/1/language")
    assert Entry.objects.count() == before
    body["consents"].pop()
    assert [each["status"] for each in post(MANY, body, key=shop).json()["results"]] == [201]


def test_a_conflict_in_a_batch_names_its_item(shop):
    items = [choice(CAROL), choice(CAROL, purpose="tickets_and_orders")]
    response = post(MANY, {"consents": items, "atomic": True}, key=shop)
    about(response, 409, "/consents/1")
    assert response.json()["code"] == "no_choice_here"
    assert not ConsentEvent.objects.filter(subject__identifiers__namespace="email").exists()


def test_later_items_of_a_batch_stand_on_earlier_ones(shop):
    items = [choice(CAROL), choice(CAROL, categories=["contact.email"])]
    results = post(MANY, {"consents": items}, key=shop).json()["results"]
    assert [len(each["state"]["categories"]) for each in results] == [3, 1]


def test_a_repeated_batch_has_one_effect(shop):
    body = {"consents": [choice(CAROL), choice(BOB)]}
    first = post(MANY, body, key=shop, Idempotency_Key="b-1")
    events = ConsentEvent.objects.count()
    assert post(MANY, body, key=shop, Idempotency_Key="b-1").content == first.content
    assert ConsentEvent.objects.count() == events


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/consents"),
        ({"consents": []}, "/consents"),
        ({"consents": {}}, "/consents"),
        ({"consents": [1], "atomic": "true"}, "/atomic"),
        ({"consents": [1], "automatic": True}, "/automatic"),
    ],
)
def test_a_wrong_batch_is_named(shop, body, pointer):
    about(post(MANY, body, key=shop), 400, pointer)


def test_a_batch_of_choices_over_the_limit_is_413_with_the_limit(shop):
    response = post(MANY, {"consents": [1] * 1001}, key=shop)
    about(response, 413)
    assert response.json()["detail"].startswith("At most 1,000 consents")


@pytest.mark.parametrize(
    "evidence",
    [
        *([], "x", 5, None, {"a": None}, {"a": 1.5}, {"a": {"b": 1}}, {"a": [[1]]}, {"a": [None]}, {"a": 2**53}),
        *({"é": 1}, {"a\0": 1}, {"a": "b\0"}, {"a": "\u202e"}, {"a" * 65: 1}, {"a": "x" * 16_384}),
        {f"n{place}": "漢" * 500 for place in range(12)},
    ],
)
def test_evidence_is_small_and_flat(shop, evidence):
    about(post(ONE, choice(CAROL, evidence=evidence), key=shop), 400, "/evidence")


def test_evidence_of_every_kind_is_kept(shop):
    evidence = {"page": "é\u0301", "times": 3, "ticked": True, "boxes": ["a", 1, False], "note": "two\nlines"}
    assert post(ONE, choice(CAROL, evidence=evidence), key=shop).status_code == 201


@pytest.mark.parametrize(
    "moment",
    [
        *("2026-02-30T12:00:00Z", "2026-05-14", "2026-05-14T12:00:00", "2026-05-14 12:00:00Z", "1969-12-31T23:59:59Z"),
        *(
            "2026-05-14T25:00:00Z",
            "2026-05-14T12:00:00+25:00",
            "9999-12-31T23:59:59-12:00",
            "0001-01-01T00:00:00+05:00",
        ),
        *("yesterday", "", 1778760000, None, ["2026-05-14T12:00:00Z"], "٢٠٢٦-05-14T12:00:00Z"),
    ],
)
def test_an_impossible_moment_is_named(shop, moment):
    about(post(ONE, choice(CAROL, collected_at=moment), key=shop), 400, "/collected_at")


@pytest.mark.parametrize("moment", ["2026-05-13T12:00:00Z", "2026-05-13t12:00:00.5z", "2026-05-13T20:00:00+08:00"])
def test_moments_come_back_in_utc(shop, moment):
    told = post(ONE, choice(CAROL, collected_at=moment), key=shop).json()
    assert told["event"]["collected_at"].startswith("2026-05-13T12:00:00")
    assert told["event"]["collected_at"].endswith("Z")


def test_json_of_another_shape_is_refused(shop):
    for raw in (b"", b"[]", b"{", b"\xff", json.dumps(choice(CAROL)).replace("web", "\\udfff").encode()):
        about(post(ONE, raw, key=shop), 400)


def test_reading_needs_another_method(shop):
    response = get(ONE, key=shop)
    about(response, 405)
    assert "POST" in response["Allow"]


def test_a_yes_is_confirmed_by_the_token_that_only_its_answer_held(shop, settings):
    publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    told = post(ONE, choice(CAROL), key=shop).json()
    assert (told["state"]["status"], told["event"]["pending"], allowed(CAROL)) == ("requested", True, False)
    token = told["confirmation"]["token"]
    assert told["confirmation"]["url"] == f"{settings.PUBLIC_URL}/confirm/{token}"
    about(post(ONE, choice(CAROL, "confirm"), key=shop), 400, "/confirmation")
    about(post(ONE, choice(CAROL, "withdraw", confirmation=token), key=shop), 400, "/confirmation")
    confirmed = post(ONE, choice(CAROL, "confirm", confirmation=token), key=shop)
    assert (confirmed.status_code, confirmed.json()["state"]["status"]) == (201, "given")
    assert "confirmation" not in confirmed.json()
    assert allowed(CAROL)
    about(post(ONE, choice(CAROL, "confirm", confirmation=token), key=shop), 410)


def test_a_repeated_yes_gets_the_same_token(shop):
    publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    first = post(ONE, choice(CAROL), key=shop, Idempotency_Key="d-1")
    assert post(ONE, choice(CAROL), key=shop, Idempotency_Key="d-1").content == first.content


def test_a_pause_and_its_end(shop):
    until = (NOW + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    state = post(ONE, choice(ALICE, "pause", until=until), key=shop).json()["state"]
    assert (state["status"], state["paused_until"]) == ("given", until)
    assert not allowed(ALICE)
    assert post(ONE, choice(ALICE, "resume"), key=shop).json()["state"]["paused_until"] is None
    assert allowed(ALICE)
    about(post(ONE, choice(ALICE, "resume"), key=shop), 409)


def test_C8_asking_again_too_soon_is_409(shop):
    response = post(ONE, choice(BOB, "request"), key=shop)
    about(response, 409)
    assert response.json()["code"] == "asked_recently"
    assert post(ONE, choice(CAROL, "request"), key=shop).json()["state"]["status"] == "requested"


@pytest.mark.parametrize(
    ("act", "more", "pointer"),
    [
        ("pause", {}, "/until"),
        ("pause", {"until": "2020-01-01T00:00:00Z"}, "/until"),
        ("pause", {"until": "2029-01-01T00:00:00Z"}, "/until"),
        ("refuse", {"until": "2026-06-01T00:00:00Z"}, "/until"),
        ("give", {"until": "2020-01-01T00:00:00Z"}, "/until"),
        ("give", {"until": "2029-01-01T00:00:00Z"}, "/until"),
        ("revoke", {}, "/actor"),
        ("expire", {"actor": "system"}, "/act"),
        ("renew", {"language": None}, "/language"),
    ],
)
def test_an_act_brings_what_it_needs_and_nothing_else(shop, act, more, pointer):
    body = {name: value for name, value in (choice(ALICE, act) | more).items() if value is not None}
    about(post(ONE, body, key=shop), 400, pointer)


@pytest.mark.parametrize("who", [ALICE, BOB, CAROL, MALLORY])
@pytest.mark.parametrize("act", ["request", "pause", "resume", "renew"])
def test_a_third_party_learns_from_no_error_what_stands(partner, who, act):
    more = {"until": (NOW + timedelta(days=9)).isoformat()} if act == "pause" else {}
    response = post(ONE, choice(who, act, **more), key=partner)
    assert response.status_code in {201, 403}
    if response.status_code == 403:
        assert response.json()["code"] == "not_allowed"


def test_a_third_party_gets_no_token_to_confirm_with(partner):
    publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    told = post(ONE, choice(CAROL, recipients=["mail-engine"]), key=partner).json()
    assert set(told) == {"event", "receipt", "token"}
    assert not allowed(CAROL)
