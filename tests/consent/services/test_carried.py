"""A yes and the editorial versions that it was carried over to: the evidence names each, and what it changed."""

from datetime import timedelta

from audit.models import Entry
from audit.services import entries
from consent.services import carried, catalogue, states, subjects
from tests.world import ALICE, NOW, publish, say

DAY = timedelta(days=1)


def over(who=ALICE, purpose="personal_offers"):
    row = catalogue.purpose(purpose)
    held = states.current(subject=subjects.find(who)).get(row.pk)
    return carried.over(state=states.as_rule(held), current=row.current)


def numbers():
    return [(each.given, each.number, [change.code for change in each.changes]) for each in over()]


def test_a_yes_to_the_version_in_force_was_carried_nowhere(park):
    say(ALICE, "give")
    assert over() == []


def test_each_editorial_version_since_is_told_with_its_changes(park):
    say(ALICE, "give")
    publish(now=NOW + DAY, personal_offers={"retention": "P6M"})
    publish(now=NOW + 2 * DAY, personal_offers={"retention": "P6M", "recipients": ["mail-engine", "mailbird"]})
    assert numbers() == [(1, 2, ["retention"]), (1, 3, ["recipients_removed"])]
    assert [each.published_at for each in over()] == [NOW + DAY, NOW + 2 * DAY]


def test_what_is_told_is_what_the_log_holds(park):
    say(ALICE, "give")
    publish(now=NOW + DAY, personal_offers={"retention": "P6M", "min_age": 16})
    entry = Entry.objects.filter(action="catalogue.published").latest("recorded_at")
    assert entries.payloads([entry])[entry.id]["changes"] == [change.detail for change in over()[0].changes]


def test_a_material_version_carries_nothing_over(park):
    say(ALICE, "give")
    publish(now=NOW + DAY, personal_offers={"retention": "P6M"})
    publish(now=NOW + 2 * DAY, personal_offers={"retention": "P24M"})
    assert over() == []


def test_a_new_yes_starts_from_its_own_version(park):
    say(ALICE, "give")
    publish(now=NOW + DAY, personal_offers={"retention": "P6M"})
    say(ALICE, "give", now=NOW + 2 * DAY)
    assert over() == []


def test_a_yes_that_was_taken_back_is_carried_nowhere(park):
    say(ALICE, "give")
    say(ALICE, "withdraw", now=NOW + DAY)
    publish(now=NOW + 2 * DAY, personal_offers={"retention": "P6M"})
    assert over() == []


def test_a_yes_that_ran_out_was_not_carried_to_what_came_later(park):
    say(ALICE, "give")
    publish(now=NOW + DAY, personal_offers={"retention": "P6M"})
    publish(now=NOW + 900 * DAY, personal_offers={"retention": "P3M"})
    assert numbers() == [(1, 2, ["retention"])]
