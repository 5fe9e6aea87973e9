"""Children: who says yes for them, until when, and how they are asked anew."""

import json
from datetime import date, timedelta

import pytest

from audit.models import Entry
from consent.errors import AskedRecently, Invalid, OutOfTurn
from consent.models import ConsentEvent
from consent.services import consents, expiry, overview, subjects
from consent.services.subjects import Handle
from tests.world import ALICE, CAROL, CUSTOMER, NOW, SYSTEM, ask, publish, say

DAY = timedelta(days=1)
PASSPORT = {"guardian_verification": "Passport of the mother, seen at the gate."}
# Carol is 12: under the law of the United Kingdom she says yes herself from 13 on.
BORN, OF_AGE = date(2014, 5, 1), date(2027, 5, 1)


def known(who=CAROL, **more):
    return subjects.register(identifiers=[who], by=SYSTEM, now=NOW - 100 * DAY, **more)[0]


@pytest.fixture
def carol(park):
    return known(born=BORN, jurisdiction="GB")


def reason(now=NOW, who=CAROL, **more):
    return ask(who, now=now, **more).decision.reason


def guardian(act="give", **more):
    proof = {"evidence": PASSPORT} if act in {"give", "renew", "resume"} else {}
    return say(CAROL, act, actor="guardian", **(proof | more))


def midnight(day):
    return NOW.replace(year=day.year, month=day.month, day=day.day, hour=0)


def test_the_birth_date_is_never_kept(carol):
    assert carol.minor_until == OF_AGE
    everything = [bytes(entry.leaf).decode() for entry in Entry.objects.all()]
    assert not [leaf for leaf in everything if BORN.isoformat() in leaf]
    assert BORN.isoformat() not in json.dumps({key: str(value) for key, value in vars(carol).items()})


def test_of_both_days_the_later_counts(park):
    assert known(born=BORN, minor_until=date(2032, 5, 1), jurisdiction="GB").minor_until == date(2032, 5, 1)
    assert known(born=BORN, minor_until=date(2020, 5, 1)).minor_until == OF_AGE


def test_nothing_is_kept_of_who_is_grown_up(park):
    assert known(born=date(1990, 5, 1), jurisdiction="GB").minor_until is None


def test_nobody_was_born_in_the_future(park):
    with pytest.raises(Invalid) as caught:
        known(born=date(2030, 1, 1))
    assert [field.pointer for field in caught.value.fields] == ["/born"]


def test_who_moves_comes_of_age_under_the_new_law(carol):
    assert known(jurisdiction="DE").minor_until == date(2030, 5, 1)
    assert known(jurisdiction="GB").minor_until == OF_AGE
    assert known().minor_until == OF_AGE


def test_G16_a_childs_own_yes_is_recorded_and_permits_nothing(carol):
    recorded = say(CAROL, "give")
    assert (recorded.state.status, recorded.event.until) == ("given", midnight(OF_AGE))
    assert reason() == "guardian_needed"


def test_G16_a_childs_own_yes_does_not_come_to_life_when_they_grow_up(carol):
    say(CAROL, "give")
    assert reason(midnight(OF_AGE)) == "consent_expired"


def test_G16_nor_does_one_of_which_it_was_learned_later_that_a_child_said_it(park):
    say(CAROL, "give", now=NOW - 10 * DAY)
    assert reason() == "permitted"
    known(born=BORN, jurisdiction="GB")
    assert reason() == "guardian_needed"
    assert reason(midnight(OF_AGE)) == "consent_expired"


def test_G16_a_guardians_yes_needs_their_verification_and_permits(carol):
    with pytest.raises(Invalid) as caught:
        guardian(evidence={})
    assert [field.pointer for field in caught.value.fields] == ["/evidence/guardian_verification"]
    guardian()
    assert reason() == "permitted"


def test_L4_a_guardian_takes_it_back_with_nothing_to_show(carol):
    guardian()
    guardian("withdraw", now=NOW + DAY)
    assert reason(NOW + DAY) == "consent_withdrawn"


def test_a_child_takes_the_guardians_yes_back_alone(carol):
    guardian()
    say(CAROL, "withdraw", now=NOW + DAY)
    assert reason(NOW + DAY) == "consent_withdrawn"


def test_a_child_does_not_end_the_pause_of_a_guardians_yes(carol):
    guardian()
    say(CAROL, "pause", until=NOW + 30 * DAY, now=NOW + DAY)
    with pytest.raises(OutOfTurn):
        say(CAROL, "resume", now=NOW + 2 * DAY)
    guardian("resume", now=NOW + 2 * DAY)
    assert reason(NOW + 2 * DAY) == "permitted"


def test_G16_at_majority_the_guardians_yes_runs_out_and_the_child_is_asked_anew(carol):
    guardian()
    end = midnight(OF_AGE)
    assert reason(end - timedelta(seconds=1)) == "permitted"
    assert reason(end) == "consent_expired", "compared with the clock, whether or not a sweep came by"
    assert expiry.sweep(now=end - 20 * DAY).reminded == 1
    assert expiry.sweep(now=end).expired == 1
    last = ConsentEvent.objects.order_by("-id").first()
    assert (last.act, last.collected_at) == ("expire", end)
    assert say(CAROL, "request", now=end + DAY).state.status == "requested"
    assert reason(end + DAY) == "consent_requested"
    say(CAROL, "give", now=end + 2 * DAY)
    assert reason(end + 2 * DAY) == "permitted", "their own yes counts from now on"
    assert reason(end + 500 * DAY) == "permitted"


def test_G16_after_a_guardians_no_the_child_is_asked_anew_on_the_day(carol):
    guardian("refuse", now=midnight(OF_AGE) - 10 * DAY)
    with pytest.raises(AskedRecently):
        say(CAROL, "request", now=midnight(OF_AGE) - DAY)
    say(CAROL, "request", now=midnight(OF_AGE))


def test_a_no_of_their_own_still_stops_the_asking(carol):
    say(CAROL, "refuse", now=midnight(OF_AGE) - 10 * DAY)
    with pytest.raises(AskedRecently):
        say(CAROL, "request", now=midnight(OF_AGE))


def test_no_guardian_says_yes_for_who_is_grown(carol):
    with pytest.raises(Invalid) as caught:
        guardian(now=midnight(OF_AGE))
    assert [field.pointer for field in caught.value.fields] == ["/actor"]
    guardian("withdraw", now=midnight(OF_AGE))


def test_a_guardians_paper_typed_in_too_late_has_run_out(carol):
    guardian(collected_at=NOW, now=midnight(OF_AGE) + DAY)
    assert reason(midnight(OF_AGE) + DAY) == "consent_expired"


def test_a_purpose_that_asks_for_more_years_waits_longer(carol):
    publish(now=NOW - DAY, personal_offers={"min_age": 16})
    older = date(2030, 5, 1)
    event = guardian().event
    assert event.until == midnight(older)
    say(CAROL, "give", "improve_visit", now=midnight(OF_AGE) + DAY)
    assert reason(midnight(OF_AGE) + DAY, purpose="improve_visit", recipient="queue-planner") == "permitted"
    say(CAROL, "give", now=midnight(OF_AGE) + DAY)
    assert reason(midnight(OF_AGE) + DAY) == "guardian_needed"
    assert reason(midnight(older)) == "consent_expired"


def test_the_portal_shows_what_a_system_is_answered_for_each_purpose(carol):
    publish(now=NOW - DAY, personal_offers={"min_age": 16})
    later = midnight(OF_AGE) + DAY
    for purpose in ("personal_offers", "improve_visit"):
        say(CAROL, "give", purpose, now=later)
    shown = {use.key: use for use in overview.of(subject=carol, language="en", now=later + DAY).uses}
    assert (shown["personal_offers"].reason, shown["improve_visit"].state) == ("guardian_needed", "on")


def test_P10_in_china_a_guardian_says_yes_under_14(park):
    known(born=date(2012, 5, 15), jurisdiction="CN")
    say(CAROL, "give")
    assert reason() == "guardian_needed"
    known(ALICE, born=date(2012, 5, 14), jurisdiction="CN")
    say(ALICE, "give")
    assert reason(who=ALICE) == "permitted"


def test_L4_in_brazil_a_parent_says_yes(park):
    known(born=date(2009, 1, 1), jurisdiction="BR")
    say(CAROL, "give")
    assert reason() == "guardian_needed"
    guardian(now=NOW + DAY)
    assert reason(NOW + DAY) == "permitted"


def test_I8_nothing_of_a_child_in_india_is_shared_whoever_says_yes(park):
    publish(now=NOW - DAY, personal_offers={"sale_or_sharing": True}, plan_staff={"sale_or_sharing": True})
    known(born=date(2010, 1, 1), jurisdiction="IN")
    guardian()
    guardian(purpose="improve_visit")
    assert reason() == "guardian_needed"
    assert reason(purpose="plan_staff", recipient="staff-planner") == "guardian_needed"
    assert reason(purpose="improve_visit", recipient="queue-planner") == "permitted"


def test_C12_selling_needs_the_yes_of_a_californian_under_16_and_a_parents_under_13(park):
    publish(now=NOW - DAY, plan_staff={"sale_or_sharing": True})
    staff = {"purpose": "plan_staff", "recipient": "staff-planner"}
    young, child, grown = CAROL, Handle("customer", "C-7"), ALICE
    for who, born in ((young, date(2012, 1, 1)), (child, date(2015, 1, 1)), (grown, date(2009, 1, 1))):
        known(who, born=born, jurisdiction="US-CA")
    assert reason(who=grown, **staff) == "permitted"
    assert reason(who=young, **staff) == reason(who=child, **staff) == "no_consent"
    for who in (young, child):
        say(who, "give", "plan_staff")
    assert reason(who=young, **staff) == "permitted"
    assert reason(who=child, **staff) == "guardian_needed"


def test_only_a_guardian_confirms_what_a_guardian_said(park):
    publish(now=NOW - DAY, personal_offers={"double_opt_in": True})
    known(born=BORN, jurisdiction="GB")
    token = guardian().waiting.token
    with pytest.raises(Invalid) as caught:
        say(CAROL, "confirm", confirmation=token, now=NOW + DAY)
    assert [field.pointer for field in caught.value.fields] == ["/actor"]
    done = consents.confirm(token=token, channel="email", method="link", by=CUSTOMER, now=NOW + DAY)
    assert (done.event.actor, done.state.by_guardian) == ("guardian", True)
    assert reason(NOW + DAY) == "permitted"


def test_a_childs_own_yes_is_not_made_a_guardians_by_confirming_it(park):
    publish(now=NOW - DAY, personal_offers={"double_opt_in": True})
    known(born=BORN, jurisdiction="GB")
    token = say(CAROL, "give").waiting.token
    with pytest.raises(Invalid):
        say(CAROL, "confirm", confirmation=token, actor="guardian")
    say(CAROL, "confirm", confirmation=token)
    assert reason() == "guardian_needed"
