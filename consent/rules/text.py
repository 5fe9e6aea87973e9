"""Which text may come in: identifiers and free text, made plain and bounded."""

import re
import unicodedata

IDENTIFIER_LENGTH = 512
FREE_TEXT_LENGTH = 2000
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}")
KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")

# Overrides and isolates that make text read otherwise than it is stored (Unicode TR 36), and joiners at the edge.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def problem(value: str, *, length: int, lines: bool = False) -> str:
    """What is wrong with a text, in one sentence; "" when it may come in."""
    if len(value) > length:
        return f"At most {length} characters, not {len(value)}."
    if value.isprintable():  # none of what is refused below
        return ""
    for character in value:
        if character in _BIDI:
            return "No characters that change the direction of writing."
        category = unicodedata.category(character)
        if category == "Cs":
            return "Half a character (a lone surrogate) is not text."
        if category == "Cc" and not (lines and character in "\n\t"):
            return "No control characters."
    return ""


def normal(namespace: str, value: str) -> str:
    """An identifier as it is looked up: e-mail in NFC, trimmed and lower-cased; other namespaces exact."""
    if namespace == "email":
        return unicodedata.normalize("NFC", value).strip().lower()
    return value


def identifier_problem(namespace: str, value: str) -> str:
    """What is wrong with an identifier, in one sentence; "" when it may come in."""
    if not normal(namespace, value):
        return "An identifier is not empty."
    if namespace == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", normal(namespace, value)):
        return "An e-mail address has one @ with something on both sides and no space."
    return problem(value, length=IDENTIFIER_LENGTH)
