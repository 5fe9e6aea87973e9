"""Languages that nobody speaks, so that a page shows what it forgot to translate and what it has no room for: English
with accents and 40 % longer, and English in Arabic letters, which runs from right to left."""

import re
from collections.abc import Callable
from pathlib import Path

from babel.messages.catalog import Catalog

from tests import words

CODE = "en-xa"
MIRRORED = "ar-xb"
ACCENTED = str.maketrans("aceinosuyAEINOU", "àçéîñôšüÿÀÉÎÑÔÜ")
ARABIC = str.maketrans(dict(zip("abcdefghijklmnopqrstuvwxyz", "ابسديفغهيجكلمنوبقرستوفوخيز", strict=True)))
# What stands for something else, or is for the machine: names in braces, entities, tags, formats of dates.
_KEPT = re.compile(r"(%%|%\(\w+\)s|\{\w*\}|</?\w+>|&\w+;)")
_FORMAT = "date format"


def longer(text: str) -> str:
    """A text with accents, 40 % longer, with all its names in it."""
    return f"{_each(text, lambda part: part.translate(ACCENTED))} {'~' * max(1, round(len(text) * 0.4))}"


def mirrored(text: str) -> str:
    """A text in Arabic letters, with all its names in it."""
    return _each(text, lambda part: part.lower().translate(ARABIC))


def write(folder: Path, code: str = CODE) -> Path:
    """The compiled texts of the doors in this language, in a folder for LOCALE_PATHS; returns it."""
    say = longer if code == CODE else mirrored
    made = Catalog("en", charset="utf-8")
    for message in words.collect(words.SHARED):
        if not message.id:
            continue
        format_of_date = (message.context or "").startswith(_FORMAT)
        texts = message.id if isinstance(message.id, tuple | list) else (message.id,)
        said = tuple(text if format_of_date else say(text) for text in texts)
        made.add(message.id, said if len(said) > 1 else said[0], context=message.context)
    language, place = code.split("-")
    file = folder / f"{language}_{place.upper()}" / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(words.compiled(made))
    return folder


def _each(text: str, say: Callable[[str], str]) -> str:
    parts = _KEPT.split(text)
    return "".join(part if place % 2 else say(part) for place, part in enumerate(parts))
