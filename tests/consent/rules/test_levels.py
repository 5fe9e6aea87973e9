"""Levels of sharing: which scope a level stands for, and which level a scope is."""

import itertools

import pytest

from consent.rules import levels

OFFERED = (("email", "sms", "visits"), ("mail", "print"))
NAMED = [
    {"key": "little", "name": {"en": "A little"}, "categories": ["email"], "recipients": ["mail"]},
    {"key": "some", "name": {"en": "Some"}, "categories": ["visits", "email"], "recipients": ["mail"]},
]


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        ("nothing", ((), ())),
        ("little", (("email",), ("mail",))),
        ("some", (("email", "visits"), ("mail",))),
        ("all", OFFERED),
    ],
)
def test_a_level_stands_for_a_scope_and_the_scope_for_the_level(key, scope):
    assert levels.scope_of(NAMED, OFFERED, key) == scope
    assert levels.level_of(*scope, NAMED, OFFERED) == key


def test_nothing_and_all_need_no_naming():
    assert levels.keys([]) == ("nothing", "all")
    assert levels.level_of(*OFFERED, [], OFFERED) == "all"
    assert levels.level_of((), (), [], OFFERED) == "nothing"


def test_a_level_that_the_version_lacks_is_refused():
    with pytest.raises(KeyError):
        levels.scope_of(NAMED[:1], OFFERED, "some")


def test_every_other_scope_is_no_level():
    known = {levels.scope_of(NAMED, OFFERED, key) for key in levels.KEYS}
    for categories, recipients in itertools.product(_subsets(OFFERED[0]), _subsets(OFFERED[1])):
        found = levels.level_of(categories, recipients, NAMED, OFFERED)
        assert bool(found) == ((categories, recipients) in known), (categories, recipients)


def test_P6_a_third_party_chosen_by_name_stands_beside_any_level():
    for key in ("little", "some", "all"):
        categories, recipients = levels.scope_of(NAMED, OFFERED, key)
        assert levels.level_of(categories, (*recipients, "adpartner"), NAMED, OFFERED) == key
    assert levels.level_of(("email",), ("adpartner",), NAMED, OFFERED) == ""


def test_each_level_in_full_holds_all_that_the_one_before_it_holds():
    found = levels.presets(NAMED, OFFERED)
    assert [each["key"] for each in found] == ["nothing", "little", "some", "all"]
    for less, more in itertools.pairwise(found):
        assert set(less["categories"]) <= set(more["categories"])
        assert set(less["recipients"]) <= set(more["recipients"])
    assert [each["name"] for each in found] == [{}, {"en": "A little"}, {"en": "Some"}, {}]


def _subsets(whole):
    return [tuple(part) for size in range(len(whole) + 1) for part in itertools.combinations(whole, size)]
