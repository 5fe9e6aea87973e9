"""All rules over all languages of one notice."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consent.rules.plain import facts, fields, lengths, packs, phrases, style
from consent.rules.plain.facts import Known
from consent.rules.plain.finding import WARNING, Finding
from consent.rules.plain.passage import WORD, Passage


def check(
    texts: Mapping[str, Mapping[str, str]],
    *,
    recipients: Iterable[str],
    retention: str,
    consent_lasts: str,
    basis: str,
    others: Iterable[str] = (),
) -> list[Finding]:
    """What is wrong with a notice, by language and field, in a fixed order; empty when nothing is.

    texts: language → field → words (title, what, why, benefit, if_no, ai, …). recipients: names that the words may use;
    others: names they may not. retention, consent_lasts: ISO 8601, "" for none. basis: one of rules/bases.py.
    """
    known = Known(tuple(recipients), tuple(others), retention, consent_lasts)
    names = frozenset(word for name in (*known.named, *known.others) for word in WORD.findall(name))
    found: list[Finding] = []
    passages: list[Passage] = []
    for language, words in texts.items():
        pack = packs.of(language)
        notice = [Passage(pack, language, name, text) for name, text in words.items()]
        found += fields.missing(language, words)
        found += _of_language(notice, basis, names, known)
        passages += notice
    return [*found, *facts.across(passages, known)]


def check_principles(words: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """As `check`, of principles: language → title and statements. They are no notice, so no field of one is missing,
    and the catalogue has no durations or receivers to hold them against."""
    found: list[Finding] = []
    passages: list[Passage] = []
    for language, said in words.items():
        parts = {"title": said["title"], **{f"statements/{n}": text for n, text in enumerate(said["statements"])}}
        notice = [Passage(packs.of(language), language, name, text) for name, text in parts.items()]
        found += _of_language(notice, "", frozenset(), None)
        passages += notice
    return [*found, *facts.across(passages, Known((), (), "", ""))]


def _of_language(notice: list[Passage], basis: str, names: frozenset[str], known: Known | None) -> Iterator[Finding]:
    if notice and not notice[0].pack.language:
        message = "We have no rules for this language. Let a native reader check the words."
        yield notice[0].finding("L0", WARNING, notice[0].whole, message)
    for passage in notice:
        yield from lengths.of_field(passage, names)
        yield from phrases.listed(passage)
        yield from style.of_field(passage)
        yield from fields.of_field(passage, basis)
        if known:
            yield from facts.of_field(passage, known)
    if notice:
        yield from lengths.of_notice(notice)
        yield from style.of_notice(notice)
