"""How much a key may ask, and a word to the officer when a third party seems to be guessing.

A third party is answered `not_permitted` alike for whom we do not know, and for whom we know and who says no. So both
count alike here: a limit that only strangers used up would tell it who is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db import transaction

from audit import rows
from consent.errors import TooMany
from consent.models import ApiKey, AskCount
from consent.services import ledger
from consent.services.ledger import Actor, Fact

T = TypeVar("T")
P = ParamSpec("P")
# Of a key: the stretch of time in which its asks are counted together.
WINDOW = timedelta(hours=1)
_NONE = 2**62
_ADMIT = """
    INSERT INTO consent_askcount (key_id, since, asked, refused, unknown, told) VALUES (%s, %s, %s, 0, 0, %s)
    ON CONFLICT (key_id, since) DO UPDATE SET asked = consent_askcount.asked + excluded.asked
    WHERE consent_askcount.asked + excluded.asked <= %s AND consent_askcount.refused < %s RETURNING asked"""
_SETTLE = """
    UPDATE consent_askcount SET refused = refused + %s, unknown = unknown + %s
    WHERE key_id = %s AND since = %s RETURNING refused"""


@dataclass(frozen=True)
class Limits:
    """How many customers a key may ask about within the window, and how often it may be refused; 0 is no limit."""

    asked: int
    refused: int = 0


@dataclass(frozen=True)
class Counted(Generic[T]):
    """What a verb answers, with how often that is a no, and how often because nobody is known."""

    value: T
    refused: int = 0
    unknown: int = 0


def atomic(items: Callable[[Mapping[str, Any]], int]) -> Callable[[Callable[P, Counted[T]]], Callable[P, T]]:
    """A verb that asks about customers: one transaction, counted for the key that is its argument `key`, if any.

    items: about how many, from its arguments. The verb raises TooMany for a key that asked more than it may; what the
    officer is told of that is committed before.
    """

    def counted(verb: Callable[P, Counted[T]]) -> Callable[P, T]:
        @wraps(verb)
        def work(*args: P.args, **named: P.kwargs) -> T:
            given: Mapping[str, Any] = named
            key, by, now = given.get("key"), given["by"], given["now"]
            with transaction.atomic():
                found = None
                if key is None or admit(key=key, items=items(given), by=by, now=now):
                    found = verb(*args, **named)
                    if key is not None:
                        settle(key=key, refused=found.refused, unknown=found.unknown, by=by, now=now)
            if found is None:
                raise refusal(now)
            return found.value

        return work

    return counted


def limits(key: ApiKey) -> Limits:
    """What the settings say of a key."""
    if key.recipient.third_party:
        return Limits(settings.THIRD_PARTY_ASKS, settings.THIRD_PARTY_REFUSALS)
    return Limits(settings.SYSTEM_ASKS)


def admit(*, key: ApiKey, items: int, by: Actor, now: datetime) -> bool:
    """Count asks about so many customers; False, and the officer is told, where that is more than the key may ask.

    Inside the caller's transaction, before anything is read; what is not admitted is not counted. Whoever is told False
    raises `refusal` once that transaction has ended, so that what the officer is told stays.
    """
    most = limits(key)
    if not (most.asked or most.refused):
        return True
    allowed, refusals = most.asked or _NONE, most.refused or _NONE
    if items <= allowed and rows.read(_ADMIT, [key.pk, _start(now), items, False, allowed, refusals]):
        return True
    _tell(key, by, now)
    return False


def settle(*, key: ApiKey, refused: int, unknown: int, by: Actor, now: datetime) -> None:
    """Count how many of the asks were refused; the officer is told when that reaches the limit."""
    most = limits(key)
    if not (most.asked or most.refused):
        return
    ((total,),) = rows.read(_SETTLE, [refused, unknown, key.pk, _start(now)])
    if most.refused and total >= most.refused > total - refused:
        _tell(key, by, now)


def refusal(now: datetime) -> TooMany:
    """What a caller meets who asked too much: wait until the window is over."""
    left = int((_since(now) + WINDOW - now).total_seconds()) + 1
    return TooMany("This key asked more than it may. Wait, then go on.", retry_after=left)


def _tell(key: ApiKey, by: Actor, now: datetime) -> None:
    """Once for each key and day: who keeps asking must not fill the log with it."""
    if not key.recipient.third_party:
        return
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = AskCount.objects.filter(key=key, since__gte=today)
    if counted.filter(told=True).exists():
        return
    AskCount.objects.update_or_create(key=key, since=_since(now), defaults={"told": True}, create_defaults=_NOTHING)
    fact = Fact(
        "probing.suspected",
        recipient=key.recipient.key,
        outcome=FINDING,
        object=key.prefix,
        details={name: sum(getattr(each, name) for each in counted) for name in ("asked", "refused", "unknown")},
    )
    ledger.record(fact, by=by, now=now)


# The outcome of a fact that somebody has to look at.
FINDING = "finding"
_NOTHING: dict[str, Any] = {"asked": 0, "told": True}


def _since(now: datetime) -> datetime:
    return now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % WINDOW


def _start(now: datetime) -> Any:
    """The start of the window as the database takes it."""
    return transaction.get_connection().ops.adapt_datetimefield_value(_since(now))
