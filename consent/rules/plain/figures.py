"""Numbers, dates and durations in a text, in a form that languages share."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from consent.rules import durations
from consent.rules.plain.pack import NEVER, Pack
from consent.rules.plain.passage import Passage

_HOURS_PER_MONTH = 730.56  # 30.44 days, as rules/durations.py has it
_UNITS = {"h": (0, 1), "D": (0, 24), "W": (0, 168), "M": (1, 0), "Y": (12, 0)}
_FIRST_YEAR = 1900  # `2026年` is a year, not a time to wait


@dataclass(frozen=True)
class Figure:
    """One figure. `value` is equal wherever it means the same; `lasts` is (months, hours) of a duration, else None."""

    value: str
    span: tuple[int, int]
    text: str
    lasts: tuple[int, int] | None = None


def read(passage: Passage) -> tuple[Figure, ...]:
    """Every figure of a passage. A plain 1 is left out: in most languages it cannot be told from "a"."""
    return _figures(passage.text, passage.pack)


@lru_cache(maxsize=256)
def _figures(text: str, pack: Pack) -> tuple[Figure, ...]:
    return tuple(_read(text, pack))


def digits(text: str) -> list[str]:
    """The numbers written in digits, for a language whose words we do not know."""
    return [_plain(match[0]) for match in _DIGITS.finditer(text)]


def period(iso: str) -> tuple[int, int] | None:
    """A duration of the catalogue as (months, hours); None when it says none."""
    try:
        months, days = durations.parse(iso)
    except ValueError:
        return None
    return months, days * 24


def longer(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] * _HOURS_PER_MONTH + one[1] > other[0] * _HOURS_PER_MONTH + other[1]


_DIGITS = re.compile(r"\d+(?:[.,٫٬\u00a0\u202f]\d+)*")


def _read(text: str, pack: Pack) -> Iterator[Figure]:
    for match in _pattern(pack).finditer(text):
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        if "unit" in found and not _is_year(found):
            yield _lasting(match, _amount(found["amount"], pack), _unit(found["unit"], pack))
        elif "spelled" in found:
            yield _lasting(match, *pack.spelled[found["spelled"].lower()])
        elif value := _value(found, pack):
            yield Figure(value, match.span(), match[0])


def _value(found: dict[str, str], pack: Pack) -> str:
    if "month" in found or "month_first" in found:
        month = found.get("month") or found["month_first"]
        number = pack.months.index(month.lower()) + 1 if pack.months else int(month)
        year = found.get("year") or found.get("year_first") or ""
        return f"{_plain(year)}-{number}-{_plain(found.get('day') or found['day_last'])}"
    if "word" in found:
        number = pack.numbers[found["word"].lower()]
        return "" if number == 1 else str(number)
    value = _plain(found.get("number") or found["amount"])
    return "" if value == "1" else value


def _lasting(match: re.Match[str], amount: int, unit: str) -> Figure:
    months, hours = (each * amount for each in _UNITS[unit])
    return Figure(f"time:{months}:{hours}", match.span(), match[0], (months, hours))


def _is_year(found: dict[str, str]) -> bool:
    return found["amount"].isdecimal() and int(found["amount"]) >= _FIRST_YEAR and found["unit"] == "年"


def _amount(text: str, pack: Pack) -> int:
    return int(text) if text.isdecimal() else pack.numbers[text.lower()]


def _unit(text: str, pack: Pack) -> str:
    return pack.units[text.lower()]


def _plain(number: str) -> str:
    """Western digits, no thousands marks, a point for decimals: `1.000` and `1,000` are 1000, `2,5` is 2.5."""
    western = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in number)
    if re.fullmatch(r"\d{1,3}(?:[.,٬\u00a0\u202f]\d{3})+", western):
        return re.sub(r"\D", "", western)
    return re.sub(r"[,٫]", ".", western).lstrip("0") or ("0" if western else "")


def _either(words: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or NEVER


@lru_cache(maxsize=16)
def _pattern(pack: Pack) -> re.Pattern[str]:
    """Dates, then durations, then numbers in digits and in words."""
    number, word = _DIGITS.pattern, _either(pack.numbers)
    edge, end = (r"(?<![\w])", r"(?![^\W\d])") if pack.spaced else ("", "")
    time = rf"{edge}(?P<amount>(?<![\d.,])\d{{1,6}}|{word})[\s\u00a0-]*(?P<unit>{_either(pack.units)}){end}"
    counted = word if pack.spaced else rf"(?:{word})(?=\s*(?:{pack.counters or NEVER}))"
    parts = [
        _dates(pack),
        rf"{edge}(?P<spelled>{_either(pack.spelled)}){end}",
        time,
        rf"(?P<number>{number})",
        rf"{edge}(?P<word>{counted}){end}",
    ]
    return re.compile("|".join(parts), re.IGNORECASE)


def _dates(pack: Pack) -> str:
    if not pack.spaced:
        return r"(?:(?P<year>\d{4})\s*年)?\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]"
    months = _either(pack.months)
    return (
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+)?(?P<month>{months})\b"
        r"(?:,?\s+(?:del?\s+)?(?P<year>\d{4}))?"
        rf"|\b(?P<month_first>{months})\s+(?P<day_last>\d{{1,2}})(?!\d)(?:,?\s+(?P<year_first>\d{{4}}))?"
    )
