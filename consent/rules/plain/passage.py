"""One field of a notice in one language, cut into sentences and words."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from consent.rules.plain.finding import Finding
from consent.rules.plain.pack import Pack

WORD = re.compile(r"[^\W_]+(?:[-'’.@][^\W_]+)*")
_MARKS = "\u064b-\u065f\u0670"  # Arabic vowel signs stand inside words
_TOKEN = re.compile(rf"(?:[^\W_]|[{_MARKS}])+")
_END = re.compile(r"[.!?…؟]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n+")
_LETTER = re.compile(r"[^\W_]")


class Token(NamedTuple):
    """A word as it is compared, and where it stands."""

    word: str
    start: int
    end: int


def cut(text: str, pack: Pack) -> list[Token]:
    """A text, or a listed phrase, as words to compare."""
    return [Token(pack.fold(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(text)]


@dataclass(frozen=True)
class Passage:
    """One field. `language` is the tag of the notice, which may say more than the pack does (en-gb)."""

    pack: Pack
    language: str
    field: str
    text: str

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Where each sentence starts and ends; one that holds no letter and no digit is none."""
        found, start = [], 0
        for stop in [*(end for end in map(self._stop, _END.finditer(self.text)) if end), len(self.text)]:
            if _LETTER.search(self.text, start, stop):
                found.append((start + len(self.text[start:stop]) - len(self.text[start:stop].lstrip()), stop))
                start = stop
        return found

    @cached_property
    def words(self) -> list[str]:
        """Words as people count them: `e-mail` and `don't` are one each."""
        return WORD.findall(self.text)

    @cached_property
    def tokens(self) -> list[Token]:
        """Words as lists are searched: `don't` is two."""
        return cut(self.text, self.pack)

    def within(self, pattern: str, start: int) -> bool:
        """Whether a place lies in a match of one of the pack's patterns."""
        return any(match.start() <= start < match.end() for match in self.pack.patterns[pattern].finditer(self.text))

    def size(self, start: int = 0, end: int | None = None) -> int:
        """How long a part is: in words, or in characters where a language has no spaces."""
        part = self.text[start:end]
        return len(WORD.findall(part)) if self.pack.spaced else len(_LETTER.findall(part))

    def finding(self, rule: str, severity: str, span: tuple[int, int], message: str, instead: str = "") -> Finding:
        return Finding(rule, severity, self.language, self.field, span, message, instead)

    @property
    def whole(self) -> tuple[int, int]:
        return 0, len(self.text)

    def _stop(self, mark: re.Match[str]) -> int:
        """Where a sentence ends at this mark; 0 after an abbreviation or inside a date (`3. März`)."""
        if mark[0] != ".":
            return mark.end()
        before = self.text[max(0, mark.start() - 12) : mark.end()].lower().rsplit(maxsplit=1)[-1]
        after = WORD.search(self.text, mark.end(), mark.end() + 20)
        dated = before[:-1].isdecimal() and after is not None and after[0].lower() in self.pack.months
        return 0 if dated or before in self.pack.abbreviations else mark.end()
