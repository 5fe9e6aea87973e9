"""Principles under the plain-language rules."""

import pytest

from consent.rules import plain
from tests.world import document

GOOD = document()["principles"]


def found(language="en", **changed):
    words = GOOD | {language: GOOD[language] | changed}
    return [(each.rule, each.severity, each.language, each.field) for each in plain.check_principles(words)]


def with_first(text, language="en"):
    return found(language, statements=[text, *GOOD[language]["statements"][1:]])


def test_good_ones_pass():
    assert found() == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("We shall use algorithms.", "L6"),
        ("You must trust us.", "L10"),
        ("We only share with partners.", "L11"),
        ("We never do nothing without you.", "L9"),
        (f"We {'really ' * 25}ask you.", "L1"),
    ],
)
def test_what_is_not_plain_is_an_error_at_its_statement(text, rule):
    assert (rule, "error", "en", "statements/0") in with_first(text)


def test_both_languages_say_the_same_figures():
    assert ("L13", "error", "zh-hans", "statements/0") in with_first("We ask 5 people before we use it.")


def test_a_time_is_no_fault_though_the_catalogue_does_not_know_it():
    words = {"en": {"title": "AI", "statements": ["We answer you within 30 days."]}}
    assert plain.check_principles(words) == []


def test_artificial_intelligence_is_no_praise_in_chinese_and_clever_is():
    assert with_first("人工智能参与之前，我们先告诉您。", "zh-hans") == []
    assert ("L10", "error", "zh-hans", "statements/0") in with_first("我们智能地为您服务。", "zh-hans")
