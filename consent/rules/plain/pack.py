"""What a language brings: its limits, its word lists and how its words are cut. Pure data, one file per language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

NEVER = r"(?!)"


def words(listed: str) -> tuple[str, ...]:
    """A word list as people edit it: phrases with commas between."""
    return tuple(each.strip() for each in listed.split(",") if each.strip())


def pairs(listed: str) -> dict[str, str]:
    """What not to write, and what to write instead: `prior to = before; hereby =` with semicolons between."""
    return {bad.strip(): good.strip() for bad, good in (each.split("=") for each in listed.split(";"))}


def numbers(listed: str) -> dict[str, int]:
    """Number words and their figures: `two 2, twelve 12`."""
    return {word: int(figure) for word, figure in (each.rsplit(maxsplit=1) for each in words(listed))}


@dataclass(frozen=True)
class Limits:
    """Lengths in words; in characters where a language has no spaces. `clause` is (warning, error)."""

    sentence: int = 25
    average: int = 15
    clause: tuple[int, int] | None = None
    title: int = 6
    benefit: int = 10
    score_from: int = 30


@dataclass(frozen=True)
class Score:
    """A reading formula over (words, sentences); `harder` is 1 when a higher figure is harder to read, else -1."""

    name: str
    of: Callable[[list[str], int], float]
    wanted: float
    refused: float
    harder: int = 1

    def worse_than(self, value: float, limit: float) -> bool:
        return (value - limit) * self.harder > 0


@dataclass(frozen=True, eq=False)
class Pack:
    """The rules of one language. Phrases are plain words; `passive`, `you` and their like are regular expressions.

    spaced: words are parted by spaces. fold: how a word is compared. forms: the shapes under which it is looked up.
    spared: where a listed word means something else ("in May"). repeated: durations that say how often or how old.
    spelled: durations written as one word or with an article, as (amount, unit); units are h, D, W, M, Y.
    """

    language: str
    limits: Limits = Limits()
    score: Score | None = None
    long_word: Callable[[str], bool] = lambda word: False
    glossary: frozenset[str] = frozenset()
    jargon: Mapping[str, str] = field(default_factory=dict)
    vague: tuple[str, ...] = ()
    pushy: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    address: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    spelled: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    counters: str = ""
    months: tuple[str, ...] = ()
    abbreviations: frozenset[str] = frozenset()
    double_negatives: str = NEVER
    passive: str = NEVER
    agent: str = NEVER
    delete: str = NEVER
    you: str = ""
    we: str = ""
    spared: str = NEVER
    repeated: str = NEVER
    common: Callable[[str], bool] = lambda character: True
    spaced: bool = True
    fold: Callable[[str], str] = str.lower
    forms: Callable[[str], tuple[str, ...]] = lambda word: (word,)

    @cached_property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """The regular expressions of the pack, compiled once."""
        names = ("double_negatives", "passive", "agent", "delete", "spared", "repeated")
        return {name: re.compile(getattr(self, name), re.IGNORECASE) for name in names} | {
            name: re.compile(getattr(self, name)) for name in ("you", "we")
        }

    @cached_property
    def listed(self) -> list[tuple[str, str, str]]:
        """Every listed phrase as (phrase, rule, what to write instead)."""
        return [
            *((phrase, "L6", instead) for phrase, instead in self.jargon.items()),
            *((phrase, "L7", "") for phrase in self.vague),
            *((phrase, "L10", "") for phrase in self.pushy),
            *((phrase, "L11", "") for phrase in self.receivers),
            *((phrase, "L14", instead) for phrase, instead in self.address.items()),
        ]
