"""Uses and benefits by API: in bulk, all or nothing, and into the customer's own list."""

import pytest

from audit.models import Entry
from tests.callers import about, get, post, subject
from tests.world import ALICE, BOB, MALLORY, key

USES, BENEFITS = "/api/v1/uses", "/api/v1/benefits"
AT = "2026-05-14T11:00:00Z"


@pytest.fixture
def shop(cast):
    return key()


def use(who=ALICE, **more):
    return {
        "subject": subject(who),
        "purpose": "personal_offers",
        "categories": ["contact.email"],
        "at": AT,
        "reference": "May letter",
    } | more


def benefit(who=ALICE, **more):
    words = {"en": "10 % off", "zh-hans": "九折"}
    return {"subject": subject(who), "purpose": "personal_offers", "words": words, "at": AT} | more


def test_uses_show_in_the_customers_list(shop):
    response = post(USES, {"uses": [use(), use(BOB)]}, key=shop, Idempotency_Key="u")
    assert response.status_code == 201
    first, _ = response.json()["ids"]
    assert post(USES, {"uses": [use(), use(BOB)]}, key=shop, Idempotency_Key="u").content == response.content
    rows = get("/api/v1/subjects/customer/C-1001/uses", key=shop).json()["items"]
    assert [(row["id"], row["recipient"], row["action"], row["reference"]) for row in rows] == [
        (first, "mail-engine", "use.reported", "May letter")
    ]


def test_benefits_are_recorded(shop):
    response = post(BENEFITS, {"benefits": [benefit()]}, key=shop)
    assert response.status_code == 201
    entry = Entry.objects.get(id=response.json()["ids"][0])
    assert (entry.action, entry.purpose) == ("benefit.reported", "personal_offers")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": subject(MALLORY)}, "/subject"),
        ({"subject": {"namespace": "customer", "id": "a\0"}}, "/subject/id"),
        ({"subject": {"namespace": "email", "id": "nobody"}}, "/subject/id"),
        ({"purpose": "dreams"}, "/purpose"),
        ({"at": "2026-05-14T13:00:00Z"}, "/at"),
        ({"at": "2026-05-14"}, "/at"),
        ({"at": "1969-01-01T00:00:00Z"}, "/at"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_item_is_named_and_nothing_is_recorded(shop, change, pointer):
    before = Entry.objects.count()
    about(post(USES, {"uses": [use(), use() | change]}, key=shop), 400, f"/uses/1{pointer}")
    about(post(BENEFITS, {"benefits": [benefit(), benefit() | change]}, key=shop), 400, f"/benefits/1{pointer}")
    assert Entry.objects.count() == before


@pytest.mark.parametrize("categories", [[], ["dreams"], "contact.email", [5]])
def test_wrong_categories_are_named(shop, categories):
    response = post(USES, {"uses": [use(categories=categories)]}, key=shop)
    about(response, 400)
    assert response.json()["errors"][0]["pointer"].startswith("/uses/0/categories")


@pytest.mark.parametrize("words", [{}, {"EN!": "x"}, {"en": 5}, {"en": ""}, {"en": "a\0"}, "x", {"é": "x"}, ["x"]])
def test_wrong_words_are_named(shop, words):
    response = post(BENEFITS, {"benefits": [benefit(words=words)]}, key=shop)
    about(response, 400)
    assert response.json()["errors"][0]["pointer"].startswith("/benefits/0/words")


@pytest.mark.parametrize("body", [{}, {"uses": []}, {"uses": {}}, {"uses": [5]}])
def test_a_wrong_list_is_named(shop, body):
    response = post(USES, body, key=shop)
    about(response, 400)
    assert response.json()["errors"][0]["pointer"].startswith("/uses")


def test_a_report_over_the_limit_is_413_with_the_limit(shop):
    for address, member in ((USES, "uses"), (BENEFITS, "benefits")):
        response = post(address, {member: [{}] * 1001}, key=shop)
        about(response, 413)
        assert response.json()["detail"].startswith(f"At most 1,000 {member}")


def test_a_limited_key_reports_within_its_limits(cast):
    limited = key("mail-engine", "reports", purposes=["plan_staff"], namespaces=["customer"])
    about(post(USES, {"uses": [use()]}, key=limited), 403)
    assert post(USES, {"uses": [use(purpose="plan_staff")]}, key=limited).status_code == 201


def test_a_third_party_cannot_learn_whom_we_know_by_reporting(cast):
    partner = key("adpartner", "reports", purposes=["personal_offers"], namespaces=["customer"])
    for who in (ALICE, MALLORY):
        about(post(USES, {"uses": [use(who)]}, key=partner), 403)
        about(post(BENEFITS, {"benefits": [benefit(who)]}, key=partner), 403)
