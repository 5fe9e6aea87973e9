"""What AI does with one customer's data, what it said about them, and the principles it is held to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent.errors import NotFound
from consent.models import Category, Subject
from consent.rules import ai
from consent.services import catalogue, log, overview, principles, versions
from consent.services.log import Line
from consent.services.overview import Use
from consent.services.principles import Notice

WINDOW, SHOWN = timedelta(days=90), 10


@dataclass(frozen=True)
class Computed:
    """One purpose in which a computer guesses or decides.

    told: whether the version says what goes in and the rest; one that was published before that was asked does not.
    results: when it ran for this customer in 90 days, at most the last 10.
    """

    use: Use
    told: bool
    goes_in: tuple[str, ...]
    person: str
    affects: tuple[str, ...]
    learns: bool
    results: tuple[Line, ...]

    @property
    def alone(self) -> bool:
        """Whether the computer decides without a person."""
        return self.use.version.automated_decisions


@dataclass(frozen=True)
class Page:
    """What AI does for one customer. principles: None where the brand published none."""

    uses: tuple[Computed, ...]
    principles: Notice | None

    @property
    def prices_stay(self) -> bool:
        """Whether it is known of every use that it changes no price."""
        return all(each.told and "price" not in each.affects for each in self.uses)


def of(*, subject: Subject, language: str, now: datetime) -> Page:
    """Every purpose in use that AI or automated decisions take part in, in catalogue order."""
    found = [use for use in overview.of(subject=subject, language=language, now=now).uses if ai.computed(_flags(use))]
    facts = {use.key: use.version.details.get("ai", {}) for use in found}
    labels = catalogue.categories_named({key for told in facts.values() for key in told.get("in", ())})
    return Page(
        tuple(_computed(use, facts[use.key], labels, subject, language, now) for use in found),
        _principles(language),
    )


def _flags(use: Use) -> dict[str, bool]:
    return {"uses_ai": use.version.uses_ai, "automated_decisions": use.version.automated_decisions}


def _computed(
    use: Use, told: Mapping[str, Any], labels: Mapping[str, Category], subject: Subject, language: str, now: datetime
) -> Computed:
    results = log.recent(subject=subject, purpose=use.key, language=language, since=now - WINDOW, limit=SHOWN)
    return Computed(
        use=use,
        told=bool(told),
        goes_in=tuple(versions.label(labels[key].name, language) for key in told.get("in", ())),
        person=told.get("person_decides", ""),
        affects=tuple(told.get("affects", ())),
        learns=bool(told.get("trains")),
        results=tuple(results),
    )


def _principles(language: str) -> Notice | None:
    try:
        return principles.read(language=language)
    except NotFound:
        return None
