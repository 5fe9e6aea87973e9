"""Levels of sharing: nothing, a little, some, all. Each is a named preset of scope of one purpose version.

A level never holds a third party: those are chosen one by one, by name, beside any level (PIPL Art. 23; EDPB 05/2020 on
granularity). So the scope that a level stands for has categories and recipients of our own, and no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NOTHING, LITTLE, SOME, ALL = KEYS = ("nothing", "little", "some", "all")
# What these two hold follows from the version, so a file can only name them in words of its own.
IMPLIED = (NOTHING, ALL)

Level = Mapping[str, Any]
Scope = tuple[tuple[str, ...], tuple[str, ...]]


def keys(levels: Iterable[Level]) -> tuple[str, ...]:
    """The levels a version has, from the least to the most: nothing and all, and those between that it defines."""
    defined = {level["key"] for level in levels}
    return tuple(key for key in KEYS if key in IMPLIED or key in defined)


def scope_of(levels: Iterable[Level], offered: Scope, key: str) -> Scope:
    """The categories and recipients that a level stands for, in the order in which they are offered.

    levels: those of one version, in the form of rules/catalogue.py. offered: every category of that version, and its
    recipients without third parties. Raises KeyError for a level that the version does not have.
    """
    if key in IMPLIED:
        return ((), ()) if key == NOTHING else (tuple(offered[0]), tuple(offered[1]))
    level = {each["key"]: each for each in levels}[key]
    return (
        tuple(each for each in offered[0] if each in level["categories"]),
        tuple(each for each in offered[1] if each in level["recipients"]),
    )


def level_of(categories: Iterable[str], recipients: Iterable[str], levels: Sequence[Level], offered: Scope) -> str:
    """The level that a standing scope equals, or "" when it equals none.

    categories, recipients: the scope of the yes that stands; both empty when none does. A third party among the
    recipients was chosen by name beside the level, so it counts for nothing here. levels, offered: as for `scope_of`.
    """
    chosen = set(categories), set(recipients) & set(offered[1])
    found = (key for key in keys(levels) if tuple(map(set, scope_of(levels, offered, key))) == chosen)
    return next(found, "")


def presets(levels: Sequence[Level], offered: Scope) -> list[dict[str, Any]]:
    """Every level in full, from nothing to all: key, name (by language; empty where the file gives none) and scope."""
    names = {level["key"]: level["name"] for level in levels}
    return [
        {"key": key, "name": names.get(key, {}), "categories": list(scope[0]), "recipients": list(scope[1])}
        for key in keys(levels)
        for scope in [scope_of(levels, offered, key)]
    ]
