"""Requests and concerns that come by phone or in a shop: opened, listed, read and answered by API."""

import pytest
import time_machine

from consent.models import Concern, RightsRequest
from consent.services import concerns
from consent.services.concerns import Said
from tests import world
from tests.callers import about, get, post, subject
from tests.world import ALICE, BOB, CUSTOMER, MALLORY, NOW, ask

RIGHTS, CONCERNS = "/api/v1/rights", "/api/v1/concerns"


@pytest.fixture
def key(cast):
    with time_machine.travel(NOW, tick=False):
        yield world.key("mail-engine", "rights")


def right(who=ALICE, kind="limit", **more):
    return {"subject": subject(who), "kind": kind, "channel": "phone", "identity_checked": True, **more}


def concern(who=ALICE, **more):
    return {"subject": subject(who), "words": "They called me.", "channel": "phone", **more}


def test_a_request_by_phone_is_opened_and_answered(key):
    opened = post(RIGHTS, right(kind="copy"), key=key)
    assert (opened.status_code, opened.json()["due"], opened.json()["state"]) == (201, "2026-06-14", "received")
    here = f"{RIGHTS}/{opened.json()['reference']}"
    assert post(f"{here}/steps", {"step": "started"}, key=key).json()["state"] == "working"
    done = {"step": "answered", "words": "It is in the post.", "done": {"letters": 3}, "file": "safe 7"}
    assert post(f"{here}/steps", done, key=key).json()["state"] == "done"
    told = get(here, key=key).json()
    assert [(each["step"], each["words"]) for each in told["steps"]] == [
        ("opened", ""),
        ("started", ""),
        ("answered", "It is in the post."),
    ]
    about(post(f"{here}/steps", {"step": "started"}, key=key), 409)


def test_a_limit_by_phone_counts_at_once_and_until_it_is_taken_back(key):
    found = post(RIGHTS, right(identity_checked=False), key=key).json()
    assert ask(ALICE).decision.reason == "processing_limited"
    assert get(f"{RIGHTS}/{found['reference']}", key=key).json()["limits_now"] is True
    about(post(RIGHTS, right(), key=key), 409)
    assert post(f"{RIGHTS}/{found['reference']}/steps", {"step": "withdrawn"}, key=key).status_code == 200
    assert ask(ALICE).decision.permitted


def test_what_is_wrong_is_named(key):
    about(post(RIGHTS, {"kind": "all"}, key=key), 400, "/kind", "/subject", "/channel", "/identity_checked")
    about(post(RIGHTS, right(kind="correct"), key=key), 400, "/words")
    about(post(RIGHTS, right(purpose="personal_offers"), key=key), 400, "/purpose")
    about(post(RIGHTS, right(MALLORY), key=key), 404)
    here = f"{RIGHTS}/{post(RIGHTS, right(), key=key).json()['reference']}/steps"
    about(post(here, {"step": "refused", "words": "No."}, key=key), 400, "/ground")
    about(post(here, {"step": "started", "words": "Now."}, key=key), 400, "/words")
    about(post(here, {"step": "jumped"}, key=key), 400, "/step")
    about(post(f"{RIGHTS}/R-7K3F-92QY/steps", {"step": "started"}, key=key), 404)
    about(post(CONCERNS, concern(words="", about=str(ask(BOB).id)), key=key), 400, "/words", "/about")


def test_the_same_request_twice_is_one(key):
    first = post(RIGHTS, right(), key=key, Idempotency_Key="call 7").json()
    assert post(RIGHTS, right(), key=key, Idempotency_Key="call 7").json() == first
    assert RightsRequest.objects.count() == 1


def test_a_list_goes_on_where_it_ended(key):
    for who in (ALICE, BOB):
        for kind in ("copy", "delete"):
            post(RIGHTS, right(who, kind), key=key)
    found, cursor = [], ""
    while cursor is not None:
        page = get(f"{RIGHTS}?limit=3{cursor and '&cursor='}{cursor}", key=key).json()
        found, cursor = found + page["items"], page["next"]
    assert [each["kind"] for each in found] == ["delete", "copy", "delete", "copy"]
    assert get(f"{RIGHTS}?state=done", key=key).json()["items"] == []
    about(get(f"{RIGHTS}?cursor=nonsense", key=key), 400, "/cursor")


def test_a_concern_by_phone_is_written_down_answered_and_closed(key):
    raised = post(CONCERNS, concern(contact="0123", purpose="personal_offers"), key=key)
    assert (raised.status_code, raised.json()["due"]) == (201, "2026-05-21")
    here = f"{CONCERNS}/{raised.json()['reference']}"
    for step in ({"step": "answered", "words": "Who?"}, {"step": "added", "words": "A man."}, {"step": "closed"}):
        assert post(f"{here}/steps", step, key=key).status_code == 200
    told = get(here, key=key).json()
    assert (told["state"], told["contact"], len(told["steps"])) == ("closed", "0123", 4)
    about(post(f"{here}/steps", {"step": "answered", "words": "More."}, key=key), 409)
    assert get(CONCERNS, key=key).json()["items"] == []


def test_what_was_raised_without_a_name_is_answered_like_any_other(key):
    said = Said("A worry.", "portal")
    number = concerns.open_without_name(said=said, network="192.0.2.1", by=CUSTOMER, now=NOW).concern.reference
    answered = post(f"{CONCERNS}/{number}/steps", {"step": "answered", "words": "Thank you."}, key=key)
    assert (answered.json()["state"], Concern.objects.get().subject) == ("answered", None)


def test_a_key_limited_to_some_customers_sees_no_lists(key):
    narrow = world.key("queue-planner", "rights", namespaces=["customer"])
    assert post(RIGHTS, right(), key=narrow).status_code == 201
    about(get(RIGHTS, key=narrow), 403)
    about(get(CONCERNS, key=narrow), 403)
