"""Customers by API: made known, and read without their pseudonym."""

from datetime import timedelta

import pytest

from audit.models import Entry
from consent.models import Identifier, Subject
from consent.services.subjects import Handle
from tests.callers import about, get, post, subject
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, ask, key, say

KNOWN = "/api/v1/subjects"


def address(who, tail=""):
    return f"{KNOWN}/{who.namespace}/{who.id}{tail}"


@pytest.fixture
def shop(cast):
    return key()


def test_a_new_customer_is_201_and_a_known_one_200(shop):
    body = {"identifiers": [subject(MALLORY), {"namespace": "email", "id": "M@x.org", "verified": False}]}
    first = post(KNOWN, body, key=shop)
    assert (first.status_code, first.json()) == (201, {"created": True})
    again = post(KNOWN, body, key=shop)
    assert (again.status_code, again.json()) == (200, {"created": False})
    assert sorted(list(Identifier.objects.order_by("id").values_list("namespace", "verified"))[-2:]) == [
        ("customer", True),
        ("email", False),
    ]


def test_identifiers_of_two_customers_are_409(shop):
    about(post(KNOWN, {"identifiers": [subject(ALICE), subject(BOB)]}, key=shop), 409)


def test_it_keeps_what_bears_on_the_law(shop):
    body = {"identifiers": [subject(MALLORY)], "jurisdiction": "GB", "minor_until": "2030-02-01"}
    assert post(KNOWN, body, key=shop, Idempotency_Key="m").status_code == 201
    assert post(KNOWN, body, key=shop, Idempotency_Key="m").status_code == 201, "the kept answer"
    found = Subject.objects.latest("id")
    assert (found.jurisdiction, found.minor_until.isoformat()) == ("GB", "2030-02-01")


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"identifiers": []}, ["/identifiers"]),
        ({"identifiers": [{"namespace": "customer"}]}, ["/identifiers/0/id"]),
        ({"identifiers": [{"namespace": "Bad Space", "id": "x"}]}, ["/identifiers/0/namespace"]),
        ({"identifiers": [{"namespace": "email", "id": "nobody"}]}, ["/identifiers/0/id"]),
        ({"identifiers": [{"namespace": "a", "id": "b", "verified": "yes"}]}, ["/identifiers/0/verified"]),
        ({"identifiers": [{"namespace": "a", "id": "b"}] * 21}, ["/identifiers"]),
        ({"minor_until": "2030-02-30"}, ["/minor_until"]),
        ({"minor_until": 2030}, ["/minor_until"]),
        ({"minor_until": "20300201"}, ["/minor_until"]),
        ({"jurisdiction": "x" * 17}, ["/jurisdiction"]),
    ],
)
def test_a_wrong_member_is_named(shop, change, pointers):
    about(post(KNOWN, {"identifiers": [subject(MALLORY)]} | change, key=shop), 400, *pointers)


def test_every_published_purpose_is_answered_without_the_pseudonym(shop):
    response = get(address(ALICE), key=shop)
    rows = {row["purpose"]: row for row in response.json()["purposes"]}
    assert len(rows) == 6
    assert rows["personal_offers"] == {
        "purpose": "personal_offers",
        "status": "given",
        "categories": ["contact.email", "contact.sms", "purchase_history"],
        "recipients": ["mail-engine", "mailbird", "adpartner"],
        "legal_basis": "consent",
        "version": 1,
        "version_in_force": 1,
        "since": "2026-04-14T12:00:00Z",
        "expires_at": "2028-04-14T12:00:00Z",
        "paused_until": None,
    }
    silent = rows["improve_visit"]
    assert (silent["status"], silent["categories"], silent["version"], silent["since"]) == ("unknown", [], None, None)
    assert Subject.objects.first().pseudonym.encode() not in response.content


def test_a_yes_that_ran_out_is_expired(shop):
    say(CAROL, "give", collected_at=NOW - timedelta(days=364), now=NOW)
    from consent.models import ConsentState

    ConsentState.objects.filter(subject__identifiers__namespace="email").update(expires_at=NOW)
    row = next(row for row in get(address(CAROL), key=shop).json()["purposes"] if row["purpose"] == "personal_offers")
    assert row["status"] == "expired"


@pytest.mark.parametrize("tail", ["", "/history", "/uses"])
def test_an_unknown_customer_is_404(shop, tail):
    about(get(address(MALLORY, tail), key=shop), 404)


@pytest.mark.parametrize("tail", ["", "/history", "/uses"])
def test_a_wrong_identifier_is_400(shop, tail):
    for bad in ("a%00b", "x" * 513, "%E2%80%AEb"):
        about(get(f"{KNOWN}/customer/{bad}{tail}", key=shop), 400, "/id")


def test_an_identifier_may_hold_a_slash(shop):
    who = Handle("customer", "a/b c")
    say(who, "refuse")
    assert get(f"{KNOWN}/customer/a%2Fb%20c", key=shop).status_code == 200
    assert len(get(f"{KNOWN}/customer/a/b%20c/history", key=shop).json()["items"]) == 1


def test_the_history_pages_by_cursor(shop):
    for minute in range(5):
        say(CAROL, "give" if minute % 2 else "refuse", now=NOW - timedelta(minutes=9 - minute))
    seen, cursor = [], ""
    while cursor is not None:
        page = get(address(CAROL, f"/history?limit=2{f'&cursor={cursor}' if cursor else ''}"), key=shop).json()
        assert len(page["items"]) <= 2
        seen += page["items"]
        cursor = page["next"]
    assert [each["act"] for each in seen] == ["refuse", "give", "refuse", "give", "refuse"]
    assert len({each["id"] for each in seen}) == 5
    assert "evidence" not in seen[0]


def test_the_uses_show_refused_tries_too(shop):
    ask(BOB, reference="Spring letter", now=NOW - timedelta(minutes=2))
    ask(BOB, recipient="ticket-office", now=NOW - timedelta(minutes=1))
    page = get(address(BOB, "/uses"), key=shop).json()
    assert [(row["recipient"], row["outcome"], row["reason"]) for row in page["items"]] == [
        ("ticket-office", "refused", "recipient_not_named"),
        ("mail-engine", "refused", "consent_refused"),
    ]
    assert page["items"][1]["reference"] == "Spring letter"
    assert page["next"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        *(("limit=0", "/limit"), ("limit=201", "/limit"), ("limit=many", "/limit"), ("cursor=xyz", "/cursor")),
        *(("cursor=%00", "/cursor"), ("page=2", "/page"), ("cursor=", "/cursor"), ("cursor=é", "/cursor")),
    ],
)
@pytest.mark.parametrize("tail", ["/history", "/uses"])
def test_a_wrong_page_is_named(shop, tail, query, pointer):
    about(get(address(ALICE, f"{tail}?{query}"), key=shop), 400, pointer)


@pytest.mark.parametrize("tail", ["", "/history", "/uses"])
def test_a_third_party_sees_nothing_of_it(cast, tail):
    partner = key("adpartner", "consents:read", purposes=["personal_offers"], namespaces=["customer"])
    about(get(address(ALICE, tail), key=partner), 403)
    about(get(address(MALLORY, tail), key=partner), 403)


def test_a_limited_key_reads_within_its_limits(cast):
    ask(ALICE)
    limited = key("mail-engine", "consents:read", purposes=["personal_offers"], namespaces=["customer"])
    rows = get(address(ALICE), key=limited).json()["purposes"]
    assert [row["purpose"] for row in rows] == ["personal_offers"]
    about(get(f"{KNOWN}/email/carol@example.org", key=limited), 403)
    for tail in ("/history", "/uses"):
        about(get(address(ALICE, tail), key=limited), 403)
        about(get(address(ALICE, f"{tail}?purpose=plan_staff"), key=limited), 403)
        assert len(get(address(ALICE, f"{tail}?purpose=personal_offers"), key=limited).json()["items"]) == 1


def test_asking_whether_somebody_exists_needs_the_scope_too(cast):
    from tests.callers import call

    assert call("HEAD", address(ALICE), key=key("mail-engine", "decide")).status_code == 403


def test_reading_writes_nothing(shop):
    before = Entry.objects.count()
    get(address(ALICE, "/history"), key=shop)
    assert Entry.objects.count() == before


def test_what_stood_at_a_past_moment_needs_the_scope_audit(shop):
    both = key("mail-engine", "consents:read", "audit")
    for days, status in ((25, "given"), (0, "withdrawn")):
        say(ALICE, "withdraw") if not days else None
        moment = (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        answer = get(address(ALICE, f"?as_of={moment}"), key=both).json()
        row = next(row for row in answer["purposes"] if row["purpose"] == "personal_offers")
        assert (row["status"], row["version_in_force"]) == (status, 1)
        about(get(address(ALICE, f"?as_of={moment}"), key=shop), 403)
    about(get(address(ALICE, "?as_of=2026-04-01T00:00:00Z"), key=both), 404)
    for wrong in ("2099-01-01T00:00:00Z", "yesterday", "", "2026-02-30T00:00:00Z"):
        about(get(address(ALICE, f"?as_of={wrong}"), key=both), 400, "/as_of")
