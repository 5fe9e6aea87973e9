"""What changed between two versions of a purpose, and whether people must be asked again.

Material by computation (EDPB 05/2020, 3.3.1 and 110; PIPL Art. 14: purpose, method or category; LGPD Art. 8 §6:
purpose, duration, controller, sharing): more data, a further recipient, a longer retention, another controller, legal
basis or DPV term of the purpose, AI or automated decisions, more data that goes into them, less of a person in them,
more that they affect, learning from the data, sale or sharing, a lower age, a benefit taken away, and storage in a
further country (GDPR Art. 13(1)(f), PIPL Art. 39: people are told where data goes before it goes). The
author may escalate, never play down. No rule can weigh words, so who changes what they mean says `material: true`.

Not material:
- `ai` where nothing was told before: people learn more about what is done already.
- `consent_lasts`, longer or shorter: a yes runs out as its own version says, so a later version moves no date.
- `jurisdictions`: where the purpose is offered; whoever chose already is where they were.
- `levels`: shortcuts to a scope; the scope that was chosen stands in the event and is not read anew.
- `double_opt_in`, `withdrawal_method`: how a next yes or no is given; no yes comes to mean more by it.
- a first DPV term, or none any more: the words say the purpose as before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consent.rules import ai, durations

NOTHING = {
    *("", "nothing directly", "nothing", "没有直接好处", "无直接好处", "没有", "nichts", "nichts direkt", "rien"),
    *("rien directement", "nada", "nada directamente", "لا شيء", "لا شيء مباشرة"),
}
DESCRIPTIVE = ("jurisdictions", "withdrawal_method", "double_opt_in", "levels")


@dataclass(frozen=True)
class Change:
    """One difference, as a word and a sentence. what: the key, value or language it is about."""

    code: str
    detail: str
    material: bool
    what: str = ""


def changes(old: Mapping[str, Any], new: Mapping[str, Any], *, home: str = "") -> list[Change]:
    """Every difference between two contents of a version (see rules/catalogue.py), in a fixed order.

    home: the jurisdiction of the old version's controller, where data is stored when the version names no place.
    """
    return [
        *_sets("categories", "data", old, new),
        *_sets("recipients", "recipient", old, new),
        *_durations(old, new),
        *_flags(old, new),
        *_ai(old["details"].get("ai"), new["details"].get("ai")),
        *_members(old, new),
        *_storage(old["details"], new["details"], home),
        *_texts(old["texts"], new["texts"]),
    ]


def _durations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old["retention"] != new["retention"]:
        longer = durations.longer(new["retention"], old["retention"])
        yield Change("retention", f"Kept {new['retention']} instead of {old['retention']}", longer, new["retention"])
    if old["consent_lasts"] != new["consent_lasts"]:
        lasts = new["consent_lasts"]
        yield Change("consent_lasts", f"A yes lasts {lasts or 'until withdrawn'}", False, lasts)


def _flags(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for flag in ("uses_ai", "automated_decisions", "sale_or_sharing"):
        if old[flag] != new[flag]:
            yield Change(flag, f"{flag} is now {str(new[flag]).lower()}", bool(new[flag]))


def _ai(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    """Whether a computer takes part at all is one of the flags; this is about how."""
    if not old or not new:
        if new:
            yield Change("ai_told", "What AI does with the data is told in full", False)
        return
    yield from _sets("in", "data for AI", old, new, code="ai_in")
    yield from _sets("affects", "effect of AI", old, new, code="ai_affects")
    if old["person_decides"] != new["person_decides"]:
        decides = new["person_decides"]
        less = ai.PERSON.index(decides) > ai.PERSON.index(old["person_decides"])
        yield Change("ai_person", f"A person decides: {decides}", less, decides)
    if old["trains"] != new["trains"]:
        yield Change("ai_trains", f"AI learns from the data: {str(new['trains']).lower()}", bool(new["trains"]))


def _members(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for member in ("controller", "legal_basis"):
        if old[member] != new[member]:
            yield Change(member, f"{new[member]} instead of {old[member]}", True, new[member])
    if old["dpv"] != new["dpv"]:
        detail = f"The purpose is {new['dpv'] or 'no DPV term'} instead of {old['dpv'] or 'none'}"
        yield Change("dpv", detail, bool(old["dpv"] and new["dpv"]), new["dpv"])
    if old["min_age"] != new["min_age"]:
        age = new["min_age"]
        yield Change("min_age", f"Minimum age {age or 'none'}", age < old["min_age"], str(age or ""))
    for member in DESCRIPTIVE:
        if old["details"].get(member) != new["details"].get(member):
            yield Change("details", f"{member} changed", False, member)


def _storage(old: Mapping[str, Any], new: Mapping[str, Any], home: str) -> Iterator[Change]:
    """By country: a region of a country (US-CA) is no further one."""
    before, after = (set(_countries(each.get("storage_locations") or [home])) for each in (old, new))
    yield from (Change("storage_added", f"Stored in {each} too", True, each) for each in sorted(after - before))
    yield from (
        Change("storage_removed", f"No longer stored in {each}", False, each) for each in sorted(before - after)
    )
    if before == after and old.get("storage_locations") != new.get("storage_locations"):
        yield Change("details", "storage_locations changed", False, "storage_locations")


def _countries(places: list[str]) -> Iterator[str]:
    return (place.split("-")[0] for place in places if place)


def _sets(member: str, word: str, old: Mapping[str, Any], new: Mapping[str, Any], *, code: str = "") -> list[Change]:
    code = code or member
    added = [each for each in new[member] if each not in old[member]]
    gone = [each for each in old[member] if each not in new[member]]
    moved = not added and not gone and old[member] != new[member]
    return [
        *(Change(f"{code}_added", f"New {word}: {each}", True, each) for each in added),
        *(Change(f"{code}_removed", f"No longer: {each}", False, each) for each in gone),
        *([Change("details", f"{code} in another order", False, code)] if moved else []),
    ]


def _texts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for language in sorted(old.keys() | new.keys()):
        before, after = old.get(language), new.get(language)
        if before is None or after is None:
            code = "language_added" if after else "language_removed"
            yield Change(code, f"{'New' if after else 'No longer'} in {language}", False, language)
        elif _is_nothing(after) and not _is_nothing(before):
            yield Change("benefit_removed", f"The benefit is gone ({language})", True, language)
        elif before != after:
            yield Change("words", f"Words changed ({language})", False, language)


def _is_nothing(text: Mapping[str, str]) -> bool:
    return text["benefit"].strip().rstrip(".。").lower() in NOTHING
