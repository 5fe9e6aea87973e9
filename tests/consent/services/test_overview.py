"""What a customer is shown as on is what a system is answered: one logic, read twice."""

from datetime import date, timedelta

import pytest

from consent.errors import NotFound
from consent.services import catalogue, overview, subjects
from tests import world
from tests.world import ALICE, NOW, SYSTEM, ask, digest, publish, say


def shown(who=ALICE, language="en", now=NOW):
    return {use.key: use for use in overview.of(subject=subjects.find(who), language=language, now=now).uses}


def known(**more):
    subjects.register(identifiers=[ALICE], by=SYSTEM, now=NOW - timedelta(days=400), **more)


def nothing():
    known()


def yes():
    say(ALICE, "give", now=NOW - timedelta(days=30))


def yes_to_less():
    say(ALICE, "give", categories=["contact.email"], recipients=["adpartner"], now=NOW - timedelta(days=30))


def no():
    say(ALICE, "refuse", now=NOW - timedelta(days=30))


def run_out():
    say(ALICE, "give", now=NOW - timedelta(days=800), imported=True, collected_at=NOW - timedelta(days=800))


def objection():
    say(ALICE, "object", "plan_staff", now=NOW - timedelta(days=30))


def changed():
    yes()
    publish(now=NOW - timedelta(days=1), personal_offers={"retention": "P24M"})


def child():
    yes()
    known(minor_until=date(2027, 1, 1))


def taken_away():
    yes_to_less()
    publish(now=NOW - timedelta(days=1), personal_offers={"recipients": ["mail-engine", "mailbird"]})


@pytest.mark.parametrize(
    "life",
    [nothing, yes, yes_to_less, no, run_out, objection, changed, child, taken_away],
    ids=lambda life: life.__name__,
)
def test_it_shows_what_a_check_answers(park, life):
    life()
    uses = shown()
    assert len(uses) == 6
    for row in catalogue.purposes():
        answers = [ask(ALICE, row.key, recipient=key).decision for key in catalogue.terms(row.current).recipients]
        use = uses[row.key]
        assert use.permitted is any(answer.permitted for answer in answers), row.key
        assert use.permitted or use.reason in {answer.reason for answer in answers}
        if use.permitted:
            allowed = {row.key for row in use.recipients}
            assert allowed == {
                key
                for key, answer in zip(catalogue.terms(row.current).recipients, answers, strict=True)
                if answer.permitted
            }


@pytest.mark.parametrize(
    ("life", "key", "state", "reason"),
    [
        (nothing, "personal_offers", "off", "no_consent"),
        (nothing, "plan_staff", "on", ""),
        (nothing, "park_safety", "must", ""),
        (no, "personal_offers", "off", "consent_refused"),
        (run_out, "personal_offers", "off", "consent_expired"),
        (objection, "plan_staff", "objected", "objected"),
        (changed, "personal_offers", "changed", "notice_changed"),
        (child, "personal_offers", "off", "guardian_needed"),
    ],
)
def test_each_state_has_its_word_and_reason(park, life, key, state, reason):
    life()
    use = shown()[key]
    assert (use.state, use.reason) == (state, reason)


def test_it_shows_the_data_that_flows(park):
    yes_to_less()
    assert shown()["personal_offers"].categories == ("Your e-mail address",)
    say(ALICE, "withdraw")
    assert len(shown()["personal_offers"].categories) == 3


def test_a_retired_use_is_gone(park):
    yes()
    document = world.document()
    rows = [row | ({"retired": True} if row["key"] == "personal_offers" else {}) for row in document["purposes"]]
    catalogue.apply(document=document | {"purposes": rows}, by=world.OPERATOR, now=NOW - timedelta(days=1))
    assert "personal_offers" not in shown()
    with pytest.raises(NotFound):
        overview.one(subject=subjects.find(ALICE), key="personal_offers", language="en", now=NOW)


def test_words_come_in_the_language_asked_for(park):
    known()
    assert shown(language="zh-hans")["park_safety"].notice.digest == digest("park_safety", "zh-hans")
    foreign = shown(language="it")["park_safety"]
    assert (foreign.notice.language, foreign.asked_for) == ("en", False)


@pytest.mark.parametrize(("choices", "wanted"), [(7, [""]), (8, ["Visits", ""])])
def test_D2_seven_choices_are_one_list_and_eight_stand_in_their_groups(park, choices, wanted):
    nothing()
    before = len(overview.of(subject=subjects.find(ALICE), language="en", now=NOW).choices)
    row = next(row for row in world.document()["purposes"] if row["key"] == "improve_visit")
    more = [row | {"key": f"visit_{place}", "group": "Visits"} for place in range(choices - before)]
    document = world.document() | {"purposes": world.document()["purposes"] + more}
    catalogue.apply(document=document, by=world.OPERATOR, now=NOW)
    found = overview.of(subject=subjects.find(ALICE), language="en", now=NOW)
    assert [each.title for each in found.groups] == wanted
    assert sum(len(each.uses) for each in found.groups) == choices
