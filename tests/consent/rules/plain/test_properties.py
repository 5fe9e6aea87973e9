"""Whatever comes in, the rules answer; and no guilt word gets past them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consent.rules import plain
from consent.rules.plain.packs import PACKS
from tests.consent.rules.plain.notices import GOOD, check, errors, read

pytestmark = pytest.mark.once
LANGUAGES = [*PACKS, "it", "zh-hant", "en-gb", ""]
FIELDS = ["title", "what", "why", "benefit", "if_no", "ai"]
# Letters, digits and marks that the rules look for, so that random text meets them.
NEAR = some.text(some.sampled_from("we You may not 30 days 1.000,5 年月日天小时您我 قد شهرين ٣٠ .。!?，;'’-\n٫²½Ⅷ"))


@given(
    some.dictionaries(
        some.sampled_from(LANGUAGES), some.dictionaries(some.sampled_from(FIELDS), some.text() | NEAR), max_size=3
    ),
    some.text() | some.sampled_from(["P12M", "", "P1D"]),
    some.lists(some.text(), max_size=2),
)
def test_it_answers_any_text(texts, retention, names):
    for found in check(texts, retention=retention, recipients=names, others=names[:1]):
        start, end = found.span
        assert 0 <= start <= end <= len(texts[found.language].get(found.field, ""))
        assert found.rule in plain.RULES
        assert found.message


@given(some.text() | NEAR)
def test_a_grade_is_a_number(text):
    assert plain.grade(text) == plain.grade(text)


@some.composite
def pushed(draw):
    """A good notice with one guilt, urgency or praise word put in between two of its words."""
    notice = draw(some.sampled_from(GOOD))
    [(language, words)] = notice["texts"].items()
    pack = PACKS[language]
    word, field = draw(some.sampled_from(pack.pushy)), draw(some.sampled_from(sorted(words)))
    gap = " " if pack.spaced else ""
    parts = words[field].split(" ") if pack.spaced else list(words[field])
    at = draw(some.integers(0, len(parts)))
    changed = gap.join([*parts[:at], word, *parts[at:]])
    return notice | {"texts": {language: words | {field: changed}}}


@given(pushed())
def test_a_guilt_word_is_always_an_error(notice):
    assert "L10" in errors(read(notice))


@given(some.sampled_from(GOOD), some.sampled_from(FIELDS[:5]), some.integers(2, 9))
def test_a_figure_that_only_one_language_gives_is_always_an_error(notice, field, figure):
    [(language, words)] = notice["texts"].items()
    told_twice = {language: words, "en" if language != "en" else "zh-hans": words | {field: f"{words[field]} {figure}"}}
    assert "L13" in errors(read(notice | {"texts": told_twice}))
