"""ISO 8601 durations in years, months, weeks and days, as catalogues use them (`P24M`, `P30D`)."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from functools import lru_cache

_FORM = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")


# A catalogue has few of them, and a fold asks about one for each yes.
@lru_cache(maxsize=256)
def parse(text: str) -> tuple[int, int]:
    """Months and days of a duration; raises ValueError when it is none or is empty."""
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a duration such as P24M or P30D")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return years * 12 + months, weeks * 7 + days


def after(start: datetime, text: str) -> datetime:
    """The moment that long after `start`; the 31st becomes the last day of a shorter month."""
    months, days = parse(text)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day) + timedelta(days=days)


def longer(new: str, old: str) -> bool:
    """Whether one duration is longer than another, with months of 30.44 days."""

    def length(text: str) -> float:
        months, days = parse(text)
        return months * 30.44 + days

    return length(new) > length(old)
