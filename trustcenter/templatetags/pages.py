"""How dates, countries, durations and receipt numbers are written on pages, in the visitor's language."""

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, get_language_info, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from consent.rules import durations, profiles
from consent.rules.material import Change

register = template.Library()
COUNTRIES = Path(__file__).parent.parent / "locale" / "countries.json"


# What an editorial version changed, by the code of the change; a material one asks people again instead.
CHANGES = {
    "categories_removed": gettext_lazy("less data"),
    "recipients_removed": gettext_lazy("fewer who use it"),
    "retention": gettext_lazy("kept for a shorter time"),
    "consent_lasts": gettext_lazy("how long a new yes lasts"),
    "uses_ai": gettext_lazy("no AI any more"),
    "automated_decisions": gettext_lazy("no decisions by a computer any more"),
    "ai_told": gettext_lazy("more told about AI"),
    "ai_in_removed": gettext_lazy("less data for AI"),
    "ai_affects_removed": gettext_lazy("AI changes less"),
    "ai_person": gettext_lazy("a person decides more"),
    "ai_trains": gettext_lazy("AI no longer learns from your data"),
    "sale_or_sharing": gettext_lazy("no sale or sharing any more"),
    "dpv": gettext_lazy("the standard term for the purpose"),
    "min_age": gettext_lazy("a higher age"),
    "storage_removed": gettext_lazy("stored in fewer countries"),
    "language_added": gettext_lazy("one more language"),
    "language_removed": gettext_lazy("one language fewer"),
    "words": gettext_lazy("the words"),
    "details": gettext_lazy("details"),
}


@register.filter
def change(value: Change) -> str:
    """What a new version changed: kept for a shorter time."""
    return str(CHANGES.get(value.code, value.detail))


@register.filter
def day(value: date) -> SafeString:
    """3 March 2026; of a moment, its day where the visitor is."""
    form = pgettext("date format", "j F Y")
    if isinstance(value, datetime):
        return _time(value, form)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, form))


@register.filter
def minute(value: datetime) -> SafeString:
    """3 March 2026, 09:14"""
    return _time(value, pgettext("date format", "j F Y, H:i"))


@register.filter
def second(value: datetime) -> SafeString:
    """3 March 2026, 09:14:22 UTC"""
    return _time(value, pgettext("date format", "j F Y, H:i:s") + r" \U\T\C")


@register.filter
def clock(value: datetime) -> SafeString:
    """09:14:22 UTC"""
    return _time(value, r"H:i:s \U\T\C")


@register.filter
def country(code: str) -> str:
    """The name of a country in the visitor's language, else in English; the code itself where we have no name."""
    names, language = countries(), get_language() or "en"
    if language in names:
        return names[language].get(code, code)
    return format_html('<bdi lang="en">{}</bdi>', names["en"].get(code, code))


@cache
def countries() -> Mapping[str, Mapping[str, str]]:
    """Country names by language and ISO 3166 code; `python -m tests.words` writes them from CLDR."""
    found: dict[str, dict[str, str]] = json.loads(COUNTRIES.read_text(encoding="utf-8"))
    return found


@register.filter
def duration(text: str) -> str:
    """An ISO 8601 duration in words: 1 day, 12 months, 2 years."""
    months, days = durations.parse(text)
    if months and months % 12 == 0 and not days:
        return ngettext("%(count)s year", "%(count)s years", months // 12) % {"count": months // 12}
    parts = []
    if months:
        parts.append(ngettext("%(count)s month", "%(count)s months", months) % {"count": months})
    if days:
        parts.append(ngettext("%(count)s day", "%(count)s days", days) % {"count": days})
    return " ".join(parts)


@register.filter
def standard(meets: Collection[str]) -> str:
    """Which profile of the standard a record meets (consent/rules/profiles.py)."""
    if profiles.GDPR in meets:
        return _("ISO/IEC TS 27560, with all that the GDPR asks for")
    return "ISO/IEC TS 27560" if meets else _("ISO/IEC TS 27560, but not all of its fields")


@register.filter
def short(number: UUID) -> str:
    """The end of a receipt's number, enough to tell one's own receipts apart."""
    return f"{number.hex[-8:-4]}-{number.hex[-4:]}".upper()


@register.filter
def lang(code: str) -> str:
    """A language code as HTML wants it: zh-Hans."""
    first, _, rest = code.partition("-")
    return f"{first}-{rest.title() if len(rest) == 4 else rest.upper()}" if rest else first


@register.filter
def tongue(code: str) -> str:
    """The name of a language in the visitor's own; the code itself where we have no name."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


@register.filter
def told(value: object) -> object:
    """What the log keeps beside a fact, as a person writes it: a list with commas, yes and no."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else value


def _time(value: datetime, form: str) -> SafeString:
    local = localtime(value)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, form))
