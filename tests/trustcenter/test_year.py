"""The demo's year: 200 visitors, in order of time, with the story that pages and the tour rely on."""

from collections import Counter

import pytest

from audit.models import Entry
from consent.models import Subject
from consent.services import states, subjects, uses
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from tests.world import NOW, publish
from trustcenter.demo import year

# The demo keeps a SQLite file of its own.
pytestmark = pytest.mark.once
STAFF = Actor("staff", ref="staff-1", name="Rosa Lind")


@pytest.fixture
def lived(db):
    publish()
    year.live(["mei.lin@youjian.example"], STAFF, now=NOW, progress=lambda done, of: None)


def test_the_year_is_full_and_in_order(lived):
    assert Subject.objects.count() == 200
    moments = list(Entry.objects.order_by("pending__id").values_list("recorded_at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    actions = Counter(Entry.objects.values_list("action", flat=True))
    assert actions["consent.given"] > 200
    for rare in ("consent.refused", "consent.withdrawn", "consent.objected", "evidence.viewed", "benefit.reported"):
        assert actions[rare] >= 3, rare
    reasons = Counter(Entry.objects.filter(outcome="refused").values_list("reason", flat=True))
    assert len(reasons) >= 6
    assert sum(reasons.values()) > 100


def test_robin_has_the_story_that_the_tour_tells(lived):
    robin = subjects.find(Handle("customer", "C-1001"))
    held = {state.purpose.key: state for state in states.current(subject=robin).values()}
    assert "adpartner" in held["personal_offers"].recipients
    assert {state.status for state in held.values()} == {"given"}
    seen = uses.seen_by(subject=robin)
    refused = {(each.entry.recipient, each.entry.reason) for each in seen if each.entry.outcome == "refused"}
    assert {
        ("adpartner", "recipient_not_named"),
        ("snapride", "no_consent"),
        ("mail-engine", "category_not_chosen"),
    } == refused
    assert len(uses.seen_by(subject=robin, actions=["benefit.reported"])) == 4


def test_the_dice_fall_the_same_way_each_time(park):
    def told():
        return [
            (each.at, each.do.__qualname__) for each in sorted(year._year([], STAFF, NOW), key=lambda each: each.at)
        ]

    assert told() == told()
