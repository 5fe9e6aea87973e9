"""The words of a catalogue file under the plain-language rules, with the names and durations the catalogue gives."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from consent.errors import Field, Invalid
from consent.models import Controller, Recipient
from consent.rules import plain

_Parsed = Mapping[str, list[dict[str, Any]]]


def findings(parsed: _Parsed) -> list[plain.Finding]:
    """Every remark on a parsed file, each with the purpose it is about."""
    return [found for _, found in _read(parsed)]


def refuse_errors(parsed: _Parsed, purposes: Collection[str]) -> None:
    """Raises Invalid naming every error in the words of these purposes; what was published before is not looked at."""
    problems = [
        Field(f"/purposes/{place}/texts/{found.language}/{found.field}", found.rule, found.message)
        for place, found in _read(parsed)
        if found.severity == plain.ERROR and found.purpose in purposes
    ]
    if problems:
        raise Invalid(*problems)


def _read(parsed: _Parsed) -> Iterator[tuple[int, plain.Finding]]:
    receivers = {row.key: (row.name, row.kind) for row in Recipient.objects.all()}
    receivers |= {row["key"]: (row["name"], row["kind"]) for row in parsed["recipients"]}
    controllers = dict(Controller.objects.values_list("key", "name"))
    controllers |= {row["key"]: row["name"] for row in parsed["controllers"]}
    for place, row in enumerate(parsed["purposes"]):
        content = row["content"]
        named = [receivers[key][0] for key in content["recipients"] if key in receivers]
        # Systems of our own have everyday names ("Ticket office"), so only companies can be named wrongly.
        others = [name for key, (name, kind) in receivers.items() if kind != "system" and name not in named]
        for found in plain.check(
            content["texts"],
            recipients=[*named, *filter(None, [controllers.get(content["controller"])])],
            others=others,
            retention=content["retention"],
            consent_lasts=content["consent_lasts"],
            basis=content["legal_basis"],
        ):
            yield place, replace(found, purpose=row["key"])
