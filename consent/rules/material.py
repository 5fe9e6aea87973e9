"""What changed between two versions of a purpose, and whether people must be asked again.

Material by computation (EDPB 05/2020, 3.3.1 and 110): more data, a further recipient, a longer retention, another
controller or legal basis, AI or automated decisions, sale or sharing, a lower age, a benefit taken away. The author
may escalate, never play down.
"""

from collections.abc import Iterator, Mapping
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
    return [
        *_sets("categories", "data", old, new),
        *_sets("recipients", "recipient", old, new),
        *_durations(old, new),
        *_flags(old, new),
        *_texts(old["texts"], new["texts"]),
    ]


def _durations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old["retention"] != new["retention"]:
        longer = durations.longer(new["retention"], old["retention"])
        yield Change("retention", f"Kept {new['retention']} instead of {old['retention']}", longer)
    if old["consent_lasts"] != new["consent_lasts"]:
        yield Change("consent_lasts", f"A yes lasts {new['consent_lasts'] or 'until withdrawn'}", False)


def _flags(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for flag in ("uses_ai", "automated_decisions", "sale_or_sharing"):
        if old[flag] != new[flag]:
            yield Change(flag, f"{flag} is now {str(new[flag]).lower()}", bool(new[flag]))
    for member in ("controller", "legal_basis"):
        if old[member] != new[member]:
            yield Change(member, f"{new[member]} instead of {old[member]}", True)
    if old["min_age"] != new["min_age"]:
        yield Change("min_age", f"Minimum age {new['min_age'] or 'none'}", new["min_age"] < old["min_age"])
    if old["dpv"] != new["dpv"] or old["details"] != new["details"]:
        yield Change("details", "Descriptive members changed", False)


def _sets(member: str, word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    added = [each for each in new[member] if each not in old[member]]
    gone = [each for each in old[member] if each not in new[member]]
    return [Change(f"{member}_added", f"New {word}: {each}", True) for each in added] + [
        Change(f"{member}_removed", f"No longer: {each}", False) for each in gone
    ]


def _texts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for language in sorted(old.keys() | new.keys()):
        before, after = old.get(language), new.get(language)
        if before is None or after is None:
            yield Change("language", f"{'New' if after else 'No longer'} in {language}", False)
        elif _is_nothing(after) and not _is_nothing(before):
            yield Change("benefit_removed", f"The benefit is gone ({language})", True)
        elif before != after:
            yield Change("words", f"Words changed ({language})", False)


def _is_nothing(text: Mapping[str, str]) -> bool:
    return text["benefit"].strip().rstrip(".。").lower() in NOTHING
