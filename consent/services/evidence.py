"""What staff and customers may see of a record, and the proof they carry away. Looking is itself a fact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import vault
from audit.models import Entry
from audit.proof.errors import ProofError
from audit.services import entries, prove
from consent.errors import Conflict, Field, Invalid, NotFound
from consent.models import ConsentEvent, Subject
from consent.rules import text
from consent.services import asked, decisions, families, ledger, links, states, subjects
from consent.services.decisions import Standing
from consent.services.ledger import Actor, Fact
from consent.services.links import Told
from consent.services.subjects import Handle

WHY = ("customer_asked", "concern", "rights_request", "complaint_to_regulator", "audit", "error_search")


@dataclass(frozen=True)
class Line:
    """One entry of a customer's line: the fact, what can still be opened of it, and the consent event if it is one."""

    entry: Entry
    payload: dict[str, Any] = field(default_factory=dict)
    event: ConsentEvent | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Visit:
    """A record that an officer has open: whose, why (one of WHY, and in the officer's words), and since when.

    identifiers: in the clear; none for an erased customer. linked: other records that are this customer's, oldest
    first, each with when and why. left_alone: they asked for that.
    """

    subject: Subject
    why: str
    note: str
    opened_at: datetime
    identifiers: tuple[Handle, ...]
    linked: tuple[Told, ...] = ()
    left_alone: bool = False


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
    subject = subjects.get(handle)
    ledger.record(
        Fact("evidence.viewed", subject=subject.pseudonym, outcome="allowed", reason=why),
        by=by,
        now=now,
        payload={"note": note.strip()},
    )
    return subject


def visit(*, subject_id: int, opened_at: datetime, by: Actor) -> Visit | None:
    """The visit that opened a record, as the log has it; None when this officer did not open this record then."""
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None:
        return None
    found = entries.search(subjects=[subject.pseudonym], actions=["evidence.viewed"], since=opened_at)
    entry = next((each for each in found if (each.recorded_at, each.actor_ref) == (opened_at, by.ref)), None)
    if entry is None:
        return None
    note = entries.payloads([entry]).get(entry.id, {}).get("note", "")
    try:
        identifiers = tuple(subjects.identifiers_of(subject))
    except vault.Unreadable:
        identifiers = ()
    left_alone = subject.identifiers.filter(suppressed=True).exists()
    linked = tuple(links.standing(family=families.of(subject)))
    return Visit(subject, entry.reason, note, opened_at, identifiers, linked, left_alone)


def stood(*, subject: Subject, moment: datetime) -> list[tuple[Standing, ConsentEvent | None]]:
    """How each purpose stood at a moment, with the event that made it so."""
    causes = {purpose: stood.cause for purpose, stood in states.past(subject=subject, moment=moment).items()}
    return [(each, causes.get(each.purpose.pk)) for each in decisions.standing(subject=subject, moment=moment)]


def line(*, subject: Subject, before: UUID | None = None, limit: int = 200) -> list[Line]:
    """Everything in the log about one customer, newest first."""
    found = entries.search(subjects=families.pseudonyms(subject), before=before, limit=limit)
    found = asked.among(found, subject=subject, before=before, limit=limit)
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
            entries.place(entry),
        )
        for entry in found
    ]


def receipt(*, subject: Subject | None, number: UUID) -> Line:
    """One consent event with its entry. subject: only this customer's. Raises NotFound."""
    event = (
        ConsentEvent.objects.filter(entry_id=number)
        .select_related("purpose", "version__controller", "notice", "subject")
        .first()
    )
    if event is None or (subject is not None and event.subject not in families.of(subject)):
        raise NotFound("There is no receipt with this number.")
    entry = Entry.objects.select_related("leaf_row").get(id=number)
    payload = entries.payloads([entry]).get(number, {})
    return Line(entry, payload, event, entries.place(entry))


def proof(*, found: Sequence[Entry], disclose: bool = True) -> dict[str, Any] | None:
    """The proof of entries, which verifies without us; None while one of them is not sealed yet."""
    return prove.bundle_of(found, disclose=disclose)


@transaction.atomic
def export(*, subject: Subject, found: Sequence[Line], by: Actor, now: datetime) -> dict[str, Any]:
    """Carry away the proof of a customer's entries that are sealed, with what they disclose; that is itself a fact.

    Raises Conflict when none of them is sealed yet, or one cannot be proved any more.
    """
    sealed = [each.entry for each in found if each.seq is not None]
    try:
        document = proof(found=sealed) if sealed else None
    except ProofError as problem:
        raise Conflict(f"There is no proof to carry away: {problem}") from None
    if document is None:
        raise Conflict("None of these is sealed yet. Try again in a moment.")
    fact = Fact(
        "evidence.exported",
        subject=subject.pseudonym,
        object=str(sealed[0].id) if len(sealed) == 1 else "",
        details={"entries": len(sealed)},
    )
    ledger.record(fact, by=by, now=now)
    return document


def entry(*, number: UUID) -> Line:
    """One entry of the log. Its payload is opened only when it concerns no customer. Raises NotFound."""
    found = entries.find(number)
    if found is None:
        raise NotFound("There is no entry with this number.")
    payload = {} if found.subject else entries.payloads([found]).get(number, {})
    return Line(found, payload, seq=entries.place(found))
