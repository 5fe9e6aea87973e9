"""Published versions with all that a page shows of them, read together: three queries for any number of versions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from consent.models import Category, NoticeText, PurposeVersion, Recipient
from consent.models.catalogue import VersionCategory, VersionRecipient
from consent.rules.decision import Terms
from consent.services import catalogue

DEFAULT = "en"


class Text(str):
    """Words of the catalogue that know which language they are in: a page in another one must say so."""

    language: str

    def __new__(cls, words: object, language: str) -> Self:
        made = super().__new__(cls, words)
        made.language = language
        return made


@dataclass(frozen=True)
class Published:
    """One version: what it allows, and the rows and words behind it, in catalogue order."""

    version: PurposeVersion
    terms: Terms
    categories: tuple[Category, ...]
    recipients: tuple[Recipient, ...]
    texts: dict[str, NoticeText]

    def notice(self, language: str) -> NoticeText:
        """The approved words in a language; else in the default one, else in whichever there is."""
        return self.texts[spoken(self.texts, language)]


def read(versions: Iterable[PurposeVersion]) -> dict[int, Published]:
    """Versions by their id."""
    rows = {version.pk: version for version in versions}
    categories, recipients = defaultdict(list), defaultdict(list)
    texts: dict[int, dict[str, NoticeText]] = defaultdict(dict)
    for used in VersionCategory.objects.filter(version__in=rows).select_related("category").order_by("position"):
        categories[used.version_id].append(used.category)
    for named in VersionRecipient.objects.filter(version__in=rows).select_related("recipient").order_by("position"):
        recipients[named.version_id].append(named.recipient)
    for text in NoticeText.objects.filter(version__in=rows, approved_at__isnull=False).order_by("language"):
        texts[text.version_id][text.language] = text
    return {
        pk: Published(
            version,
            catalogue.make_terms(version, [row.key for row in categories[pk]], [row.key for row in recipients[pk]]),
            tuple(categories[pk]),
            tuple(recipients[pk]),
            texts[pk],
        )
        for pk, version in rows.items()
    }


def titles(language: str) -> dict[str, Text]:
    """The title of each published purpose, retired ones included, by key; the key itself where there are no words."""
    current = {row.key: row.current for row in catalogue.purposes() if row.current}
    found = read(current.values())
    return {
        key: title(found[version.pk].notice(language)) if found[version.pk].texts else Text(key, DEFAULT)
        for key, version in current.items()
    }


def title(notice: NoticeText) -> Text:
    """The title of a purpose in the language of its words."""
    return Text(notice.text["title"], notice.language)


def spoken(words: Mapping[str, Any], language: str) -> str:
    """The language itself where there are words in it; else the default one, else whichever there is."""
    return next((each for each in (language, DEFAULT) if each in words), None) or next(iter(words))


def label(names: dict[str, Any], language: str) -> Text:
    """A name in a language; else in the default one, else in whichever there is."""
    found = next((each for each in (language, DEFAULT) if names.get(each)), None) or next(iter(names), language)
    return Text(names.get(found, ""), found)
