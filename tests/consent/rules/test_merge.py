"""Joining two answers never permits more than each of them, whatever was said, asked and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consent.rules import bases, merge
from consent.rules.decision import BY_STATUS, PERMITTING, Customer, Purpose, State, Terms, decide
from consent.rules.lifecycle import GIVE, LINK, WITHDRAW, Event, fold
from consent.rules.merge import strictest

pytestmark = pytest.mark.once
START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES, RECIPIENTS = ("contact.email", "contact.sms", "purchases"), ("mail-engine", "adpartner")
VERSIONS = (1, 2, 3)
PROTECTIONS = ("limited", "minor", "must_opt_in", "never_shared", "gpc")
moments = some.integers(0, 20).map(lambda days: START + timedelta(days=days))


def some_of(values):
    return some.lists(some.sampled_from(values), unique=True).map(tuple)


def terms(number, basis, kinds, who):
    return Terms(number, basis, kinds, who, sale_or_sharing=True)


@some.composite
def purposes(draw):
    """A purpose whose versions name everything, but for one perhaps: so that much is permitted."""
    basis = draw(some.sampled_from([bases.CONSENT] * 6 + [bases.LEGITIMATE_INTEREST] * 2 + [bases.CONTRACT]))
    versions = {number: terms(number, basis, CATEGORIES, RECIPIENTS) for number in VERSIONS}
    if draw(some.booleans()):
        number = draw(some.sampled_from(VERSIONS))
        versions[number] = terms(number, basis, draw(some_of(CATEGORIES)), draw(some_of(RECIPIENTS)))
    return versions, draw(some.sampled_from([1, 2, 3]))


MEMBERS = {
    "status": some.sampled_from([*BY_STATUS, *PERMITTING]),
    "version": some.sampled_from(VERSIONS),
    "categories": some_of(CATEGORIES),
    "recipients": some_of(RECIPIENTS),
    "expires_at": moments,
    "paused_until": moments,
    "objected": some.just(True),
    "by_guardian": some.just(False),
}


@some.composite
def sides(draw, versions):
    """A customer who said yes to everything, but for a thing or two; and to nothing that their version did not name."""
    state = State("given", 3, CATEGORIES, RECIPIENTS, by_guardian=True)
    for member in draw(some.lists(some.sampled_from([*MEMBERS]), max_size=2, unique=True)):
        state = replace(state, **{member: draw(MEMBERS[member])})
    if state.status not in PERMITTING and draw(some.booleans()):
        state = State(state.status, objected=state.objected)
    named = versions[state.version or 3]
    state = replace(
        state,
        categories=tuple(each for each in state.categories if each in named.categories),
        recipients=tuple(each for each in state.recipients if each in named.recipients),
    )
    protected = draw(some.sampled_from(["", "", "", "", *PROTECTIONS]))
    return Customer(state, **({protected: True} if protected else {}))


def permitted(customer, versions, material, now):
    """Everything that may be used, as pairs of category and recipient."""
    agreed = versions.get(customer.state.version) if customer.state.version else None
    purpose = Purpose("offers", versions[3], material, agreed)
    found = set()
    for recipient in RECIPIENTS:
        made = decide(purpose=purpose, customer=customer, recipient=recipient, categories=None, now=now)
        found |= {(each, recipient) for each in (made.allowed if made.permitted else ())}
    return found


def joined(*customers):
    """One customer of several: whatever protects one of them protects all."""
    state = reduce(strictest, (each.state for each in customers))
    return Customer(state, **{name: any(getattr(each, name) for each in customers) for name in PROTECTIONS})


@settings(max_examples=1000)
@given(some.data(), purposes(), moments)
def test_it_never_permits_more_than_each_side(data, purpose, now):
    versions, material = purpose
    a, b = (data.draw(sides(versions)) for _ in range(2))
    both = permitted(joined(a, b), versions, material, now)
    assert both <= permitted(a, versions, material, now)
    assert both <= permitted(b, versions, material, now)


@given(some.data(), purposes())
def test_the_order_does_not_matter(data, purpose):
    a, b, c = (data.draw(sides(purpose[0])).state for _ in range(3))
    assert strictest(a, b) == strictest(b, a)
    assert strictest(strictest(a, b), c) == strictest(a, strictest(b, c))


@given(some.data(), purposes(), moments)
def test_joining_with_the_same_changes_nothing(data, purpose, now):
    versions, material = purpose
    one = data.draw(sides(versions))
    same = joined(one, one)
    assert permitted(same, versions, material, now) == permitted(one, versions, material, now)
    assert merge.alike(one.state, same.state)


@given(some.data(), purposes())
def test_what_is_kept_of_a_state_is_the_state(data, purpose):
    state = data.draw(sides(purpose[0])).state
    assert merge.from_record(merge.as_record(state)) == state
    assert None not in merge.as_record(state).values()


@given(some.data(), purposes())
def test_an_objection_of_either_stands(data, purpose):
    a, b = (data.draw(sides(purpose[0])).state for _ in range(2))
    assert strictest(a, b).objected == (a.objected or b.objected)


YES = State("given", 2, ("contact.email", "purchases"), ("adpartner", "mail-engine"), START + timedelta(days=9))


@pytest.mark.parametrize("status", BY_STATUS)
def test_what_is_no_yes_beats_a_yes(status):
    assert strictest(YES, State(status)).status == status


def test_of_two_yeses_what_both_named_remains():
    other = replace(
        YES,
        version=1,
        categories=("purchases",),
        expires_at=None,
        paused_until=START + timedelta(days=3),
        status="renewed",
    )
    left = State(
        "given", 1, ("purchases",), ("adpartner", "mail-engine"), YES.expires_at, paused_until=START + timedelta(days=3)
    )
    assert strictest(YES, other) == left


def test_the_later_end_of_two_pauses_counts():
    pauses = [replace(YES, paused_until=START + timedelta(days=days)) for days in (3, 5)]
    assert strictest(*pauses).paused_until == START + timedelta(days=5)


def test_two_yeses_to_different_things_permit_nothing():
    left = strictest(replace(YES, categories=("contact.email",)), replace(YES, categories=("purchases",)))
    assert left.categories == ()


def test_the_fold_takes_the_stricter_and_later_acts_replace_it():
    scope = {"version": 2, "categories": YES.categories, "recipients": YES.recipients}
    first = Event(GIVE, START, START, 1, **scope)
    link = Event(LINK, START + timedelta(days=1), START + timedelta(days=1), 2, carried=State())
    later = START + timedelta(days=2)
    assert fold([first]).state.status == "given"
    assert fold([first, link]).state.status == "unknown"
    assert fold([first, link]).order == 2, "the joining made it so"
    assert fold([first, link, Event(GIVE, later, later, 3, **scope)]).state.status == "given"


def test_a_paper_yes_from_before_does_not_undo_a_joining():
    link = Event(LINK, START + timedelta(days=1), START + timedelta(days=1), 1, carried=State("withdrawn"))
    late = Event(GIVE, START, START + timedelta(days=5), 2, version=2, categories=("x",), recipients=("y",))
    assert fold([link, late]).state.status == "withdrawn"


def test_a_no_said_at_the_moment_of_a_joining_stays():
    link = Event(LINK, START, START, 1, carried=YES)
    assert fold([link, Event(WITHDRAW, START, START, 2)]).state.status == "withdrawn"
