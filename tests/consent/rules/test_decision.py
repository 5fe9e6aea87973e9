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
    assert answer.reason in reasons.CODES


def test_every_reason_has_its_own_sentence_in_every_language():
    for language, sentences in reasons.SENTENCES.items():
        assert tuple(sentences) == reasons.CODES, language
        assert len(set(sentences.values())) == len(sentences), language
    assert reasons.sentence("permitted", "de") == "Diese Nutzung ist erlaubt."
    assert reasons.sentence("permitted", "it") == "This use is allowed."
