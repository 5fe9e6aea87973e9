"""Whoever asks about guessed addresses learns nothing, has to wait, and the officer hears of it."""

import json
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Entry, Payload
from audit.services import entries, verify
from consent.models import AskCount
from consent.services import asks, links, subjects, suppressions
from consent.services.handles import Handle
from tests.callers import about, call, post, question
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, SYSTEM, key, say, seal_all

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
VALUES = re.compile(r"\s(WHERE|VALUES|SET)\s.*|SAVEPOINT .*", re.DOTALL)
WITHDREW, ALONE, CHILD, JOINED = (Handle("customer", f"P-10{place}") for place in range(4))
PASSPORT = {"guardian_verification": "Passport of the mother, seen at the gate."}


@pytest.fixture
def everybody(cast):
    """Whom a stranger must not tell apart: each is refused, and each for a reason of their own."""
    say(WITHDREW, "give", recipients=["mail-engine", "adpartner"], now=NOW - timedelta(days=2))
    say(WITHDREW, "withdraw", now=NOW - timedelta(days=1))
    say(ALONE, "give", recipients=["mail-engine", "adpartner"], now=NOW - timedelta(days=2))
    suppressions.suppress(subject=ALONE, by=SYSTEM, now=NOW - timedelta(days=1))
    young = {"jurisdiction": "GB", "minor_until": date(2033, 1, 1)}
    subjects.register(identifiers=[CHILD], by=OPERATOR, now=NOW - timedelta(days=2), **young)
    subjects.register(identifiers=[JOINED], by=OPERATOR, now=NOW - timedelta(days=2), **young)
    links.link(
        subject=JOINED, other=CAROL, why=links.Why("Two cards, one child."), by=OPERATOR, now=NOW - timedelta(days=1)
    )
    return [BOB, CAROL, MALLORY, WITHDREW, ALONE, CHILD, JOINED, Handle("customer", "never-seen")]


@pytest.fixture
def partner(cast):
    scopes = ("decide", "search")
    return key("adpartner", *scopes, purposes=["personal_offers", "plan_staff"], namespaces=["customer"])


def asked(who, **more):
    return question(who, subject={"type": "third_party", "id": "adpartner"}, **more)


def guesses(number):
    items = [{"resource": {"type": "customer", "id": f"G-{place}"}} for place in range(number)]
    return asked(ALICE, evaluations=items)


def shape(value):
    """What can be told apart of an answer: its members, and the length of each text."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return len(value) if isinstance(value, str) else value


def findings():
    return list(Entry.objects.filter(action="probing.suspected").order_by("id"))


def test_a_stranger_gets_the_same_answer_about_everybody_who_is_refused(everybody, partner):
    told = [post(ONE, asked(who), key=partner) for who in everybody]
    reasons = {each.reason for each in Entry.objects.filter(action="decision.made")}
    assert len(reasons) > 3, "each has a reason of their own, and it is in the log"
    assert {each.status_code for each in told} == {200}
    assert {each.json()["context"]["reason"] for each in told} == {"not_permitted"}
    assert len({json.dumps(shape(each.json())) for each in told}) == 1
    assert len({tuple(sorted((name, len(value)) for name, value in each.headers.items())) for each in told}) == 1


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (ONE, asked(ALICE)),
        ("/access/v1/search/subject", {"subject": {"type": "third_party"}, "action": {"name": "personal_offers"}}),
        ("/access/v1/search/action", {"subject": {"type": "third_party", "id": "adpartner"}}),
    ],
    ids=["check", "who may", "what for"],
)
def test_the_same_work_is_done_about_everybody(everybody, partner, address, body):
    def work(who):
        """The statements, with the values cut away, and what was written of whom."""
        before = set(Entry.objects.values_list("id", flat=True))
        with CaptureQueriesContext(
            connection,
        ) as found:
            response = post(address, body | {"resource": {"type": who.namespace, "id": who.id}}, key=partner)
        assert response.status_code == 200
        written = Entry.objects.exclude(id__in=before)
        sealed = sorted(len(each.sealed) for each in Payload.objects.filter(entry__in=written))
        return [VALUES.sub("", each["sql"]) for each in found.captured_queries], sealed

    post(address, body | {"resource": {"type": "customer", "id": BOB.id}}, key=partner)  # what is read once, is read
    works = [work(who) for who in everybody]
    assert works[0][1], "something was written"
    for who, each in zip(everybody, works, strict=True):
        assert len(each[0]) == len(works[0][0]), who
        assert each == works[0], who


def test_what_was_said_of_a_stranger_can_be_opened_by_nobody_and_proves_all_the_same(partner):
    answer = post(ONE, asked(MALLORY), key=partner).json()
    entry = Entry.objects.get(id=answer["context"]["id"])
    assert entries.payloads([entry]) == {}
    assert Payload.objects.filter(entry=entry).exists()
    seal_all()
    assert verify.whole_log(now=NOW).good


def test_a_partner_that_guesses_has_to_wait_and_the_officer_hears_of_it_once(partner, settings):
    settings.THIRD_PARTY_REFUSALS = 100
    assert post(MANY, guesses(99), key=partner).status_code == 200
    assert findings() == []
    assert post(ONE, asked(MALLORY), key=partner).status_code == 200
    (found,) = findings()
    assert (found.recipient, found.outcome) == ("adpartner", "finding")
    assert json.loads(bytes(found.leaf))["details"] == {"asked": 100, "refused": 100, "unknown": 100}
    for _ in range(3):
        response = post(ONE, asked(ALICE), key=partner)
        about(response, 429)
        assert response.json()["code"] == "too_many"
        assert 0 < int(response["Retry-After"]) <= 3600
    assert findings() == [found]
    assert Entry.objects.filter(action="decision.made").count() == 100, "who has to wait is not answered"


def test_it_may_ask_again_when_the_hour_is_over_and_the_officer_hears_of_it_again_the_next_day(partner, settings):
    settings.THIRD_PARTY_REFUSALS = 5
    with time_machine.travel(NOW + timedelta(minutes=20)):
        post(MANY, guesses(5), key=partner)
        wait = int(post(ONE, asked(ALICE), key=partner)["Retry-After"])
    with time_machine.travel(NOW + timedelta(minutes=20, seconds=wait)):
        assert post(ONE, asked(ALICE), key=partner).json()["decision"] is True
        post(MANY, guesses(5), key=partner)
    assert len(findings()) == 1
    with time_machine.travel(NOW + timedelta(days=1)):
        post(MANY, guesses(5), key=partner)
    assert len(findings()) == 2


def test_all_who_are_refused_use_the_limit_up_alike(everybody, partner, settings):
    """A limit that only strangers used up would tell who is one."""
    settings.THIRD_PARTY_REFUSALS = 4
    for who in everybody:
        AskCount.objects.all().delete()
        answers = [post(ONE, asked(who), key=partner).status_code for _ in range(5)]
        assert answers == [200, 200, 200, 200, 429], who


def test_a_partner_may_ask_about_so_many_an_hour_and_no_more(partner, settings):
    settings.THIRD_PARTY_ASKS, settings.THIRD_PARTY_REFUSALS = 10, 0
    everything = asked(ALICE, evaluations=[{}] * 8)
    assert post(MANY, everything, key=partner).status_code == 200
    about(post(MANY, everything, key=partner), 429)
    assert post(MANY, asked(ALICE, evaluations=[{}, {}]), key=partner).status_code == 200, "what was refused counts not"
    about(post(ONE, asked(ALICE), key=partner), 429)
    about(post("/access/v1/search/action", asked(ALICE), key=partner), 429)


def test_a_list_counts_as_many_as_are_in_it(partner, settings):
    settings.THIRD_PARTY_ASKS = 10

    def filtered(number):
        ids = "".join(f"G-{place}\n" for place in range(number))
        address = "/api/v1/audience?purpose=personal_offers"
        return call("POST", address, ids, key=partner, content_type="text/plain; charset=utf-8")

    about(filtered(11), 429)
    assert filtered(10).status_code == 200
    about(filtered(1), 429)
    assert Entry.objects.filter(action="audience.filtered").count() == 1
    assert len(findings()) == 1


def test_each_key_has_a_limit_of_its_own_and_our_own_systems_have_none(partner, settings):
    settings.THIRD_PARTY_ASKS = 1
    other = key("snapride", "decide", purposes=["personal_offers"], namespaces=["customer"])
    assert post(ONE, asked(ALICE), key=partner).status_code == 200
    about(post(ONE, asked(ALICE), key=partner), 429)
    third = question(ALICE, subject={"type": "third_party", "id": "snapride"})
    assert post(ONE, third, key=other).status_code == 200
    own = key()
    assert post(MANY, question(ALICE, evaluations=[{}] * 30), key=own).status_code == 200
    assert not AskCount.objects.filter(key__recipient__key="mail-engine").exists()
    settings.SYSTEM_ASKS = 2
    assert [post(ONE, question(MALLORY), key=own).status_code for _ in range(3)] == [200, 200, 429]
    assert not Entry.objects.filter(action="probing.suspected", recipient="mail-engine").exists()


def test_the_limits_of_the_settings_stand(db, settings):
    stranger = type("Key", (), {"recipient": type("R", (), {"third_party": True})})
    assert asks.limits(stranger) == asks.Limits(10_000, 1_000)
    assert asks.limits(type("Key", (), {"recipient": type("R", (), {"third_party": False})})) == asks.Limits(0, 0)
