"""In which lists of people a customer was checked, and what was answered about them. Nothing writes."""

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from msgspec import json
from pyroaring import BitMap

from audit.models import Entry
from audit.services.search import Filter, Span
from consent.models import Asked, Subject
from consent.services import families
from consent.services.checks import OBSERVED

ACTION = "audience.filtered"
_TOGETHER = 100
# How many rows of lists one search of the log looks at: of one list there are some thirty at most.
READ = 1000


def about(
    *,
    subject: Subject,
    purpose: str = "",
    recipient: str = "",
    outcome: str = "",
    since: datetime | None = None,
    before: UUID | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """The entries of lists that a customer was in, under whichever of their records, newest first.

    Each says of this customer alone: its outcome and its reason are theirs. The arguments are those of
    audit.services.entries.search; limit: at most so many.
    """
    found = Entry.objects.filter(action=ACTION)
    exact = {"purpose": purpose, "recipient": recipient, "recorded_at__gte": since}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    lists = Asked.objects.all()
    if any(exact.values()):
        lists = lists.filter(entry_id__in=found.values("id"))
    if before:
        lists = lists.filter(entry_id__lt=before)
    answers = _in(lists, [each.pk for each in families.of(subject)])
    # Whether a no was only observed stands in the leaf; whoever asks for one kind of no gets both, and parts them here.
    theirs = dict(islice((each for each in answers if _may_be(outcome, each[1])), limit))
    rows = Entry.objects.select_related("leaf_row").filter(id__in=theirs).order_by("-id")
    own = [_own(row, theirs[row.id]) for row in rows]
    return [each for each in own if outcome in ("", each.outcome)]


def among(found: list[Entry], *, subject: Subject, limit: int = 100, **search: Any) -> list[Entry]:
    """Entries of a customer, newest first, with those of the lists that they were in; at most `limit` of all."""
    lists = about(subject=subject, limit=limit, **search)
    return sorted([*found, *lists], key=lambda entry: entry.id, reverse=True)[:limit] if lists else found


def within(*, subject: Subject, chosen: Filter, within: Span) -> tuple[list[Entry], UUID | None]:
    """The same for a search of the log: of the newest lists in a stretch those that fit, and how far it looked.

    That is the last entry it looked at, None where it looked at all of them.
    """
    numbers = [each.pk for each in families.of(subject)]
    lists = Asked.objects.filter(part__in={each // Asked.SIZE for each in numbers})
    lists = lists.filter(entry_id__gte=within.first, entry_id__lt=within.end).order_by("-entry_id", "id")
    rows = list(lists.values_list("entry_id", "reason", "numbers")[:READ])
    edge = None
    if len(rows) == READ:  # the last list may go on: it is for the next page
        rows = [row for row in rows if row[0] != rows[-1][0]]
        edge = rows[-1][0]
    theirs = dict(_answers(rows, numbers))
    kept = Entry.objects.select_related("leaf_row").filter(id__in=theirs, **_columns(chosen)).order_by("-id")
    own = [_own(row, theirs[row.id]) for row in kept]
    return [each for each in own if _fits(each, chosen)], edge


def _columns(chosen: Filter) -> dict[str, Any]:
    wanted: dict[str, Any] = {"purpose__in": chosen.purposes, "recipient__in": chosen.recipients}
    wanted |= {"recorded_at__gte": chosen.since, "recorded_at__lt": chosen.before}
    return {name: value for name, value in wanted.items() if value}


def _fits(entry: Entry, chosen: Filter) -> bool:
    """Whether it fits as it bears on its customer."""
    by = {(entry.actor_type, ""), (entry.actor_type, entry.actor_ref)}
    answers = ((entry.outcome, chosen.outcomes), (entry.reason, chosen.reasons))
    return all(not wanted or value in wanted for value, wanted in answers) and bool(
        not chosen.actors or by & set(chosen.actors)
    )


def _own(row: Entry, reason: str) -> Entry:
    """The entry as it bears on one customer; it is never written."""
    entry = copy(row)
    no = OBSERVED if json.decode(bytes(row.leaf)).get("details", {}).get("observed") else "refused"
    entry.outcome, entry.reason = "allowed" if reason == "permitted" else no, reason
    return entry


def _may_be(outcome: str, reason: str) -> bool:
    return not outcome or (outcome == "allowed") == (reason == "permitted")


def _in(lists: Any, numbers: list[int]) -> Iterator[tuple[UUID, str]]:
    """The entry of each list that one of these numbers was in, newest first, and the answer; a yes before a no."""
    parts = {number // Asked.SIZE for number in numbers}
    rows = lists.filter(part__in=parts).order_by("-entry_id", "id").values_list("entry_id", "reason", "numbers")
    return _answers(rows.iterator(chunk_size=_TOGETHER), numbers)


def _answers(rows: Iterable[tuple[UUID, str, Any]], numbers: list[int]) -> Iterator[tuple[UUID, str]]:
    """The same of rows that were read, one list after another."""
    for entry, found in groupby(rows, lambda row: row[0]):
        reasons = [reason for _, reason, kept in found if _among(bytes(kept), numbers)]
        if reasons:
            yield entry, "permitted" if "permitted" in reasons else reasons[0]


def _among(kept: bytes, numbers: list[int]) -> bool:
    bitmap = BitMap.deserialize(kept)
    return any(number in bitmap for number in numbers)
