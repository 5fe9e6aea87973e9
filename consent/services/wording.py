"""The words of a catalogue file under the plain-language rules, with the names and durations the catalogue gives."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from consent.errors import Field
from consent.models import Controller, Recipient
from consent.rules import ai, catalogue, plain

_Parsed = Mapping[str, list[dict[str, Any]]]
_Content = Mapping[str, Any]


def findings(parsed: _Parsed) -> list[plain.Finding]:
    """Every remark on a parsed file, errors first, each with the purpose it is about; what is retired has no words.

    Drafts are read like all other words. Remarks on the principles have the purpose `principles`.
    """
    read = _reader(parsed)
    found = [
        replace(each, purpose=row["key"])
        for row in parsed["purposes"]
        if not row["retired"]
        for each in read(row["content"] | {"texts": row["content"]["texts"] | row["drafts"]})
    ]
    for row in parsed["principles"]:
        words = row["words"] | row["drafts"]
        found += [replace(each, purpose="principles") for each in plain.check_principles(words)]
    return sorted(found, key=lambda each: each.severity != plain.ERROR)


def refused(parsed: _Parsed, published: Mapping[str, _Content | None]) -> Iterator[Field]:
    """Every error in words that are about to be published (GDPR Art. 12(1): concise, intelligible, plain).

    published: the purposes that get a new version, each with the content in force, or None when there is none. An error
    that stands there already, in words that do not change, was published before and is let through.
    """
    read = _reader(parsed)
    for place, row in enumerate(parsed["purposes"]):
        if row["key"] in published:
            old, new = published[row["key"]], row["content"]
            known = set(read(old)) if old else set()
            for found in read(new):
                same = old is not None and _words(old, found) == _words(new, found)
                if found.severity == plain.ERROR and not (same and found in known):
                    yield Field(f"/purposes/{place}/{_at(found)}", found.rule, found.sentence)


def refused_principles(parsed: _Parsed) -> Iterator[Field]:
    """Every error in principles that are about to be published."""
    for row in parsed["principles"]:
        for found in plain.check_principles(row["words"]):
            if found.severity == plain.ERROR:
                yield Field(f"/principles/{found.language}/{found.field}", found.rule, found.sentence)


def _untold(content: _Content) -> Iterator[plain.Finding]:
    """What was published before the facts of AI were asked for may stand; who reads the file again hears of them."""
    if ai.computed(content) and "ai" not in content["details"]:
        for language in content["texts"]:
            yield plain.Finding("L12", plain.WARNING, language, "ai", (0, 0), ai.UNTOLD)


def _words(content: _Content, found: plain.Finding) -> str:
    return _texts(content).get(found.language, {}).get(found.field, "")


def _texts(content: _Content) -> dict[str, dict[str, str]]:
    """The words of a notice by language and field, with what stands beside each level of sharing: it is read as one
    chooses, and so it is where one could be talked into something."""
    texts = {language: dict(words) for language, words in content["texts"].items()}
    for place, level in enumerate(content["details"].get("levels", [])):
        for member in ("name", *catalogue.LEVEL_WORDS):
            for language, words in level.get(member, {}).items():
                if language in texts:
                    texts[language][f"{plain.LEVELS}{place}/{member}"] = words
    return texts


def _at(found: plain.Finding) -> str:
    """Where in a purpose of the file the words stand."""
    of_level = found.field.startswith(plain.LEVELS)
    return f"{found.field}/{found.language}" if of_level else f"texts/{found.language}/{found.field}"


def _reader(parsed: _Parsed) -> Callable[[_Content], list[plain.Finding]]:
    """What reads the words of one content, knowing every name of the file and of the catalogue."""
    receivers = {row.key: (row.name, row.kind) for row in Recipient.objects.all()}
    receivers |= {row["key"]: (row["name"], row["kind"]) for row in parsed["recipients"]}
    controllers = dict(Controller.objects.values_list("key", "name"))
    controllers |= {row["key"]: row["name"] for row in parsed["controllers"]}

    def read(content: _Content) -> list[plain.Finding]:
        named = [receivers[key][0] for key in content["recipients"]]
        # Systems of our own have everyday names ("Ticket office"), so only companies can be named wrongly.
        others = [name for name, kind in receivers.values() if kind != "system" and name not in named]
        found = plain.check(
            _texts(content),
            recipients=[*named, controllers[content["controller"]]],
            others=others,
            retention=content["retention"],
            consent_lasts=content["consent_lasts"],
            basis=content["legal_basis"],
        )
        return [*found, *_untold(content)]

    return read
