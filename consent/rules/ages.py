"""The age from which someone says yes to the use of their data themselves, and what follows for one purpose.

A customer's row holds one day: the one from which they say yes themselves under their law. A purpose may ask for more
years than the law (`min_age`), and moves that day; it may not ask for fewer.
"""

from datetime import date

# GDPR Art. 8(1): 16, unless a member state says less; and the strict answer where we know no law.
DEFAULT = 16
# GDPR Art. 8(1) with the national acts; where a law changed lately, the stricter number.
_EUROPE = {
    **dict.fromkeys(("BE", "EE", "FI", "IS", "LV", "MT", "NO", "PT", "SE"), 13),
    "GB": 13,  # Data Protection Act 2018, s. 9
    **dict.fromkeys(("AT", "BG", "CY", "ES", "IT", "LT"), 14),
    **dict.fromkeys(("CZ", "FR", "GR", "SI"), 15),
    "DK": 15,  # databeskyttelsesloven § 6(2), since 2024; 13 before
    **dict.fromkeys(("DE", "HR", "HU", "IE", "LI", "LU", "NL", "PL", "RO", "SK"), 16),
}
AGES = {
    **_EUROPE,
    "CN": 14,  # PIPL Art. 31
    "IN": 18,  # DPDP Act 2023, s. 2(f) and 9(1)
    # LGPD Art. 14 protects children (under 12) and adolescents (under 18), and names the parent for children only;
    # the strict reading follows the Civil Code, Art. 3 to 5: nobody under 18 says yes alone.
    "BR": 18,
    "US": 13,  # COPPA, 16 CFR 312.2 and 312.5; a Californian from 13 to 15 opts in themselves, see OPT_IN
}
# Under this age selling and sharing rest on a yes, whatever they rest on for others: Cal. Civ. Code § 1798.120(c).
OPT_IN = {"US-CA": 16}
# A child there is never sold, shared or tracked, and no parent's yes changes that: DPDP Act 2023, s. 9(3).
NEVER_SHARED = frozenset({"IN"})
# At this age they are of age everywhere, so that nothing needs to be kept of when they were born.
GROWN = 21


def of(jurisdiction: str) -> int:
    """The age of digital consent of a country, or of a part of one (ISO 3166, `US-CA`)."""
    place = jurisdiction.upper()
    return AGES.get(place) or AGES.get(place.partition("-")[0]) or DEFAULT


def day(born: date, jurisdiction: str, today: date) -> date | None:
    """The day from which someone says yes themselves; None for who is grown up, of whom nothing is to be kept."""
    return shifted(born, of(jurisdiction)) if today < shifted(born, GROWN) else None


def child_until(minor_until: date | None, jurisdiction: str, min_age: int | None) -> date | None:
    """The day on which a customer stops being a child for one purpose; None when nothing says that they ever were.

    minor_until: the day under their law. min_age: what the purpose asks; less than the law asks changes nothing.
    """
    if minor_until is None:
        return None
    return shifted(minor_until, max(0, (min_age or 0) - of(jurisdiction)))


def must_opt_in(minor_until: date | None, jurisdiction: str, today: date) -> bool:
    """Whether selling and sharing need this customer's yes, being as young as they are (CCPA § 1798.120(c))."""
    until = child_until(minor_until, jurisdiction, OPT_IN.get(jurisdiction.upper()))
    return jurisdiction.upper() in OPT_IN and until is not None and today < until


def turns(minor_until: date | None, jurisdiction: str, min_age: int | None) -> list[date]:
    """The days on which what follows from a customer's age changes for one purpose."""
    years = (min_age, OPT_IN.get(jurisdiction.upper()))
    days = (child_until(minor_until, jurisdiction, each) for each in years)
    return sorted({day for day in days if day})


def never_shared(jurisdiction: str) -> bool:
    """Whether the law forbids to sell, share or track a child, whoever says yes (DPDP s. 9(3))."""
    return jurisdiction.upper().partition("-")[0] in NEVER_SHARED


def moved(minor_until: date, before: str, after: str) -> date:
    """The day under another law, for a customer whose jurisdiction changed."""
    return shifted(minor_until, of(after) - of(before))


def shifted(start: date, years: int) -> date:
    """The same day some years on; a 29 February falls on 1 March, and no year leaves the calendar."""
    year = min(max(start.year + years, date.min.year), date.max.year)
    try:
        return start.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
