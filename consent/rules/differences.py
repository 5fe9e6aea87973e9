"""Two texts or two lists side by side: what is new in the second, and what of the first is gone."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# A word with what follows it; of a script without spaces, all up to the next mark.
_WORDS = re.compile(r"\S+\s*|\s+")
_CLAUSES = re.compile(r"[^，。；：、！？]+[，。；：、！？]?|[，。；：、！？]")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True)
class Part:
    """A piece of the later text. kind: "new", "gone" (it stood only in the earlier one), or "" for what stayed."""

    text: str
    kind: str = ""


def texts(old: str, new: str) -> tuple[Part, ...]:
    """The later text piece by piece, with what is gone in its place. Joined without the gone ones it is that text."""
    form = _CLAUSES if _SPACELESS.search(old + new) else _WORDS
    before, after = form.findall(old), form.findall(new)
    found: list[Part] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Part("".join(after[c:d])))
            continue
        found += [Part("".join(piece), kind) for piece, kind in ((before[a:b], "gone"), (after[c:d], "new")) if piece]
    return tuple(found)


def lists(old: Sequence[str], new: Sequence[str]) -> tuple[Part, ...]:
    """The later list thing by thing, and at its end what is gone."""

    def parts(things: Iterable[str], other: Sequence[str], kind: str) -> Iterable[Part]:
        return (Part(each, "" if each in other else kind) for each in things)

    return (*parts(new, old, "new"), *(part for part in parts(old, new, "gone") if part.kind))
