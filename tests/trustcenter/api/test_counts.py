"""Counts by API: how many stand where, now or at a past moment; nobody is named."""

from datetime import timedelta

import pytest

from tests.callers import about, get
from tests.world import ALICE, NOW, key, say

PATH = "/api/v1/purposes/personal_offers/counts"


@pytest.fixture
def desk(cast):
    return key("mail-engine", "audit")


def test_now_and_then(desk):
    found = get(PATH, key=desk).json()
    assert found.pop("as_of")
    assert found == {
        "purpose": "personal_offers",
        "version": 1,
        "customers": 3,
        "permitted": 1,
        "statuses": {"given": 1, "refused": 1, "unknown": 1},
    }
    say(ALICE, "withdraw")
    moment = (NOW - timedelta(days=25)).isoformat().replace("+00:00", "Z")
    assert get(PATH, key=desk).json()["permitted"] == 0
    then = get(f"{PATH}?as_of={moment}", key=desk).json()
    assert (then["as_of"], then["statuses"], then["permitted"]) == (moment, {"given": 1}, 1)


def test_what_is_wrong_is_named(desk):
    for moment in ("2099-01-01T00:00:00Z", "x", "2026-02-30T00:00:00Z"):
        about(get(f"{PATH}?as_of={moment}", key=desk), 400, "/as_of")
    about(get(f"{PATH}?when=now", key=desk), 400, "/when")
    about(get(f"{PATH}?as_of=2001-01-01T00:00:00Z", key=desk), 404)
    about(get("/api/v1/purposes/nothing/counts", key=desk), 404)


def test_a_key_counts_only_the_purposes_it_is_limited_to(desk):
    limited = key("mail-engine", "audit", purposes=["plan_staff"])
    about(get(PATH, key=limited), 403)
    assert get("/api/v1/purposes/plan_staff/counts", key=limited).status_code == 200
