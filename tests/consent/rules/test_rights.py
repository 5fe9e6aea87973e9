"""Clocks by law, numbers that people read aloud, and which step may follow which."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules import case_numbers, concerns, deadlines, rights

THURSDAY = date(2026, 5, 14)
BY_LAW = [
    ("GB", "copy", date(2026, 6, 14), "UK GDPR Art. 12(3), 12A"),
    ("DE", "delete", date(2026, 6, 14), "GDPR Art. 12(3), 12(6)"),
    ("US-CA", "copy", date(2026, 6, 28), "Cal. Civ. Code § 1798.130(a)(2); 11 CCR 7021(b)"),
    ("US-CA", "limit", date(2026, 6, 4), "11 CCR 7026(f)(1), 7027(g)(1)"),
    ("US-VA", "delete", date(2026, 6, 28), "Va. Code § 59.1-577(B)(1), and alike elsewhere"),
    ("CN", "copy", date(2026, 6, 4), "PIPL Art. 50; measures on apps of 28 November 2019, Art. 6"),
    ("BR", "copy", date(2026, 5, 29), "LGPD Art. 19(II)"),
    ("IN", "copy", date(2026, 6, 14), "DPDP Act 2023 s. 11 to 13; Rules 2025, r. 14: at most 90 days"),
    ("CA", "copy", date(2026, 6, 13), "PIPEDA s. 8(3), 8(4)"),
    ("XX", "copy", date(2026, 6, 14), "our own promise"),
]


@pytest.mark.parametrize(("place", "kind", "due", "source"), BY_LAW)
def test_each_law_has_its_clock(place, kind, due, source):
    clock = deadlines.clock(place, kind)
    assert (clock.answer.after(THURSDAY), clock.source) == (due, source)


def test_C11_california_gives_45_days_and_45_more_and_its_clock_never_stops():
    clock = deadlines.clock("us-ca", "delete")
    first = clock.answer.after(THURSDAY)
    assert ((first - THURSDAY).days, (clock.more.after(first) - THURSDAY).days, clock.stops) == (45, 90, False)


def test_L5_brazil_gives_15_days_and_no_more():
    clock = deadlines.clock("BR", "copy")
    assert ((clock.answer.after(THURSDAY) - THURSDAY).days, clock.more) == (15, None)


def test_a_month_that_has_no_such_day_ends_with_its_last():
    assert deadlines.clock("FR", "copy").answer.after(date(2026, 1, 31)) == date(2026, 2, 28)


def test_of_two_laws_the_one_counts_that_ends_first():
    assert deadlines.strictest(["GB", "BR"], "copy", THURSDAY).law == "lgpd"


def test_working_days_pass_over_the_weekend():
    assert deadlines.working_days(date(2026, 5, 15), 5) == date(2026, 5, 22)  # Friday to Friday
    assert deadlines.working_days(date(2026, 5, 16), 1) == date(2026, 5, 18)  # Saturday to Monday


@given(st.integers(0, 2**35 - 1))
def test_a_number_is_read_as_it_was_written_however_it_is_typed(value):
    number = case_numbers.write("R", value)
    if number is None:
        return
    spoken = number.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert case_numbers.read("R", number) == case_numbers.read("R", spoken) == number
    assert case_numbers.read("C", number) == ""


@given(st.integers(0, 2**35 - 1), st.integers(2, 10), st.sampled_from(case_numbers.SIGNS))
def test_one_wrong_sign_or_two_that_changed_places_are_noticed(value, place, sign):
    number = case_numbers.write("R", value)
    if number is None or number[place] == "-":
        return
    wrong = number[:place] + sign + number[place + 1 :]
    assert wrong == number or case_numbers.read("R", wrong) == ""
    if place < 10 and "-" not in number[place : place + 2]:
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert swapped == number or case_numbers.read("R", swapped) == ""


@given(st.integers(0, 2**80 - 1))
def test_a_secret_is_read_as_it_was_written(value):
    written = case_numbers.secret(value)
    assert case_numbers.read_secret(written.lower().replace("-", " ").replace("1", "i")) == written


def test_a_customer_takes_a_request_back_until_the_work_starts():
    assert rights.after("received", "withdrawn", kind="delete") == "withdrawn"
    assert rights.after("checking", "withdrawn", kind="delete") == "withdrawn"
    for state in ("working", "done", "refused", "withdrawn"):
        assert rights.after(state, "withdrawn", kind="delete") is None


def test_a_limitation_can_be_ended_by_its_customer_at_any_time():
    for state in ("received", "working", "done"):
        assert rights.after(state, "withdrawn", kind="limit") == "withdrawn"
    assert rights.after("done", "lifted", kind="delete") is None


def test_what_was_asked_for_sets_the_clock_going_again():
    assert rights.after("received", "asked", kind="copy") == "checking"
    assert rights.after("checking", "added", kind="copy") == "received"


def test_whoever_writes_again_is_answered_again():
    assert concerns.after("answered", "added") == "open"
    assert concerns.after("closed", "added") is None
