"""The brand's principles for AI: published in versions that never change, and open to everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.errors import NotFound
from consent.models import Principles
from consent.rules import catalogue as rules
from consent.rules.principles import KEY
from consent.services import ledger, versions
from consent.services.ledger import Actor, Fact


@dataclass(frozen=True)
class Notice:
    """One version in one language. asked_for: it is the one that was asked for. versions: all, newest first."""

    number: int
    published_at: datetime
    digest: str
    language: str
    asked_for: bool
    title: str
    statements: tuple[str, ...]
    versions: tuple[Principles, ...]

    @property
    def newest(self) -> bool:
        return self.number == self.versions[0].number

    @property
    def others(self) -> tuple[Principles, ...]:
        return tuple(row for row in self.versions if row.number != self.number)


def read(*, language: str, number: int | None = None) -> Notice:
    """A version, or the one in force, in a language or else in one there is. Raises NotFound."""
    found = tuple(Principles.objects.order_by("-number"))
    row = next((row for row in found if number in (None, row.number)), None)
    if row is None:
        raise NotFound("No such principles were published.")
    spoken = versions.spoken(row.words, language)
    return Notice(
        number=row.number,
        published_at=row.published_at,
        digest=row.digest,
        language=spoken,
        asked_for=spoken == language,
        title=row.words[spoken]["title"],
        statements=tuple(row.words[spoken]["statements"]),
        versions=found,
    )


def next_number(words: Mapping[str, Any]) -> int | None:
    """The number that these words would be published under; None when they are in force already."""
    last = Principles.objects.order_by("-number").first()
    if last is None:
        return 1
    return None if last.words == words else last.number + 1


def publish(words: Mapping[str, Any], *, number: int, by: Actor, now: datetime) -> Principles:
    """The next version; inside the transaction that publishes the file."""
    digest = rules.digest({"principles": KEY, "version": number, "words": words})
    row = Principles.objects.create(number=number, words=words, digest=digest, published_at=now)
    fact = Fact("catalogue.principles", object=KEY, version=number, details={"digest": digest})
    ledger.record(fact, by=by, now=now, payload={"words": words})
    return row
