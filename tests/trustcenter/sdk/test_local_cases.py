"""Every decision case, decided on a copy that was taken from the service: the decision is the same."""

from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.db import connection

from tests import decision_cases as cases
from tests import decision_rows as rows
from tests import world
from trustcenter.sdk import LocalChecker
from trustcenter.sdk.feed import Feed
from trustcenter.sdk.follower import Follower
from trustcenter.wsgi import application

# Nobody holds a key of theirs, so nobody holds a copy.
NOT_IN_THE_CATALOGUE = {name for name, kind in rows.KINDS.items() if not kind}


class Still:
    """The service's clock, known to the microsecond, at the moment of a case."""

    def __init__(self, now):
        self.now = now.timestamp()

    def heard(self, *_):
        """What it says is known."""

    def earliest(self, _):
        return self.now

    latest = earliest

    def tick_at(self, _):
        return float("inf")


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """The checker follows when it is told to, in this thread: so it sees the test's transaction."""
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    monkeypatch.setattr(Follower, "start", lambda _: None)


@contextmanager
def following(secret, recipient, now):
    """A checker that followed the service of this process once."""
    checker = LocalChecker("http://trust.example", secret, recipient=recipient, report=False, transport=_transport)
    follower = checker._follower
    follower.clock = Still(now)
    with checker, httpx.Client(transport=_transport()) as http:
        follower._follow(Feed(follower._line, http, follower.clock, "default"))
        yield checker


def _transport():
    return httpx.WSGITransport(application)


def _answer(case, taken):
    """The answer of a copy that was taken some time before it is asked."""
    given, recipient, now = case["given"], case["ask"]["recipient"], cases.moment(case["given"]["now"])
    purpose = given["purpose"]["key"] if given["purpose"] else "unheard_of"
    outside = rows.KINDS.get(recipient) == "third_party"
    limits = {"purposes": [purpose], "namespaces": ["customer"]} if outside else {}
    with time_machine.travel(now - taken, tick=False):
        secret = world.key(recipient, "feed", **limits)
        with following(secret, recipient, now) as checker:
            who = checker.resolve(f"{rows.WHO.namespace}:{rows.WHO.id}")
            first = checker.check(purpose, who, case["ask"].get("categories"))
            assert checker.check(purpose, who, case["ask"].get("categories")) == first
            return first


@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_a_copy_decides_as_the_service_does(db, case):
    given, asked, wanted = case["given"], case["ask"], case["answer"]
    rows.store(given, asked["recipient"])
    if asked["recipient"] in NOT_IN_THE_CATALOGUE:
        assert not wanted["decision"]
        return
    answer = _answer(case, timedelta(0))
    assert answer.allowed == wanted["decision"], case["says"]
    known = {"permitted"} if wanted["decision"] else {"refused_by_copy", "unknown_purpose"}
    assert answer.reason in ({wanted["reason"]} if wanted["reason"] == "unknown_purpose" else known), case["says"]
    assert list(answer.categories_allowed) == (wanted["allowed"] if answer.reason != "unknown_purpose" else [])
    if "categories" in asked:
        parted = {*answer.categories_allowed, *answer.categories_refused}
        assert parted == set(asked["categories"])
    if "valid_until" in wanted:
        assert answer.valid_until == cases.moment(wanted["valid_until"])
    if {"expires_at", "paused_until"} & set((given["customer"] or {}).get("state") or {}):
        assert _answer(case, timedelta(hours=1)) == answer, "Time alone changes it, also in a copy."
