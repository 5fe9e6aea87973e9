"""Count what happened to one customer, under all their pseudonyms, without reading every entry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber, TruncMonth

from audit.models import Entry
from audit.services import entries


def by_purpose(*, subjects: Iterable[str], actions: Iterable[str], since: datetime) -> dict[tuple[str, str], int]:
    """How many entries per (purpose, outcome) since a moment."""
    found = Entry.objects.filter(subject__in=tuple(subjects), action__in=tuple(actions), recorded_at__gte=since)
    rows = found.order_by().values("purpose", "outcome").annotate(times=Count("id"))
    return {(row["purpose"], row["outcome"]): row["times"] for row in rows}


def by_month(
    *, subjects: Iterable[str], actions: Iterable[str], purpose: str = "", since: datetime
) -> dict[tuple[int, int, str], int]:
    """How many entries per (year, month, outcome) since a moment, in UTC; of one purpose, or of all."""
    found = Entry.objects.filter(subject__in=tuple(subjects), action__in=tuple(actions), recorded_at__gte=since)
    found = found.filter(purpose=purpose) if purpose else found
    months = found.order_by().annotate(month=TruncMonth("recorded_at")).values("month", "outcome")
    return {
        (row["month"].year, row["month"].month, row["outcome"]): row["times"]
        for row in months.annotate(times=Count("id"))
    }


@dataclass(frozen=True)
class Latest:
    """The newest of several entries, its payload as far as it can still be opened, and how many there are."""

    entry: Entry
    payload: dict[str, Any]
    times: int


def latest(*, subjects: Iterable[str], action: str, since: datetime) -> dict[str, Latest]:
    """The newest entry of one action per purpose since a moment."""
    place = Window(RowNumber(), partition_by=F("purpose"), order_by=F("id").desc())
    times = Window(Count("id"), partition_by=F("purpose"))
    found = Entry.objects.filter(subject__in=tuple(subjects), action=action, recorded_at__gte=since)
    newest = list(found.order_by().annotate(place=place, times=times).filter(place=1))
    opened = entries.payloads(newest) if newest else {}
    return {entry.purpose: Latest(entry, opened.get(entry.id, {}), entry.times) for entry in newest}
