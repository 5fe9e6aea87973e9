"""A language that nobody speaks: English with accents and 40 % longer, so that a page shows what it forgot to translate
and what it has no room for."""

import re
from pathlib import Path

from babel.messages.catalog import Catalog

from tests import words

CODE = "en-xa"
ACCENTED = str.maketrans("aceinosuyAEINOU", "àçéîñôšüÿÀÉÎÑÔÜ")
# What stands for something else, or is for the machine: names in braces, entities, tags, formats of dates.
_KEPT = re.compile(r"(%%|%\(\w+\)s|\{\w*\}|</?\w+>|&\w+;)")
_FORMAT = "date format"


def longer(text: str) -> str:
    """A text with accents, 40 % longer, with all its names in it."""
    parts = _KEPT.split(text)
    accented = "".join(part if place % 2 else part.translate(ACCENTED) for place, part in enumerate(parts))
    return accented + " " + "~" * max(1, round(len(text) * 0.4))


def write(folder: Path) -> Path:
    """The compiled texts of the doors in this language, in a folder for LOCALE_PATHS; returns it."""
    made = Catalog("en", charset="utf-8")
    for message in words.collect(words.SHARED):
        if not message.id:
            continue
        format_of_date = (message.context or "").startswith(_FORMAT)
        texts = message.id if isinstance(message.id, tuple | list) else (message.id,)
        said = tuple(text if format_of_date else longer(text) for text in texts)
        made.add(message.id, said if len(said) > 1 else said[0], context=message.context)
    file = folder / "en_XA" / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(words.compiled(made))
    return folder
