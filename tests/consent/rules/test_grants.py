"""What a copy looks up answers as the one decision function does, at every moment."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules.decision import Customer, Purpose, State, Terms, decide
from consent.rules.grants import Grant, grants
from tests import decision_cases as cases

pytestmark = pytest.mark.once
START = datetime(2026, 5, 14, 12, tzinfo=UTC)
TERMS = Terms(1, "consent", ("contact.email", "purchase_history"), ("mailbird",))
moments = st.integers(-50, 50).map(lambda hours: START + timedelta(hours=hours))


def made(purpose, customer, recipient, now):
    def decided(moment):
        return decide(purpose=purpose, customer=customer, recipient=recipient, categories=None, now=moment)

    state = customer.state if customer else State()
    return grants(decided, (state.paused_until, state.expires_at), now)


def permitted(held: list[Grant], categories, moment) -> bool:
    lasting = [each for each in held if each.lasts(moment)]
    return any(set(categories or ()) <= set(each.categories) for each in lasting)


@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_a_copy_permits_what_the_decision_permits(case):
    given_, ask = case["given"], case["ask"]
    now = cases.moment(given_["now"])
    held = made(cases.purpose(given_), cases.customer(given_), ask["recipient"], now)
    assert permitted(held, ask.get("categories"), now) == case["answer"]["decision"]


@given(
    state=st.builds(
        partial(State, version=1, recipients=("mailbird",)),
        status=st.sampled_from(["given", "renewed", "withdrawn"]),
        categories=st.sets(st.sampled_from(TERMS.categories)).map(lambda each: tuple(sorted(each))),
        expires_at=st.none() | moments,
        paused_until=st.none() | moments,
    ),
    now=moments,
    later=st.integers(0, 100).map(lambda hours: timedelta(hours=hours)),
    asked=st.none() | st.sampled_from([("contact.email",), ("purchase_history",), TERMS.categories]),
)
def test_time_changes_a_copy_as_it_changes_the_decision(state, now, later, asked):
    purpose, customer = Purpose("offers", TERMS, 1, TERMS), Customer(state)
    held = made(purpose, customer, "mailbird", now)
    answer = decide(purpose=purpose, customer=customer, recipient="mailbird", categories=asked, now=now + later)
    assert permitted(held, asked, now + later) == answer.permitted


def test_a_pause_parts_nothing_that_is_not_there_yet():
    state = State("given", 1, TERMS.categories, ("mailbird",), START + timedelta(9), START + timedelta(3))
    (grant,) = made(Purpose("offers", TERMS, 1, TERMS), Customer(state), "mailbird", START)
    assert (grant.start, grant.end) == (START + timedelta(3), START + timedelta(9))
