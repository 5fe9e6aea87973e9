"""Which entries of the log are looked for: one reading of a filter, for the API, the console and the terminal."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from consent.errors import Field, Invalid
from consent.rules import text
from consent.rules.actions import ACTIONS

ACTORS = ("customer", "guardian", "representative", "browser", "staff", "system", "operator")
OUTCOMES = ("allowed", "refused", "observed", "breach", "finding")
KEY_LENGTH, VALUES = 64, 20
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_REF = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Chosen:
    """Which entries: those that fit each part, a part being any of its values.

    values: by the names of PARTS; an actor is a kind or `kind:reference`. since, before: the time of recording.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: datetime | None = None
    before: datetime | None = None

    @property
    def names(self) -> list[str]:
        """What it chooses by, in words that may stand in a leaf."""
        times = {"since": self.since, "before": self.before}
        return [*self.values, *(name for name, at in times.items() if at)]


def chosen(
    sent: Mapping[str, Sequence[str]], *, since: datetime | None = None, before: datetime | None = None
) -> Chosen:
    """The filter that somebody typed: texts by the names of PARTS, at most 20 each; none ask for nothing.

    An action that ends in a dot is a group: `consent.` is all that begins so. Raises Invalid naming each wrong part.
    """
    values, problems = {}, []
    for name, (expand, how) in PARTS.items():
        given = [each for each in sent.get(name, ()) if each]
        read = [expand(each) for each in given]
        if len(given) > VALUES or not all(read):
            problems.append(Field(f"/{name}", "unknown", f"{how} At most {VALUES}." if len(given) > VALUES else how))
        if given:
            values[name] = tuple(dict.fromkeys(value for each in read for value in each))
    if since and before and since >= before:
        problems.append(Field("/before", "order", "The end lies after the beginning."))
    if problems:
        raise Invalid(*problems)
    return Chosen(values, since, before)


def _actions(value: str) -> list[str]:
    return [each for each in ACTIONS if each == value or (value.endswith(".") and each.startswith(value))]


def _actor(value: str) -> list[str]:
    kind, colon, ref = value.partition(":")
    return [value] if kind in ACTORS and (_REF.fullmatch(ref) if colon else True) else []


def _outcome(value: str) -> list[str]:
    return [value] if value in OUTCOMES else []


def _reason(value: str) -> list[str]:
    return [value] if _CODE.fullmatch(value) else []


def _key(value: str) -> list[str]:
    return [] if text.problem(value, length=KEY_LENGTH) else [value]


PARTS: dict[str, tuple[Callable[[str], list[str]], str]] = {
    "action": (_actions, "A fact of the log, or a group of them: consent.given, or consent. for all that begin so."),
    "actor": (_actor, f"A kind of actor ({', '.join(ACTORS)}), or one of them: system:mail-engine."),
    "purpose": (_key, "Keys of purposes."),
    "recipient": (_key, "Keys of recipients."),
    "outcome": (_outcome, f"Of {', '.join(OUTCOMES)}."),
    "reason": (_reason, "Codes of reasons."),
}
"""What entries can be chosen by: what a text names, nothing where it names nothing, and what to say then."""
