"""The signal of a browser: how it is read, and where it binds."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.rules import signals

pytestmark = pytest.mark.once
SIGNAL = datetime(2026, 5, 14, tzinfo=UTC)
LATER, EARLIER = SIGNAL + timedelta(days=1), SIGNAL - timedelta(days=1)
STATES = ("CA", "CO", "CT", "DE", "MD", "MT", "NE", "NH", "NJ", "OR", "TX")


@pytest.mark.parametrize("value", ["1", " 1", "1 ", "\t1", "1,1", "0,1", "1, 0", "true,1"])
def test_the_exact_value_1_is_the_signal(value):
    assert signals.heard(value)


@pytest.mark.parametrize("value", [None, "", "0", "true", "01", "11", "1.0", '"1"', "1;x=1", "?1", "\u0661", "１", ","])
def test_anything_else_is_no_signal(value):
    assert not signals.heard(value)


def stops(place="US-CA", *, shares=True, received_at=SIGNAL, yes_at=None):
    return signals.switches_off(jurisdiction=place, shares=shares, received_at=received_at, yes_at=yes_at)


@pytest.mark.parametrize("place", [*(f"US-{state}" for state in STATES), "us-ca", "US", ""])
def test_C14_the_table_of_jurisdictions_says_where_it_binds(place):
    assert signals.binds(place)
    assert stops(place)
    assert not stops(place, shares=False)
    assert not stops(place, received_at=None)


@pytest.mark.parametrize("place", ["GB", "DE", "CN", "IN", "US-NY", "US-FL", "CA"])
def test_C14_elsewhere_it_binds_nobody(place):
    assert not signals.binds(place)
    assert not stops(place)


@pytest.mark.parametrize("place", ["USA", "California", "united states", "us_ca"])
def test_C14_a_place_that_is_no_code_is_not_known_and_so_it_binds(place):
    assert signals.binds(place)


def test_a_later_yes_goes_before_it_where_the_law_lets_it():
    for state in STATES:
        assert not stops(f"US-{state}", yes_at=LATER)
    for unknown in ("", "US"):
        assert stops(unknown, yes_at=LATER)


def test_an_older_yes_never_does():
    assert stops(yes_at=EARLIER)
    assert stops(yes_at=SIGNAL), "a tie goes to the reduction"
