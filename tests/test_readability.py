"""What we say to customers is easy to read, by the grade with which we measure the texts of brands."""

import re

import pytest

from consent.rules.plain import grade
from tests import words
from tests.test_shape import complain

pytestmark = pytest.mark.once
FAILS, WANTED, LONGEST = 8, 6, 25
# A label of a few words has no grade that says anything: one long word of five makes it a text for scholars.
SENTENCE = 8
NAMES = re.compile(r"%\(\w+\)s|\{\w*\}")
TAGS = re.compile(r"</?\w+>|&\w+;")


def texts() -> list[str]:
    """Every English text of the customers' pages and letters, each name in it as one short word."""
    found = [message for message in words.collect(words.SHARED) if message.id]
    said = [part for each in found for part in (each.id if isinstance(each.id, tuple | list) else (each.id,))]
    return [TAGS.sub("", NAMES.sub("it", text)).replace("%%", "%") for text in said]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:])\s+", text)


def hard(found: list[str], grade_over: float) -> list[str]:
    """The texts above a grade."""
    graded = [(grade(text), text) for text in found if len(text.split()) >= SENTENCE]
    return [f"grade {value:.1f}: {text}" for value, text in graded if value > grade_over]


def test_A22_X1_what_we_say_is_easy_to_read():
    found = texts()
    complain(hard(found, FAILS))
    complain([text for text in found for each in sentences(text) if len(each.split()) > LONGEST])
    assert len(hard(found, WANTED)) <= len(found) / 50, hard(found, WANTED)
    assert grade(" ".join(f"{text.rstrip('.')}." for text in found if len(text.split()) >= SENTENCE)) <= WANTED


def test_a_text_for_lawyers_is_noticed():
    said = "Notwithstanding the aforementioned provisions, the organisation processes identification particulars."
    assert hard([said], FAILS)
    assert len(sentences("We keep it. You may ask: why?")) == 3
