"""What is asked together is answered as each would be alone, at a price that the number of questions hardly moves."""

from datetime import date, timedelta

import pytest

from audit.models import Entry, Payload, Pending
from audit.services import entries, verify
from consent.errors import Invalid
from consent.services import checks, signals, subjects, suppressions
from consent.services.checks import Question
from consent.services.decisions import token
from consent.services.handles import Handle
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, say, seal_all

CHILD, HEARD, ALONE, YOUNG, TOLD = (Handle("customer", f"B-{place}") for place in range(5))
PASSPORT = {"guardian_verification": "Passport of the mother, seen at the gate."}
DAY = timedelta(days=1)


@pytest.fixture
def everybody(cast):
    """One of each kind of customer that a decision knows."""
    subjects.register(identifiers=[CHILD], by=OPERATOR, now=NOW - DAY, jurisdiction="GB", minor_until=date(2030, 1, 1))
    say(CHILD, "give", actor="guardian", evidence=PASSPORT)
    heard, _ = subjects.register(identifiers=[HEARD], by=OPERATOR, now=NOW - DAY, jurisdiction="US-CA")
    signals.receive(subject=heard, channel="web", by=CUSTOMER, now=NOW - DAY)
    say(ALONE, "give", now=NOW - DAY)
    suppressions.suppress(subject=ALONE, by=SYSTEM, now=NOW)
    subjects.register(identifiers=[YOUNG], by=OPERATOR, now=NOW - DAY, jurisdiction="IN", minor_until=date(2030, 1, 1))
    say(TOLD, "give", now=NOW - DAY)
    return [ALICE, BOB, CAROL, MALLORY, CHILD, HEARD, ALONE, YOUNG, TOLD, Handle("email", "nobody"), Handle("X", "?")]


def questions(whom, **more):
    return [
        Question(recipient, purpose, who, **more)
        for purpose in ("personal_offers", "plan_staff", "ride_photos", "no_such_purpose")
        for recipient in ("mail-engine", "adpartner", "nobody")
        for who in whom
    ]


def ask(asked, **more):
    return checks.check(questions=asked, by=SYSTEM, now=NOW, **more)


def told(entry):
    """What an entry says but for its own number and what hangs on that."""
    names = ("action", "actor_type", "actor_ref", "subject", "purpose", "recipient", "outcome", "reason", "recorded_at")
    opened = entries.payloads([entry]).get(entry.id)
    return {name: getattr(entry, name) for name in names}, opened, Payload.objects.filter(entry=entry).count()


def test_each_of_many_is_answered_and_logged_as_it_would_be_alone(everybody):
    asked = [*questions(everybody), *questions(everybody, as_of=NOW - 25 * DAY, reference="Mai – 五月")]
    asked += questions([ALICE, BOB], categories=("contact.email", "face_image"))
    together = ask(asked)
    for question, answer in zip(asked, together, strict=True):
        (alone,) = ask([question])
        assert (alone.decision, alone.third_party) == (answer.decision, answer.third_party), question
        assert told(entries.find(alone.id)) == told(entries.find(answer.id)), question
    assert len({each.decision.reason for each in together}) > 7


def test_the_entries_stand_in_the_order_of_the_questions_and_the_log_holds(everybody):
    before = Entry.objects.count()
    answers = ask(questions(everybody))
    assert Entry.objects.count() == before + len(answers)
    assert [each.id for each in answers] == sorted(each.id for each in answers)
    assert Pending.objects.filter(entry__in=[each.id for each in answers]).count() == len(answers)
    seal_all()
    assert verify.whole_log(now=NOW).good


def test_a_thousand_cost_as_many_statements_as_two(everybody, django_assert_num_queries):
    def asked(number):
        return [Question("mail-engine", "personal_offers", [ALICE, BOB, MALLORY][place % 3]) for place in range(number)]

    with django_assert_num_queries(10):  # five to read, three to write, two of the test's own transaction
        ask(asked(2))
    with django_assert_num_queries(10):
        ask(asked(900))


def test_what_is_not_answered_is_not_logged(cast):
    before = Entry.objects.count()
    asked = [Question("mail-engine", "personal_offers", ALICE)] * 60 + questions([BOB, ALICE])
    answers = ask(asked, stop_at=False)
    assert [each.decision.permitted for each in answers] == [True] * 60 + [False]
    assert Entry.objects.count() == before + 61


def test_a_token_that_is_not_ours_lets_nothing_be_answered(cast):
    good = token(say(ALICE, "give").event.entry_id)
    before = Entry.objects.count()
    assert len(ask(questions([ALICE], at_least=good))) == 12
    with pytest.raises(Invalid):
        ask([*questions([ALICE], at_least=good), Question("mail-engine", "plan_staff", BOB, at_least="t1." + "0" * 32)])
    assert Entry.objects.count() == before + 12
