"""The fold, as properties: over random acts, clocks and orders."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consent.rules import durations
from consent.rules.decision import PERMITTING, State
from consent.rules.lifecycle import ACTS, GIVE, REDUCTIONS, TABLE, Event, counts_from, fold, paused, stands

pytestmark = pytest.mark.once
START = datetime(2026, 1, 1, tzinfo=UTC)


@some.composite
def histories(draw):
    """Events in the order they were recorded; some collected long before."""
    rows, clock = [], START
    for order in range(1, draw(some.integers(1, 12)) + 1):
        clock += timedelta(minutes=draw(some.integers(0, 3)))
        back = timedelta(minutes=draw(some.integers(0, 10)))
        rows.append(
            Event(
                act=draw(some.sampled_from(ACTS)),
                collected_at=clock - back,
                recorded_at=clock,
                order=order,
                version=draw(some.integers(1, 3)),
                until=clock + timedelta(days=draw(some.integers(1, 300))),
                pending=draw(some.booleans()),
                categories=("contact.email",),
                recipients=("mail-engine",),
                imported=draw(some.booleans()),
            )
        )
    return rows


def permits_nothing(state, moment) -> bool:
    return not stands(state, moment) or paused(state, moment)


@given(histories(), some.randoms())
def test_the_order_of_the_input_does_not_matter(history, random):
    mixed = list(history)
    random.shuffle(mixed)
    assert fold(mixed) == fold(history)


@given(histories())
def test_after_a_reduction_no_yes_collected_before_it_counts(history):
    last = fold(history)
    reductions = [event for event in history if TABLE[event.act].kind == "ends" and not event.imported]
    if reductions and last.state.status in PERMITTING:
        cause = next(event for event in history if event.order == last.order)
        assert cause.collected_at > max(counts_from(event) for event in reductions)


@given(histories(), some.sampled_from(sorted(REDUCTIONS)))
def test_one_reduction_reaches_off_from_every_state(history, act):
    now = max(event.recorded_at for event in history)
    off = Event(act=act, collected_at=now, recorded_at=now, order=99, until=now + timedelta(days=30))
    assert permits_nothing(fold([*history, off]).state, now)


@given(histories())
def test_a_yes_made_now_always_works(history):
    now = max(event.recorded_at for event in history) + timedelta(seconds=1)
    yes = Event(GIVE, collected_at=now, recorded_at=now, order=99, version=7, categories=("x",), recipients=("y",))
    assert fold([*history, yes]).state == State("given", 7, ("x",), ("y",))


def test_a_tie_goes_to_the_reduction():
    both = [Event(act, START, START, order) for order, act in ((1, "withdraw"), (2, "give"))]
    assert fold(both).state.status == "withdrawn"


def test_what_was_imported_counts_from_its_own_date():
    typed_in = START + timedelta(days=900)
    history = [
        Event("withdraw", START, typed_in, 1, imported=True),
        Event("give", START + timedelta(days=9), typed_in, 2, version=1, imported=True),
    ]
    assert fold(history).state.status == "given"


@pytest.mark.parametrize(
    ("start", "lasts", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-03-03", "P24M", "2028-03-03"),
        ("2026-03-03", "P30D", "2026-04-02"),
        ("2026-12-31", "P2M1W", "2027-03-07"),
    ],
)
def test_a_yes_lasts_as_long_as_was_said(start, lasts, end):
    assert durations.after(datetime.fromisoformat(start), lasts) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "P", "P1", "1M", "PT1H", "P1.5M", "P-1D", "p1d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        durations.parse(text)


@given(histories(), some.sampled_from(sorted(REDUCTIONS)), some.integers(0, 9))
def test_a_reduction_beats_every_yes_recorded_before_it_whatever_the_clocks_show(history, act, slow):
    said = max(event.recorded_at for event in history)
    ahead = Event(GIVE, said + timedelta(minutes=5), said, 98, version=1, categories=("x",), recipients=("y",))
    slow_clock = said - timedelta(minutes=slow)
    off = Event(act, collected_at=slow_clock, recorded_at=slow_clock, order=99, until=said + timedelta(days=30))
    assert permits_nothing(fold([*history, ahead, off]).state, said)
