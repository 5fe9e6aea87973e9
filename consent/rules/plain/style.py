"""Rules L9 and L14: double negatives, hidden actors, and who speaks to whom."""

import re
from collections.abc import Iterator, Sequence

from consent.rules.plain.finding import ERROR, WARNING, Finding
from consent.rules.plain.passage import Passage

_STOP = re.compile(r"[.!?;؟]")


def of_field(passage: Passage) -> Iterator[Finding]:
    """L9: a double negative is an error; a passive that hides who acts is a warning."""
    patterns = passage.pack.patterns
    for match in patterns["double_negatives"].finditer(passage.text):
        message = f"“{match[0]}” denies twice. Say what does happen."
        yield passage.finding("L9", ERROR, match.span(), message)
    for match in patterns["passive"].finditer(passage.text):
        stop = _STOP.search(passage.text, match.end())
        clause = match[0] + passage.text[match.end() : stop.start() if stop else None]
        if not patterns["agent"].search(clause):
            yield passage.finding("L9", WARNING, match.span(), f"“{match[0]}” hides who does it. Say who.")


def of_notice(passages: Sequence[Passage]) -> Iterator[Finding]:
    """L14: a notice speaks to somebody, and somebody speaks."""
    for name, who in (("you", "the reader (“you”)"), ("we", "the company (“we”)")):
        pattern = passages[0].pack.patterns[name]
        if not any(pattern.search(passage.text) for passage in passages):
            first = passages[0]
            yield first.finding("L14", WARNING, first.whole, f"Nothing names {who}. Say who does what with whose data.")
