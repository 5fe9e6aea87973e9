"""What a yes covers, and for how long: all that is offered, a level, or what was named; never beyond the words."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from consent.errors import Field, Invalid, OutOfTurn
from consent.models import Purpose, PurposeVersion
from consent.rules import durations, levels, lifecycle, scope
from consent.rules.choice import Choice
from consent.rules.decision import State
from consent.rules.levels import Scope
from consent.services import catalogue

OUTDATED = "The purpose changed materially since they said yes. Ask for a new one with the act give."


def chosen(choice: Choice, version: PurposeVersion, state: State, third: Collection[str]) -> Scope:
    """The categories and recipients of a yes; of a renewal: those that stand, or fewer.

    third: recipients that are named one by one, if at all. Raises Invalid, OutOfTurn.
    """
    offered = catalogue.terms(version)
    categories, recipients = offered.categories, offered.recipients
    separate: Collection[str] = third
    if choice.act == lifecycle.RENEW and not choice.imported:
        if (state.version or 0) < version.material_number:
            raise OutOfTurn(OUTDATED)
        categories, recipients = _both(categories, state.categories), _both(recipients, state.recipients)
        separate = ()
    if choice.level:
        return _level(choice, version, (categories, recipients), third)
    found, strange = scope.chosen(categories, choice.categories)
    named, strangers = scope.chosen(recipients, choice.recipients, separate=tuple(separate))
    problems = [*_not_offered("/categories", strange), *_not_offered("/recipients", strangers)]
    return _whole(found, named, problems)


def refuse_outdated(version: PurposeVersion, purpose: Purpose) -> None:
    """Raises OutOfTurn when people must be asked anew since a version."""
    if purpose.current and version.number < purpose.current.material_number:
        raise OutOfTurn(OUTDATED)


def refuse_longer(choice: Choice, version: PurposeVersion, now: datetime) -> None:
    """Raises Invalid for a yes that would last longer than its text says."""
    if choice.until is None or choice.imported or not version.consent_lasts:
        return
    if choice.until > durations.after(choice.collected_at or now, version.consent_lasts):
        detail = f"The text says that a yes lasts {version.consent_lasts}, and no longer."
        raise Invalid(Field("/until", "range", detail))


def _level(choice: Choice, version: PurposeVersion, offered: Scope, third: Collection[str]) -> Scope:
    """The scope of a level, and beside it the third parties that were named."""
    defined = version.details.get("levels", [])
    if choice.level not in levels.keys(defined):
        known = ", ".join(levels.keys(defined))
        raise Invalid(Field("/level", "unknown", f"This purpose has the levels {known}."))
    own = tuple(each for each in offered[1] if each not in third)
    categories, recipients = levels.scope_of(defined, (offered[0], own), choice.level)
    named = choice.recipients or ()
    problems = _not_offered("/recipients", [each for each in named if each not in third or each not in offered[1]])
    kept = {*recipients, *named}
    return _whole(categories, tuple(each for each in offered[1] if each in kept), problems)


def _whole(categories: Sequence[str], recipients: Sequence[str], problems: list[Field]) -> Scope:
    for member, found in (("/categories", categories), ("/recipients", recipients)):
        if not found and not problems:
            problems.append(Field(member, "empty", "A yes to nothing is a no: send the act refuse or withdraw."))
    if problems:
        raise Invalid(*problems)
    return tuple(categories), tuple(recipients)


def _both(offered: Iterable[str], agreed: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in offered if each in agreed)


def _not_offered(member: str, strange: Iterable[str]) -> list[Field]:
    detail = "The text that was shown, or the yes that is renewed, does not name all of these."
    return [Field(member, "not_offered", detail) for _ in [*strange][:1]]
