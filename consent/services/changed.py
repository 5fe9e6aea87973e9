"""A purpose that changed materially since a customer's yes: what they agreed to beside what they are asked for now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.errors import NotFound
from consent.models import NoticeText, PurposeVersion, Recipient, Subject
from consent.rules import ai, differences, material
from consent.rules.differences import Part
from consent.services import catalogue, overview, versions
from consent.services.overview import Use
from consent.services.versions import Published

# Members of a text, in the order in which a person asks.
WORDS = ("what", "why", "benefit", "if_no", *ai.WORDS)


@dataclass(frozen=True)
class Words:
    """One member of the text, before and now."""

    name: str
    old: str
    new: tuple[Part, ...]


@dataclass(frozen=True)
class Changed:
    """Both sides. data, who: labels and recipients, before and now; third: companies that are chosen by name.

    given: the words and the version that were said yes to, and when; changes: the differences for which they are asked
    again, one of each kind.
    """

    use: Use
    given: NoticeText
    given_at: datetime
    version: PurposeVersion
    data: tuple[tuple[str, ...], tuple[Part, ...]]
    who: tuple[tuple[Recipient, ...], tuple[Recipient, ...]]
    gone: tuple[Recipient, ...]
    words: tuple[Words, ...]
    changes: tuple[material.Change, ...]

    @property
    def new(self) -> frozenset[str]:
        """Which rows differ: members of the text by their names, and `data`, `who` and `retention`."""
        found = {each.name: any(part.kind for part in each.new) for each in self.words}
        found["data"] = any(part.kind for part in self.data[1])
        found["who"] = set(self.who[0]) != set(self.who[1])
        found["retention"] = self.version.retention != self.use.version.retention
        return frozenset(name for name, differs in found.items() if differs)


def read(*, subject: Subject, key: str, language: str, now: datetime) -> Changed:
    """What changed of one purpose. Raises NotFound where no yes of theirs waits for a new one."""
    use, _ = overview.one(subject=subject, key=key, language=language, now=now)
    if use.state != "changed" or use.since is None or use.since.version is None:
        raise NotFound
    old = use.since.version
    published = versions.read([old, use.version])
    before, after = published[old.pk], published[use.version.pk]
    said = before.texts.get(use.notice.language) or before.notice(language)
    agreed = [row for row in before.recipients if row.key in use.since.recipients]
    found = material.changes(catalogue.content(old), catalogue.content(use.version), home=old.controller.jurisdiction)
    return Changed(
        use=use,
        given=use.since.event.notice or said,
        given_at=use.since.since,
        version=old,
        data=_data(before, after, use.since.categories, language),
        who=(tuple(agreed), use.recipients),
        gone=tuple(row for row in agreed if row not in use.recipients),
        words=tuple(
            Words(name, said.text.get(name, ""), differences.texts(said.text.get(name, ""), words))
            for name in WORDS
            for words in [use.notice.text.get(name, "")]
            if words or said.text.get(name)
        ),
        changes=_told(found),
    )


def _told(found: Sequence[material.Change]) -> tuple[material.Change, ...]:
    """What is material; of a change that only its author called so, all of it."""
    telling = [each for each in found if each.material] or found
    return tuple({each.code: each for each in telling}.values())


def _data(
    before: Published, after: Published, agreed: Sequence[str], language: str
) -> tuple[tuple[str, ...], tuple[Part, ...]]:
    old = tuple(versions.label(row.name, language) for row in before.categories if row.key in agreed)
    new = tuple(versions.label(row.name, language) for row in after.categories)
    return old, differences.lists(old, new)
