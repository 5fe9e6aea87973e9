"""Rule L12: what each field must hold, and how short it is."""

from collections.abc import Iterator, Mapping

from consent.rules import bases
from consent.rules.plain import figures
from consent.rules.plain.finding import ERROR, WARNING, Finding
from consent.rules.plain.pack import Pack
from consent.rules.plain.passage import Passage

REQUIRED = ("title", "what", "why", "benefit", "if_no")


def missing(language: str, words: Mapping[str, str]) -> Iterator[Finding]:
    """Fields that say nothing."""
    for name in REQUIRED:
        if not words.get(name, "").strip():
            yield Finding("L12", ERROR, language, name, (0, 0), f"{name} is empty. Every notice says it.")


def of_field(passage: Passage, basis: str) -> Iterator[Finding]:
    """Title and benefit are short; `if_no` says when data goes, as a figure with a unit."""
    pack, unit = passage.pack, "words" if passage.pack.spaced else "characters"
    most = {"title": pack.limits.title, "benefit": pack.limits.benefit}.get(passage.field)
    if most and (size := passage.size()) > most:
        message = f"The {passage.field} has {size} {unit}. Shorten it: at most {most}."
        yield passage.finding("L12", ERROR, passage.whole, message)
    if passage.field == "if_no" and basis not in bases.FIXED:
        yield from _deletion(passage, pack, basis)


def _deletion(passage: Passage, pack: Pack, basis: str) -> Iterator[Finding]:
    promises = [span for span in passage.sentences if pack.patterns["delete"].search(passage.text, *span)]
    times = [each for each in figures.read(passage) if each.lasts]
    for start, end in promises:
        if not any(start <= each.span[0] < end for each in times):
            message = "This says that data goes, not when. Add a number with a unit, such as “within 30 days”."
            yield passage.finding("L12", ERROR, (start, end), message)
    if not promises and basis in bases.ASKED and pack.language:
        message = "Say when the data goes after a no: a number with a unit, such as “within 30 days”."
        yield passage.finding("L12", WARNING, passage.whole, message)
