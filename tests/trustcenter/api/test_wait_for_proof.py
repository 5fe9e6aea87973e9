"""`?wait=proof`: the answer comes when the choice is sealed, and says where it stands."""

from types import SimpleNamespace

import pytest

from audit.models import Leaf
from tests.callers import choice, get, post
from tests.world import ALICE, BOB, key, seal_all
from trustcenter.api import waiting

ONE, MANY = "/api/v1/consents?wait=proof", "/api/v1/consents/batch?wait=proof"


@pytest.fixture
def shop(cast):
    return key()


@pytest.fixture
def sealer(monkeypatch):
    """The sealer, whose pass comes at the third look."""
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            seal_all()

    # Nobody else's clock, and one on which only these looks take time.
    monkeypatch.setattr(waiting, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: sum(looks)))
    return looks


def test_it_answers_with_the_place_once_it_is_sealed(shop, sealer):
    answer = post(ONE, choice(ALICE, "withdraw"), key=shop)
    told = answer.json()
    proof = told["proof"]
    assert answer.status_code == 201
    assert proof["sealed"] is True
    assert str(Leaf.objects.get(seq=proof["index"]).entry_id) == told["event"]["id"]
    assert len(sealer) == 3
    assert get(proof["url"].removeprefix("http://127.0.0.1:8000")).json()["index"] == proof["index"]


def test_each_item_of_a_batch_has_its_place_and_a_refused_one_has_none(shop, sealer):
    items = [choice(ALICE, "withdraw"), choice(BOB, purpose="no_such_purpose"), choice(BOB, "withdraw")]
    results = post(MANY, {"consents": items}, key=shop).json()["results"]
    assert [each["status"] for each in results] == [201, 400, 201]
    assert "proof" not in results[1]
    assert results[0]["proof"]["index"] + 1 == results[2]["proof"]["index"]


def test_where_nobody_seals_it_answers_anyway(shop, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.2)
    answer = post(ONE, choice(ALICE, "withdraw"), key=shop)
    assert (answer.status_code, answer.json()["proof"]) == (201, {"sealed": False})


def test_above_so_many_that_wait_it_answers_at_once(shop, monkeypatch):
    monkeypatch.setattr(waiting, "HELD", waiting.threading.BoundedSemaphore(1))
    waiting.HELD.acquire()
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=float, sleep=lambda _: pytest.fail("it waited")))
    assert post(ONE, choice(ALICE, "withdraw"), key=shop).json()["proof"] == {"sealed": False}


def test_a_repeated_request_is_answered_the_same_with_what_is_known_now(shop, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    once = {"Idempotency_Key": "once"}
    first = post(ONE, choice(ALICE, "withdraw"), key=shop, **once).json()
    seal_all()
    second = post(ONE, choice(ALICE, "withdraw"), key=shop, **once).json()
    assert first.pop("proof") == {"sealed": False}
    assert second.pop("proof")["sealed"] is True
    assert first == second


def test_any_other_word_is_refused_before_anything_is_recorded(shop):
    before = Leaf.objects.count()
    answer = post("/api/v1/consents?wait=seal", choice(ALICE, "withdraw"), key=shop)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/wait"
    assert "proof" not in post("/api/v1/consents", choice(ALICE, "withdraw"), key=shop).json()
    assert Leaf.objects.count() == before
