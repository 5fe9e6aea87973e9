"""Recording a choice, and what stands after it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.errors import Invalid, NoChoiceHere, NotAllowed, NoticeSuperseded
from consent.models import ConsentEvent, ConsentState, Recipient, Subject
from consent.rules.choice import Choice
from consent.services import consents
from consent.services.ledger import Actor
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


def test_a_choice_costs_few_statements(cast):
    """Time is for the bench to tell (docs/performance.md); the number of statements is the same on every machine."""
    with CaptureQueriesContext(connection) as asked:
        say(ALICE, "withdraw")
    with CaptureQueriesContext(connection) as answered:
        say(ALICE, "give", now=NOW + timedelta(days=1))
    # Of the writes, one says that a letter about it is due; PostgreSQL takes them all in one.
    reads, writes = (4, 1) if connection.vendor == "postgresql" else (4, 6)
    assert len(statements(answered)) == reads + writes, statements(answered)
    assert len(statements(asked)) == reads + writes


def test_what_the_catalogue_says_of_a_recipient_counts_from_the_next_yes(cast):
    assert "mailbird" in say(ALICE, "give").state.recipients
    Recipient.objects.filter(key="mailbird").update(kind="third_party")
    assert "mailbird" not in say(ALICE, "give", now=NOW + timedelta(days=1)).state.recipients


def statements(captured) -> list[str]:
    """What was sent, without the beginnings and ends of transactions."""
    sent = [each["sql"] for each in captured.captured_queries]
    return [sql for sql in sent if not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_a_third_party_passes_no_yes_off_as_our_staffs(cast):
    told = {"actor": "staff", "channel": "phone", "evidence": {"reason": "They called."}, "language": "en"}
    choice = Choice("personal_offers", "give", method="call", **told)
    third = Actor("system", ref="adpartner")
    with pytest.raises(NotAllowed):
        consents.record(subject=BOB, choice=choice, by=third, now=NOW)
    no = replace(choice, act="withdraw")
    assert consents.record(subject=BOB, choice=no, by=third, now=NOW).state.status == "withdrawn"
