"""The day from which someone says yes themselves, by law and by purpose."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules import ages

pytestmark = pytest.mark.once
TODAY = date(2026, 5, 14)
PLACES = [*ages.AGES, *ages.OPT_IN, "", "XX", "US-NY"]


@pytest.mark.parametrize(
    ("place", "age"),
    [
        *(("", 16), ("ZZ", 16), ("DE", 16), ("GB", 13), ("gb", 13), ("ES", 14), ("FR", 15), ("DK", 15)),
        *(("IN", 18), ("BR", 18), ("US", 13), ("US-CA", 13), ("US-TX", 13), ("DE-BY", 16)),
    ],
)
def test_G16_the_age_is_a_rule_of_the_jurisdiction(place, age):
    assert ages.of(place) == age


def test_G16_every_age_in_europe_lies_between_13_and_16():
    assert {ages.of(place) for place in ages._EUROPE} == {13, 14, 15, 16}


def test_P10_in_china_a_child_is_under_14():
    assert ages.of("CN") == 14
    assert ages.day(date(2013, 5, 14), "CN", TODAY) == date(2027, 5, 14)


def test_the_day_is_a_birthday_and_a_leap_day_waits_for_march():
    assert ages.day(date(2012, 2, 29), "DE", TODAY) == date(2028, 2, 29)
    assert ages.day(date(2012, 2, 29), "GB", TODAY) == date(2025, 3, 1)


def test_of_who_is_grown_up_nothing_is_kept():
    assert ages.day(date(2005, 5, 15), "GB", TODAY) == date(2018, 5, 15)
    assert ages.day(date(2005, 5, 14), "GB", TODAY) is None


@pytest.mark.parametrize(
    ("place", "min_age", "until"),
    [
        ("GB", None, date(2027, 1, 1)),
        ("GB", 13, date(2027, 1, 1)),
        ("GB", 16, date(2030, 1, 1)),
        ("GB", 18, date(2032, 1, 1)),
        ("DE", 18, date(2029, 1, 1)),
        ("DE", 13, date(2027, 1, 1)),  # no purpose asks for less than the law
    ],
)
def test_a_purpose_may_ask_for_more_years_and_never_for_fewer(place, min_age, until):
    assert ages.child_until(date(2027, 1, 1), place, min_age) == until


def test_nobody_is_a_child_of_whom_nothing_says_so():
    assert ages.child_until(None, "IN", 18) is None


def test_C12_a_californian_under_16_opts_in():
    day = date(2026, 1, 1)  # 13 on that day
    assert ages.must_opt_in(day, "US-CA", date(2028, 12, 31))
    assert not ages.must_opt_in(day, "US-CA", date(2029, 1, 1))
    assert not ages.must_opt_in(day, "US-TX", TODAY)
    assert not ages.must_opt_in(None, "US-CA", TODAY)


def test_another_law_another_day():
    assert ages.moved(date(2027, 1, 1), "GB", "DE") == date(2030, 1, 1)
    assert ages.moved(date(2027, 1, 1), "DE", "DE") == date(2027, 1, 1)


@given(st.dates(), st.sampled_from(PLACES), st.sampled_from(PLACES), st.none() | st.integers(1, 99), st.dates())
def test_no_day_leaves_the_calendar_and_no_purpose_goes_below_the_law(day, place, other, min_age, today):
    until = ages.child_until(day, place, min_age)
    assert until >= day
    ages.moved(day, place, other)
    ages.must_opt_in(day, place, today)
    ages.day(day, place, today)
