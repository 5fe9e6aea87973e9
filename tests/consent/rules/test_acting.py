"""Who may do which act, and the proof that a yes in somebody else's name needs."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules import acting, choice, lifecycle
from consent.rules.choice import Choice

pytestmark = pytest.mark.once
NOW = datetime(2026, 5, 14, tzinfo=UTC)
MEMBERS = ("reason", "guardian_verification", "mandate", "scan_sha256")
GOOD = {"reason": "They called us.", "guardian_verification": "Passport seen.", "mandate": "Power of attorney 17."}


def wrong(act, actor, channel="phone", imported=False, **evidence):
    found = acting.problems(act=act, actor=actor, channel=channel, evidence=evidence, imported=imported)
    return [field.pointer for field in found]


@pytest.mark.parametrize(
    ("actor", "member"),
    [("staff", "reason"), ("guardian", "guardian_verification"), ("representative", "mandate")],
)
@pytest.mark.parametrize("act", ["give", "renew", "resume"])
def test_a_yes_for_somebody_else_says_why_it_may(actor, member, act):
    assert wrong(act, actor) == [f"/evidence/{member}"]
    for bad in ("", "  ", 5, ["x"], True, "x" * 2001, "a\u202eb"):
        assert wrong(act, actor, **{member: bad}) == [f"/evidence/{member}"], bad
    assert wrong(act, actor, **{member: GOOD[member]}) == []


def test_a_yes_of_their_own_needs_no_proof():
    assert wrong("give", "self") == []


def test_staff_meet_customers_by_certain_ways():
    assert wrong("give", "staff", "web", reason="x") == ["/channel"]
    for channel in acting.STAFF_CHANNELS:
        assert wrong("give", "staff", channel, reason="x", scan_sha256="0" * 64) == []


def test_a_yes_on_paper_names_its_scan():
    assert wrong("give", "staff", "paper", reason="x") == ["/evidence/scan_sha256"]
    for bad in ("abc", "A" * 64, 5, "0" * 63):
        assert wrong("give", "staff", "paper", reason="x", scan_sha256=bad) == ["/evidence/scan_sha256"]
    assert wrong("withdraw", "staff", "paper") == []


def test_C5_nobody_needs_more_to_say_no_than_to_say_yes():
    for actor in acting.ACTORS:
        for act in sorted(lifecycle.REDUCTIONS & acting.MAY[actor]):
            for channel in choice.CHANNELS:
                assert wrong(act, actor, channel) == [], (actor, act, channel)


def test_C5_whoever_may_say_yes_may_say_no():
    for actor, may in acting.MAY.items():
        if may & lifecycle.YES:
            assert may >= lifecycle.REDUCTIONS - lifecycle.BY_OTHERS, actor


def test_a_browser_and_a_machine_never_say_yes():
    for actor in ("browser", "system"):
        assert not acting.MAY[actor] & lifecycle.WIDENING
        for act in sorted(lifecycle.WIDENING):
            assert wrong(act, actor, **GOOD) == ["/actor"]
    assert wrong("request", "browser") == wrong("defer", "browser") == ["/actor"]
    assert wrong("give", "system", imported=True) == []
    assert wrong("give", "browser", imported=True) == ["/actor"], "nor in a file"


def test_ending_what_a_customer_said_is_the_staffs_or_a_machines():
    for act in sorted(lifecycle.BY_OTHERS):
        assert [actor for actor in acting.ACTORS if not wrong(act, actor)] == ["staff", "system"]


def test_only_the_guardian_confirms_what_the_guardian_said():
    assert acting.may_confirm(said="guardian", confirms="guardian")
    assert acting.may_confirm(said="staff", confirms="self")
    assert not acting.may_confirm(said="guardian", confirms="self")
    assert not acting.may_confirm(said="self", confirms="guardian"), "a child's own yes does not become a guardian's"
    assert not acting.may_confirm(said="guardian", confirms="representative")


@given(
    act=st.sampled_from(lifecycle.ACTS),
    actor=st.sampled_from(acting.ACTORS),
    channel=st.sampled_from(choice.CHANNELS),
    evidence=st.dictionaries(st.sampled_from(MEMBERS), st.text(max_size=3) | st.integers()),
)
def test_what_is_wrong_is_named_inside_the_choice(act, actor, channel, evidence):
    said = Choice("p", act, channel, "x", actor=actor, evidence=evidence, confirmation="t")
    members = {"/actor", "/channel", "/until", "/confirmation", *(f"/evidence/{name}" for name in MEMBERS)}
    assert {field.pointer for field in choice.problems(said, NOW)} <= members
