"""Rules L1 to L5 and L8: how long, how hard, how rare."""

import re
from collections.abc import Iterator, Sequence

from consent.rules.plain.finding import ERROR, WARNING, Finding
from consent.rules.plain.pack import Score
from consent.rules.plain.passage import WORD, Passage

LABELS = ("title", "benefit")  # no sentences; they would flatter every average
LEVELS = "levels/"  # what stands beside each level of sharing: labels too
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu)['’]")  # l'ordinateur is the word ordinateur
_CLAUSE_MARKS = "，。：、；！？（）—…\n"


def of_field(passage: Passage, names: frozenset[str]) -> Iterator[Finding]:
    """L1, L3, L5 and L8. `names` are words that need no short form: those of receivers."""
    yield from _sentences(passage)
    yield from _clauses(passage)
    yield from _long_words(passage, names)
    yield from _rare(passage)


def of_notice(passages: Sequence[Passage]) -> Iterator[Finding]:
    """L2 and L4, over the prose of a notice in one language."""
    prose = [passage for passage in passages if not _label(passage.field) and passage.sentences]
    if prose:
        yield from _average(prose)
        yield from _score(prose)


def _label(field: str) -> bool:
    return field in LABELS or field.startswith(LEVELS)


def _unit(passage: Passage) -> str:
    return "words" if passage.pack.spaced else "characters"


def _sentences(passage: Passage) -> Iterator[Finding]:
    most = passage.pack.limits.sentence
    for start, end in passage.sentences:
        if (size := passage.size(start, end)) > most:
            message = f"This sentence has {size} {_unit(passage)}. Split it: at most {most}."
            yield passage.finding("L1", ERROR, (start, end), message)


def _average(prose: Sequence[Passage]) -> Iterator[Finding]:
    most, longest = prose[0].pack.limits.average, max(prose, key=lambda each: each.size() / len(each.sentences))
    average = sum(each.size() for each in prose) / sum(len(each.sentences) for each in prose)
    if average > most:
        message = f"Sentences have {average:.0f} {_unit(longest)} on average. Shorten them: {most} is easy to read."
        yield longest.finding("L2", WARNING, longest.whole, message)


def _clauses(passage: Passage) -> Iterator[Finding]:
    if not passage.pack.limits.clause:
        return
    wanted, most = passage.pack.limits.clause
    start = 0
    for end, character in enumerate([*passage.text, "\n"]):
        if character not in _CLAUSE_MARKS:
            continue
        if (size := passage.size(start, end)) > wanted:
            severity = ERROR if size > most else WARNING
            message = f"{size} characters stand between two marks. Break them up: {wanted} is easy to read."
            yield passage.finding("L3", severity, (start, end), message)
        start = end + 1


def _score(prose: Sequence[Passage]) -> Iterator[Finding]:
    """Each field that is long enough, so that none hides behind the others; then the notice as a whole."""
    score, least = prose[0].pack.score, prose[0].pack.limits.score_from
    if score is None:
        return
    worst = max(prose, key=lambda each: score.of(each.words, len(each.sentences)) * score.harder)
    found = [each for passage in prose if passage.size() >= least for each in _scored(score, passage, [passage])]
    if not found and sum(each.size() for each in prose) >= least:
        found = list(_scored(score, worst, prose))
    yield from found


def _scored(score: Score, at: Passage, parts: Sequence[Passage]) -> Iterator[Finding]:
    words = [word for part in parts for word in part.words]
    value = score.of(words, sum(len(part.sentences) for part in parts))
    if score.worse_than(value, score.wanted):
        refused = score.worse_than(value, score.refused)
        bound = f"{'at most' if score.harder > 0 else 'at least'} {score.refused if refused else score.wanted:g}"
        message = f"Hard to read: {score.name} {value:.1f}, {bound}. Use shorter words and sentences."
        yield at.finding("L4", ERROR if refused else WARNING, at.whole, message)


def _long_words(passage: Passage, names: frozenset[str]) -> Iterator[Finding]:
    pack = passage.pack
    for match in WORD.finditer(passage.text):
        word = match[0].lower()
        known = word in pack.glossary or _ELIDED.sub("", word) in pack.glossary
        if "@" not in word and not known and match[0] not in names and pack.long_word(word):
            yield passage.finding("L5", WARNING, match.span(), f"“{match[0]}” is long. Look for a shorter word.")


def _rare(passage: Passage) -> Iterator[Finding]:
    if passage.pack.spaced:
        return
    for place, character in enumerate(passage.text):
        if not passage.pack.common(character):
            message = f"“{character}” is not one of the common characters. Look for a more usual word."
            yield passage.finding("L8", WARNING, (place, place + 1), message)
