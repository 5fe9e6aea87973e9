"""Every decision case, against the one function that decides."""

import pytest

from consent.rules import reasons
from consent.rules.decision import decide
from tests import decision_cases as cases

pytestmark = pytest.mark.once


@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_it_answers(case):
    given, ask, wanted = case["given"], case["ask"], case["answer"]
    answer = decide(
        purpose=cases.purpose(given),
        customer=cases.customer(given),
        recipient=ask["recipient"],
        categories=ask.get("categories"),
        now=cases.moment(given["now"]),
    )
    assert (answer.permitted, answer.reason) == (wanted["decision"], wanted["reason"]), case["says"]
    for name in ("allowed", "refused"):
        if name in wanted:
            assert list(getattr(answer, name)) == wanted[name], case["says"]
    if "valid_until" in wanted:
        assert answer.valid_until == cases.moment(wanted["valid_until"])
    assert set(reasons.SENTENCES[answer.reason]) == {"en", "zh-hans"}
