"""Words that are not ours on a page of ours: texts of the catalogue say their language, names keep their direction."""

from collections.abc import Callable, Iterable, Sequence
from html import unescape
from typing import Any

from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override, pgettext

from consent.services.versions import Text
from trustcenter.templatetags.pages import lang


def said(text: str, language: str = "") -> str:
    """Words of the catalogue with their language, where it is not the page's (WCAG 3.1.2).

    language: of words that do not know theirs. Their direction is their own, whichever way the page runs.
    """
    language = language or getattr(text, "language", "")
    if not text or language in {"", get_language()}:
        return text
    return format_html('<bdi lang="{}">{}</bdi>', lang(language), text)


def bdi(name: object) -> SafeString | str:
    """A name or a number, apart from the direction of the words around it."""
    return format_html("<bdi>{}</bdi>", name) if name else ""


def plain(shown: str) -> str:
    """The words of a phrase that was written for a page."""
    return unescape(strip_tags(shown)) if isinstance(shown, SafeString) else shown


def names(rows: Iterable[Any]) -> str:
    return listed(bdi(row.name) for row in rows)


def listed(parts: Iterable[str]) -> SafeString:
    """Things in a row, parted as the language parts them."""
    return _row(list(parts), lambda: pgettext("between the parts of a list", ", "))


def within(label: str) -> str:
    """A label of data inside a row. Each begins a line in the catalogue; here only the first does.

    German keeps it as it is: nouns are written large, and “ihr” for “Ihr” would be somebody else's.
    """
    language = label.language if isinstance(label, Text) else get_language() or ""
    return label if language == "de" else Text(label[:1].lower() + label[1:], language)


def data(labels: Iterable[str]) -> SafeString:
    """Labels of data in a row."""
    named = [within(each) if place else each for place, each in enumerate(labels)]
    return _row(named, lambda: pgettext("between kinds of data", "; "))


def _row(parts: Sequence[str], between: Callable[[], str]) -> SafeString:
    """Things in a row. All of one other language are one run of it: else a page from right to left mixes them up."""
    spoken = {getattr(part, "language", "") for part in parts}
    other = spoken.pop() if len(spoken) == 1 else ""
    if other in {"", get_language()}:
        return format_html_join(between(), "{}", ((said(part),) for part in parts))
    with override(other):
        row = format_html_join(between(), "{}", ((part,) for part in parts))
    return format_html('<bdi lang="{}">{}</bdi>', lang(other), row)
