"""Dates and times as callers write them: RFC 3339, strictly, and never before computers kept consents."""

import re
from datetime import UTC, date, datetime, time

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Days between which all that is worked out from a day is a moment, too.
FIRST_DAY, LAST_DAY = EPOCH.date(), date(9998, 12, 31)
HOW_MOMENT = "A time of RFC 3339 with its offset, not before 1970, e.g. 2026-05-14T12:00:00Z."
HOW_DAY = "A day that exists, e.g. 2026-05-14."


def moment(text: str) -> datetime:
    """The moment a text names, in UTC, to the microsecond; raises ValueError for one that no clock showed."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(HOW_MOMENT)
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(HOW_MOMENT) from None
    if found < EPOCH:
        raise ValueError(HOW_MOMENT)
    return found


def midnight(of: date) -> datetime:
    """The moment a day begins, in UTC."""
    return datetime.combine(of, time(), UTC)


def day(text: str) -> date:
    """The day a text names; raises ValueError."""
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError(HOW_DAY)
    return found
