"""By which day a request must be answered, by the law of the customer.

Days are days of the calendar; the day of the request is not counted. Working days are Monday to Friday: we know no
country's holidays, so with a holiday in between we are early by a day, never late. An end that falls on a weekend is
not moved to a later day, though Regulation (EEC) 1182/71 Art. 3(4) would allow it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from consent.rules import durations
from consent.rules.moments import midnight

# A concern: our own promise, well within the 30 days in which the UK asks for an acknowledgement (DPA 2018 s. 164A).
CONCERN_DAYS = 5


@dataclass(frozen=True)
class Period:
    """How long: a duration (`P1M`, `P45D`), or working days."""

    length: str = ""
    working: int = 0

    def after(self, start: date) -> date:
        """The last day of a period that begins with the day after `start`."""
        if self.working:
            return working_days(start, self.working)
        return durations.after(midnight(start), self.length).date()


@dataclass(frozen=True)
class Clock:
    """What one law says of one kind of request.

    more: by how much it can be extended, once and with a reason; None where it cannot.
    stops: whether it stands still while we have asked who it is. source: the article.
    """

    law: str
    answer: Period
    more: Period | None
    stops: bool
    source: str


_GDPR = Clock("gdpr", Period("P1M"), Period("P2M"), True, "GDPR Art. 12(3), 12(6)")
_UK = Clock("uk-gdpr", Period("P1M"), Period("P2M"), True, "UK GDPR Art. 12(3), 12A")
_CCPA = Clock("ccpa", Period("P45D"), Period("P45D"), False, "Cal. Civ. Code § 1798.130(a)(2); 11 CCR 7021(b)")
# Opting out, and limiting the use of sensitive data: no proof of who it is is asked for, and nothing extends it.
_CCPA_STOP = Clock("ccpa", Period(working=15), None, False, "11 CCR 7026(f)(1), 7027(g)(1)")
_STATES = Clock("us-states", Period("P45D"), Period("P45D"), False, "Va. Code § 59.1-577(B)(1), and alike elsewhere")
_PIPL = Clock("pipl", Period(working=15), None, False, "PIPL Art. 50; measures on apps of 28 November 2019, Art. 6")
_LGPD = Clock("lgpd", Period("P15D"), None, False, "LGPD Art. 19(II)")
_DPDP = Clock("dpdp", Period("P1M"), None, False, "DPDP Act 2023 s. 11 to 13; Rules 2025, r. 14: at most 90 days")
_PIPEDA = Clock("pipeda", Period("P30D"), Period("P30D"), False, "PIPEDA s. 8(3), 8(4)")
_SWISS = Clock("fadp", Period("P30D"), None, False, "Swiss DPO Art. 18")
# Where we know no law: the month of the GDPR, and none of what lengthens it.
_OURS = Clock("own", Period("P1M"), None, False, "our own promise")

_EUROPE = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "EU", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT"),
    *("LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)
CLOCKS = {
    **dict.fromkeys(_EUROPE, _GDPR),
    **{"GB": _UK, "US-CA": _CCPA, "US": _STATES, "CN": _PIPL, "BR": _LGPD, "IN": _DPDP, "CA": _PIPEDA, "CH": _SWISS},
}
_STOPPING = frozenset({"limit", "object"})


def clock(jurisdiction: str, kind: str) -> Clock:
    """The clock of a kind of request for a customer of a country, or of a part of one (ISO 3166, `US-CA`)."""
    place = jurisdiction.upper()
    found = CLOCKS.get(place) or CLOCKS.get(place.partition("-")[0]) or _OURS
    return _CCPA_STOP if found is _CCPA and kind in _STOPPING else found


def strictest(jurisdictions: Iterable[str], kind: str, opened: date) -> Clock:
    """The clock that ends first, of several laws that bear on one customer."""
    return min((clock(each, kind) for each in jurisdictions), key=lambda each: each.answer.after(opened))


def working_days(start: date, count: int) -> date:
    """The working day that many working days after `start`."""
    day = start
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
