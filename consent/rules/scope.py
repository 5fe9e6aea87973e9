"""Which categories and recipients a yes covers, and whether what a caller sent can be recorded at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from consent.errors import Field
from consent.rules.lifecycle import ACTS, GIVE

CHANNELS = (
    *("web", "app", "portal", "store", "shop", "kiosk", "phone", "post", "mail", "email", "sms", "paper"),
    *("console", "api", "import"),
)
ACTORS = ("self", "staff", "guardian", "representative", "system", "browser")
CLOCK_SKEW = timedelta(minutes=5)


def chosen(
    offered: Sequence[str], named: Sequence[str] | None, *, separate: Sequence[str] = ()
) -> tuple[tuple[str, ...], list[str]]:
    """The scope of one yes, and what was named but not offered.

    offered: what the version names. named: what the customer chose, or None for all that is offered except
    `separate` (third parties: always chosen one by one, by name).
    """
    if named is None:
        return tuple(each for each in offered if each not in separate), []
    return tuple(each for each in offered if each in named), [each for each in named if each not in offered]


def act_problems(
    *, act: str, channel: str, actor: str, scoped: bool, collected_at: datetime, now: datetime
) -> list[Field]:
    """What is wrong with an act apart from the purpose it is about."""
    problems = []
    if act not in ACTS:
        problems.append(Field("/act", "choice", f"One of {', '.join(ACTS)}."))
    elif scoped and act != GIVE:
        detail = "Only a yes has a scope. To share less, give again with fewer categories or recipients."
        problems.append(Field("/categories", "scope", detail))
    if channel not in CHANNELS:
        problems.append(Field("/channel", "choice", f"One of {', '.join(CHANNELS)}."))
    if actor not in ACTORS:
        problems.append(Field("/actor", "choice", f"One of {', '.join(ACTORS)}."))
    if collected_at > now + CLOCK_SKEW:
        problems.append(Field("/collected_at", "future", "A choice cannot have been made in the future."))
    return problems
