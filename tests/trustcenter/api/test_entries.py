"""The log searched by API."""

import json

import pytest

from audit.models import Entry
from consent.services import subjects
from tests.callers import about, get
from tests.world import ALICE, BOB, ask, key, say, seal_all

PATH = "/api/v1/log/entries"


@pytest.fixture
def auditor(cast):
    ask(ALICE)
    ask(BOB)
    seal_all()
    say(BOB, "give")
    return key("mail-engine", "audit")


def test_entries_are_answered_newest_first_without_what_a_person_wrote(auditor):
    found = get(f"{PATH}?action=decision.made,consent.&limit=2", key=auditor).json()
    newest, next_to = found["items"]
    bob = subjects.find(BOB).pseudonym
    assert (newest["action"], newest["seq"], newest["subject"]) == ("consent.given", None, bob)
    assert next_to.pop("id")
    assert isinstance(next_to.pop("seq"), int)
    assert next_to == {
        "at": "2026-05-14T12:00:00Z",
        "action": "decision.made",
        "actor": {"type": "system", "ref": "mail-engine"},
        "subject": bob,
        "purpose": "personal_offers",
        "recipient": "mail-engine",
        "outcome": "refused",
        "reason": "consent_refused",
    }
    assert found["searched_to"] is None
    rest = get(f"{PATH}?action=decision.made,consent.&cursor={found['next']}", key=auditor).json()
    assert [each["action"] for each in rest["items"]] == ["decision.made", "consent.refused", "consent.given"]
    assert rest["next"] is None


def test_a_customer_is_named_by_an_identifier_or_as_entries_name_them(auditor):
    one = get(f"{PATH}?namespace=customer&id=C-1001&outcome=allowed&action=decision.made", key=auditor).json()
    (entry,) = one["items"]
    assert get(f"{PATH}?subject={entry['subject']}&outcome=allowed&action=decision.made", key=auditor).json() == one
    leaf = json.loads(bytes(Entry.objects.filter(action="log.searched").first().leaf))
    assert leaf["details"]["by"] == ["customer", "action", "outcome"]
    about(get(f"{PATH}?namespace=customer&id=C-9999", key=auditor), 404)
    assert Entry.objects.filter(action="log.searched").count() == 3


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("action=x", "/action"),
        ("outcome=x", "/outcome"),
        ("actor=x", "/actor"),
        ("purpose=%00", "/purpose"),
        ("since=yesterday", "/since"),
        ("since=2026-05-02T00:00:00Z&before=2026-05-01T00:00:00Z", "/before"),
        ("id=C-1001", "/id"),
        ("namespace=customer&id=C-1001&subject=s_x", "/id"),
        ("cursor=x", "/cursor"),
        ("limit=201", "/limit"),
        ("offset=3", "/offset"),
    ],
)
def test_what_is_wrong_is_named(auditor, query, place):
    about(get(f"{PATH}?{query}", key=auditor), 400, place)


def test_a_limited_key_searches_within_its_limits(auditor):
    one = key("mail-engine", "audit", purposes=["improve_visit"])
    about(get(PATH, key=one), 403)
    about(get(f"{PATH}?purpose=personal_offers", key=one), 403)
    assert get(f"{PATH}?purpose=improve_visit", key=one).status_code == 200
    one = key("mail-engine", "audit", namespaces=["email"])
    about(get(PATH, key=one), 403)
    about(get(f"{PATH}?namespace=customer&id=C-1001", key=one), 403)
    about(get(f"{PATH}?subject=s_x", key=one), 403)
