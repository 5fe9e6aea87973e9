"""What staff and customers may see of a record, and the proof they carry away. Looking is itself a fact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.models import Entry
from audit.services import entries, prove
from consent.errors import Field, Invalid, NotFound
from consent.models import ConsentEvent, Subject
from consent.rules import text
from consent.services import ledger, subjects
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle

WHY = ("customer_asked", "concern", "rights_request", "complaint_to_regulator", "audit", "error_search")


@dataclass(frozen=True)
class Line:
    """One entry of a customer's line: the fact, what can still be opened of it, and the consent event if it is one."""

    entry: Entry
    payload: dict[str, Any] = field(default_factory=dict)
    event: ConsentEvent | None = None
    seq: int | None = None


@transaction.atomic
def view(*, handle: Handle, why: str, note: str, by: Actor, now: datetime) -> Subject:
    """Open a customer's record for staff, for a reason that the customer sees.

    why: one of WHY; note: the officer's own words. Raises Invalid without a reason, NotFound for an unknown customer;
    then nothing is shown and nothing but that is answered.
    """
    problems = []
    if why not in WHY:
        problems.append(Field("/why", "choice", "Choose why you look."))
    if not note.strip():
        problems.append(Field("/note", "required", "Say why you look, in your own words. The customer sees this."))
    elif problem := text.problem(note, length=text.FREE_TEXT_LENGTH, lines=True):
        problems.append(Field("/note", "text", problem))
    if problems:
        raise Invalid(*problems)
    subject = subjects.find(handle)
    if subject is None:
        raise NotFound("We know no such customer.")
    ledger.record(
        Fact("evidence.viewed", subject=subject.pseudonym, outcome="allowed", reason=why),
        by=by,
        now=now,
        payload={"note": note.strip()},
    )
    return subject


def line(*, subject: Subject, before: UUID | None = None, limit: int = 200) -> list[Line]:
    """Everything in the log about one customer, newest first."""
    found = entries.search(subject=subject.pseudonym, before=before, limit=limit)
    opened = entries.payloads(found)
    events = {
        event.entry_id: event
        for event in ConsentEvent.objects.filter(entry_id__in=[entry.id for entry in found]).select_related(
            "purpose", "version", "notice"
        )
    }
    return [
        Line(
            entry,
            opened.get(entry.id, {}),
            events.get(entry.id),
            getattr(entry, "leaf_row", None) and entry.leaf_row.seq,
        )
        for entry in found
    ]


def receipt(*, subject: Subject | None, number: UUID) -> Line:
    """One consent event with its entry. subject: only this customer's. Raises NotFound."""
    event = (
        ConsentEvent.objects.filter(entry_id=number)
        .select_related("purpose__controller", "version", "notice", "subject")
        .first()
    )
    if event is None or (subject is not None and event.subject_id != subject.pk):
        raise NotFound("There is no receipt with this number.")
    entry = Entry.objects.select_related("leaf_row").get(id=number)
    payload = entries.payloads([entry]).get(number, {})
    return Line(entry, payload, event, getattr(entry, "leaf_row", None) and entry.leaf_row.seq)


def proof(*, found: Sequence[Entry], disclose: bool = True) -> dict[str, Any] | None:
    """The proof of entries, which verifies without us; None while one of them is not sealed yet."""
    return prove.bundle_of(found, disclose=disclose)
