"""What a purpose tells of AI as facts: what goes in, whether a person decides, what it can change, whether it learns.

The words beside them (`ai`, `ai_out`, `ai_learned`, `ai_sure`) say what it does, what comes out, what it learned from
and how sure it is. Sources: GDPR Art. 13(2)(f) and 22, UK GDPR Art. 22A to 22D, PIPL Art. 24, LGPD Art. 20, the rules
of California on automated decisions (notice before the use), AI Act Art. 13, 26(11), 50 and 86.
"""

from collections.abc import Mapping
from typing import Any

from consent.errors import Field
from consent.rules import bases, members
from consent.rules.members import Problems

WORDS = ("ai", "ai_out", "ai_learned", "ai_sure")
# When a person decides, from the most to the least: before a result counts, afterwards, or when the customer asks.
# There is no "never": the page on which this is told lets everyone ask a person to look again.
PERSON = ("before", "after", "asked")
AFFECTS = ("price", "service")
# On what a computer alone may take a decision that matters to someone (GDPR Art. 22(2)).
GROUNDS = (bases.EXPLICIT_CONSENT, bases.CONTRACT, bases.LEGAL_OBLIGATION)
UNTOLD = "A computer takes part in this. Tell what goes in, whether a person decides, what it affects, if it learns."


def computed(content: Mapping[str, Any]) -> bool:
    """Whether a computer guesses or decides something about the customer."""
    return bool(content.get("uses_ai") or content.get("automated_decisions"))


def facts(row: Mapping[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    """The member `ai` of a purpose in its fixed form; {} when there is none."""
    told, here = row.get("ai"), f"{at}/ai"
    if told is None:
        return {}
    if not isinstance(told, dict):
        problems.append(Field(here, "type", "A mapping with in, person_decides, affects, trains."))
        return {}
    members.only(told, ("in", "person_decides", "affects", "trains"), here, problems)
    if not computed(row):
        problems.append(Field(here, "not_computed", "Only of AI or automated decisions. Say `uses_ai: true`."))
    found = {
        "in": members.keys(told, "in", here, problems),
        "person_decides": told.get("person_decides"),
        "affects": told.get("affects"),
        "trains": members.flag(told, "trains", here, problems),
    }
    _check(found, row, here, problems)
    return found


def _check(found: Mapping[str, Any], row: Mapping[str, Any], at: str, problems: Problems) -> None:
    offered = row.get("categories")
    strange = [key for key in found["in"] if isinstance(offered, list) and key not in offered]
    problems += [Field(f"{at}/in", "not_offered", f"The purpose does not name {key}.") for key in strange]
    if found["person_decides"] not in PERSON:
        problems.append(Field(f"{at}/person_decides", "choice", f"One of {', '.join(PERSON)}."))
    affects = found["affects"]
    if not isinstance(affects, list) or any(each not in AFFECTS or affects.count(each) > 1 for each in affects):
        detail = f"A list of {', '.join(AFFECTS)}; an empty one, [], when it changes neither."
        problems.append(Field(f"{at}/affects", "choice", detail))
    if found["trains"] is None:
        problems.append(Field(f"{at}/trains", "required", "true when it learns from this data, else false."))
    if row.get("automated_decisions"):
        _alone(found, row, at, problems)


def _alone(found: Mapping[str, Any], row: Mapping[str, Any], at: str, problems: Problems) -> None:
    """A computer that decides alone: it says so, and stands on a ground that allows it."""
    if found["person_decides"] == "before":
        detail = "With automated_decisions no person decides first. Say after or asked, or take the flag away."
        problems.append(Field(f"{at}/person_decides", "contradicts", detail))
    if found["affects"] and row.get("legal_basis") not in GROUNDS:
        detail = f"A computer alone may decide on {', '.join(map(str, AFFECTS))} only with {', '.join(GROUNDS)}."
        problems.append(Field(f"{at}/affects", "ground", detail))
