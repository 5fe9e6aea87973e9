"""Two records that are one customer's: joined, and parted again. The stricter of their answers stands.

Joining is an event like any other (docs/adr/0007-linking-is-an-event.md): each answer is still the fold of its events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.models import Entry
from audit.services import entries
from consent.errors import Conflict, Field, Invalid
from consent.models import ConsentEvent, ConsentState, Identifier, Link, Purpose, PurposeVersion, Subject
from consent.rules import evidence as rules
from consent.rules import lifecycle, merge, text
from consent.rules.actions import BY_ACT
from consent.rules.decision import State
from consent.services import (
    case_letters,
    catalogue,
    confirmations,
    consent_requests,
    families,
    handles,
    ledger,
    limits,
    portal_links,
    reach,
    states,
    subjects,
    suppressions,
    versions,
    visits,
)
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact

# For how long the portal tells of a joining on its first page; the log and the receipts tell of it for ever.
TOLD_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Why:
    """Why two records are believed to be one customer's, or not: in words, and what the caller keeps beside it."""

    reason: str
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Change:
    """One purpose whose answer changed: how it stood in both records before, and how it stands in the asked one."""

    purpose: Purpose
    was: tuple[str, str]
    state: ConsentState


@dataclass(frozen=True)
class Told:
    """One joining, as the customer and staff are told of it. changed: titles of the purposes whose answer changed."""

    link: Link
    reason: str
    changed: tuple[str, ...]


@transaction.atomic
def link(*, subject: Handle, other: Handle, why: Why, by: Actor, now: datetime) -> list[Change]:
    """Join the records of two identifiers: the stricter answer stands, and the older record speaks for both.

    Either order gives the same. When they are one already, nothing changes. If one was left alone, both are.
    Raises Invalid for no reason given and for somebody we do not know, Conflict when others join them at this moment.
    """
    _check(why)
    first, second = _held(_row(subject, "/subject"), _row(other, "/other"))
    if first.subject_id == second.subject_id:
        return []
    older, newer = sorted((first.subject, second.subject), key=lambda row: row.pk)
    mine, theirs = _rules(older), _rules(newer)
    entry = _record("subject.linked", older, newer, why, _changed(mine, theirs), by, now)
    made = Link.objects.create(
        survivor=older,
        other=newer,
        joined=newer,
        after_event=_newest(older),
        minor_until=older.minor_until,
        linked_at=now,
        entry_id=entry.id,
    )
    made.identifiers.set(_move(newer.identifiers.all(), older))
    case_letters.due(entry.action, subject=older, number=entry.id, now=now)
    _protect(older, max((day for day in (older.minor_until, newer.minor_until) if day), default=None))
    _signal(older, newer)
    limits.carry(older, newer, now=now)
    changes = [
        change
        for key in _spoken_of(mine, theirs)
        if (change := _merge(lifecycle.LINK, older, key, mine, theirs, by, now))
    ]
    _end_visits(older, newer, now)
    if older.identifiers.filter(suppressed=True).exists() and older.identifiers.filter(suppressed=False).exists():
        suppressions.cover(older, by=by, now=now)
    return changes


@transaction.atomic
def unlink(*, subject: Handle, why: Why, by: Actor, now: datetime) -> list[Change]:
    """Part the record that an identifier came from; each side keeps what was said no to, and no more than its own yes.

    Identifiers that became known while they were joined stay with the older record. Returns what changed in the record
    that the identifier goes back to. Raises Invalid as link, Conflict when the identifier did not come by joining.
    """
    _check(why)
    made = _made(_row(subject, "/subject"))
    newer, older = _hold_records(made.survivor_id, made.other_id)
    if _made(_row(subject, "/subject")).pk != made.pk:
        raise Conflict(reach.MOVED)
    joint, own, theirs = _rules(older), states.until(older, made.after_event), _rules(newer)
    entry = _record("subject.unlinked", older, newer, why, [], by, now)
    _record("subject.unlinked", newer, older, why, [], by, now)
    made.joined, made.ended_at, made.ended_entry_id = None, now, entry.id
    made.save(update_fields=["joined", "ended_at", "ended_entry_id"])
    _move(made.identifiers.filter(subject=older), newer)
    _protect_apart(made, older, newer)
    _signal(newer, older)
    limits.carry(newer, older, now=now)
    for key in _spoken_of(joint, theirs):
        _merge(lifecycle.UNLINK, older, key, joint, own, by, now)
    _end_visits(older, newer, now)
    return [
        change
        for key in _spoken_of(joint, theirs)
        if (change := _merge(lifecycle.UNLINK, newer, key, theirs, joint, by, now))
    ]


def standing(*, family: Sequence[Subject], language: str = "en") -> Iterator[Told]:
    """Every joining that stands for a customer, the newest first. family: their records (families.of)."""
    if len(family) == 1:
        return
    found = list(Link.objects.filter(survivor__in=family, joined__isnull=False).select_related("other").order_by("-id"))
    opened = entries.payloads(Entry.objects.filter(id__in=[row.entry_id for row in found]))
    titles = versions.titles(language)
    for row in found:
        payload = opened.get(row.entry_id, {})
        changed = tuple(titles[key] for key in payload.get("changed", ()) if key in titles)
        yield Told(row, str(payload.get("reason", "")), changed)


def recent(*, family: Sequence[Subject], language: str, now: datetime) -> Told | None:
    """The newest joining, while the portal tells of it on its first page."""
    told = next(standing(family=family, language=language), None)
    return told if told and now - told.link.linked_at < TOLD_FOR else None


def _check(why: Why) -> None:
    problems = []
    if not why.reason.strip():
        problems.append(Field("/reason", "required", "Say why you believe so. The customer sees this."))
    elif problem := text.problem(why.reason, length=text.FREE_TEXT_LENGTH, lines=True):
        problems.append(Field("/reason", "text", problem))
    if why.evidence is not None and (problem := rules.problem(why.evidence)):
        problems.append(Field("/evidence", "evidence", problem))
    if problems:
        raise Invalid(*problems)


def _row(handle: Handle, at: str) -> Identifier:
    handles.check_handles([handle], at)
    row = handles.row(handle)
    if row is None:
        raise Invalid(Field(at, "unknown", "We know no such customer."))
    return row


def _hold_records(*numbers: int) -> list[Subject]:
    """Hold records in the one order in which everybody holds several (subjects.hold)."""
    return list(Subject.objects.select_for_update().filter(pk__in=numbers).order_by("-pk"))


def _held(first: Identifier, second: Identifier) -> tuple[Identifier, Identifier]:
    """Both identifiers, their records held. Raises Conflict when they went elsewhere while we waited."""
    held = {row.pk: row for row in _hold_records(first.subject_id, second.subject_id)}
    now = Identifier.objects.in_bulk([first.pk, second.pk])
    if {each.subject_id for each in now.values()} - held.keys() or not {first.pk, second.pk} <= now.keys():
        raise Conflict(reach.MOVED)
    first, second = now[first.pk], now[second.pk]
    first.subject, second.subject = held[first.subject_id], held[second.subject_id]
    return first, second


def _made(row: Identifier) -> Link:
    """The joining that brought an identifier where it is. Raises Conflict."""
    found = row.links.filter(joined__isnull=False).order_by("-id").first()
    if found is None:
        raise Conflict("This identifier did not come from another record, so there is nothing to part.")
    return found


def _rules(subject: Subject) -> dict[int, State]:
    return {key: states.as_rule(row) for key, row in states.current(subject=subject).items()}


def _newest(subject: Subject) -> int:
    return ConsentEvent.objects.filter(subject=subject).order_by("-id").values_list("id", flat=True).first() or 0


def _spoken_of(*sides: Mapping[int, State]) -> list[int]:
    return sorted({key for side in sides for key in side})


def _changed(mine: Mapping[int, State], theirs: Mapping[int, State]) -> list[str]:
    """The keys of the purposes for which one side permitted more than both together."""
    found = {}
    for key in _spoken_of(mine, theirs):
        sides = mine.get(key, State()), theirs.get(key, State())
        found[key] = any(not merge.alike(merge.strictest(*sides), side) for side in sides)
    rows = Purpose.objects.filter(pk__in=[key for key, changed in found.items() if changed])
    return list(rows.values_list("key", flat=True))


def _move(identifiers: Any, owner: Subject) -> list[Identifier]:
    found = list(identifiers.select_related("subject"))
    for row in found:
        subjects.reseal(row, owner)
    return found


def _end_visits(older: Subject, newer: Subject, now: datetime) -> None:
    """Nobody goes on in a record that just became another's, nor turns on by an old token what is theirs."""
    portal_links.end_all(of=[older, newer])
    visits.end_all(of=[older, newer])
    consent_requests.end_all(of=[older, newer])
    confirmations.end_all(of=[older, newer], now=now)


def _protect(subject: Subject, minor_until: Any) -> None:
    """Until the later of two days of coming of age the joint customer is a child."""
    if subject.minor_until != minor_until:
        subject.minor_until = minor_until
        subject.save(update_fields=["minor_until"])


def _protect_apart(made: Link, older: Subject, newer: Subject) -> None:
    """Parted, each is a child until their own day. A day learned meanwhile may be either's, and holds for both.

    A day that came with a record that is still joined stays.
    """
    joint = older.minor_until
    known = {made.minor_until, *(each.minor_until for each in families.of(older) if each != older)}
    if joint not in {newer.minor_until, *known}:
        _protect(newer, max(day for day in (newer.minor_until, joint) if day))
    else:
        _protect(older, max((day for day in known if day), default=None))


def _signal(subject: Subject, other: Subject) -> None:
    """What a browser asked of one record holds for the other: a signal is a no, and each side keeps every no."""
    received = max((moment for moment in (subject.gpc_at, other.gpc_at) if moment), default=None)
    if subject.gpc_at != received:
        subject.gpc_at = received
        subject.save(update_fields=["gpc_at"])


def _record(
    action: str, subject: Subject, other: Subject, why: Why, changed: list[str], by: Actor, now: datetime
) -> Entry:
    payload = {"reason": why.reason.strip(), "evidence": dict(why.evidence or {}), "changed": changed}
    return ledger.record(
        Fact(action, subject=subject.pseudonym, object=other.pseudonym), by=by, now=now, payload=payload
    )


def _merge(
    act: str,
    subject: Subject,
    key: int,
    mine: Mapping[int, State],
    theirs: Mapping[int, State],
    by: Actor,
    now: datetime,
) -> Change | None:
    """Record the stricter of two answers as this record's; None when it permits what the record permitted before."""
    purpose = Purpose.objects.select_related("current").get(pk=key)
    was, carried = mine.get(key, State()), theirs.get(key, State())
    left = merge.strictest(was, carried)
    version = _version(purpose, left)
    terms = catalogue.terms(version)
    categories = [each for each in terms.categories if each in left.categories]
    recipients = [each for each in terms.recipients if each in left.recipients]
    details = {
        "channel": act,
        "actor": "system",
        "collected_at": ledger.moment(now),
        "carried": merge.as_record(carried),
    }
    if categories and recipients:  # where nothing is left, it tells of no scope, as a no does
        details |= {"categories": categories, "recipients": recipients}
    fact = Fact(BY_ACT[act], subject=subject.pseudonym, purpose=purpose.key, version=version.number, details=details)
    entry = ledger.record(fact, by=by, now=now, payload={"method": act})
    ConsentEvent.objects.create(
        subject=subject,
        purpose=purpose,
        version=version,
        act=act,
        categories=categories,
        recipients=recipients,
        channel=act,
        actor="system",
        collected_at=now,
        recorded_at=now,
        carried=details["carried"],
        entry_id=entry.id,
    )
    state = states.refold(subject, purpose)
    changed = not (merge.alike(left, was) and (act == lifecycle.UNLINK or merge.alike(left, carried)))
    return Change(purpose, (was.status, carried.status), state) if changed else None


def _version(purpose: Purpose, left: State) -> PurposeVersion:
    """The version that what is left was agreed to; where nobody agreed to any, the one in force."""
    if left.version:
        return purpose.versions.get(number=left.version)
    assert purpose.current is not None
    return purpose.current
