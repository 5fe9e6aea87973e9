"""Which records are one customer's: those joined now, and whose an identifier was at a past moment. Nothing writes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from audit import rows
from consent.models import Identifier, Link, Subject


def of(subject: Subject) -> list[Subject]:
    """The record itself and every record joined to it now, however far; all of them are this one customer."""
    found, newest = [subject], [subject.pk]
    while newest:
        links = Link.objects.filter(survivor__in=newest, joined__isnull=False).select_related("other").order_by("id")
        others = [link.other for link in links]
        found += others
        newest = [other.pk for other in others]
    return found


def standing_for(numbers: Iterable[int]) -> dict[int, int]:
    """Which record stands for which: these records, and every record joined to one of them, however far; by number."""
    found = {number: number for number in numbers}
    newest = set(found)
    while newest:
        links = Link.objects.filter(survivor__in=newest, joined__isnull=False).values_list("other", "survivor")
        joined = {other: found[survivor] for other, survivor in links}
        newest = joined.keys() - found.keys()
        found |= joined
    return found


def pseudonyms(subject: Subject) -> list[str]:
    """The names in the log of all that is this customer's."""
    return [each.pseudonym for each in of(subject)]


def places(subject: Subject) -> list[str]:
    """The jurisdictions of all that is this customer's: what either law protects from, joining takes from nobody."""
    return sorted({each.jurisdiction for each in of(subject)})


def places_of(numbers: Sequence[int]) -> dict[int, list[str]]:
    """As `places`, of many customers at once, by the number of each: one statement, however far records are joined."""
    among, values = rows.among(numbers or [0])
    query = f"""
        WITH RECURSIVE family(number, standing) AS (
            SELECT id, id FROM consent_subject WHERE id {among}
            UNION SELECT l.other_id, f.standing FROM consent_link l JOIN family f ON l.survivor_id = f.number
            WHERE l.joined_id IS NOT NULL
        ) SELECT f.standing, s.jurisdiction FROM family f JOIN consent_subject s ON s.id = f.number"""  # noqa: S608
    found: dict[int, set[str]] = {}
    for standing, jurisdiction in rows.read(query, values):
        found.setdefault(standing, set()).add(jurisdiction)
    return {number: sorted(each) for number, each in found.items()}


def survivor(subject: Subject) -> Subject:
    """The record that stands for this one now: itself, unless it was joined to an older one."""
    link = Link.objects.filter(joined=subject).select_related("survivor").first()
    return survivor(link.survivor) if link else subject


def owner(identifier: Identifier, moment: datetime) -> Subject:
    """Whose an identifier was at a past moment: what was joined later was not joined then."""
    links = identifier.links.select_related("survivor", "other")
    then = links.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=moment), linked_at__lte=moment)
    if newest := then.order_by("-id").first():
        return newest.survivor
    first = links.order_by("id").first()
    return first.other if first else identifier.subject
