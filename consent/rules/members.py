"""Members of a mapping in a catalogue file. Each reader gives a value of its type and names what is wrong with it.

row: the mapping. at: where it stands, as a JSON pointer. problems: where every fault is added; none is raised, so that
an author learns of all of them at once.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from consent.errors import Field
from consent.rules import durations
from consent.rules import text as texts

LENGTH = 600
NONE_APPROVED = "At least one language is approved: take `approved: false` away where the words are ready."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

Row = Mapping[str, Any]
Problems = list[Field]


def only(row: Mapping[Any, Any], known: Iterable[str], at: str, problems: Problems) -> None:
    """Nothing but these members."""
    allowed = tuple(known)
    for name in row:
        if name not in allowed:
            problems.append(Field(f"{at}/{name}", "unknown", f"Not a member. Known: {', '.join(allowed)}."))


def key(row: Row, at: str, problems: Problems) -> None:
    """A key of the catalogue."""
    if not isinstance(row.get("key"), str) or not texts.KEY.fullmatch(row["key"]):
        problems.append(Field(f"{at}/key", "format", "Lower-case letters, digits, . _ -; at most 64."))


def text(row: Row, name: str, at: str, problems: Problems, *, needed: bool = True) -> str:
    """A plain text; "" when it is not needed and not there."""
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not _is_text(value):
        fault = "required" if value in (None, "") else "text"
        detail = "Missing." if fault == "required" else f"A plain text of at most {LENGTH} characters."
        problems.append(Field(f"{at}/{name}", fault, detail))
        return ""
    return str(value)


def email(row: Row, name: str, at: str, problems: Problems) -> str:
    """An e-mail address."""
    found = text(row, name, at, problems)
    if found and not _EMAIL.fullmatch(found):
        problems.append(Field(f"{at}/{name}", "format", "An e-mail address, e.g. privacy@example.org."))
    return found


def names(row: Row, name: str, at: str, problems: Problems) -> dict[str, str]:
    """Labels by language, at least one."""
    value = row.get(name)
    if not isinstance(value, dict) or not value or not all(map(_is_text, value.values())):
        problems.append(
            Field(f"{at}/{name}", "type", "A mapping of language to label, e.g. {en: Your e-mail address}.")
        )
        return {}
    for tag in value:
        language(tag, f"{at}/{name}/{tag}", problems)
    return {str(tag): label for tag, label in value.items()}


def language(tag: Any, at: str, problems: Problems) -> None:
    """A language tag; YAML reads a bare `no` as false, which is none."""
    if not isinstance(tag, str) or not texts.LANGUAGE.fullmatch(tag):
        problems.append(Field(at, "format", "A language tag in lower case, e.g. en or zh-hans."))


def flag(row: Row, name: str, at: str, problems: Problems) -> bool | None:
    """true or false; None when it is not there."""
    value = row.get(name)
    if value is not None and not isinstance(value, bool):
        problems.append(Field(f"{at}/{name}", "type", "true or false."))
        return None
    return value


def approved(row: Row, at: str, problems: Problems) -> bool:
    """Whether a text may be published: yes, unless it says `approved: false`, and then it is a draft."""
    return flag(row, "approved", at, problems) is not False


def keys(row: Row, name: str, at: str, problems: Problems) -> list[str]:
    """At least one key, none twice."""
    return _list(row, name, at, problems, "A list with at least one key.")


def list_of_texts(row: Row, name: str, at: str, problems: Problems) -> list[str]:
    """Texts, none twice; none at all when the member is not there."""
    if row.get(name) is None:
        return []
    return _list(row, name, at, problems, "A list with at least one text, or leave it out.")


def some_texts(row: Row, name: str, at: str, problems: Problems) -> list[str]:
    """At least one text, none twice."""
    return _list(row, name, at, problems, "A list with at least one text.")


def duration(row: Row, name: str, at: str, problems: Problems, *, needed: bool) -> str:
    """An ISO 8601 duration; "" when it is not needed and not there."""
    value = row.get(name)
    if value is None and not needed:
        return ""
    try:
        durations.parse(value if isinstance(value, str) else "")
    except ValueError:
        problems.append(Field(f"{at}/{name}", "format", "An ISO 8601 duration, e.g. P12M or P30D."))
        return ""
    return str(value)


def _list(row: Row, name: str, at: str, problems: Problems, detail: str) -> list[str]:
    value = row.get(name)
    if not isinstance(value, list) or not value or not all(_is_text(each) for each in value):
        problems.append(Field(f"{at}/{name}", "required", detail))
        return []
    if len(set(value)) != len(value):
        problems.append(Field(f"{at}/{name}", "duplicate", "One stands twice."))
    return list(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not texts.problem(value, length=LENGTH)
