"""Thirty plain notices pass and thirty bad ones are refused, each for its own reason; at least 95 of 100 are right.

Both lists are our own writing, so the figure says that the rules do what was meant, not how they fare on strangers.
"""

from collections import Counter

import pytest

from tests.consent.rules.plain.notices import BAD, GOOD, errors, read, told

pytestmark = pytest.mark.once


@pytest.mark.parametrize("notice", [pytest.param(each, id=each["notice"]) for each in GOOD])
def test_A23_a_good_notice_passes_without_a_remark(notice):
    found = read(notice)
    assert found == [], told(found)


@pytest.mark.parametrize("notice", [pytest.param(each, id=each["notice"]) for each in BAD])
def test_A23_a_bad_notice_is_refused_for_its_reason(notice):
    found = read(notice)
    assert set(notice["rules"]) <= errors(found), f"{notice['says']}\n{told(found)}"


def test_at_least_95_of_100_are_right():
    assert sum(not errors(read(each)) for each in GOOD) >= 0.95 * len(GOOD)
    assert sum(set(each["rules"]) <= errors(read(each)) for each in BAD) >= 0.95 * len(BAD)


@pytest.mark.parametrize("notices", [GOOD, BAD], ids=["good", "bad"])
def test_the_corpus_is_large_and_speaks_every_language(notices):
    spoken = Counter(language for each in notices for language in each["texts"])
    assert len({each["notice"] for each in notices}) == len(notices) >= 30
    assert spoken["zh-hans"] >= 8
    assert min(spoken[language] for language in ("en", "zh-hans", "es", "fr", "de", "ar")) >= 2


def test_the_bad_notices_meet_every_rule_that_only_refuses():
    assert {"L1", "L6", "L7", "L9", "L10", "L11", "L12", "L13"} <= {rule for each in BAD for rule in each["rules"]}
