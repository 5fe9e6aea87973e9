"""What a customer says about a purpose, as every door hands it down; and what is wrong with it on its face."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consent.errors import Field
from consent.rules import acting, bases, durations, lifecycle

CHANNELS = (
    *("web", "app", "portal", "store", "shop", "kiosk", "phone", "post", "mail", "email", "email_link", "sms"),
    *("paper", "console", "api", "import"),
)
ACTORS = acting.ACTORS
CLOCK_SKEW = timedelta(minutes=5)
LONGEST_PAUSE = "P12M"
# What people do without saying anything is no yes (GDPR Art. 4(11), Rec. 32; EDPB 05/2020, 86).
SILENT = frozenset(
    {"scroll", "scrolling", "browsing", "continued use", "silence", "inactivity", "default", "pre ticked"}
)
# How long nobody asks again after a no (11 CCR 7028; CCPA § 1798.135(c)(4)).
NO_ASKING = "P12M"


@dataclass(frozen=True)
class Choice:
    """What the customer said and how; the words of DESIGN 6.3.

    categories, recipients: None means all offered, except third parties. level: a named scope in their place, beside
    which only third parties are named. evidence: kept encrypted.
    collected_at: None means now. until: the end of a pause; of a yes, an earlier end than its text says.
    confirmation: the one-time token of a pending yes.
    imported: recorded elsewhere before, so its own date orders it.
    version: only of what was imported: the words shown were not ours, and this version is assumed in their place.
    """

    purpose: str
    act: str
    channel: str
    method: str
    language: str = ""
    notice_digest: str = ""
    categories: Sequence[str] | None = None
    recipients: Sequence[str] | None = None
    level: str = ""
    collected_at: datetime | None = None
    until: datetime | None = None
    confirmation: str = ""
    actor: str = "self"
    evidence: dict[str, Any] = field(default_factory=dict)
    imported: bool = False
    version: int | None = None


def problems(choice: Choice, now: datetime) -> list[Field]:
    """What is wrong with a choice apart from the purpose it is about."""
    found = [*_of_act(choice), *_of_method(choice), *_of_end(choice, now)]
    if choice.channel not in CHANNELS:
        found.append(Field("/channel", "choice", f"One of {', '.join(CHANNELS)}."))
    if choice.actor not in ACTORS:
        found.append(Field("/actor", "choice", f"One of {', '.join(ACTORS)}."))
    elif choice.act in lifecycle.ACTS:
        who = {name: getattr(choice, name) for name in ("act", "actor", "channel", "evidence", "imported")}
        found += acting.problems(**who)
    if choice.collected_at and choice.collected_at > now + CLOCK_SKEW:
        found.append(Field("/collected_at", "future", "A choice cannot have been made in the future."))
    return found


def misplaced(act: str, basis: str) -> list[Field]:
    """What is wrong with an act on a purpose of this legal basis."""
    if act in lifecycle.ASKED_ONLY and basis not in bases.ASKED:
        detail = "This purpose rests on no yes: it can be objected to, and an objection is taken back with give."
        return [Field("/act", "basis", detail)]
    return []


def no(basis: str) -> str:
    """The act that turns a purpose of this legal basis off."""
    return lifecycle.OBJECT if basis in bases.OBJECTABLE else lifecycle.WITHDRAW


def asked_recently(answered_at: datetime, now: datetime) -> bool:
    """Whether a no is so fresh that nobody may ask again."""
    return now < durations.after(answered_at, NO_ASKING)


def _of_act(choice: Choice) -> list[Field]:
    if choice.act not in lifecycle.ACTS:
        return [Field("/act", "choice", f"One of {', '.join(lifecycle.ACTS)}.")]
    scoped = choice.categories is not None or choice.recipients is not None or choice.level
    if choice.level and choice.categories is not None:
        return [Field("/categories", "level", "A level says which data: name the one or the other.")]
    if scoped and choice.act not in lifecycle.SCOPED and not (choice.imported and choice.act == lifecycle.CONFIRM):
        detail = "Only a yes has a scope. To share less, give again with fewer categories or recipients."
        return [Field("/categories", "scope", detail)]
    confirms = choice.act == lifecycle.CONFIRM and not choice.imported
    if confirms and not choice.confirmation:
        return [Field("/confirmation", "required", "Send the one-time token that the answer to the yes held.")]
    if choice.confirmation and not confirms:
        return [Field("/confirmation", "act", "Only the act confirm has a token.")]
    return []


def _of_method(choice: Choice) -> list[Field]:
    said = " ".join(choice.method.lower().replace("-", " ").replace("_", " ").split())
    if said not in SILENT or choice.act not in lifecycle.YES or choice.imported:
        return []
    detail = "Nobody says yes by this. Name what they did: pressed a button, said it, signed."
    return [Field("/method", "silent", detail)]


def _of_end(choice: Choice, now: datetime) -> list[Field]:
    if choice.act in lifecycle.ENDING and choice.until is not None and not choice.imported:
        return [] if now < choice.until else [Field("/until", "range", "A yes ends in the future.")]
    if choice.act != lifecycle.PAUSE:
        return [Field("/until", "act", "Only a pause and a yes have an end.")] if choice.until else []
    if choice.until is None:
        return [Field("/until", "required", "Say when the pause ends: a moment at most 12 months ahead.")]
    if not now < choice.until <= durations.after(now, LONGEST_PAUSE):
        return [Field("/until", "range", "A pause ends in the future, at most 12 months ahead.")]
    return []
