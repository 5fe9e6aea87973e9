"""Which change of a purpose asks people again: issue 3, item 3, and the lines of the regulation map that it meets."""

import copy

import pytest

from consent.rules import catalogue, material
from tests.world import document

OLD = catalogue.parse(document())["purposes"][1]["content"]


def found(old=OLD, *, home="GB", **changed):
    return [(each.code, each.material) for each in material.changes(old, copy.deepcopy(old) | changed, home=home)]


def stored(*places):
    return {"details": {"storage_locations": [*places]}} if places else {"details": {}}


def worded(**changed):
    return {"texts": OLD["texts"] | {"en": OLD["texts"]["en"] | changed}}


def told(**changed):
    """What AI does, told otherwise than in the park's own file."""
    return {"details": OLD["details"] | {"ai": OLD["details"]["ai"] | changed}}


MATERIAL = {
    "lets more go into ai": (told(**{"in": ["purchase_history", "contact.email"]}), "ai_in_added"),
    "lets ai change the price": (told(affects=["price"]), "ai_affects_added"),
    "lets ai learn from the data": (told(trains=True), "ai_trains"),
    "adds data": ({"categories": [*OLD["categories"], "ride_photos"]}, "categories_added"),
    "swaps data": ({"categories": [*OLD["categories"][1:], "ride_photos"]}, "categories_added"),
    "adds a recipient": ({"recipients": [*OLD["recipients"], "snapride"]}, "recipients_added"),
    "keeps it longer": ({"retention": "P13M"}, "retention"),
    "keeps it longer in days": ({"retention": "P400D"}, "retention"),
    "decides by computer": ({"automated_decisions": True}, "automated_decisions"),
    "sells or shares it": ({"sale_or_sharing": True}, "sale_or_sharing"),
    "serves another controller": ({"controller": "other"}, "controller"),
    "rests on another basis": ({"legal_basis": "contract"}, "legal_basis"),
    "is another purpose": ({"dpv": "dpv:SellProducts"}, "dpv"),
    "gives nothing any more": (worded(benefit="Nothing directly."), "benefit_removed"),
}


@pytest.mark.parametrize("change", MATERIAL)
def test_P1_L3_a_version_asks_people_again_when_it(change):
    changed, code = MATERIAL[change]
    assert (code, True) in found(**changed)


def test_P1_a_version_that_begins_to_use_ai_asks_people_again():
    assert found(OLD | {"uses_ai": False}, uses_ai=True) == [("uses_ai", True)]


def test_less_of_a_person_is_material_and_more_of_one_is_not():
    for first, second, less in (("before", "after", True), ("after", "asked", True), ("asked", "before", False)):
        old = OLD | told(person_decides=first)
        assert found(old, **told(person_decides=second)) == [("ai_person", less)]


def test_less_of_ai_is_not_material():
    more = OLD | told(**{"in": ["purchase_history", "contact.email"]}, affects=["price"], trains=True)
    assert found(more, **told()) == [("ai_in_removed", False), ("ai_affects_removed", False), ("ai_trains", False)]


def test_what_was_not_told_of_ai_before_may_be_told_without_asking_again():
    untold = {name: value for name, value in OLD["details"].items() if name != "ai"}
    assert found(OLD | {"details": untold}, **told()) == [("ai_told", False)]


@pytest.mark.parametrize("nothing", ["没有直接好处。", "Nichts direkt", "Rien.", "Nada", "لا شيء"])
def test_a_benefit_is_taken_away_in_any_language(nothing):
    texts = OLD["texts"] | {"zh-hans": OLD["texts"]["zh-hans"] | {"benefit": nothing}}
    assert found(texts=texts) == [("benefit_removed", True)]


EDITORIAL = {
    "takes data away": ({"categories": OLD["categories"][1:]}, "categories_removed"),
    "takes a recipient away": ({"recipients": OLD["recipients"][:1]}, "recipients_removed"),
    "keeps it shorter": ({"retention": "P6M"}, "retention"),
    "uses no ai any more": ({"uses_ai": False}, "uses_ai"),
    "lets a yes last longer": ({"consent_lasts": "P48M"}, "consent_lasts"),
    "asks for a higher age": ({"min_age": 16}, "min_age"),
    "names no standard term any more": ({"dpv": ""}, "dpv"),
    "has other levels": ({"details": {}}, "details"),
    "has another order": ({"categories": OLD["categories"][::-1]}, "details"),
    "says it in other words": (worded(why="We sell more."), "words"),
    "speaks one language fewer": ({"texts": {"en": OLD["texts"]["en"]}}, "language_removed"),
}


@pytest.mark.parametrize("change", EDITORIAL)
def test_a_version_asks_nobody_again_when_it(change):
    changed, code = EDITORIAL[change]
    changes = found(**changed)
    assert (code, False) in changes
    assert not any(material for _, material in changes)


def test_a_lower_age_asks_people_again():
    assert found(OLD | {"min_age": 16}, min_age=13) == found(OLD | {"min_age": 16}, min_age=0) == [("min_age", True)]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ((), ("GB",), [("details", False)]),
        ((), ("US",), [("storage_added", True), ("storage_removed", False)]),
        (("GB",), ("GB", "US"), [("storage_added", True)]),
        (("GB", "US"), ("GB",), [("storage_removed", False)]),
        (("US-CA",), ("US-NY",), [("details", False)]),
        (("IE",), (), [("storage_added", True), ("storage_removed", False)]),
    ],
)
def test_P11_storage_in_a_further_country_asks_people_again(before, after, changes):
    assert found(OLD | stored(*before), **stored(*after)) == changes


def test_nothing_changed_is_no_change():
    assert found() == []


def test_every_change_tells_itself_in_a_sentence():
    for changed, _ in (MATERIAL | EDITORIAL).values():
        assert all(each.detail for each in material.changes(OLD, copy.deepcopy(OLD) | changed, home="GB"))
