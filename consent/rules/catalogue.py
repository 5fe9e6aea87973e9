"""The catalogue as a file: read it, name everything that is wrong in it, and give it a fixed form.

A purpose's *content* is a plain dict with fixed members; its digest is what tells one version from the next.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from audit.proof import canonical
from audit.proof.errors import ProofError
from consent.errors import Field, Invalid
from consent.rules import bases, durations, text

TEXT_REQUIRED = ("title", "what", "why", "benefit", "if_no")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}")
CONTROLLER = ("key", "name", "address", "email", "regulator", "jurisdiction")
CONTROLLER_MORE = ("phone", "url", "privacy_officer", "regulator_url")
DETAILS = ("jurisdictions", "storage_locations", "withdrawal_method", "double_opt_in", "levels")
_TEXT_LENGTH = 600
_Problems = list[Field]


def parse(document: Any) -> dict[str, list[dict[str, Any]]]:
    """The file in its fixed form: controllers, recipients, categories, purposes.

    Raises Invalid naming every member that is wrong, not only the first.
    """
    problems: _Problems = []
    if not isinstance(document, dict):
        raise Invalid(Field("", "type", "A catalogue is a mapping with controller, recipients, categories, purposes."))
    _only(document, ("controller", "controllers", "recipients", "categories", "purposes"), "", problems)
    controllers = document.get("controllers", [document["controller"]] if "controller" in document else [])
    result = {
        "controllers": _rows(controllers, "/controllers", _controller, problems),
        "recipients": _rows(document.get("recipients", []), "/recipients", _recipient, problems),
        "categories": _rows(document.get("categories", []), "/categories", _category, problems),
        "purposes": _rows(document.get("purposes", []), "/purposes", _purpose, problems),
    }
    if not problems and len(result["controllers"]) == 1:
        for purpose in result["purposes"]:
            content = purpose["content"]
            content["controller"] = content["controller"] or result["controllers"][0]["key"]
    if problems:
        raise Invalid(*problems)
    return result


def digest(value: Any) -> str:
    """SHA-256, in hex, of the RFC 8785 bytes of a value."""
    return hashlib.sha256(canonical.dumps(value)).hexdigest()


def text_digest(purpose: str, number: int, language: str, words: Mapping[str, str]) -> str:
    """What ties a consent to the exact words: purpose, version, language and words, hashed together."""
    return digest({"purpose": purpose, "version": number, "language": language, "text": dict(words)})


def _rows(rows: Any, at: str, read: Any, problems: _Problems) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(Field(at, "type", "A list of mappings."))
        return []
    found = [read(row, f"{at}/{place}", problems) for place, row in enumerate(rows)]
    keys = [row.get("key") for row in found]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            problems.append(Field(f"{at}/{place}/key", "duplicate", f"The key {key} stands twice."))
    return found


def _controller(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, Any]:
    _only(row, CONTROLLER + CONTROLLER_MORE, at, problems)
    _key(row, at, problems)
    needed = {name: _string(row, name, at, problems) for name in CONTROLLER}
    return needed | {name: _string(row, name, at, problems, needed=False) for name in CONTROLLER_MORE}


def _recipient(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, Any]:
    _only(row, ("key", "kind", "name", "country", "address", "contact"), at, problems)
    _key(row, at, problems)
    found = {name: _string(row, name, at, problems) for name in ("key", "kind", "name", "country")}
    if not re.fullmatch(r"[A-Z]{2}", found["country"]):
        problems.append(Field(f"{at}/country", "format", "Two capital letters (ISO 3166), e.g. GB."))
    return found | {name: _string(row, name, at, problems, needed=False) for name in ("address", "contact")}


def _category(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, Any]:
    _only(row, ("key", "name", "sensitive", "dpv"), at, problems)
    _key(row, at, problems)
    names = row.get("name")
    if not isinstance(names, dict) or not names or not all(_is_text(each) for each in names.values()):
        problems.append(Field(f"{at}/name", "type", "A mapping of language to label, e.g. {en: Your e-mail address}."))
        names = {}
    return {
        "key": row.get("key"),
        "name": names,
        "sensitive": _flag(row, "sensitive", at, problems),
        "dpv": _string(row, "dpv", at, problems, needed=False),
    }


_PURPOSE = (
    *(
        "key",
        "legal_basis",
        "dpv",
        "uses_ai",
        "automated_decisions",
        "sale_or_sharing",
        "categories",
        "recipients",
    ),
    *(
        "retention",
        "consent_lasts",
        "texts",
        "controller",
        "min_age",
        "group",
        "material",
        "retired",
        *DETAILS,
    ),
)


def _purpose(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, Any]:
    _only(row, _PURPOSE, at, problems)
    _key(row, at, problems)
    if row.get("legal_basis") not in bases.ALL:
        problems.append(Field(f"{at}/legal_basis", "choice", f"One of {', '.join(bases.ALL)}."))
    age = row.get("min_age")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool) or not 0 < age < 100):
        problems.append(Field(f"{at}/min_age", "type", "A number of years, or nothing."))
    content = {
        "controller": _string(row, "controller", at, problems, needed=False),
        "legal_basis": row.get("legal_basis"),
        "dpv": _string(row, "dpv", at, problems, needed=False),
        "uses_ai": _flag(row, "uses_ai", at, problems),
        "automated_decisions": _flag(row, "automated_decisions", at, problems),
        "sale_or_sharing": _flag(row, "sale_or_sharing", at, problems),
        "categories": _keys(row, "categories", at, problems),
        "recipients": _keys(row, "recipients", at, problems),
        "retention": _duration(row, "retention", at, problems, needed=True),
        "consent_lasts": _duration(row, "consent_lasts", at, problems, needed=False),
        "min_age": age or 0,
        "details": _details(row, at, problems),
        "texts": _texts(row, at, problems),
    }
    return {
        "key": row.get("key"),
        "group": _string(row, "group", at, problems, needed=False),
        "material": _flag(row, "material", at, problems),
        "retired": _flag(row, "retired", at, problems),
        "content": content,
    }


def _details(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, Any]:
    """Members that describe and never decide; any JSON that has a canonical form."""
    details = {name: row[name] for name in DETAILS if row.get(name) is not None}
    for name, value in details.items():
        try:
            canonical.dumps(value)
        except ProofError:
            problems.append(Field(f"{at}/{name}", "type", "Texts, whole numbers, true, false, lists and mappings."))
            return {}
    return details


def _texts(row: dict[str, Any], at: str, problems: _Problems) -> dict[str, dict[str, str]]:
    texts = row.get("texts")
    if not isinstance(texts, dict) or not texts:
        problems.append(Field(f"{at}/texts", "required", "The words in at least one language, e.g. texts: {en: …}."))
        return {}
    for language, words in texts.items():
        here = f"{at}/texts/{language}"
        if not LANGUAGE.fullmatch(str(language)):
            problems.append(Field(here, "format", "A language tag in lower case, e.g. en or zh-hans."))
        if not isinstance(words, dict):
            problems.append(Field(here, "type", f"A mapping with {', '.join(TEXT_REQUIRED)}."))
            continue
        _only(words, (*TEXT_REQUIRED, "ai"), here, problems)
        for name in (*TEXT_REQUIRED, *(["ai"] if row.get("uses_ai") or "ai" in words else [])):
            _string(words, name, here, problems)
    return {
        str(language): {name: unicodedata.normalize("NFC", str(value)) for name, value in words.items()}
        for language, words in texts.items()
        if isinstance(words, dict)
    }


def _only(row: Mapping[Any, Any], known: Iterable[str], at: str, problems: _Problems) -> None:
    allowed = tuple(known)
    for name in row:
        if name not in allowed:
            problems.append(Field(f"{at}/{name}", "unknown", f"Not a member. Known: {', '.join(allowed)}."))


def _key(row: Mapping[str, Any], at: str, problems: _Problems) -> None:
    if not isinstance(row.get("key"), str) or not text.KEY.fullmatch(row["key"]):
        problems.append(Field(f"{at}/key", "format", "Lower-case letters, digits, . _ -; at most 64."))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not text.problem(value, length=_TEXT_LENGTH)


def _string(row: Mapping[str, Any], name: str, at: str, problems: _Problems, *, needed: bool = True) -> str:
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not _is_text(value):
        fault = "required" if value in (None, "") else "text"
        detail = "Missing." if fault == "required" else f"A plain text of at most {_TEXT_LENGTH} characters."
        problems.append(Field(f"{at}/{name}", fault, detail))
        return ""
    return str(value)


def _flag(row: Mapping[str, Any], name: str, at: str, problems: _Problems) -> bool:
    value = row.get(name, False)
    if not isinstance(value, bool):
        problems.append(Field(f"{at}/{name}", "type", "true or false."))
    return bool(value)


def _keys(row: Mapping[str, Any], name: str, at: str, problems: _Problems) -> list[str]:
    value = row.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        problems.append(Field(f"{at}/{name}", "required", "A list with at least one key."))
        return []
    if len(set(value)) != len(value):
        problems.append(Field(f"{at}/{name}", "duplicate", "A key stands twice."))
    return list(value)


def _duration(row: Mapping[str, Any], name: str, at: str, problems: _Problems, *, needed: bool) -> str:
    value = row.get(name)
    if value is None and not needed:
        return ""
    try:
        durations.parse(value if isinstance(value, str) else "")
    except ValueError:
        problems.append(Field(f"{at}/{name}", "format", "An ISO 8601 duration, e.g. P12M or P30D."))
        return ""
    return str(value)
