"""Every text that people see is translated, completely, and what ships is what the .po files say."""

import re

import pytest
from babel.messages.catalog import Message

from tests import words
from tests.test_shape import complain

pytestmark = pytest.mark.once
CASES = [(place, language) for place in words.places() for language in place.languages]
NAMES = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+>")
COUNTS = {"%(count)s", "%(days)s"}


def _names(text: str, form: int, plurals: int) -> set[str]:
    """The names in a text. Arabic says one and two without a figure: there the count need not stand."""
    return set(NAMES.findall(text)) - (COUNTS if plurals == 6 and form in {1, 2} else set())


def faults(message: Message, plurals: int) -> list[str]:
    """What is wrong with one translation."""
    found = []
    sources = message.id if isinstance(message.id, tuple | list) else [message.id]
    targets = message.string if isinstance(message.string, tuple | list) else [message.string]
    if len(targets) != (plurals if len(sources) > 1 else 1) or not all(targets):
        found.append("not translated")
    elif any(
        _names(target, form, plurals) != _names(sources[-1], form, plurals) for form, target in enumerate(targets)
    ):
        found.append("names other things than the original")
    if message.fuzzy:
        found.append("fuzzy")
    return [f"{sources[0]!r}: {fault}" for fault in found]


@pytest.mark.parametrize(("place", "language"), CASES)
def test_A26_every_text_is_translated(place, language):
    catalogue = words.read(place, language)
    wanted = {(message.id, message.context) for message in words.collect(place) if message.id}
    there = {(message.id, message.context) for message in catalogue if message.id}
    assert wanted, "nothing was collected"
    complain([f"{text!r}: run python -m tests.words" for text in sorted(map(str, wanted ^ there))])
    complain([line for message in catalogue if message.id for line in faults(message, catalogue.num_plurals)])


@pytest.mark.parametrize(("place", "language"), CASES)
def test_what_ships_is_current(place, language):
    assert place.file(language, "mo").read_bytes() == words.compiled(words.read(place, language))


def test_a_missing_translation_is_noticed():
    assert faults(Message("On", ""), 1)
    assert faults(Message(("%(count)s day", "%(count)s days"), ("%(count)s",)), 2)
    assert faults(Message("{name} only", "只有"), 1)
    assert faults(Message("On", "开", flags=["fuzzy"]), 1)
    assert not faults(Message(("%(count)s day", "%(count)s days"), ("%(count)s 天",)), 1)
    arabic = ["%(count)s يوم", "يوم واحد", "يومين", "%(count)s أيام", "%(count)s يوم", "%(count)s يومًا"]
    assert not faults(Message(("%(count)s day", "%(count)s days"), arabic), 6)
    assert faults(Message(("%(count)s day", "%(count)s days"), [*arabic[:3], "أيام", *arabic[4:]]), 6)


def test_texts_in_templates_and_in_code_are_both_collected():
    found = {message.id for message in words.collect(words.SHARED)}
    assert "You decide how we use your data" in found
    assert "You turned this off." in found
    assert ("used %(count)s time", "used %(count)s times") in found


def test_every_reason_and_channel_has_its_words():
    from consent.rules import actions, choice, lifecycle, reasons
    from consent.services.evidence import WHY
    from trustcenter.portal import words as portal

    assert set(portal.REASONS) == set(reasons.CODES) - {"permitted"}
    assert set(portal.CHANNELS) == set(choice.CHANNELS) | lifecycle.MERGES
    assert set(portal.ACTORS) == set(choice.ACTORS)
    assert set(portal.DONE) == set(actions.BY_ACT)
    assert set(portal.ACTS) == set(portal.ACTS_OF_SOMEONE) == set(actions.ACT_OF.values())
    assert set(portal.LOOKS) == set(WHY)


def test_countries_have_names_in_every_language():
    from trustcenter.templatetags import pages

    names = pages.countries()
    assert set(names) == {"en", *words.LANGUAGES}
    assert all(each.keys() == names["en"].keys() for each in names.values())
    ireland = {"en": "Ireland", "zh-hans": "爱尔兰", "es": "Irlanda", "fr": "Irlande", "de": "Irland", "ar": "أيرلندا"}
    assert {code: each["IE"] for code, each in names.items()} == ireland
