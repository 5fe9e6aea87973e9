"""The check as AuthZEN 1.0 has it: contract, refusals of bad input, batches, third parties, past moments."""

import json
from datetime import timedelta

import pytest

from audit.models import Entry
from consent.rules import reasons
from consent.services.subjects import Handle
from tests.callers import about, call, get, post, question
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, key, say

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


@pytest.fixture
def mail(cast):
    return key()


@pytest.fixture
def partner(cast):
    limits = {"purposes": ["personal_offers"], "namespaces": ["customer"]}
    return key("adpartner", "decide", "consents:write", "consents:read", "reports", **limits)


def partner_asks(who, **more):
    return question(who, subject={"type": "third_party", "id": "adpartner"}, **more)


def ask(who, key, purpose="personal_offers", **more):
    response = post(ONE, question(who, purpose, **more), key=key)
    assert response.status_code == 200, response.content
    return response.json()


def test_an_answer_has_the_members_of_the_contract(mail):
    resource = {"type": "customer", "id": ALICE.id, "properties": {"categories": ["contact.email", "face_image"]}}
    answer = ask(ALICE, mail, resource=resource)
    assert answer["decision"] is False
    context = answer["context"]
    assert context["reason"] == "category_not_named"
    assert context["reason_user"] == "The notice for this purpose does not name this data."
    assert context["categories"] == {"allowed": ["contact.email"], "refused": ["face_image"]}
    assert (context["legal_basis"], context["purpose_version"]) == ("consent", 1)
    assert set(context) == {
        *("id", "reason", "reason_user", "categories", "legal_basis", "purpose_version", "token"),
    }


def test_a_permission_says_until_when(mail):
    context = ask(ALICE, mail)["context"]
    assert context["reason"] == "permitted"
    assert context["valid_until"] == "2028-04-14T12:00:00Z"


def test_answers_are_never_kept_by_caches(mail):
    response = post(ONE, question(ALICE), key=mail, X_Request_ID="abc-1")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-ID"] == "abc-1"
    assert response["Content-Type"] == "application/json"


def test_every_answer_is_in_the_log_under_its_id(mail):
    context = ask(BOB, mail)["context"]
    entry = Entry.objects.get(id=context["id"])
    assert (entry.action, entry.outcome, entry.reason) == ("decision.made", "refused", "consent_refused")


@pytest.mark.parametrize(
    ("who", "purpose", "reason"),
    [
        (BOB, "personal_offers", "consent_refused"),
        (CAROL, "personal_offers", "no_consent"),
        (MALLORY, "personal_offers", "unknown_customer"),
        (Handle("email", "no address at all"), "personal_offers", "unknown_customer"),
        (ALICE, "world_domination", "unknown_purpose"),
        (ALICE, "Not A Key", "unknown_purpose"),
    ],
)
def test_a_refusal_is_200(mail, who, purpose, reason):
    answer = ask(who, mail, purpose)
    assert (answer["decision"], answer["context"]["reason"]) == (False, reason)


def test_the_sentence_is_in_the_language_asked_for(mail, settings):
    settings.LANGUAGES = [(code, code) for code in reasons.SENTENCES]
    for asked, wanted in (
        ("zh-CN,zh;q=0.9", "顾客拒绝了。"),
        ("es-MX", "Esta persona dijo que no."),
        ("fr", "Cette personne a dit non."),
        ("it, de-AT;q=0.8, en;q=0.5", "Die Person hat Nein gesagt."),
        ("ar", "رفض العميل."),
        ("it", "The customer said no."),
        ("", "The customer said no."),
    ):
        response = post(ONE, question(BOB), key=mail, Accept_Language=asked)
        assert response.json()["context"]["reason_user"] == wanted


def test_several_identifiers_of_one_customer_give_one_answer(mail):
    say(CAROL, "give")
    assert ask(CAROL, mail)["decision"]
    assert ask(Handle("email", " Carol@Example.org"), mail)["decision"]


def test_unknown_members_are_passed_over(mail):
    body = question(ALICE, colour="green", context={"weather": None, "time": 1.5})
    body["subject"]["properties"] = {"ip": "::1"}
    body["resource"]["properties"] = {"shelf": [None]}
    assert post(ONE, body, key=mail).json()["decision"]


@pytest.mark.parametrize("member", ["subject", "action", "resource"])
def test_a_missing_member_is_named(mail, member):
    body = question(ALICE)
    del body[member]
    about(post(ONE, body, key=mail), 400, f"/{member}")
    about(post(MANY, body, key=mail), 400, f"/{member}")


@pytest.mark.parametrize(
    "pointer",
    ["/subject/type", "/subject/id", "/action/name", "/resource/type", "/resource/id"],
)
@pytest.mark.parametrize("wrong", ["missing", 5, None, ["a"], "\0", "a\u202eb", "a\nb", "x" * 513, ""])
def test_a_wrong_text_is_named(mail, pointer, wrong):
    body = question(ALICE)
    _, member, name = pointer.split("/")
    if wrong == "missing":
        del body[member][name]
    else:
        body[member][name] = wrong
    about(post(ONE, body, key=mail), 400, pointer)
    about(post(MANY, body, key=mail), 400, pointer)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": "mail-engine"}, "/subject"),
        ({"action": None}, "/action"),
        ({"resource": []}, "/resource"),
        ({"context": "now"}, "/context"),
        ({"subject": {"type": "system", "id": "mail-engine", "properties": 1}}, "/subject/properties"),
        ({"resource": {"type": "customer", "id": "C-1001", "properties": []}}, "/resource/properties"),
        ({"context": {"as_of": 5}}, "/context/as_of"),
        ({"context": {"as_of": "2026-02-30T00:00:00Z"}}, "/context/as_of"),
        ({"context": {"as_of": "2026-02-03T00:00:00"}}, "/context/as_of"),
        ({"context": {"as_of": "2099-01-01T00:00:00Z"}}, "/context/as_of"),
        ({"context": {"at_least": "t2.x"}}, "/context/at_least"),
        ({"context": {"at_least": f"t1.{'0' * 32}"}}, "/context/at_least"),
        ({"context": {"consistency": "eventual"}}, "/context/consistency"),
        ({"context": {"reference": "x" * 201}}, "/context/reference"),
        ({"context": {"reference": "a\u2066b"}}, "/context/reference"),
    ],
)
def test_a_wrong_member_is_named(mail, change, pointer):
    about(post(ONE, question(ALICE) | change, key=mail), 400, pointer)


@pytest.mark.parametrize(
    ("categories", "pointer"),
    [
        ("contact.email", "/resource/properties/categories"),
        (None, "/resource/properties/categories"),
        (["contact.email", 5], "/resource/properties/categories/1"),
        (["contact.email", "a\0b"], "/resource/properties/categories/1"),
    ],
)
def test_wrong_categories_are_named(mail, categories, pointer):
    resource = {"type": "customer", "id": ALICE.id, "properties": {"categories": categories}}
    about(post(ONE, question(ALICE, resource=resource), key=mail), 400, pointer)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"subject": NaN}',
        b"{'a':1}",
        b'{"a":"\\ud800"',
        b"[" * 9999,
    ],
)
def test_a_body_that_is_no_json_object_is_400(mail, raw):
    about(post(ONE, raw, key=mail), 400, "")
    about(post(MANY, raw, key=mail), 400, "")


def test_a_lone_surrogate_is_400(mail):
    raw = json.dumps(question(ALICE)).replace("C-1001", "\\ud800")
    about(post(ONE, raw, key=mail), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_another_content_type_is_400(mail, content_type):
    about(post(ONE, question(ALICE), key=mail, content_type=content_type), 400)


def test_a_charset_beside_the_content_type_is_fine(mail):
    assert post(ONE, question(ALICE), key=mail, content_type="application/json; charset=utf-8").status_code == 200


def test_a_body_over_a_mebibyte_is_413(mail):
    about(post(ONE, question(ALICE, padding="x" * 1_048_577), key=mail), 413)


def test_another_method_is_405(mail):
    response = get(ONE, key=mail)
    about(response, 405)
    assert response["Allow"] == "POST"


def test_bad_input_leaves_no_entry(mail):
    before = Entry.objects.count()
    about(post(ONE, question(ALICE, resource={"type": "customer", "id": "a\0"}), key=mail), 400, "/resource/id")
    about(post(ONE, question(ALICE, context={"at_least": f"t1.{'0' * 32}"}), key=mail), 400)
    assert Entry.objects.count() == before


def test_without_a_key_it_is_401(cast):
    response = post(ONE, question(ALICE))
    about(response, 401)
    assert "Bearer" in response["WWW-Authenticate"]
    about(post(ONE, question(ALICE), key="tc_000000000000_" + "x" * 43), 401)


def test_without_the_scope_it_is_403(cast):
    about(post(ONE, question(ALICE), key=key("mail-engine", "consents:read", "admin")), 403)


def test_a_key_asks_for_its_own_recipient_only(mail):
    for other in ({"type": "system", "id": "ticket-office"}, {"type": "processor", "id": "mail-engine"}):
        about(post(ONE, question(ALICE, subject=other), key=mail), 403)
        about(post(MANY, question(ALICE, subject=other), key=mail), 403)


def test_an_admin_key_asks_for_others(cast):
    admin = key("mail-engine", "decide", "admin")
    answer = ask(ALICE, admin, subject={"type": "system", "id": "ticket-office"})
    assert answer["context"]["reason"] == "recipient_not_named"


def test_a_limited_key_stays_within_its_limits(cast):
    limited = key("mail-engine", "decide", purposes=["personal_offers"], namespaces=["customer"])
    assert ask(ALICE, limited)["decision"]
    about(post(ONE, question(ALICE, "tickets_and_orders"), key=limited), 403)
    about(post(ONE, question(Handle("email", "carol@example.org")), key=limited), 403)


def test_a_third_party_never_learns_why(partner):
    say(CAROL, "withdraw")
    seen = []
    for who in (BOB, CAROL, MALLORY):
        response = post(ONE, partner_asks(who), key=partner)
        context = response.json()["context"]
        assert set(context) == {"id", "reason", "reason_user", "token"}
        seen.append((response.json()["decision"], context["reason"], context["reason_user"], len(response.content)))
        assert Entry.objects.get(id=context["id"]).reason != "not_permitted"
    assert set(seen) == {(False, "not_permitted", "This use is not allowed.", seen[0][3])}


def test_a_third_party_that_is_permitted_gets_the_whole_answer(partner):
    answer = post(ONE, partner_asks(ALICE), key=partner).json()
    assert answer["decision"]
    assert answer["context"]["categories"]["allowed"] == ["contact.email", "contact.sms", "purchase_history"]


def test_a_past_moment_needs_the_scope_audit(mail):
    before = {"as_of": (NOW - timedelta(days=31)).isoformat()}
    about(post(ONE, question(ALICE, context=before), key=mail), 403)
    auditor = key("mail-engine", "decide", "audit")
    assert ask(ALICE, auditor, context=before)["context"]["reason"] == "unknown_customer"
    after = {"as_of": (NOW - timedelta(days=29)).isoformat()}
    assert ask(ALICE, auditor, context=after)["decision"]


def test_a_token_of_ours_is_accepted(mail):
    token = ask(ALICE, mail)["context"]["token"]
    assert ask(ALICE, mail, context={"at_least": token, "consistency": "strict", "reference": "May letter"})["decision"]


def test_an_empty_batch_is_a_single_question(mail):
    for body in (question(ALICE), question(ALICE, evaluations=[])):
        assert post(MANY, body, key=mail).json()["decision"] is True


def test_items_override_the_defaults_member_by_member(mail):
    resource = {"type": "customer", "id": ALICE.id, "properties": {"categories": ["contact.email"]}}
    items = [
        {},
        {"resource": {"type": "customer", "id": BOB.id}},
        {"action": {"name": "plan_staff"}},
        {"resource": {"type": "customer", "id": ALICE.id}},
    ]
    found = post(MANY, question(ALICE, resource=resource, evaluations=items), key=mail).json()
    assert set(found) == {"evaluations"}
    reasons = [each["context"]["reason"] for each in found["evaluations"]]
    assert reasons == ["permitted", "consent_refused", "recipient_not_named", "permitted"]
    # A key of the item's own replaces the default whole: its categories are gone with it.
    allowed = [each["context"]["categories"]["allowed"] for each in found["evaluations"]]
    assert (allowed[0], len(allowed[3])) == (["contact.email"], 3)


def test_a_bad_item_is_refused_alone(mail):
    items = [
        {"resource": {"type": "customer", "id": ALICE.id}},
        {"resource": {"type": "customer"}},
        {"resource": {"type": "customer", "id": "a\0"}},
        {"subject": {"type": "system", "id": "ticket-office"}, "resource": {"type": "customer", "id": ALICE.id}},
        5,
        {"resource": {"type": "customer", "id": BOB.id}},
    ]
    body = {"subject": {"type": "system", "id": "mail-engine"}, "action": {"name": "personal_offers"}}
    response = post(MANY, body | {"evaluations": items}, key=mail)
    assert response.status_code == 200
    found = response.json()["evaluations"]
    assert [each["decision"] for each in found] == [True, False, False, False, False, False]
    faults = [each["context"].get("error", {}).get("status") for each in found]
    assert faults == [None, 400, 400, 403, 400, None]
    assert "/resource/id" in found[1]["context"]["error"]["message"]
    assert found[5]["context"]["reason"] == "consent_refused"


def items_for(*people):
    return [{"resource": {"type": "customer", "id": who.id} if who else {"type": "customer"}} for who in people]


@pytest.mark.parametrize(
    ("semantic", "people", "decisions"),
    [
        ("execute_all", [ALICE, BOB, ALICE], [True, False, True]),
        ("deny_on_first_deny", [ALICE, BOB, ALICE], [True, False]),
        ("deny_on_first_deny", [ALICE, ALICE], [True, True]),
        ("deny_on_first_deny", [ALICE, None, ALICE], [True, False]),
        ("permit_on_first_permit", [BOB, ALICE, BOB], [False, True]),
        ("permit_on_first_permit", [None, BOB, None, ALICE, None], [False, False, False, True]),
        ("permit_on_first_permit", [BOB, CAROL, None], [False, False, False]),
        ("permit_on_first_permit", [None], [False]),
    ],
)
def test_a_batch_stops_where_its_semantics_say(mail, semantic, people, decisions):
    body = question(ALICE, evaluations=items_for(*people), options={"evaluations_semantic": semantic, "other": 1})
    before = Entry.objects.count()
    found = post(MANY, body, key=mail).json()["evaluations"]
    assert [each["decision"] for each in found] == decisions
    asked = [each for each in found if "error" not in each["context"]]
    assert Entry.objects.count() == before + len(asked), "what was not answered is not logged"


def test_an_unknown_semantic_is_named(mail):
    body = question(ALICE, evaluations=[{}], options={"evaluations_semantic": "sometimes"})
    about(post(MANY, body, key=mail), 400, "/options/evaluations_semantic")


@pytest.mark.parametrize("wrong", [5, None, {}, "x"])
def test_evaluations_of_another_type_are_named(mail, wrong):
    about(post(MANY, question(ALICE, evaluations=wrong), key=mail), 400, "/evaluations")


def test_a_batch_over_the_limit_is_413_with_the_limit(mail):
    before = Entry.objects.count()
    response = post(MANY, question(ALICE, evaluations=[{}] * 10_001), key=mail)
    about(response, 413)
    assert response.json()["detail"].startswith("At most 10,000 evaluations")
    assert Entry.objects.count() == before


def test_a_batch_as_large_as_the_limit_is_answered(mail):
    item = {"resource": {"type": "customer", "id": "x" * 500}}
    response = post(MANY, question(ALICE, evaluations=[item] * 10_000), key=mail)
    assert len(response.json()["evaluations"]) == 10_000


def test_only_a_batch_of_checks_may_be_larger_than_a_mebibyte(mail, settings):
    body = json.dumps(question(ALICE, evaluations=[{}]))
    assert post(MANY, body + " " * settings.BODY_LIMIT, key=mail).status_code == 200
    about(post(ONE, body + " " * settings.BODY_LIMIT, key=mail), 413)
    about(post(MANY, body + " " * settings.BATCH_BODY_LIMIT, key=mail), 413)


def test_the_doors_can_be_discovered(db, settings):
    found = get("/.well-known/authzen-configuration").json()
    assert found["policy_decision_point"] == settings.PUBLIC_URL
    for name in ("access_evaluation_endpoint", "access_evaluations_endpoint"):
        assert call("OPTIONS", found[name].removeprefix(settings.PUBLIC_URL)).status_code == 405


def test_every_wrong_member_is_named_at_once(mail):
    body = {"subject": {"type": 1}, "action": {}, "resource": {"type": "customer", "id": []}, "context": {"as_of": 4}}
    wrong = ("/subject/type", "/subject/id", "/action/name", "/resource/id", "/context/as_of")
    about(post(ONE, body, key=mail), 400, *wrong)
    about(post(ONE, {}, key=mail), 400, "/subject", "/action", "/resource")
