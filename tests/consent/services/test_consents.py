"""Recording a choice, and what stands after it."""

from datetime import timedelta

import pytest

from consent.errors import Invalid, NoChoiceHere, NoticeSuperseded
from consent.models import ConsentEvent, ConsentState, Subject
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, ask, digest, publish, say


def test_a_yes_permits(park):
    recorded = say(ALICE, "give")
    assert recorded.state.status == "given"
    assert recorded.event.notice.digest == digest("personal_offers")
    answer = ask(ALICE)
    assert (answer.decision.permitted, answer.decision.reason) == (True, "permitted")


def test_a_withdrawal_refuses_from_the_next_check(cast):
    assert ask(ALICE).decision.permitted
    say(ALICE, "withdraw")
    assert ask(ALICE).decision.reason == "consent_withdrawn"


def test_a_stranger_becomes_known_by_saying_no(park):
    assert ask(MALLORY).decision.reason == "unknown_customer"
    say(MALLORY, "refuse")
    assert ask(MALLORY).decision.reason == "consent_refused"


def test_third_parties_are_chosen_by_name(park):
    say(ALICE, "give")
    assert ask(ALICE, recipient="adpartner").decision.reason == "recipient_not_chosen"
    say(ALICE, "give", recipients=["adpartner"], now=NOW + timedelta(minutes=1))
    assert ask(ALICE, recipient="adpartner", now=NOW + timedelta(minutes=2)).decision.permitted


def test_a_paper_yes_typed_in_after_a_no_changes_nothing(park):
    say(BOB, "refuse", now=NOW)
    late = say(BOB, "give", collected_at=NOW - timedelta(days=1), now=NOW + timedelta(hours=1))
    assert late.state.status == "refused"


def test_a_late_no_counts_from_the_moment_it_is_recorded(park):
    say(BOB, "refuse", collected_at=NOW - timedelta(days=2), now=NOW)
    state = say(BOB, "give", collected_at=NOW - timedelta(days=1), now=NOW + timedelta(hours=1)).state
    assert state.status == "refused"


def test_a_yes_dated_ahead_does_not_outlive_the_no_that_follows(park):
    say(ALICE, "give", collected_at=NOW + timedelta(minutes=5))
    say(ALICE, "withdraw", now=NOW + timedelta(minutes=1))
    assert ask(ALICE, now=NOW + timedelta(minutes=1)).decision.reason == "consent_withdrawn"


def test_a_fixed_basis_has_no_choice(park):
    with pytest.raises(NoChoiceHere):
        say(ALICE, "withdraw", "tickets_and_orders")


def test_an_objection_stops_legitimate_interest(cast):
    assert ask(CAROL, "plan_staff", recipient="staff-planner").decision.permitted
    say(CAROL, "object", "plan_staff")
    assert ask(CAROL, "plan_staff", recipient="staff-planner").decision.reason == "objected"


def test_explicit_consent_names_its_words(park):
    with pytest.raises(Invalid) as caught:
        say(ALICE, "give", "ride_photos")
    assert [field.pointer for field in caught.value.fields] == ["/notice_digest"]
    say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos"))


def test_a_materially_superseded_text_is_refused_and_the_use_is_off(cast):
    old = digest("personal_offers")
    publish(now=NOW, personal_offers={"retention": "P24M"})
    assert ask(ALICE).decision.reason == "notice_changed"
    with pytest.raises(NoticeSuperseded):
        say(BOB, "give", notice_digest=old)


def test_bad_input_leaves_nothing_behind(park):
    for wrong in (
        {"language": "tlh"},
        {"categories": ["dreams"]},
        {"collected_at": NOW + timedelta(hours=1)},
    ):
        with pytest.raises(Invalid):
            say(MALLORY, "give", **wrong)
    assert not Subject.objects.exists()
    assert not ConsentEvent.objects.exists()
    assert not ConsentState.objects.exists()
