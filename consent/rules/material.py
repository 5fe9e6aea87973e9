"""What changed between two versions of a purpose, and whether people must be asked again.

Material by computation (EDPB 05/2020, 3.3.1 and 110): more data, a further recipient, a longer retention, another
legal basis, AI or automated decisions, sale or sharing, a lower age, a benefit taken away. The author may escalate,
never play down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.rules import durations

NOTHING = {"nothing directly", "nothing", "没有直接好处", "无直接好处", ""}


@dataclass(frozen=True)
class Change:
    """One difference, as a word and a sentence."""

    code: str
    detail: str
    material: bool


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every difference between two contents of a version (see rules/catalogue.py), in a fixed order."""
    found = [*_sets("categories", "data", old, new), *_sets("recipients", "recipient", old, new)]
    if old["retention"] != new["retention"]:
        more = durations.longer(new["retention"], old["retention"])
        found.append(Change("retention", f"Kept {new['retention']} instead of {old['retention']}", more))
    for flag in ("uses_ai", "automated_decisions", "sale_or_sharing"):
        if old[flag] != new[flag]:
            found.append(Change(flag, f"{flag} is now {str(new[flag]).lower()}", bool(new[flag])))
    if old["legal_basis"] != new["legal_basis"]:
        found.append(Change("legal_basis", f"{new['legal_basis']} instead of {old['legal_basis']}", True))
    if old["consent_lasts"] != new["consent_lasts"]:
        found.append(Change("consent_lasts", f"A yes lasts {new['consent_lasts'] or 'until withdrawn'}", False))
    if old["min_age"] != new["min_age"]:
        lower = (new["min_age"] or 0) < (old["min_age"] or 0)
        found.append(Change("min_age", f"Minimum age {new['min_age'] or 'none'}", lower))
    found += _texts(old["texts"], new["texts"])
    if old["dpv"] != new["dpv"] or old["details"] != new["details"]:
        found.append(Change("details", "Descriptive fields changed", False))
    return found


def _sets(member: str, word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    added = [each for each in new[member] if each not in old[member]]
    gone = [each for each in old[member] if each not in new[member]]
    return [Change(f"{member}_added", f"New {word}: {each}", True) for each in added] + [
        Change(f"{member}_removed", f"No longer: {each}", False) for each in gone
    ]


def _texts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    found = []
    for language in sorted(old.keys() | new.keys()):
        before, after = old.get(language), new.get(language)
        if before is None or after is None:
            found.append(Change("language", f"{'New' if after else 'No longer'} in {language}", False))
        elif before != after:
            lost = _is_nothing(after) and not _is_nothing(before)
            found.append(
                Change("benefit_removed", f"The benefit is gone ({language})", True)
                if lost
                else Change("words", f"Words changed ({language})", False)
            )
    return found


def _is_nothing(text: Mapping[str, str]) -> bool:
    return text["benefit"].strip().rstrip(".。").lower() in NOTHING
