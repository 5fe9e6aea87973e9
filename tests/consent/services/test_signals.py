"""A browser's signal: kept once for the person, honoured where the law says so, and never a yes."""

from datetime import timedelta

import pytest
from django.db import Error, transaction

from audit.models import Entry
from consent.errors import AskedRecently
from consent.models import Signal, Subject
from consent.services import overview, signals, subjects
from consent.services.ledger import Actor
from tests.world import ALICE, BOB, MALLORY, NOW, SYSTEM, ask, publish, say

DAY = timedelta(days=1)
BROWSER = Actor("browser")


@pytest.fixture
def shared(park):
    """Offers are shared with others, and Alice in California said yes to them."""
    publish(now=NOW - 90 * DAY, personal_offers={"sale_or_sharing": True})
    live("US-CA")
    say(ALICE, "give", now=NOW - 30 * DAY)


def live(place, who=ALICE):
    subjects.register(identifiers=[who], jurisdiction=place, by=SYSTEM, now=NOW - 100 * DAY)


def signal(who=ALICE, now=NOW, channel="web"):
    return signals.receive(subject=who, channel=channel, by=BROWSER, now=now)


def reason(now=NOW, who=ALICE, **more):
    return ask(who, now=now, **more).decision.reason


def test_C3_the_signal_changes_the_persons_record_once_and_its_source_is_logged(shared):
    first, second = signal(), signal(now=NOW + DAY, channel="app")
    assert (first.new, first.honoured, second.new, second.received_at) == (True, True, False, NOW)
    row = Signal.objects.get()
    entry = Entry.objects.get(action="signal.received")
    assert (row.channel, row.received_at, row.entry_id) == ("web", NOW, entry.id)
    assert (entry.subject, entry.actor_type) == (subjects.find(ALICE).pseudonym, "browser")


def test_C3_whoever_we_did_not_know_becomes_known_by_it(shared):
    signal(MALLORY)
    say(MALLORY, "give", now=NOW - DAY)
    assert reason(who=MALLORY) == "gpc_opt_out"


def test_C3_it_stops_what_is_sold_or_shared_and_nothing_else(shared):
    say(ALICE, "give", "improve_visit", now=NOW - DAY)
    assert reason() == "permitted"
    signal()
    assert reason() == "gpc_opt_out"
    assert reason(purpose="improve_visit", recipient="queue-planner") == "permitted"


def test_it_stops_sharing_that_needs_no_yes_too(park):
    publish(now=NOW - DAY, plan_staff={"sale_or_sharing": True})
    live("US-TX")
    signal()
    assert reason(purpose="plan_staff", recipient="staff-planner") == "gpc_opt_out"


def test_a_check_of_a_moment_before_the_signal_is_answered_as_it_was(shared):
    signal()
    assert reason(now=NOW + DAY, as_of=NOW - DAY) == "permitted"
    assert reason(now=NOW + DAY, as_of=NOW) == "gpc_opt_out"


@pytest.mark.parametrize(("place", "stopped"), [("US-CO", True), ("US", True), ("", True), ("GB", False)])
def test_C14_the_jurisdiction_decides(shared, place, stopped):
    live(place)
    assert signal().honoured == stopped
    assert reason() == ("gpc_opt_out" if stopped else "permitted")


def test_a_later_yes_of_their_own_to_this_use_goes_before_it(shared):
    signal()
    say(ALICE, "give", now=NOW + DAY)
    assert reason(NOW + DAY) == "permitted"
    assert reason(NOW + 3 * DAY, as_of=NOW + 2 * DAY) == "permitted"
    signal(now=NOW + 2 * DAY)
    assert reason(NOW + 2 * DAY) == "permitted", "the browser says the same with every request"
    say(ALICE, "withdraw", now=NOW + 3 * DAY)
    assert reason(NOW + 3 * DAY) == "consent_withdrawn"


@pytest.mark.parametrize(
    "more",
    [
        {"collected_at": NOW - DAY},
        {"collected_at": NOW - timedelta(minutes=1)},
        {"actor": "staff", "channel": "phone", "evidence": {"reason": "They called."}},
        {"actor": "representative", "evidence": {"mandate": "Letter of 2 May."}},
        {"imported": True, "collected_at": NOW - DAY},
    ],
    ids=["older", "a minute older", "by staff", "by a representative", "imported"],
)
def test_neither_an_older_yes_nor_somebody_elses_goes_before_it(shared, more):
    signal()
    say(ALICE, "give", now=NOW + DAY, **more)
    assert reason(NOW + DAY) == "gpc_opt_out"


def test_a_clock_that_runs_ahead_makes_no_yes_later_than_the_signal(shared):
    say(ALICE, "give", now=NOW - timedelta(minutes=1), collected_at=NOW + timedelta(minutes=2))
    signal()
    assert reason(NOW + DAY) == "gpc_opt_out"


def test_where_the_law_is_not_known_no_yes_goes_before_it(shared):
    live("")
    signal()
    say(ALICE, "give", now=NOW + DAY)
    assert reason(NOW + DAY) == "gpc_opt_out"


def test_C8_nobody_asks_for_12_months_after_the_signal(shared):
    signal()
    say(ALICE, "withdraw", now=NOW - 20 * DAY, imported=True, collected_at=NOW - 20 * DAY)
    with pytest.raises(AskedRecently):
        say(ALICE, "request", now=NOW + 364 * DAY)
    say(ALICE, "request", "improve_visit", now=NOW + DAY)
    say(ALICE, "request", now=NOW + 366 * DAY)


def test_C8_also_of_who_never_answered(shared):
    live("US-NJ", BOB)
    signal(BOB)
    with pytest.raises(AskedRecently):
        say(BOB, "request", now=NOW + DAY)


def test_C4_what_it_keeps_off_and_what_a_later_yes_turned_on_are_told_apart(shared):
    def told(now=NOW + 2 * DAY):
        found = overview.of(subject=subjects.find(ALICE), language="en", now=now)
        return found.signalled, [use.key for use in found.kept_off], [use.key for use in found.kept_on]

    assert told() == (False, [], [])
    signal()
    assert told() == (True, ["personal_offers"], [])
    say(ALICE, "give", now=NOW + DAY)
    assert told() == (True, [], ["personal_offers"])
    live("GB")
    assert told() == (False, [], []), "what is not honoured is not shown as honoured"


def test_the_database_lets_nobody_take_a_signal_back(shared):
    signal()
    for changed in ({"gpc_at": None}, {"gpc_at": NOW - DAY}):
        with pytest.raises(Error), transaction.atomic():
            Subject.objects.filter(gpc_at=NOW).update(**changed)
    with pytest.raises(Error), transaction.atomic():
        Signal.objects.all().delete()
    with pytest.raises(Error), transaction.atomic():
        Signal.objects.update(channel="app")


def test_C1_opting_out_by_portal_by_phone_and_by_signal_is_the_same_for_the_person(shared):
    def after(act):
        with transaction.atomic():
            act()
            answer = ask(ALICE, now=NOW + DAY).decision.permitted
            transaction.set_rollback(True)
        return answer

    assert after(lambda: None)
    assert not after(lambda: say(ALICE, "withdraw", channel="portal"))
    assert not after(lambda: say(ALICE, "withdraw", actor="staff", channel="phone"))
    assert not after(signal)


def test_G30_a_browser_objects_and_that_counts(park):
    live("DE")
    planned = {"purpose": "plan_staff", "recipient": "staff-planner"}
    assert reason(**planned) == "permitted"
    say(ALICE, "object", "plan_staff", actor="browser")
    assert reason(**planned) == "objected"
