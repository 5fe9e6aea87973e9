"""How much a customer shares for one purpose: a level, or category by category and name by name; and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from consent.errors import NoChoiceHere
from consent.models import PurposeVersion, Recipient, Subject
from consent.rules import bases, durations, levels, lifecycle, scope
from consent.rules.choice import Choice
from consent.rules.decision import State
from consent.services import catalogue, consents, overview, states, switches, versions
from consent.services.consents import Recorded
from consent.services.ledger import Actor
from consent.services.overview import Use
from consent.services.versions import Published

METHOD = "form"
# What a customer may choose beside the longest that the text allows, and beside the end that stands.
LASTS = ("P3M", "P12M")
AS_NOW = "as-now"


@dataclass(frozen=True)
class Level:
    """A level as the page shows it. name, benefit, example: "" where the file gives none. chosen: theirs now."""

    key: str
    name: str
    categories: tuple[str, ...]
    benefit: str
    example: str
    chosen: bool


@dataclass(frozen=True)
class Part:
    """One kind of data. chosen: the yes that stands covers it."""

    key: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Party:
    """One recipient. chosen: the yes that stands covers it."""

    row: Recipient
    chosen: bool


@dataclass(frozen=True)
class Time:
    """One length of a yes: a duration, "" for as long as the text allows, or AS_NOW, which is theirs already.

    until: the end that stands; None where there is none.
    """

    lasts: str
    until: datetime | None = None


@dataclass(frozen=True)
class Amount:
    """All that may be chosen of one purpose. Nothing is chosen beforehand but what the customer chose before.

    own: whether what they chose is none of the levels. third: recipients that are chosen by name, beside any level.
    """

    use: Use
    levels: tuple[Level, ...]
    own: bool
    categories: tuple[Part, ...]
    recipients: tuple[Party, ...]
    third: tuple[Party, ...]
    times: tuple[Time, ...]

    @property
    def level(self) -> Level | None:
        """The level that was chosen."""
        return next((each for each in self.levels if each.chosen), None)

    @property
    def examples(self) -> bool:
        return any(each.example for each in self.levels)

    @property
    def benefits(self) -> bool:
        return any(each.benefit for each in self.levels)

    @property
    def several(self) -> bool:
        """Whether there is anything to choose among."""
        return bool(self.levels or self.third or len(self.categories) > 1 or len(self.recipients) > 1)


@dataclass(frozen=True)
class Wanted:
    """What was chosen. level: "" for what is named one by one. recipients: beside a level, third parties only."""

    level: str
    categories: Sequence[str]
    recipients: Sequence[str]
    lasts: str = ""


def read(*, subject: Subject, key: str, language: str, now: datetime) -> Amount:
    """What may be chosen, and what is. Raises NotFound, NoChoiceHere for a purpose that rests on no yes."""
    use, _ = overview.one(subject=subject, key=key, language=language, now=now)
    return of(use, language=language, now=now)


def of(use: Use, *, language: str, now: datetime) -> Amount:
    """The same of a purpose that was read already. Raises NoChoiceHere."""
    if use.basis not in bases.ASKED:
        raise NoChoiceHere
    published = versions.read([use.version])[use.version.pk]
    held = states.as_rule(use.since)
    stands = lifecycle.stands(held, now) and (held.version or 0) >= use.version.material_number
    categories, recipients = (held.categories, held.recipients) if stands else ((), ())
    named = _levels(use, published, categories, recipients, stands or _said_no(held), language)
    return Amount(
        use=use,
        levels=named,
        own=stands and bool(named) and not any(each.chosen for each in named),
        categories=tuple(
            Part(row.key, versions.label(row.name, language), row.key in categories) for row in published.categories
        ),
        recipients=tuple(Party(row, row.key in recipients) for row in published.recipients if not row.third_party),
        third=tuple(Party(row, row.key in recipients) for row in published.recipients if row.third_party),
        times=tuple(_times(use, held, stands)),
    )


@transaction.atomic
def choose(
    *, subject: Subject, purpose: str, wanted: Wanted, notice_digest: str, fresh: bool = False, by: Actor, now: datetime
) -> Recorded:
    """Record how much a customer shares; no level at all is a no. Raises as switches.turn.

    To share less of sensitive data needs no fresh code, and then the yes ends when it would have.
    """
    if wanted.level == levels.NOTHING:
        off: dict[str, Any] = {"purpose": purpose, "act": switches.OFF, "notice_digest": notice_digest}
        return switches.turn(subject=subject, **off, by=by, now=now)
    current = switches.current_version(purpose)
    held = states.as_rule(states.one(subject, current.purpose))
    until = _until(wanted.lasts, current.consent_lasts, held, now)
    if not fresh and current.legal_basis == bases.EXPLICIT_CONSENT:
        if not (lifecycle.stands(held, now) and _narrower(wanted, current, held)):
            switches.refuse_sensitive(current)
        until = min((each for each in (until, held.expires_at) if each), default=None)
    named: dict[str, Any] = {"level": wanted.level} if wanted.level else {"categories": wanted.categories}
    named |= {"recipients": wanted.recipients, "until": until, "notice_digest": notice_digest}
    choice = Choice(purpose, lifecycle.GIVE, switches.CHANNEL, METHOD, **named)
    return consents.record(subject=subject, choice=choice, by=by, now=now)


def _said_no(held: State) -> bool:
    return held.status in {"refused", "withdrawn"}


def _levels(
    use: Use, published: Published, categories: Sequence[str], recipients: Sequence[str], known: bool, language: str
) -> tuple[Level, ...]:
    """Every level with what it means. known: whether the customer said anything, so that one may be theirs."""
    defined = use.version.details.get("levels", [])
    if not defined:
        return ()
    offered = published.terms.categories, tuple(row.key for row in published.recipients if not row.third_party)
    theirs = levels.level_of(categories, recipients, defined, offered) if known else ""
    words = {each["key"]: each for each in defined}
    labels = {row.key: versions.label(row.name, language) for row in published.categories}

    def say(key: str, member: str) -> str:
        return versions.label(words.get(key, {}).get(member, {}), language)

    return tuple(
        Level(
            key,
            say(key, "name"),
            tuple(labels[each] for each in levels.scope_of(defined, offered, key)[0]),
            say(key, "benefit"),
            say(key, "example"),
            key == theirs,
        )
        for key in levels.keys(defined)
    )


def _times(use: Use, held: State, stands: bool) -> list[Time]:
    """The end that stands, where a yes does; then lengths from now on up to the text's own, the longest last."""
    longest = use.version.consent_lasts
    shorter = [Time(each) for each in LASTS if not longest or durations.longer(longest, each)]
    return [*([Time(AS_NOW, held.expires_at)] if stands else []), *shorter, Time("")]


def _until(lasts: str, longest: str, held: State, now: datetime) -> datetime | None:
    """When the yes is to end; None for when its text says. longest: how long that is, "" for no end."""
    if lasts == AS_NOW:
        end = held.expires_at if lifecycle.stands(held, now) else None
        return end if end and (not longest or end <= durations.after(now, longest)) else None
    return durations.after(now, lasts) if lasts else None


def _narrower(wanted: Wanted, current: PurposeVersion, held: State) -> bool:
    """Whether all that is wanted was agreed to already, in words that still count."""
    categories, recipients = wanted.categories, wanted.recipients
    if wanted.level:
        of_level = levels.scope_of(current.details.get("levels", []), catalogue.offered(current), wanted.level)
        categories, recipients = of_level[0], [*of_level[1], *wanted.recipients]
    within = scope.within(categories, held.categories) and scope.within(recipients, held.recipients)
    return within and (held.version or 0) >= current.material_number
