"""What stands for a customer: the answers folded from what they said, now and at any past moment."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import models

from audit import rows
from consent.models import ConsentEvent, ConsentState, Purpose, PurposeVersion, Subject
from consent.rules import lifecycle, merge
from consent.rules.decision import State
from consent.services import families

# What `together` reads: of the answer, of the version agreed to, and the members of a State in their order. Few lists
# stand in many answers, so they come as they are stored.
_OF_STATE = ("status", "categories", "recipients", "expires_at", "paused_until", "objected", "by_guardian")
_COLUMNS = (
    *map(ConsentState._meta.get_field, ("subject", "event", "version")),
    *map(PurposeVersion._meta.get_field, ("number", "digest")),
    *(None if name in ("categories", "recipients") else ConsentState._meta.get_field(name) for name in _OF_STATE),
)
_TOGETHER = (
    f"SELECT c.subject_id, c.event_id, c.version_id, v.number, v.digest, c.{', c.'.join(_OF_STATE)}"  # noqa: S608
    " FROM consent_consentstate c LEFT JOIN consent_purposeversion v ON v.id = c.version_id"
    " WHERE c.purpose_id = %s AND c.subject_id "
)
# What `heard` reads: the row of the version, and the members of a lifecycle.Event in their order; who acted stands for
# whether a guardian did.
_SAID = (
    *map(ConsentEvent._meta.get_field, ("version", "act", "collected_at", "recorded_at", "id")),
    *(PurposeVersion._meta.get_field("number"), None, None, PurposeVersion._meta.get_field("consent_lasts")),
    *map(ConsentEvent._meta.get_field, ("until", "pending", "actor", "imported", "carried")),
)
_HEARD = (
    "SELECT e.version_id, e.act, e.collected_at, e.recorded_at, e.id, v.number, e.categories, e.recipients,"
    " v.consent_lasts, e.until, e.pending, e.actor, e.imported, e.carried"
    " FROM consent_consentevent e JOIN consent_purposeversion v ON v.id = e.version_id"
    " WHERE e.subject_id = %s AND e.purpose_id = %s"
)
# There is one answer for each customer and purpose: a new one takes the place of the last.
UNIQUE = ("subject", "purpose")


@dataclass(frozen=True)
class Heard:
    """What one customer said about one purpose so far, as the fold reads it; versions: their row ids by number."""

    events: tuple[lifecycle.Event, ...] = ()
    versions: Mapping[int, int] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The answer that stands; nothing said is `unknown`."""
        return lifecycle.fold(self.events).state


@dataclass(frozen=True)
class Stood:
    """What stood for one purpose after a part of what was said, and the event that made it so."""

    state: State
    cause: ConsentEvent


@dataclass(frozen=True)
class Held:
    """A current answer as the decision reads it. event: the number of the event that made it so.

    version: the number and the digest of the version agreed to, None where none was.
    """

    state: State
    event: int | None = None
    version: tuple[int, str] | None = None


def heard(subject: Subject, purpose: Purpose) -> Heard:
    """All that was said, read once, while the customer is held: nothing is added before the answer is settled."""
    found = rows.read(_HEARD, [subject.pk, purpose.pk], *_SAID)
    events = tuple(_event(*line[1:]) for line in found)
    return Heard(events, {event.version: line[0] for event, line in zip(events, found, strict=True) if event.version})


def of(said: Iterable[ConsentEvent]) -> Heard:
    """Events of one customer on one purpose, with their versions, as the fold reads them."""
    events = list(said)
    return Heard(
        tuple(event_as_rule(event) for event in events), {each.version.number: each.version_id for each in events}
    )


def settled(event: ConsentEvent, said: Heard) -> ConsentState:
    """The answer that stands after an event that is about to be recorded; not written yet."""
    # While the customer is held, whatever number it gets is higher than those of all that was said.
    order = max((each.order for each in said.events), default=0) + 1
    now = replace(event_as_rule(event), order=order)
    versions = {**said.versions, event.version.number: event.version_id}
    row = _answer(event.subject, event.purpose, Heard((*said.events, now), versions))
    if row.event_id == order:
        row.event = event
    if row.version_id == event.version_id:
        row.version = event.version
    return row


def refold(subject: Subject, purpose: Purpose) -> ConsentState:
    """Write anew the answer that follows from all that was said; inside the caller's transaction."""
    row = _answer(subject, purpose, heard(subject, purpose))
    rows.write(rows.Over(row, UNIQUE))
    return row


def members(purpose_id: int, said: Heard) -> dict[str, Any]:
    """An answer's members as they follow from what was said, which is something: state = fold(events)."""
    folded = lifecycle.fold(said.events)
    state = folded.state
    return {
        "status": state.status,
        "version_id": _version_id(purpose_id, state, said.versions),
        "categories": list(state.categories),
        "recipients": list(state.recipients),
        "expires_at": state.expires_at,
        "paused_until": state.paused_until,
        "objected": state.objected,
        "by_guardian": state.by_guardian,
        "since": folded.since,
        "event_id": folded.order,
    }


def _answer(subject: Subject, purpose: Purpose, said: Heard) -> ConsentState:
    return ConsentState(subject=subject, purpose=purpose, **members(purpose.pk, said))


def one(subject: Subject, purpose: Purpose) -> ConsentState | None:
    """The current answer of one customer on one purpose, with its version; None where nothing was said."""
    found: list[tuple[ConsentState, PurposeVersion]] = rows.find(
        "SELECT {c}, {v} FROM consent_consentstate c LEFT JOIN consent_purposeversion v ON v.id = c.version_id"
        " WHERE c.subject_id = %s AND c.purpose_id = %s",
        [subject.pk, purpose.pk],
        c=ConsentState,
        v=PurposeVersion,
    )
    for row, version in found:
        row.version = version if row.version_id else None
        return row
    return None


def together(subjects: Sequence[int], purpose: Purpose) -> dict[int, Held]:
    """The current answers of several customers on one purpose, by the customer's number."""
    among, numbers = rows.among(subjects or [0])
    found = rows.read(_TOGETHER + among, [purpose.pk, *numbers], *_COLUMNS)
    return {line[0]: _held(*line[1:]) for line in found}


def _held(
    event: int,
    version: int | None,
    number: int | None,
    digest: str,
    status: str,
    categories: str,
    recipients: str,
    *rest: Any,
) -> Held:
    state = State(status, number, _listed(categories), _listed(recipients), *rest)
    return Held(state, event, (version, digest) if version else None)


@lru_cache(maxsize=4096)
def _listed(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))


def current(*, subject: Subject) -> dict[int, ConsentState]:
    """The current answers of one customer, by purpose id."""
    found = ConsentState.objects.filter(subject=subject).select_related("version", "event", "event__notice")
    return {row.purpose_id: row for row in found}


def at(
    subject: Subject, purpose: Purpose, moment: datetime
) -> tuple[State, PurposeVersion | None, ConsentEvent | None]:
    """What stood at a past moment, from the events recorded by then; the version agreed to; what made it so."""
    events = list(
        ConsentEvent.objects.filter(subject=subject, purpose=purpose, recorded_at__lte=moment).select_related("version")
    )
    folded = lifecycle.fold(event_as_rule(event) for event in events)
    agreed = _version(purpose, folded.state, {event.version.number: event.version for event in events})
    return folded.state, agreed, next((event for event in events if event.pk == folded.order), None)


def past(*, subject: Subject, moment: datetime) -> dict[int, Stood]:
    """What stood at a past moment, from the events recorded by then, by purpose id; without what was not spoken of."""
    return _stood(ConsentEvent.objects.filter(subject=subject, recorded_at__lte=moment).select_related("version"))


def before(event: ConsentEvent, said: Iterable[ConsentEvent]) -> Stood | None:
    """What stood before an event, from all that was said about its purpose; None when it was the first."""
    return _stood(each for each in said if each.pk < event.pk).get(event.purpose_id)


def until(subject: Subject, last_event: int) -> dict[int, State]:
    """What stood when an event was the newest, by purpose id."""
    said = ConsentEvent.objects.filter(subject=subject, pk__lte=last_event).select_related("version")
    return {purpose: stood.state for purpose, stood in _stood(said).items()}


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


def _event(
    act: str,
    collected_at: datetime,
    recorded_at: datetime,
    order: int,
    number: int,
    categories: str,
    recipients: str,
    lasts: str,
    until: datetime | None,
    pending: bool,
    actor: str,
    imported: bool,
    carried: dict[str, Any] | None,
) -> lifecycle.Event:
    """The same of an event as it is stored."""
    said = act, collected_at, recorded_at, order, number, _listed(categories), _listed(recipients), lasts or None
    other = None if carried is None else merge.from_record(carried)
    return lifecycle.Event(*said, until, pending, actor == "guardian", imported, other)


def _version_id(purpose_id: int, state: State, said: Mapping[int, int]) -> int | None:
    """The number of the version's row that was agreed to. What another record brought may not have been said here."""
    if not state.version:
        return None
    return said.get(state.version) or PurposeVersion.objects.get(purpose=purpose_id, number=state.version).pk


def _version(purpose: Purpose, state: State, said: Mapping[int, PurposeVersion]) -> PurposeVersion | None:
    """The version agreed to. What another record brought may be of one that was never spoken of here."""
    if not state.version:
        return None
    return said.get(state.version) or purpose.versions.get(number=state.version)


def _stood(said: Iterable[ConsentEvent]) -> dict[int, Stood]:
    """The fold of some events of one customer, by purpose id."""
    found: dict[int, dict[int, ConsentEvent]] = {}
    for event in said:
        found.setdefault(event.purpose_id, {})[event.pk] = event
    folded = {purpose: lifecycle.fold(map(event_as_rule, events.values())) for purpose, events in found.items()}
    return {purpose: Stood(fold.state, found[purpose][fold.order]) for purpose, fold in folded.items() if fold.order}
