"""The searches of AuthZEN 1.0, and the certification scenario as ordinary catalogue and consents."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from audit.models import Entry
from consent.services import catalogue
from consent.services.subjects import Handle
from tests.callers import about, call, post
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, key, say

FIXTURE = Path(__file__).parent.parent / "certification"
SUBJECTS, RESOURCES, ACTIONS = (f"/access/v1/search/{each}" for each in ("subject", "resource", "action"))
MAIL = {"type": "system", "id": "mail-engine"}
OFFERS = {"name": "personal_offers"}


def customer(who):
    return {"type": who.namespace, "id": who.id}


@pytest.fixture
def mail(cast):
    return key("mail-engine", "decide", "search")


def found(path, body, secret, status=200):
    response = post(path, body, key=secret)
    assert response.status_code == status, response.content
    return response.json()


def whose(secret, **more):
    body = {"subject": MAIL, "action": OFFERS, "resource": {"type": "customer"}} | more
    return [each["id"] for each in found(RESOURCES, body, secret)["results"]]


def test_a_resource_search_names_whom_a_check_would_permit(mail):
    say(CAROL, "give", categories=["purchase_history"])
    assert whose(mail) == [ALICE.id, CAROL.id]
    with_email = {"type": "customer", "properties": {"categories": ["contact.email"]}}
    assert whose(mail, resource=with_email) == [ALICE.id]
    say(ALICE, "withdraw", now=NOW)
    assert whose(mail) == [CAROL.id]


def test_where_no_yes_is_needed_everybody_who_did_not_object_is_found(cast):
    planner = key("staff-planner", "search")
    say(BOB, "object", "plan_staff")
    body = {
        "subject": {"type": "system", "id": "staff-planner"},
        "action": {"name": "plan_staff"},
        "resource": {"type": "customer"},
    }
    assert [each["id"] for each in found(RESOURCES, body, planner)["results"]] == [ALICE.id, CAROL.id]


def test_an_address_is_told_only_with_its_own_category(mail):
    erin = Handle("email", "erin@example.org")
    say(erin, "give", categories=["purchase_history"])
    addresses = {"type": "email"}
    assert whose(mail, resource=addresses) == []
    say(erin, "give", categories=["purchase_history", "contact.email"])
    assert whose(mail, resource=addresses) == [erin.id]


def test_pages_follow_each_other_and_a_token_fits_its_own_search_only(mail):
    people = [Handle("customer", f"P-{number}") for number in range(7)]
    for who in people:
        say(who, "give", now=NOW - timedelta(days=1))
    body = {"subject": MAIL, "action": OFFERS, "resource": {"type": "customer"}, "page": {"limit": 3}}
    seen, token = [], ""
    for _ in range(9):
        answer = found(RESOURCES, body | {"page": {"limit": 3, "token": token}}, mail)
        seen += [each["id"] for each in answer["results"]]
        token = answer["page"]["next_token"]
        if not token:
            break
    assert seen == [ALICE.id, *(who.id for who in people)]
    token = found(RESOURCES, body, mail)["page"]["next_token"]
    other = body | {"action": {"name": "improve_visit"}, "page": {"token": token}}
    about(post(RESOURCES, other, key=mail), 400, "/page/token")
    about(post(RESOURCES, body | {"page": {"token": f"{token}x"}}, key=mail), 400, "/page/token")
    about(post(RESOURCES, body | {"page": {"token": token}}, key=key("mail-engine", "search")), 400, "/page/token")


def test_a_caller_learns_of_itself_and_admin_of_everyone(mail):
    body = {"subject": {"type": "third_party", "id": "passed over"}, "action": OFFERS, "resource": customer(ALICE)}
    assert found(SUBJECTS, body, mail)["results"] == []
    own = body | {"subject": {"type": "system"}}
    assert found(SUBJECTS, own, mail)["results"] == [MAIL]
    admin = key("mail-engine", "search", "admin")
    assert found(SUBJECTS, body, admin)["results"] == [{"type": "third_party", "id": "adpartner"}]
    assert found(SUBJECTS, own | {"resource": customer(MALLORY)}, admin)["results"] == []


def test_an_action_search_tells_what_for(mail):
    body, tickets = {"subject": MAIL, "resource": customer(ALICE)}, {"name": "tickets_and_orders"}
    assert found(ACTIONS, body, mail)["results"] == [OFFERS, tickets]
    assert found(ACTIONS, body | {"resource": customer(BOB)}, mail)["results"] == [tickets]
    limited = key("mail-engine", "search", purposes=["improve_visit"])
    assert found(ACTIONS, body, limited)["results"] == []


@pytest.mark.parametrize("path", [SUBJECTS, ACTIONS])
def test_no_search_answers_more_than_was_asked_for_and_its_pages_hold_everything(cast, path):
    secret = key("mail-engine", "search", "admin")
    body = {"subject": MAIL, "action": OFFERS, "resource": customer(ALICE)}
    body |= {"subject": {"type": "system"}} if path == SUBJECTS else {}
    whole = found(path, body, secret)
    assert whole["page"]["next_token"] == ""
    told, token = [], ""
    while len(told) < len(whole["results"]):
        page = found(path, body | {"page": {"limit": 1, "token": token}}, secret)
        assert len(page["results"]) == 1
        told += page["results"]
        token = page["page"]["next_token"]
    assert told == whole["results"]
    assert not token


@pytest.mark.parametrize("path", [SUBJECTS, RESOURCES, ACTIONS])
def test_a_token_of_nobody_is_refused_by_every_search(mail, path):
    body = {"subject": MAIL, "action": OFFERS, "resource": customer(ALICE), "page": {"token": "zzz"}}
    refused = found(path, body, mail, status=400)
    assert [each["pointer"] for each in refused["errors"]] == ["/page/token"]


def test_whoever_is_told_of_sees_it_in_their_log(mail):
    before = Entry.objects.count()
    whose(mail)
    entry = Entry.objects.order_by("-id").first()
    assert (entry.action, entry.recipient, entry.purpose) == ("search.made", "mail-engine", "personal_offers")
    assert entry.subject
    whose(mail, action={"name": "improve_visit"})
    assert Entry.objects.count() == before + 2, "a search that finds nobody is in the log too"


@pytest.mark.parametrize("path", [SUBJECTS, RESOURCES, ACTIONS])
def test_the_rules_of_the_door(mail, path):
    body = {"subject": MAIL, "action": OFFERS, "resource": customer(ALICE)}
    assert post(path, body | {"colour": "red"}, key=mail, X_Request_ID="abc").headers["X-Request-ID"] == "abc"
    assert post(path, body, key=mail)["Cache-Control"] == "no-store"
    about(post(path, body, key=key()), 403)
    about(post(path, body), 401)
    about(call("GET", path, key=mail), 405)
    about(post(path, body, key=mail, content_type="text/plain"), 400)
    about(post(path, b"{", key=mail), 400)
    about(post(path, body | {"resource": {"id": 7}}, key=mail), 400, "/resource/type", *_id_too(path))
    about(post(path, body | {"page": {"limit": 0}}, key=mail), 400, "/page/limit")
    about(post(path, body | {"page": {"limit": 101}}, key=mail), 400, "/page/limit")
    about(post(path, body | {"context": {"as_of": "2026-01-01T00:00:00Z"}}, key=mail), 400, "/context/as_of")
    if path != SUBJECTS:
        about(post(path, body | {"subject": {"type": "third_party", "id": "adpartner"}}, key=mail), 403)


def _id_too(path):
    return [] if path == RESOURCES else ["/resource/id"]


def test_a_key_limited_to_a_namespace_searches_no_other(cast):
    limited = key("mail-engine", "search", namespaces=["customer"])
    about(post(RESOURCES, {"subject": MAIL, "action": OFFERS, "resource": {"type": "email"}}, key=limited), 403)


PEOPLE = ("alice", "bob")
RECORDS = ("record-1", "record-2")
MAY = {
    ("alice", "read", "record-1"),
    ("alice", "write", "record-1"),
    ("bob", "read", "record-1"),
    ("bob", "write", "record-2"),
}


@pytest.fixture
def certified(db):
    """The scenario: what the two records' owners agreed to, and nothing else."""
    document = yaml.safe_load((FIXTURE / "catalogue.yaml").read_text("utf-8"))
    catalogue.apply(document=document, by=OPERATOR, now=NOW - timedelta(days=9))
    office = key("records-office", "decide", "search", "admin", "consents:write")
    results = post("/api/v1/consents/batch", (FIXTURE / "consents.json").read_bytes(), key=office).json()["results"]
    assert [each["status"] for each in results] == [201, 201, 201]
    return office


def test_the_certification_scenario_decides(certified):
    for person in PEOPLE:
        for purpose in ("read", "write", "delete"):
            for record in RECORDS:
                body = {
                    "subject": {"type": "user", "id": person},
                    "action": {"name": purpose},
                    "resource": {"type": "record", "id": record},
                }
                answer = post("/access/v1/evaluation", body, key=certified).json()
                assert answer["decision"] == ((person, purpose, record) in MAY), body


def test_the_certification_scenario_searches(certified):
    for person in PEOPLE:
        for purpose in ("read", "write"):
            body = {"subject": {"type": "user", "id": person}, "action": {"name": purpose}}
            ids = [
                each["id"] for each in found(RESOURCES, body | {"resource": {"type": "record"}}, certified)["results"]
            ]
            assert ids == [record for record in RECORDS if (person, purpose, record) in MAY]
    for record in RECORDS:
        resource = {"type": "record", "id": record}
        for purpose in ("read", "write"):
            body = {"subject": {"type": "user"}, "action": {"name": purpose}, "resource": resource}
            ids = [each["id"] for each in found(SUBJECTS, body, certified)["results"]]
            assert ids == [person for person in PEOPLE if (person, purpose, record) in MAY]
        for person in PEOPLE:
            body = {"subject": {"type": "user", "id": person}, "resource": resource}
            names = [each["name"] for each in found(ACTIONS, body, certified)["results"]]
            assert names == [purpose for purpose in ("read", "write") if (person, purpose, record) in MAY]
