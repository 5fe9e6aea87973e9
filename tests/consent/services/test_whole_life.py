"""The whole life of a choice: asked, put off, confirmed, paused, renewed, run out, ended by others."""

from datetime import timedelta

import pytest

from audit.models import Entry
from consent.errors import AskedRecently, Invalid, LinkSpent, NotAllowed, OutOfTurn
from consent.models import ConsentEvent, Reminder
from consent.rules.choice import Choice
from consent.services import consents, expiry
from consent.services.ledger import Actor
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, ask, publish, say

DAY = timedelta(days=1)
PARTNER = Actor("system", ref="adpartner")


def reason(who, now=NOW, **more):
    return ask(who, now=now, **more).decision.reason


def doubly(now=NOW - 200 * DAY):
    publish(now=now, personal_offers={"double_opt_in": True})


def test_being_asked_and_putting_it_off_permit_nothing(park):
    assert say(MALLORY, "request").state.status == "requested"
    assert reason(MALLORY) == "consent_requested"
    assert say(MALLORY, "defer", now=NOW + DAY).state.status == "deferred"
    assert reason(MALLORY, NOW + DAY) == "consent_requested"


def test_asking_again_does_not_touch_a_yes_that_stands(cast):
    assert say(ALICE, "request").state.status == "given"
    assert say(ALICE, "defer", now=NOW + DAY).state.status == "given"
    assert reason(ALICE, NOW + DAY) == "permitted"


def test_C8_nobody_is_asked_again_within_12_months_of_a_no(cast):
    with pytest.raises(AskedRecently):
        say(BOB, "request")
    with pytest.raises(AskedRecently):
        say(BOB, "request", now=NOW + 340 * DAY)
    assert say(BOB, "request", now=NOW + 347 * DAY).state.status == "requested"


@pytest.mark.parametrize("act", ["refuse", "withdraw", "object"])
def test_C8_a_fresh_no_of_any_kind_stops_the_asking_and_a_yes_ends_that(park, act):
    say(ALICE, act)
    with pytest.raises(AskedRecently):
        say(ALICE, "request", now=NOW + DAY)
    assert say(ALICE, "give", now=NOW + 2 * DAY).state.status == "given", "their own yes always works"
    say(ALICE, "request", now=NOW + 3 * DAY)


def test_a_material_change_allows_to_ask_again_and_an_editorial_one_does_not(cast):
    publish(now=NOW, personal_offers={"consent_lasts": "P12M"})
    with pytest.raises(AskedRecently):
        say(BOB, "request", now=NOW + DAY)
    publish(now=NOW + 2 * DAY, personal_offers={"consent_lasts": "P12M", "retention": "P36M"})
    assert say(BOB, "request", now=NOW + 3 * DAY).state.status == "requested"


def test_a_pause_ends_by_itself(cast):
    until = NOW + 30 * DAY
    state = say(ALICE, "pause", until=until).state
    assert (state.status, state.paused_until) == ("given", until)
    assert reason(ALICE) == "consent_paused"
    assert reason(ALICE, until) == "permitted"


def test_a_pause_can_be_ended_and_moved(cast):
    say(ALICE, "pause", until=NOW + 30 * DAY)
    say(ALICE, "pause", until=NOW + 60 * DAY, now=NOW + DAY)
    assert reason(ALICE, NOW + 59 * DAY) == "consent_paused"
    assert say(ALICE, "resume", now=NOW + 2 * DAY).state.paused_until is None
    assert reason(ALICE, NOW + 2 * DAY) == "permitted"


def test_a_paper_yes_typed_in_after_a_pause_is_paused(park):
    say(ALICE, "give", now=NOW - DAY)
    say(ALICE, "pause", until=NOW + 30 * DAY)
    say(ALICE, "give", collected_at=NOW - timedelta(hours=2), now=NOW + timedelta(hours=1))
    assert reason(ALICE, NOW + timedelta(hours=1)) == "consent_paused"


@pytest.mark.parametrize("act", ["pause", "resume", "renew"])
def test_an_act_that_finds_nothing_to_act_on_is_refused(cast, act):
    until = {"until": NOW + DAY} if act == "pause" else {}
    before = ConsentEvent.objects.count()
    for who in (BOB, CAROL, MALLORY):
        with pytest.raises(OutOfTurn):
            say(who, act, **until)
    assert ConsentEvent.objects.count() == before


@pytest.mark.parametrize(
    "until", [None, NOW, NOW - DAY, NOW + 366 * DAY], ids=["missing", "now", "past", "over 12 months"]
)
def test_a_pause_has_an_end_within_12_months(cast, until):
    with pytest.raises(Invalid) as caught:
        say(ALICE, "pause", until=until)
    assert [field.pointer for field in caught.value.fields] == ["/until"]


def test_a_yes_waits_until_it_is_confirmed(park):
    doubly()
    given = say(ALICE, "give")
    assert (given.state.status, given.event.pending) == ("requested", True)
    assert Entry.objects.get(id=given.event.entry_id).action == "consent.pending"
    assert reason(ALICE) == "consent_requested"
    confirmed = say(ALICE, "confirm", confirmation=given.waiting.token, now=NOW + DAY)
    assert confirmed.state.status == "given"
    assert (confirmed.event.notice, confirmed.event.categories) == (given.event.notice, given.event.categories)
    assert reason(ALICE, NOW + DAY) == "permitted"


def test_a_token_confirms_once_and_for_its_own_customer_and_in_time(park):
    doubly()
    token = say(ALICE, "give").waiting.token
    with pytest.raises(LinkSpent):
        say(BOB, "confirm", confirmation=token)
    with pytest.raises(LinkSpent):
        say(ALICE, "confirm", confirmation="guess")
    with pytest.raises(LinkSpent):
        say(ALICE, "confirm", confirmation=token, now=NOW + 8 * DAY)
    say(ALICE, "confirm", confirmation=token, now=NOW + 6 * DAY)
    with pytest.raises(LinkSpent):
        say(ALICE, "confirm", confirmation=token, now=NOW + 6 * DAY)


def test_a_no_after_the_yes_makes_its_token_worthless(park):
    doubly()
    token = say(ALICE, "give").waiting.token
    say(ALICE, "withdraw", now=NOW + DAY)
    with pytest.raises(LinkSpent):
        say(ALICE, "confirm", confirmation=token, now=NOW + 2 * DAY)
    assert reason(ALICE, NOW + 2 * DAY) == "consent_withdrawn"


def test_a_material_change_makes_the_token_worthless(park):
    doubly()
    token = say(ALICE, "give").waiting.token
    publish(now=NOW + DAY, personal_offers={"double_opt_in": True, "retention": "P36M"})
    with pytest.raises(OutOfTurn):
        say(ALICE, "confirm", confirmation=token, now=NOW + 2 * DAY)


def test_sharing_less_needs_no_confirming_and_sharing_more_does(park):
    doubly()
    token = say(ALICE, "give", categories=["contact.email", "contact.sms"]).waiting.token
    say(ALICE, "confirm", confirmation=token, now=NOW + DAY)
    less = say(ALICE, "give", categories=["contact.email"], now=NOW + 2 * DAY)
    assert (less.waiting, less.state.categories) == (None, ["contact.email"])
    more = say(ALICE, "give", now=NOW + 3 * DAY)
    assert more.waiting
    assert more.state.categories == ["contact.email"], "what was confirmed goes on meanwhile"
    say(ALICE, "confirm", confirmation=more.waiting.token, now=NOW + 4 * DAY)
    assert ask(ALICE, now=NOW + 4 * DAY).decision.allowed == ("contact.email", "contact.sms", "purchase_history")


def test_the_token_stands_nowhere_in_the_clear(park):
    doubly()
    given = say(ALICE, "give")
    assert bytes(given.event.confirmation.token_hash) != given.waiting.token.encode()
    assert given.waiting.token.encode() not in b"".join(bytes(entry.leaf) for entry in Entry.objects.all())


def test_a_renewal_keeps_the_scope_and_begins_the_time_anew(cast):
    later = NOW + 600 * DAY
    renewed = say(ALICE, "renew", now=later)
    assert renewed.state.status == "renewed"
    assert renewed.state.recipients == ["mail-engine", "mailbird", "adpartner"]
    assert renewed.state.expires_at > later + 700 * DAY
    assert reason(ALICE, NOW + 900 * DAY) == "permitted"


def test_a_yes_that_ran_out_can_be_renewed(cast):
    later = NOW + 800 * DAY
    assert reason(ALICE, later) == "consent_expired"
    say(ALICE, "renew", now=later)
    assert reason(ALICE, later) == "permitted"


def test_a_renewal_never_widens(park):
    say(ALICE, "give", categories=["contact.email"])
    with pytest.raises(Invalid) as caught:
        say(ALICE, "renew", categories=["contact.email", "contact.sms"], now=NOW + DAY)
    assert caught.value.fields[0].pointer == "/categories"
    publish(now=NOW + DAY, personal_offers={"retention": "P36M"})
    with pytest.raises(OutOfTurn):
        say(ALICE, "renew", now=NOW + 2 * DAY)


@pytest.mark.parametrize(("act", "why"), [("revoke", "consent_revoked"), ("invalidate", "consent_invalidated")])
def test_what_others_end_is_not_told_as_the_customers_own(cast, act, why):
    with pytest.raises(Invalid) as caught:
        say(ALICE, act)
    assert caught.value.fields[0].pointer == "/actor"
    say(ALICE, act, actor="staff")
    assert reason(ALICE) == why


def test_an_objection_is_taken_back(cast):
    say(CAROL, "object", "plan_staff")
    say(CAROL, "give", "plan_staff", now=NOW + DAY)
    assert ask(CAROL, "plan_staff", recipient="staff-planner", now=NOW + DAY).decision.permitted


@pytest.mark.parametrize("act", ["request", "defer", "confirm", "pause", "resume", "renew"])
def test_acts_of_a_yes_do_not_fit_where_no_yes_is_needed(cast, act):
    more = {"pause": {"until": NOW + DAY}, "confirm": {"confirmation": "x"}}.get(act, {})
    with pytest.raises(Invalid) as caught:
        say(CAROL, act, "plan_staff", **more)
    assert [field.pointer for field in caught.value.fields] == ["/act"]


def test_running_out_is_written_down_and_dated_when_it_happened(cast):
    later = NOW + 800 * DAY
    end = NOW - 30 * DAY
    assert expiry.sweep(now=NOW).expired == 0
    assert expiry.sweep(now=later).expired == 1
    event = ConsentEvent.objects.get(act="expire")
    assert (event.collected_at.year, event.recorded_at) == (end.year + 2, later)
    assert Entry.objects.get(id=event.entry_id).action == "consent.expired"
    assert reason(ALICE, later) == "consent_expired"
    assert expiry.sweep(now=later).expired == 0


def test_a_renewal_on_paper_from_before_the_end_outlives_the_sweep(cast):
    later = NOW + 800 * DAY
    expiry.sweep(now=later)
    say(ALICE, "renew", collected_at=NOW + 600 * DAY, now=later)
    assert reason(ALICE, later) == "permitted"


def test_reminders_come_once_each_before_the_end(cast):
    end = say(ALICE, "give", now=NOW).state.expires_at
    assert expiry.sweep(now=end - 31 * DAY).reminded == 0
    assert [expiry.sweep(now=end - left * DAY).reminded for left in (30, 29, 8, 7, 6)] == [1, 0, 0, 1, 0]
    assert list(Reminder.objects.order_by("id").values_list("days", flat=True)) == [30, 7]
    assert expiry.sweep(now=end).expired == 1


def test_after_a_silence_only_the_nearer_reminder_is_said(cast):
    end = say(ALICE, "give", now=NOW).state.expires_at
    assert expiry.sweep(now=end - 5 * DAY).reminded == 1
    assert Reminder.objects.get().days == 7


def test_a_yes_for_a_week_needs_no_reminder_on_its_first_day(park):
    publish(now=NOW - DAY, personal_offers={"consent_lasts": "P7D"})
    say(ALICE, "give")
    assert expiry.sweep(now=NOW + timedelta(hours=1)).reminded == 0


@pytest.mark.parametrize("act", ["give", "renew", "resume"])
def test_a_third_party_records_nothing_that_permits_its_own_use(cast, act):
    if act == "resume":
        say(ALICE, "pause", until=NOW + 30 * DAY)
    named = {"recipients": ["adpartner"]} if act == "give" else {}
    choice = Choice("personal_offers", act, "web", "button", language="en", **named)
    with pytest.raises(NotAllowed):
        consents.record(subject=ALICE, choice=choice, by=PARTNER, now=NOW + DAY)


WAYS_TO_A_YES = {
    "given": [("give", {})],
    "renewed": [("give", {}), ("renew", {})],
    "paused": [("give", {}), ("pause", {"until": NOW + 30 * DAY})],
    "resumed": [("give", {}), ("pause", {"until": NOW + 30 * DAY}), ("resume", {})],
    "asked again": [("give", {}), ("request", {})],
}


@pytest.mark.parametrize("end", ["withdraw", "refuse", "object"])
@pytest.mark.parametrize("way", WAYS_TO_A_YES)
def test_G13_one_act_ends_it_from_every_state_that_permits(park, way, end):
    at = NOW
    for act, more in WAYS_TO_A_YES[way]:
        at += timedelta(minutes=1)
        assert say(ALICE, act, now=at, **more).state.status in {"given", "renewed"}
    assert say(ALICE, end, now=at).state.status in {"withdrawn", "refused"}
    assert not ask(ALICE, now=at + 40 * DAY).decision.permitted


def test_G13_a_withdrawal_ends_a_yes_that_was_confirmed(park):
    doubly()
    token = say(ALICE, "give").waiting.token
    say(ALICE, "confirm", confirmation=token, now=NOW + DAY)
    say(ALICE, "withdraw", now=NOW + 2 * DAY)
    assert reason(ALICE, NOW + 2 * DAY) == "consent_withdrawn"
