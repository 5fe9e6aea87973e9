"""The local checker on a real `serve`, with its sealer: what is recorded there counts here, and the other way round."""

import signal
import time
from datetime import timedelta

import pytest

from tests.serving import copied, serving, until
from tests.trustcenter.sdk.conftest import PATIENT
from trustcenter.sdk import Client, LocalChecker, Question

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
OFFERS, EMAIL = "personal_offers", "contact.email"
HOW = {"channel": "web", "method": "button"}


def checking(served, **more):
    return LocalChecker(served.url, served.key, recipient="mail-engine", timeout=PATIENT, **more)


@pytest.fixture
def local(served):
    with checking(served, report=False) as checker:
        assert checker.wait_ready(60)
        yield checker


def test_it_answers_as_the_service_does(local, online):
    asked = [(who, cats) for who in ("C-1001", "C-1002", "C-9999") for cats in (None, [EMAIL], [EMAIL, "face_image"])]
    there = online.check(OFFERS, "customer:C-1001")
    until(lambda: local.check(OFFERS, "customer:C-1001").valid_until == there.valid_until)
    for who, categories in asked:
        here, there = (each.check(OFFERS, f"customer:{who}", categories) for each in (local, online))
        assert here.allowed == there.allowed
        assert here.categories_allowed == there.categories_allowed
        if categories:
            assert here.categories_refused == there.categories_refused
        if here:
            assert here.valid_until == there.valid_until
    assert local.check("unheard_of", "customer:C-1001").reason == "unknown_purpose"


def test_a_withdrawal_is_followed_and_a_token_is_waited_for(local, online):
    who = local.resolve("customer:C-1001")
    until(lambda: local.check(OFFERS, who))
    done = online.record("customer:C-1001", OFFERS, "withdraw", **HOW)
    told = Question(OFFERS, "customer:C-1001", at_least=done.token)
    assert local.check_many([told])[0].reason == "consent_withdrawn"
    until(lambda: local.check(OFFERS, who).reason == "refused_by_copy")
    online.record("customer:C-1001", OFFERS, "give", language="en", categories=["purchase_history"], **HOW)
    until(lambda: local.check(OFFERS, who).categories_allowed == ("purchase_history",))
    soon = local.check(OFFERS, who).valid_until - timedelta(days=700)  # the yes lasts two years
    online.record("customer:C-1001", OFFERS, "pause", until=soon, **HOW)
    until(lambda: not local.check(OFFERS, who))
    assert local.fresh


def test_a_copy_taken_now_is_the_copy_that_followed(served, local, online):
    for place in range(20):
        act = {"act": "give", "language": "en"} if place % 2 else {"act": "refuse"}
        online.record(f"customer:M-{place}", OFFERS, **act, **HOW)
    until(lambda: local.check(OFFERS, "customer:M-19"))
    with checking(served, report=False, holder="second") as second:
        assert second.wait_ready(60)
        until(lambda: second.position == local.position)
        mine, theirs = (
            {told.customer: told for told in each._follower.standing.copy.customers()} for each in (local, second)
        )
        assert mine == theirs


def test_uses_stand_in_the_customers_log(served, online):
    with checking(served) as checker:
        assert checker.wait_ready(60)
        until(lambda: checker.check(OFFERS, "customer:C-1001", [EMAIL], "June letter"))
    seen = online._http.get(
        f"{served.url}/api/v1/subjects/customer/C-1001/uses", headers={"Authorization": f"Bearer {served.key}"}
    )
    assert "June letter" in seen.text


def test_a_service_that_stands_still_is_waited_for_in_refusal(park_folder, tmp_path):
    """With a short lease, stopped: it takes requests and says nothing."""
    with serving(copied(park_folder.folder, tmp_path / "data"), FEED_LEASE="2") as tree:
        with Client(tree.url, park_folder.key, recipient="mail-engine", timeout=PATIENT) as online:
            online.record("customer:C-1001", OFFERS, "give", language="en", **HOW)
        with LocalChecker(tree.url, park_folder.key, recipient="mail-engine", path=tmp_path / "copy") as checker:
            until(lambda: checker.check(OFFERS, "customer:C-1001"))
            tree.signal(signal.SIGSTOP)
            until(lambda: checker.check(OFFERS, "customer:C-1001").reason == "stale")
            time.sleep(1)
            assert checker.check(OFFERS, "customer:C-1001").reason == "stale"
            tree.signal(signal.SIGCONT)
            until(lambda: checker.fresh)
            with Client(tree.url, park_folder.key, recipient="mail-engine", timeout=PATIENT) as online:
                online.record("customer:C-1001", OFFERS, "withdraw", **HOW)
            until(lambda: checker.check(OFFERS, "customer:C-1001").reason == "refused_by_copy")
