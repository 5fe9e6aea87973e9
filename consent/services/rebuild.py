"""The current answers against what was said: state = fold(events), for everybody; and put right where it is not.

Everybody is read in batches, in constant memory, while the service goes on. What looks wrong is looked at again with
that customer's row held, so that a choice made in between is not taken for damage.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import vault
from consent.models import ConsentEvent, ConsentState, Purpose, Subject
from consent.services import histories, ledger, states, subjects
from consent.services.histories import History, Progress
from consent.services.ledger import Actor, Fact

MISSING, UNFOUNDED = ("missing",), ("unfounded",)


@dataclass(frozen=True)
class Difference:
    """One answer that is not what was said, by pseudonym and purpose.

    members: of the row, those that differ; MISSING without a row; UNFOUNDED for a row of which nothing was ever said.
    """

    subject: str
    purpose: str
    members: tuple[str, ...]


@dataclass
class Report:
    """How much was looked at, and how much of it was wrong."""

    customers: int = 0
    answers: int = 0
    differences: int = 0


def run(
    *,
    check: bool,
    by: Actor,
    now: datetime,
    found: Callable[[Difference], None] = lambda difference: None,
    progress: Progress = lambda done, of: None,
) -> Report:
    """Compare every answer with what was said, and unless check, put right what differs, one customer at a time.

    found: called with each difference. Each row that is put right leaves a fact of its own (`mend`).
    """
    report = Report()
    for batch in histories.read(progress=progress):
        report.customers += len(batch)
        report.answers += sum(len(history.events) for history in batch)
        for subject in _suspects(batch):
            differences = _look(subject) if check else mend(subject=subject, by=by, now=now)
            report.differences += len(differences)
            for difference in differences:
                found(difference)
    return report


@transaction.atomic
def mend(*, subject: Subject, by: Actor, now: datetime) -> list[Difference]:
    """Make one customer's answers what they said; returns what was wrong.

    That an answer was changed other than by the customer's word is a fact, and stands in the log.
    """
    subject = subjects.hold_record(subject)
    purposes = Purpose.objects.in_bulk(field_name="key")
    wrong = _differences(subject)
    for each in wrong:
        purpose = purposes[each.purpose]
        if each.members == UNFOUNDED:
            ConsentState.objects.filter(subject=subject, purpose=purpose).delete()
        else:
            states.refold(subject, purpose)
        fact = Fact(
            "state.rebuilt", subject=subject.pseudonym, purpose=purpose.key, details={"members": [*each.members]}
        )
        ledger.record(fact, by=by, now=now, known=_remembered(subject))
    return wrong


def _look(subject: Subject) -> list[Difference]:
    with transaction.atomic():
        return _differences(subjects.hold_record(subject))


def _suspects(batch: list[History]) -> Iterator[Subject]:
    first, last = batch[0].subject.pk, batch[-1].subject.pk
    rows: dict[int, dict[int, ConsentState]] = {}
    for row in ConsentState.objects.filter(subject_id__gte=first, subject_id__lte=last):
        rows.setdefault(row.subject_id, {})[row.purpose_id] = row
    for history in batch:
        if any(_wrong(history.events, rows.get(history.subject.pk, {}))):
            yield history.subject


def _differences(subject: Subject) -> list[Difference]:
    events: dict[int, list[ConsentEvent]] = {}
    for event in ConsentEvent.objects.filter(subject=subject).select_related("version").order_by("purpose_id", "pk"):
        events.setdefault(event.purpose_id, []).append(event)
    rows = {row.purpose_id: row for row in ConsentState.objects.filter(subject=subject)}
    keys = dict(Purpose.objects.values_list("pk", "key"))
    return [Difference(subject.pseudonym, keys[purpose], members) for purpose, members in _wrong(events, rows)]


def _wrong(
    events: dict[int, list[ConsentEvent]], rows: dict[int, ConsentState]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What differs, by purpose id."""
    for purpose, said in events.items():
        row = rows.get(purpose)
        if row is None:
            yield purpose, MISSING
        elif members := tuple(name for name, value in _members(purpose, said).items() if getattr(row, name) != value):
            yield purpose, members
    for purpose in rows.keys() - events.keys():
        yield purpose, UNFOUNDED


def _members(purpose: int, said: Sequence[ConsentEvent]) -> dict[str, Any]:
    """A row's members as they must be."""
    return states.members(purpose, states.of(said))


def _remembered(subject: Subject) -> bool:
    """Whether a payload could still be opened; of an erased customer none is kept."""
    try:
        vault.of(subject.pseudonym)
    except vault.Unreadable:
        return False
    return True
