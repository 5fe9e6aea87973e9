"""Rules L6, L7, L10, L11 and the address of L14: words that stand in a list."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from consent.rules.plain.finding import ERROR, WARNING, Finding
from consent.rules.plain.pack import Pack
from consent.rules.plain.passage import Passage, Token, cut

STRICT = ("what", "why")  # where a vague word hides a fact; who receives is no text at all
_SAY = {
    "L6": "“{found}” is jargon. Write it in everyday words.",
    "L7": "“{found}” leaves people guessing. Say exactly what, when or how many, or leave it out.",
    "L10": "“{found}” pushes people. Say what happens and let them choose.",
    "L11": "“{found}” names nobody. Leave receivers to the catalogue, which shows each one by name.",
    "L14": "“{found}” changes how people are addressed. Stay polite and use one form throughout.",
}


class Entry(NamedTuple):
    """A listed phrase, cut as texts are cut."""

    tokens: tuple[str, ...]
    rule: str
    instead: str


def listed(passage: Passage) -> Iterator[Finding]:
    """Every listed word or phrase in a passage; of those of one rule that overlap, the first and longest."""
    reported: dict[str, int] = {}
    for entry, start, end in _spaced(passage) if passage.pack.spaced else _unspaced(passage):
        called = entry.rule == "L7" and passage.field.endswith("/name")  # a level of sharing is called "Some"
        if start >= reported.get(entry.rule, 0) and not passage.within("spared", start) and not called:
            message = _SAY[entry.rule].format(found=passage.text[start:end])
            yield passage.finding(entry.rule, _severity(entry.rule, passage), (start, end), message, entry.instead)
            reported[entry.rule] = end


def _severity(rule: str, passage: Passage) -> str:
    mild = rule == "L14" or (rule == "L7" and passage.field not in STRICT)
    return WARNING if mild else ERROR


def _spaced(passage: Passage) -> Iterator[tuple[Entry, int, int]]:
    index, tokens, forms = _index(passage.pack), passage.tokens, passage.pack.forms
    for place, token in enumerate(tokens):
        candidates = [entry for form in forms(token.word) for entry in index.get(form, ())]
        found = max((each for each in candidates if _fits(each, tokens, place, passage)), key=_length, default=None)
        if found:
            yield found, token.start, tokens[place + len(found.tokens) - 1].end


def _length(entry: Entry) -> int:
    return len(entry.tokens)


def _fits(entry: Entry, tokens: list[Token], place: int, passage: Passage) -> bool:
    there = tokens[place + 1 : place + len(entry.tokens)]
    return len(there) == len(entry.tokens) - 1 and all(
        wanted in passage.pack.forms(token.word) for wanted, token in zip(entry.tokens[1:], there, strict=True)
    )


def _unspaced(passage: Passage) -> Iterator[tuple[Entry, int, int]]:
    pattern, entries = _alternatives(passage.pack)
    for match in pattern.finditer(passage.text):
        yield entries[match[1]], match.start(), match.end(1)


@lru_cache(maxsize=16)
def _index(pack: Pack) -> dict[str, list[Entry]]:
    """Entries by their first word."""
    found = defaultdict(list)
    for phrase, rule, instead in pack.listed:
        entry = Entry(tuple(token.word for token in cut(phrase, pack)), rule, instead)
        found[entry.tokens[0]].append(entry)
    return dict(found)


@lru_cache(maxsize=16)
def _alternatives(pack: Pack) -> tuple[re.Pattern[str], dict[str, Entry]]:
    """One expression for all phrases, the longest first, where words are not parted by spaces; matches may overlap."""
    entries = {phrase: Entry((phrase,), rule, instead) for phrase, rule, instead in pack.listed}
    return re.compile(f"(?=({'|'.join(map(re.escape, sorted(entries, key=len, reverse=True)))}))"), entries
