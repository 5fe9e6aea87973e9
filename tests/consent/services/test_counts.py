"""How many stand where: now by one query, then by folding, and both as each customer's own record has it."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.errors import NotFound, TrustError
from consent.models import Subject
from consent.services import counts, decisions, histories, records, subjects
from consent.services.subjects import Handle
from tests.world import ALICE, CAROL, NOW, SYSTEM, digest, publish, say

PURPOSES = ["personal_offers", "ride_photos", "plan_staff", "improve_visit"]
ACTS = ["give", "give", "refuse", "withdraw", "request", "defer", "pause", "resume", "object", "revoke", "renew"]
START = NOW - timedelta(days=200)


def live(seed: int, customers: int = 9, days: int = 150) -> list[Handle]:
    """People say this and that; some of it is dated back, some is imported, and the offers change in between."""
    chance = random.Random(seed)
    people = [Handle("customer", f"R-{number}") for number in range(customers)]
    for day in range(days):
        now = START + timedelta(days=day, minutes=chance.randrange(900))
        if day in (50, 100):
            publish(now=now, personal_offers={"retention": f"P{day}D", "consent_lasts": "P30D"})
        who, purpose, act = chance.choice(people), chance.choice(PURPOSES), chance.choice(ACTS)
        if chance.random() < 0.1:
            subjects.register(identifiers=[who], minor_until=(now + timedelta(days=60)).date(), by=SYSTEM, now=now)
        more = {"until": now + timedelta(days=20)} if act == "pause" else {}
        more |= {"notice_digest": digest(purpose)} if act in ("give", "renew") else {}
        more |= {"collected_at": now - timedelta(days=chance.randrange(9))} if chance.random() < 0.3 else {}
        more |= {"imported": True} if act in ("give", "withdraw") and chance.random() < 0.3 else {}
        try:
            say(who, act, purpose, now=now, **more)
        except TrustError:
            continue
    return people


def folded(people: list[Handle], moment) -> dict[str, tuple[Counter, int]]:
    """The same, one customer after the other."""
    found: dict[str, tuple[Counter, int]] = {}
    for who in people:
        subject = subjects.find(who)
        if subject is None or subject.created_at > moment:
            continue
        made = {row.purpose.key: row.decision for row in decisions.standing(subject=subject, moment=moment)}
        for row in records.standing(customer=who, only=None, as_of=moment, now=NOW):
            statuses, permitted = found.setdefault(row.purpose.key, (Counter(), 0))
            statuses[row.status] += 1
            found[row.purpose.key] = statuses, permitted + made[row.purpose.key].permitted
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_any_moment_they_are_what_each_customers_record_adds_up_to(park, monkeypatch, seed):
    monkeypatch.setattr(histories, "BATCH", 4)
    people = live(seed)
    for day in (0, 3, 49, 51, 99, 120, 151, 199):
        moment = START + timedelta(days=day)
        wanted = folded(people, moment)
        found = {row.purpose.key: row for row in counts.read(moment=moment, now=NOW)}
        assert wanted.keys() <= found.keys()
        for key, (statuses, permitted) in wanted.items():
            assert (Counter(found[key].statuses), found[key].permitted) == (statuses, permitted), (key, day)
            assert sum(found[key].statuses.values()) == found[key].customers
            assert counts.one(purpose=key, moment=moment, now=NOW) == found[key]


@pytest.mark.parametrize("seed", [4, 5])
def test_now_is_the_same_from_the_current_answers(park, seed):
    live(seed)
    for now in (NOW, NOW + timedelta(days=900)):
        past, current = counts.read(moment=now, now=now), counts.read(now=now)
        assert past == current
        assert any(row.permitted for row in current)


def test_now_is_one_query_over_the_answers_however_many_there_are(cast):
    counts.read(now=NOW)  # what versions allow is kept in memory from here on
    with CaptureQueriesContext(connection) as few:
        counts.read(now=NOW)
    for number in range(20):
        say(Handle("customer", f"Q-{number}"), "give")
    with CaptureQueriesContext(connection) as many:
        counts.read(now=NOW)
    assert len(many) == len(few)
    assert sum("consent_consentstate" in query["sql"] for query in many) == 1


def test_the_cast_is_counted(cast):
    (row,) = counts.read(only=["personal_offers"], now=NOW)
    assert (row.customers, row.statuses, row.permitted) == (3, {"given": 1, "refused": 1, "unknown": 1}, 1)
    (own,) = counts.read(only=["plan_staff"], now=NOW)
    assert (own.statuses, own.permitted) == ({"unknown": 3}, 3), "an interest of our own needs no yes"
    say(CAROL, "object", "plan_staff")
    assert counts.one(purpose="plan_staff", now=NOW).permitted == 2
    before = counts.one(purpose="personal_offers", moment=NOW - timedelta(days=25), now=NOW)
    assert (before.customers, before.statuses) == (1, {"given": 1})


def test_before_it_was_published_there_is_nothing_to_count(cast):
    assert counts.read(moment=NOW - timedelta(days=400), now=NOW) == []
    for key in ("personal_offers", "nothing", "Bad Key"):
        with pytest.raises(NotFound):
            counts.one(purpose=key, moment=NOW - timedelta(days=400), now=NOW)


def test_it_tells_how_far_it_is_and_holds_one_batch_at_a_time(cast, monkeypatch):
    monkeypatch.setattr(histories, "BATCH", 2)
    told = []
    counts.read(moment=NOW, now=NOW, progress=lambda done, of: told.append((done, of)))
    assert told == [(2, 3), (3, 3)]
    assert [len(batch) for batch in histories.read(progress=lambda *_: None)] == [2, 1]
    assert Subject.objects.count() == 3


def test_a_past_moment_of_one_customer_is_what_was_recorded_by_then(cast):
    say(ALICE, "withdraw", now=NOW)
    publish(now=NOW + timedelta(days=1), personal_offers={"retention": "P24M"})

    def row(moment):
        found = records.standing(customer=ALICE, only=["personal_offers"], as_of=moment, now=NOW + timedelta(days=9))
        return found[0].status, found[0].state.version, found[0].version.number, found[0].since

    assert row(NOW - timedelta(seconds=1)) == ("given", 1, 1, NOW - timedelta(days=30))
    assert row(NOW) == ("withdrawn", 1, 1, NOW)
    assert row(NOW + timedelta(days=2))[2] == 2
    with pytest.raises(NotFound, match="then"):
        row(NOW - timedelta(days=31))
