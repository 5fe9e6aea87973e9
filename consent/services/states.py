"""What stands for a customer: the answers folded from what they said, now and at any past moment."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models

from consent.models import ConsentEvent, ConsentState, Purpose, PurposeVersion, Subject
from consent.rules import lifecycle, merge
from consent.rules.decision import State
from consent.services import families


def refold(subject: Subject, purpose: Purpose) -> ConsentState:
    """Fold all events of one customer on one purpose into the state row; inside the caller's transaction."""
    events = ConsentEvent.objects.filter(subject=subject, purpose=purpose).select_related("version")
    rows = {event.pk: event for event in events}
    folded = lifecycle.fold(event_as_rule(event) for event in rows.values())
    cause = rows[folded.order or 0]
    state = folded.state
    versions = {event.version.number: event.version for event in rows.values()}
    row, _ = ConsentState.objects.update_or_create(
        subject=subject,
        purpose=purpose,
        defaults={
            "status": state.status,
            "version": _version(purpose, state, versions),
            "categories": list(state.categories),
            "recipients": list(state.recipients),
            "expires_at": state.expires_at,
            "paused_until": state.paused_until,
            "objected": state.objected,
            "by_guardian": state.by_guardian,
            "since": folded.since or cause.collected_at,
            "event": cause,
        },
    )
    return row


def one(subject: Subject, purpose: Purpose) -> State:
    """The current answer of one customer on one purpose; no row is `unknown`."""
    return as_rule(ConsentState.objects.filter(subject=subject, purpose=purpose).select_related("version").first())


def every(*, subject: Subject) -> dict[int, ConsentState]:
    """The current answers of one customer, by purpose id."""
    rows = ConsentState.objects.filter(subject=subject).select_related("version", "event", "event__notice")
    return {row.purpose_id: row for row in rows}


def at(subject: Subject, purpose: Purpose, moment: datetime) -> tuple[State, PurposeVersion | None]:
    """What stood at a past moment, from the events recorded by then, and the version agreed to."""
    events = list(
        ConsentEvent.objects.filter(subject=subject, purpose=purpose, recorded_at__lte=moment).select_related("version")
    )
    state = lifecycle.fold(event_as_rule(event) for event in events).state
    return state, _version(purpose, state, {event.version.number: event.version for event in events})


def before(event: ConsentEvent, said: Iterable[ConsentEvent]) -> tuple[State, ConsentEvent | None]:
    """What stood before an event, from all that was said about its purpose, and the event that made it so."""
    rows = {each.pk: each for each in said if each.pk < event.pk}
    folded = lifecycle.fold(event_as_rule(each) for each in rows.values())
    return folded.state, rows.get(folded.order or 0)


def causes(*, subject: Subject, moment: datetime) -> dict[int, ConsentEvent]:
    """The event that made each answer what it was at a moment, by purpose id."""
    found: dict[int, dict[int, ConsentEvent]] = {}
    for row in ConsentEvent.objects.filter(subject=subject, recorded_at__lte=moment).select_related("version"):
        found.setdefault(row.purpose_id, {})[row.pk] = row
    folded = {key: lifecycle.fold(event_as_rule(row) for row in rows.values()) for key, rows in found.items()}
    return {key: found[key][fold.order] for key, fold in folded.items() if fold.order}


def until(subject: Subject, last_event: int) -> dict[int, State]:
    """What stood when an event was the newest, by purpose id."""
    found: dict[int, list[lifecycle.Event]] = {}
    for row in ConsentEvent.objects.filter(subject=subject, pk__lte=last_event).select_related("version"):
        found.setdefault(row.purpose_id, []).append(event_as_rule(row))
    return {key: lifecycle.fold(events).state for key, events in found.items()}


def history(*, subject: Subject) -> models.QuerySet[ConsentEvent]:
    """Everything one customer said, newest first; under a record joined to theirs too."""
    return (
        ConsentEvent.objects.filter(subject__in=families.of(subject))
        .select_related("purpose", "version", "notice")
        .order_by("-collected_at", "-id")
    )


def as_rule(row: ConsentState | None) -> State:
    """A state row as the decision reads it; no row is `unknown`."""
    if row is None:
        return State()
    return State(
        status=row.status,
        version=row.version.number if row.version else None,
        categories=tuple(row.categories),
        recipients=tuple(row.recipients),
        expires_at=row.expires_at,
        paused_until=row.paused_until,
        objected=row.objected,
        by_guardian=row.by_guardian,
    )


def event_as_rule(event: ConsentEvent) -> lifecycle.Event:
    """An event row as the fold reads it."""
    return lifecycle.Event(
        act=event.act,
        collected_at=event.collected_at,
        recorded_at=event.recorded_at,
        order=event.pk,
        version=event.version.number,
        categories=tuple(event.categories),
        recipients=tuple(event.recipients),
        lasts=event.version.consent_lasts or None,
        until=event.until,
        pending=event.pending,
        by_guardian=event.actor == "guardian",
        imported=event.imported,
        carried=None if event.carried is None else merge.from_record(event.carried),
    )


def _version(purpose: Purpose, state: State, said: Mapping[int, PurposeVersion]) -> PurposeVersion | None:
    """The version agreed to. What another record brought may be of one that was never spoken of here."""
    if not state.version:
        return None
    return said.get(state.version) or purpose.versions.get(number=state.version)
