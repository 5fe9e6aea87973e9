"""Who used one customer's data: every answer, use and look, refused ones included."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from msgspec import json

from audit.models import Entry
from audit.services import pruning, search, tally
from consent.models import Recipient, Subject
from consent.rules.actions import USES
from consent.rules.choice import CLOCK_SKEW
from consent.rules.moments import midnight
from consent.services import asked, catalogue, entries, families, uses, versions
from consent.services.checks import OBSERVED
from consent.services.uses import Seen

PAGE, WHOLE, MONTHS = 300, 10_000, 6
# Outcomes of which somebody saw data.
SEEN = ("allowed", uses.BREACH, OBSERVED)
EXPORTED = "evidence.exported"
# Looks at what we hold: by people, and searches of the log also by systems.
LOOKS = ("evidence.viewed", EXPORTED, entries.SEARCHED, "mandate.used")
# Where data was used, not only looked for.
RAN = ("decision.made", "audience.filtered", "use.reported")
BY_MACHINES = tuple(action for action in USES if action not in LOOKS)


@dataclass(frozen=True)
class Filter:
    """What to show. who: `people`, `machines` or "" for both; purpose: a key or "". on: each use of one day."""

    purpose: str = ""
    who: str = ""
    refused: bool = False
    since: date | None = None
    on: date | None = None


@dataclass(frozen=True)
class Line:
    """One use, or one machine's like uses of one day (`times`). first: the earliest of them.

    allowed: they saw data, or may have. breach: they did so without a permission. observed: they would have been
    refused, and the brand is still trying this out. listed: they asked about a list of people. searched, exported: they
    looked in the log for this customer, or carried away what it says of them.
    """

    number: UUID
    at: datetime
    first: datetime
    times: int
    person: bool
    listed: bool
    searched: bool
    exported: bool
    name: str
    recipient: Recipient | None
    allowed: bool
    breach: bool
    observed: bool
    purpose: str
    title: str
    categories: tuple[str, ...]
    reason: str
    reference: str


@dataclass(frozen=True)
class Month:
    year: int
    month: int
    allowed: int
    refused: int


@dataclass(frozen=True)
class Log:
    """A page of it. heard, silent: recipients that did and did not ask or report. older: where to go on.

    since: from when on every use is listed; None when none was ever taken out of the log.
    """

    lines: tuple[Line, ...]
    months: tuple[Month, ...]
    heard: tuple[Recipient, ...]
    silent: tuple[Recipient, ...]
    titles: Mapping[str, str]
    older: UUID | None
    since: datetime | None

    @property
    def recipients(self) -> int:
        return len(self.heard) + len(self.silent)

    @property
    def allowed(self) -> int:
        return sum(month.allowed for month in self.months)

    @property
    def refused(self) -> int:
        return sum(month.refused for month in self.months)


def read(*, subject: Subject, language: str, chosen: Filter, before: UUID | None, now: datetime) -> Log:
    """The newest page, or the one before an entry; like uses of a machine on one day are one line.

    Of one day (`on`) each use is a line. before: there also where a day begins that is told of by what came in later.
    """
    found = _search(subject, chosen, before, PAGE + 1)
    page = _whole_days(found)
    titles = versions.titles(language)
    each = _chosen(_lines(page, titles, language), chosen)
    lines = each if chosen.on else _grouped(each)
    named = Recipient.objects.filter(versionrecipient__version__in=_current()).distinct().order_by("name")
    theirs = Entry.objects.filter(recipient=OuterRef("key"), action__in=BY_MACHINES)
    rows = list(named.annotate(heard=Exists(theirs)))
    return Log(
        lines=tuple(lines),
        months=_months(subject, chosen.purpose, now),
        heard=tuple(row for row in rows if row.heard),
        silent=tuple(row for row in rows if not row.heard),
        titles=titles,
        older=page[-1].entry.id if len(page) < len(found) else None,
        since=pruning.since(),
    )


def one(*, subject: Subject, number: UUID, language: str) -> Line | None:
    """One use by itself; None for what is no use of this customer's data."""
    found = uses.own(subject=subject, number=number)
    return _lines([found], versions.titles(language), language)[0] if found else None


def whole(*, subject: Subject, language: str, chosen: Filter) -> list[Line]:
    """Each use by itself, newest first, for carrying away; at most the last 10,000."""
    return _chosen(_lines(_search(subject, chosen, None, WHOLE), versions.titles(language), language), chosen)


def recent(*, subject: Subject, purpose: str, language: str, since: datetime, limit: int) -> list[Line]:
    """When machines last saw data for one purpose, each time by itself, newest first; nothing that was refused."""
    # Refusals stand among them, and only one outcome can be searched for.
    found = uses.seen_by(subject=subject, actions=RAN, purpose=purpose, since=since, limit=5 * limit)
    saw = [seen for seen in found if seen.entry.outcome in SEEN]
    return _lines(saw[:limit], {}, language)


def _search(subject: Subject, chosen: Filter, before: UUID | None, limit: int) -> list[Seen]:
    actions: Sequence[str] = {"people": LOOKS, "machines": (*BY_MACHINES, entries.SEARCHED)}.get(chosen.who, USES)
    since = midnight(chosen.since) if chosen.since else None
    if chosen.on:
        # A use stands at its own time, which a clock that runs ahead puts after the moment of its entry.
        since = midnight(chosen.on) - CLOCK_SKEW
        before = before or search.span(search.Filter(before=midnight(chosen.on + timedelta(days=1))), None).end
    return uses.seen_by(
        subject=subject,
        actions=actions,
        purpose=chosen.purpose,
        outcome="refused" if chosen.refused else "",
        since=since,
        before=before,
        limit=limit,
    )


def _chosen(lines: Sequence[Line], chosen: Filter) -> list[Line]:
    """What only a line tells: its day, and whether a person did it."""
    kept = [line for line in lines if chosen.on in (None, line.at.date())]
    return [line for line in kept if not chosen.who or line.person == (chosen.who == "people")]


def _whole_days(found: Sequence[Seen]) -> Sequence[Seen]:
    """A page ends between two days, so that a day's like uses stay one line, unless one day fills it."""
    if len(found) <= PAGE:
        return found
    last = found[-1].entry.recorded_at.date()
    return [seen for seen in found if seen.entry.recorded_at.date() != last] or found[:PAGE]


def _current() -> list[int]:
    return [row.current_id for row in catalogue.purposes() if row.current_id]


def _lines(found: Sequence[Seen], titles: Mapping[str, str], language: str) -> list[Line]:
    # What they carried away themselves is no news to them.
    found = [seen for seen in found if (seen.entry.action, seen.entry.actor_type) != (EXPORTED, "customer")]
    details = [json.decode(bytes(seen.entry.leaf)).get("details", {}) for seen in found]
    keys = {key for each in details for key in each.get("categories", ())}
    labels = {key: versions.label(row.name, language) for key, row in catalogue.categories_named(keys).items()}
    names = {row.key: row for row in Recipient.objects.filter(key__in={_who(seen.entry) for seen in found})}
    return [_line(seen, detail, titles, labels, names) for seen, detail in zip(found, details, strict=True)]


def _line(
    seen: Seen,
    detail: Mapping[str, Any],
    titles: Mapping[str, str],
    labels: Mapping[str, str],
    names: Mapping[str, Recipient],
) -> Line:
    entry, payload = seen.entry, seen.payload
    person, who = entry.action in LOOKS and entry.actor_type != "system", _who(entry)
    at = datetime.fromisoformat(detail["used_at"]) if "used_at" in detail else entry.recorded_at
    return Line(
        number=entry.id,
        at=at,
        first=at,
        times=1,
        person=person,
        listed=entry.action == asked.ACTION,
        searched=entry.action == entries.SEARCHED,
        exported=entry.action == EXPORTED,
        name=names[who].name if who in names else str(payload.get("recipient", "")),
        recipient=names.get(who),
        allowed=entry.outcome in SEEN or entry.action == EXPORTED,
        breach=entry.outcome == uses.BREACH,
        observed=entry.outcome == OBSERVED,
        purpose=entry.purpose,
        title=titles.get(entry.purpose, ""),
        categories=tuple(labels[key] for key in detail.get("categories", ()) if key in labels),
        reason=entry.reason,
        reference=str(payload.get("note" if person else "reference", "")),
    )


def _who(entry: Entry) -> str:
    """The recipient that it was: the one that used data, or the one that searched the log."""
    return entry.recipient or (entry.actor_ref if entry.actor_type == "system" else "")


def _grouped(lines: Iterable[Line]) -> list[Line]:
    """Machines' like uses of one day become one line; people are never grouped."""
    kept: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        alone = line.number if line.person else None
        answer = (line.allowed, line.breach, line.observed, line.listed, line.searched, line.exported, line.reason)
        same = (line.at.date(), line.name, line.purpose, answer, line.categories, alone)
        known = kept.get(same)
        if known is None:
            kept[same] = line
            continue
        occasion = known.reference if known.reference == line.reference else ""
        kept[same] = replace(
            known,
            at=max(known.at, line.at),
            first=min(known.first, line.at),
            times=known.times + 1,
            reference=occasion,
        )
    return sorted(kept.values(), key=lambda line: line.at, reverse=True)


def _months(subject: Subject, purpose: str, now: datetime) -> tuple[Month, ...]:
    """The last six months of one purpose, or of all, this month included, oldest first."""
    places = [divmod(now.year * 12 + now.month - 1 - back, 12) for back in reversed(range(MONTHS))]
    start = datetime(places[0][0], places[0][1] + 1, 1, tzinfo=UTC)
    them = families.pseudonyms(subject)
    counts = Counter(tally.by_month(subjects=them, actions=USES, purpose=purpose, since=start))
    for entry in asked.about(subject=subject, purpose=purpose, since=start):
        counts[entry.recorded_at.year, entry.recorded_at.month, entry.outcome] += 1
    return tuple(
        Month(
            year,
            month + 1,
            sum(counts[year, month + 1, outcome] for outcome in SEEN),
            counts[year, month + 1, "refused"],
        )
        for year, month in places
    )
