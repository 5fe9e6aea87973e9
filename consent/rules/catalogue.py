"""The catalogue as a file: read it, name everything that is wrong in it, and give it a fixed form.

A purpose's *content* is a plain dict with fixed members; its digest is what tells one version from the next. A text
that is not approved is a draft: it stands beside the content, so that it is read and never published.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from audit.proof import canonical
from consent.errors import Field, Invalid
from consent.rules import ai, bases, levels, members, principles
from consent.rules.members import Problems

TEXT_REQUIRED = ("title", "what", "why", "benefit", "if_no")
TEXT = (*TEXT_REQUIRED, *ai.WORDS)
CONTROLLER = ("key", "name", "address", "email", "regulator", "jurisdiction")
CONTROLLER_MORE = ("phone", "url", "privacy_officer", "regulator_url")
# What a level may say of itself, per language: what the customer gets, and what we would see, as an example.
LEVEL_WORDS = ("benefit", "example")
FLAGS = ("uses_ai", "automated_decisions", "sale_or_sharing")
DETAILS = ("jurisdictions", "storage_locations", "withdrawal_method", "double_opt_in", "levels")
_PURPOSE = (
    *("key", "legal_basis", "dpv", *FLAGS, "categories", "recipients", "retention", "consent_lasts", "texts"),
    *("controller", "min_age", "group", "material", "retired", "ai", *DETAILS),
)
_Words = dict[str, dict[str, str]]


def parse(document: Any) -> dict[str, list[dict[str, Any]]]:
    """The file in its fixed form: controllers, recipients, categories, purposes; and principles, one row or none.

    Raises Invalid naming every member that is wrong, not only the first.
    """
    problems: Problems = []
    if not isinstance(document, dict):
        raise Invalid(Field("", "type", "A catalogue is a mapping with controller, recipients, categories, purposes."))
    known = ("controller", "controllers", "recipients", "categories", "purposes", "principles")
    members.only(document, known, "", problems)
    controllers = document.get("controllers", [document["controller"]] if "controller" in document else [])
    result = {
        "controllers": _rows(controllers, "/controllers", _controller, problems),
        "recipients": _rows(document.get("recipients", []), "/recipients", _recipient, problems),
        "categories": _rows(document.get("categories", []), "/categories", _category, problems),
        "purposes": _rows(document.get("purposes", []), "/purposes", _purpose, problems),
        "principles": principles.rows(document.get("principles"), "/principles", problems),
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


def paragraphs(words: Mapping[str, str]) -> list[str]:
    """The words of a notice below its title, in the order in which they are shown; those about AI are one paragraph."""
    said = [words[name] for name in TEXT_REQUIRED[1:] if words.get(name)]
    computed = " ".join(words[name] for name in ai.WORDS if words.get(name))
    return [*said, computed] if computed else said


def _rows(rows: Any, at: str, read: Any, problems: Problems) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(Field(at, "type", "A list of mappings."))
        return []
    found = [read(row, f"{at}/{place}", problems) for place, row in enumerate(rows)]
    keys = [row.get("key") for row in found]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            problems.append(Field(f"{at}/{place}/key", "duplicate", f"The key {key} stands twice."))
    return found


def _controller(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    """Who answers, and how to reach them and the regulator (GDPR Art. 13(1)(a), 13(2)(d))."""
    members.only(row, CONTROLLER + CONTROLLER_MORE, at, problems)
    members.key(row, at, problems)
    needed = {name: members.text(row, name, at, problems) for name in CONTROLLER if name != "email"}
    more = {name: members.text(row, name, at, problems, needed=False) for name in CONTROLLER_MORE}
    return needed | {"email": members.email(row, "email", at, problems)} | more


def _recipient(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    members.only(row, ("key", "kind", "name", "country", "address", "contact", "observe"), at, problems)
    members.key(row, at, problems)
    found = {name: members.text(row, name, at, problems) for name in ("key", "kind", "name", "country")}
    if not re.fullmatch(r"[A-Z]{2}", found["country"]):
        problems.append(Field(f"{at}/country", "format", "Two capital letters (ISO 3166), e.g. GB."))
    more = {name: members.text(row, name, at, problems, needed=False) for name in ("address", "contact")}
    return found | more | {"observe": bool(members.flag(row, "observe", at, problems))}


def _category(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    members.only(row, ("key", "name", "sensitive", "dpv"), at, problems)
    members.key(row, at, problems)
    return {
        "key": row.get("key"),
        "name": members.names(row, "name", at, problems),
        "sensitive": bool(members.flag(row, "sensitive", at, problems)),
        "dpv": members.text(row, "dpv", at, problems, needed=False),
    }


def _purpose(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    """One purpose. `material` keeps apart what the author says: true, false, or None for nothing.

    `drafts`, like `texts` in its content, are words by language.
    """
    members.only(row, _PURPOSE, at, problems)
    members.key(row, at, problems)
    if row.get("legal_basis") not in bases.ALL:
        problems.append(Field(f"{at}/legal_basis", "choice", f"One of {', '.join(bases.ALL)}."))
    age = row.get("min_age")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool) or not 0 < age < 100):
        problems.append(Field(f"{at}/min_age", "type", "A number of years, or nothing."))
    texts, drafts = _texts(row, at, problems)
    content = {
        "controller": members.text(row, "controller", at, problems, needed=False),
        "legal_basis": row.get("legal_basis"),
        "dpv": members.text(row, "dpv", at, problems, needed=False),
        **{name: bool(members.flag(row, name, at, problems)) for name in FLAGS},
        "categories": members.keys(row, "categories", at, problems),
        "recipients": members.keys(row, "recipients", at, problems),
        "retention": members.duration(row, "retention", at, problems, needed=True),
        "consent_lasts": members.duration(row, "consent_lasts", at, problems, needed=False),
        "min_age": age or 0,
        "details": _details(row, at, problems),
        "texts": texts,
    }
    return {
        "key": row.get("key"),
        "group": members.text(row, "group", at, problems, needed=False),
        "material": members.flag(row, "material", at, problems),
        "retired": bool(members.flag(row, "retired", at, problems)),
        "content": content,
        "drafts": drafts,
    }


def _details(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    """The members that a version may lack. What says nothing (false, no text) is left out, as if it were absent."""
    found = {
        "jurisdictions": members.list_of_texts(row, "jurisdictions", at, problems),
        "storage_locations": members.list_of_texts(row, "storage_locations", at, problems),
        "withdrawal_method": members.text(row, "withdrawal_method", at, problems, needed=False),
        "double_opt_in": bool(members.flag(row, "double_opt_in", at, problems)),
        "levels": _levels(row, at, problems),
        "ai": ai.facts(row, at, problems),
    }
    return {name: value for name, value in found.items() if value}


def _levels(row: dict[str, Any], at: str, problems: Problems) -> list[dict[str, Any]]:
    """Levels of sharing, from the least to the most. Whether one holds a third party is not known here."""
    if row.get("levels") is None:
        return []
    here = f"{at}/levels"
    found = _rows(row["levels"], here, _level, problems)
    if str(row.get("legal_basis")) not in bases.ASKED:
        problems.append(Field(here, "no_choice", "Only a yes has a scope, so only consent has levels. Leave them out."))
    order = [levels.KEYS.index(level["key"]) for level in found if level["key"] in levels.KEYS]
    if order != sorted(order):
        problems.append(Field(here, "order", f"From the least to the most: {', '.join(levels.KEYS)}."))
    _level_scopes(found, row, here, problems)
    return found


def _level(row: dict[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    members.only(row, ("key", "name", "categories", "recipients", *LEVEL_WORDS), at, problems)
    if row.get("key") not in levels.KEYS:
        problems.append(Field(f"{at}/key", "choice", f"One of {', '.join(levels.KEYS)}."))
    found = {"key": row.get("key"), "name": members.names(row, "name", at, problems)}
    found |= {name: members.names(row, name, at, problems) for name in LEVEL_WORDS if row.get(name) is not None}
    if row.get("key") not in levels.IMPLIED:
        return found | {name: members.keys(row, name, at, problems) for name in ("categories", "recipients")}
    detail = "Leave it out: nothing holds nothing, and all holds every category and every recipient of our own."
    problems += [Field(f"{at}/{name}", "implied", detail) for name in ("categories", "recipients") if row.get(name)]
    return found | {"categories": [], "recipients": []}


def _level_scopes(found: list[dict[str, Any]], row: dict[str, Any], at: str, problems: Problems) -> None:
    """Each level between nothing and all holds what the purpose names, and all that the level before it holds."""
    before: dict[str, Any] = {"categories": [], "recipients": []}
    for place, level in enumerate(found):
        if level["key"] in levels.IMPLIED:
            continue
        for name in ("categories", "recipients"):
            here, offered = f"{at}/{place}/{name}", row.get(name)
            strange = [key for key in level[name] if isinstance(offered, list) and key not in offered]
            problems += [Field(here, "not_offered", f"The purpose does not name {key}.") for key in strange]
            gone = [key for key in before[name] if key not in level[name]]
            detail = "A level holds all that the one before it holds. Add {}."
            problems += [Field(here, "smaller", detail.format(key)) for key in gone]
        if level["categories"] and all(set(level[name]) == set(before[name]) for name in ("categories", "recipients")):
            problems.append(Field(f"{at}/{place}", "same", "This level holds no more than the one before it."))
        before = level


def _texts(row: dict[str, Any], at: str, problems: Problems) -> tuple[_Words, _Words]:
    """The approved words by language, and the drafts. What a computer does or decides is told (GDPR Art. 13(2)(f)), in
    full beside its facts."""
    texts = row.get("texts")
    if not isinstance(texts, dict) or not texts:
        problems.append(Field(f"{at}/texts", "required", "The words in at least one language, e.g. texts: {en: …}."))
        return {}, {}
    needed = ai.WORDS if row.get("ai") is not None else ai.WORDS[:1] if ai.computed(row) else ()
    drafts = set()
    for language, words in texts.items():
        here = f"{at}/texts/{language}"
        members.language(language, here, problems)
        if not isinstance(words, dict):
            problems.append(Field(here, "type", f"A mapping with {', '.join(TEXT_REQUIRED)}."))
            continue
        members.only(words, (*TEXT, "approved"), here, problems)
        for name in (name for name in TEXT if name in (*TEXT_REQUIRED, *needed, *words)):
            members.text(words, name, here, problems)
        if not members.approved(words, here, problems):
            drafts.add(str(language))
    if drafts.issuperset(map(str, texts)):
        problems.append(Field(f"{at}/texts", "approved", members.NONE_APPROVED))
    read = {str(language): _said(words) for language, words in texts.items() if isinstance(words, dict)}
    approved = {language: words for language, words in read.items() if language not in drafts}
    return approved, {language: words for language, words in read.items() if language in drafts}


def _said(words: Mapping[str, Any]) -> dict[str, str]:
    return {name: unicodedata.normalize("NFC", str(value)) for name, value in words.items() if name != "approved"}
