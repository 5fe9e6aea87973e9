"""The words of a catalogue file under the plain-language rules, with the names and durations the catalogue gives."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from consent.models import Controller, Recipient
from consent.rules import plain

_Parsed = Mapping[str, list[dict[str, Any]]]


def findings(parsed: _Parsed) -> list[plain.Finding]:
    """Every remark on a parsed file, each with the purpose it is about."""
    return list(_read(parsed))


def _read(parsed: _Parsed) -> Iterator[plain.Finding]:
    receivers = {row.key: (row.name, row.kind) for row in Recipient.objects.all()}
    receivers |= {row["key"]: (row["name"], row["kind"]) for row in parsed["recipients"]}
    controllers = dict(Controller.objects.values_list("key", "name"))
    controllers |= {row["key"]: row["name"] for row in parsed["controllers"]}
    for row in parsed["purposes"]:
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
            yield replace(found, purpose=row["key"])
