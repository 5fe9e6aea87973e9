"""Rule L13: the words say nothing else than the catalogue, and the same in every language."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from consent.rules.plain import figures
from consent.rules.plain.finding import ERROR, Finding
from consent.rules.plain.passage import Passage

FIRST = "en"
_FORM = r"Ltd\.?|Limited|Inc\.?|LLC|PLC|plc|GmbH|AG|SE|SARL|SAS|S\.A\.|S\.L\.|B\.V\.|Corp\.?"
_COMPANY = re.compile(rf"(?:[A-ZÀ-Þ][\w&.’'-]*\s+)+(?:{_FORM})(?!\w)|\w{{2,6}}(?:有限公司|股份公司)")


@dataclass(frozen=True)
class Known:
    """What the catalogue says. named: the receivers of this version; others: those it does not name."""

    named: tuple[str, ...]
    others: tuple[str, ...]
    retention: str
    consent_lasts: str


def of_field(passage: Passage, known: Known) -> Iterator[Finding]:
    """Durations and names that the catalogue does not bear out."""
    yield from _durations(passage, known)
    yield from _strangers(passage, known)


def across(passages: Sequence[Passage], known: Known) -> Iterator[Finding]:
    """Figures and names that stand in one language and not in another; the first language leads."""
    by_field: dict[str, list[Passage]] = defaultdict(list)
    for passage in sorted(passages, key=lambda each: (each.language != FIRST, each.language)):
        by_field[passage.field].append(passage)
    for first, *rest in by_field.values():
        for other in rest:
            yield from _compare_figures(first, other)
            yield from _compare_names(first, other, known)


def _durations(passage: Passage, known: Known) -> Iterator[Finding]:
    """Only the retention and how long a yes lasts; after a no, data may go sooner than the retention, never later."""
    periods = [each for each in map(figures.period, (known.retention, known.consent_lasts)) if each]
    kept = figures.period(known.retention)
    for found in figures.read(passage):
        if found.lasts is None or found.lasts in periods or passage.within("repeated", found.span[0]):
            continue
        if passage.field == "if_no" and kept and not figures.longer(found.lasts, kept):
            continue
        said = " and ".join(filter(None, (known.retention, known.consent_lasts)))
        message = f"“{found.text}” is not what the catalogue says ({said}). Leave it out, or make the catalogue say it."
        yield passage.finding("L13", ERROR, found.span, message)


def _strangers(passage: Passage, known: Known) -> Iterator[Finding]:
    named = [match.span() for match in _names(known.named).finditer(passage.text)]
    companies = [match.span() for match in _COMPANY.finditer(passage.text)]
    others = [match.span() for match in _names(known.others).finditer(passage.text)]
    reported = 0
    for start, end in sorted(companies + others, key=lambda span: (span[0], -span[1])):
        if start >= reported and not any(start < last and first < end for first, last in named):
            message = f"“{passage.text[start:end]}” is not a receiver of this version. Name it in the catalogue first."
            yield passage.finding("L13", ERROR, (start, end), message)
            reported = end


def _compare_figures(first: Passage, other: Passage) -> Iterator[Finding]:
    if not (first.pack.language and other.pack.language):
        yield from _compare_digits(first, other)
        return
    wanted, left = figures.read(first), Counter(each.value for each in figures.read(first))
    extra = []
    for found in figures.read(other):
        if left[found.value]:
            left[found.value] -= 1
        else:
            extra.append(found)
    for found in extra:
        yield other.finding("L13", ERROR, found.span, f"“{found.text}” does not stand in {first.language}. {_ALIKE}")
    missing = [each.text for each in wanted if left[each.value]]
    if missing and not extra:
        yield other.finding("L13", ERROR, other.whole, f"{first.language} says “{missing[0]}”, this does not. {_ALIKE}")


def _compare_digits(first: Passage, other: Passage) -> Iterator[Finding]:
    if sorted(figures.digits(first.text)) != sorted(figures.digits(other.text)):
        message = f"The numbers differ from those in {first.language}. {_ALIKE}"
        yield other.finding("L13", ERROR, other.whole, message)


def _compare_names(first: Passage, other: Passage, known: Known) -> Iterator[Finding]:
    pattern = _names(known.named)
    here, there = (sorted(set(map(_stem, pattern.findall(each.text)))) for each in (first, other))
    if here != there:
        message = f"{first.language} and {other.language} do not name the same receivers. {_ALIKE}"
        yield other.finding("L13", ERROR, other.whole, message)


_ALIKE = "Say the same in every language."


def _stem(name: str) -> str:
    """A company's name as people say it: MailBird for MailBird Ltd."""
    return re.sub(rf"\s+(?:{_FORM})$", "", name)


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these names, in full or short, standing alone; Chinese letters may touch it."""
    spoken = sorted({each for name in names for each in (name, _stem(name)) if each.strip()}, key=len, reverse=True)
    letter = r"[^\W\u3400-\u9fff]"
    return re.compile(rf"(?<!{letter})(?:{'|'.join(map(re.escape, spoken)) or '(?!)'})(?!{letter})")
