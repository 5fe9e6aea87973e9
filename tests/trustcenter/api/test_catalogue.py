"""The catalogue by API: what a system shows before it asks."""

import pytest

from consent.models import Purpose, PurposeVersion
from tests.callers import about, get
from tests.world import NOW, digest, key, publish

PURPOSES = "/api/v1/purposes"


@pytest.fixture
def shop(park):
    return key("mail-engine", "decide")


def test_every_purpose_comes_in_catalogue_order(shop):
    rows = get(PURPOSES, key=shop).json()["purposes"]
    assert [row["key"] for row in rows] == list(Purpose.objects.values_list("key", flat=True))
    assert rows[0]["controller"]["name"] == "Kestrel Park Ltd"
    assert rows[0]["retired_at"] is None


def test_a_purpose_has_its_words_with_digests_and_its_parts(shop):
    found = get(f"{PURPOSES}/personal_offers", key=shop).json()["current"]
    texts = {each["language"]: each for each in found["texts"]}
    assert set(texts) == {"en", "zh-hans"}
    assert texts["zh-hans"]["digest"] == digest("personal_offers", "zh-hans")
    assert {"title", "what", "why", "benefit", "if_no"} <= set(texts["en"]["text"])
    assert [each["key"] for each in found["categories"]] == ["contact.email", "contact.sms", "purchase_history"]
    assert found["categories"][0]["name"]["en"]
    assert [(each["key"], each["third_party"]) for each in found["recipients"]] == [
        ("mail-engine", False),
        ("mailbird", False),
        ("adpartner", True),
    ]


def test_a_purpose_has_its_levels_from_nothing_to_all(shop):
    found = get(f"{PURPOSES}/personal_offers", key=shop).json()["current"]["levels"]
    assert [(each["key"], len(each["categories"]), each["recipients"]) for each in found] == [
        ("nothing", 0, []),
        ("little", 1, ["mail-engine"]),
        ("some", 2, ["mail-engine", "mailbird"]),
        ("all", 3, ["mail-engine", "mailbird"]),
    ]
    assert [each["name"].get("en") for each in found] == ["Nothing", "A little", "Some", "All"]


def test_a_purpose_has_no_levels_between_nothing_and_all_unless_the_catalogue_names_them(shop):
    rows = {row["key"]: row["current"] for row in get(PURPOSES, key=shop).json()["purposes"]}
    assert [each["key"] for each in rows["improve_visit"]["levels"]] == ["nothing", "all"]
    assert rows["plan_staff"]["levels"] == rows["tickets_and_orders"]["levels"] == []


def test_an_old_version_stays_readable(shop):
    first = get(f"{PURPOSES}/personal_offers", key=shop).json()["current"]
    publish(now=NOW, personal_offers={"retention": "P24M"})
    assert get(f"{PURPOSES}/personal_offers/versions/1", key=shop).json() == first
    second = get(f"{PURPOSES}/personal_offers/versions/2", key=shop).json()
    assert (second["number"], second["material"], second["retention"]) == (2, True, "P24M")


@pytest.mark.parametrize(
    "tail",
    [
        *("/dreams", "/a%00b", "/" + "x" * 10_000, "/personal_offers/versions/9", "/personal_offers/versions/0"),
        *(f"/personal_offers/versions/{2**70}", "/a%00b/versions/1", "/personal_offers/versions/-1"),
    ],
)
def test_what_was_never_published_is_404(shop, tail):
    about(get(PURPOSES + tail, key=shop), 404)


def test_a_draft_is_404(shop):
    current = PurposeVersion.objects.get(purpose__key="personal_offers")
    PurposeVersion.objects.create(
        purpose=current.purpose,
        controller=current.controller,
        number=2,
        legal_basis="consent",
        retention="P1M",
        material=True,
        material_number=2,
        digest="d" * 64,
    )
    about(get(f"{PURPOSES}/personal_offers/versions/2", key=shop), 404)
    assert get(f"{PURPOSES}/personal_offers", key=shop).json()["current"]["number"] == 1


def test_it_needs_a_key(park):
    about(get(PURPOSES), 401)


def test_a_version_tells_what_its_ai_does_as_facts(shop):
    found = {row["key"]: row["current"]["ai"] for row in get(PURPOSES, key=shop).json()["purposes"]}
    facts = {"in": ["face_image", "ride_photos"], "person_decides": "asked", "affects": ["service"], "trains": False}
    assert found["ride_photos"] == facts
    assert found["improve_visit"] is None
