"""Words of a catalogue file that are not approved: the plain-language rules read them, and nothing publishes them."""

from dataclasses import dataclass
from typing import Any

from consent.rules import catalogue as rules
from consent.services import versions


@dataclass(frozen=True)
class Draft:
    """One text: of which purpose, or `principles`; and which language people read while it waits."""

    purpose: str
    language: str
    instead: str


def read(*, document: Any) -> list[Draft]:
    """Every draft of a file, in its order; what is retired has no words. Raises Invalid for a file that is wrong."""
    parsed = rules.parse(document)
    said = [(row["key"], row["content"]["texts"], row["drafts"]) for row in parsed["purposes"] if not row["retired"]]
    said += [("principles", row["words"], row["drafts"]) for row in parsed["principles"]]
    return [
        Draft(key, language, versions.spoken(approved, language))
        for key, approved, drafts in said
        for language in drafts
    ]
