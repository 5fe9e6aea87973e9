"""Guardians and representatives: customers who may act for another one, by a mandate that somebody checked."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import vault
from consent.errors import Conflict, Field, IdentifierUnverified, Invalid, NotFound, Suppressed
from consent.models import Mandate, Subject
from consent.rules import evidence as evidence_rules
from consent.rules import mandates as rules
from consent.rules import moments, text
from consent.services import families, handles, ledger, subjects
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact

VERIFICATION = "Say how their identity and their authority were checked."


@dataclass(frozen=True)
class Wanted:
    """A mandate to record: who may act (`by`) for whom (`subject`), how that was checked, and until when.

    label: what whoever acts is told whom it is for, in the caller's words.
    """

    kind: str
    subject: Handle
    by: Handle
    verification: str
    label: str = ""
    until: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """A mandate that stands, as a page shows it. named: whom it is for, as whoever holds it is told."""

    number: UUID
    kind: str
    named: str
    since: datetime
    until: datetime | None


@transaction.atomic
def grant(*, wanted: Wanted, by: Actor, now: datetime) -> Held:
    """Record a mandate. A guardian's ends on the day from which the child says yes themselves.

    Raises Invalid naming every wrong member; IdentifierUnverified and Suppressed for either of the two; Conflict when
    one already acts for the other, or both are one customer.
    """
    _check(wanted, now)
    subject, holder = _both(wanted)
    problems = []
    if problem := rules.problem(wanted.kind, subject.minor_until, now):
        problems.append(Field("/kind", "age", problem))
    if holder.minor_until and now < moments.midnight(holder.minor_until):
        problems.append(Field("/by", "age", "A child acts for nobody."))
    if problems:
        raise Invalid(*problems)
    ours, theirs = families.of(subject), families.of(holder)
    if subject.pk == holder.pk or Mandate.objects.filter(subject__in=ours, holder__in=theirs).exists():
        raise Conflict("They act for them already, or both are one customer.")
    number = ledger.uuid7(now)
    kept = {"verification": wanted.verification.strip(), "evidence": dict(wanted.evidence), "holder": holder.pseudonym}
    fact = Fact("mandate.granted", subject=subject.pseudonym, details={"kind": wanted.kind})
    ledger.record(fact, by=by, now=now, payload=kept, number=number)
    label = wanted.label.strip().encode()
    row = Mandate.objects.create(
        kind=wanted.kind,
        subject=subject,
        holder=holder,
        label=vault.of(subject.pseudonym).seal(label, str(number)) if label else b"",
        until=wanted.until,
        granted_at=now,
        entry_id=number,
    )
    return _held(row)


@transaction.atomic
def end(*, number: UUID, of: Subject | None = None, by: Actor, now: datetime) -> None:
    """End a mandate, and every visit under it.

    of: the customer who ends it, where one does: of theirs they end what a representative holds. Raises NotFound.
    """
    found = Mandate.objects.select_related("subject", "holder").filter(entry_id=number)
    if of is not None:
        found = found.filter(subject__in=families.of(of), kind=rules.REPRESENTATIVE)
    row = found.first()
    if row is None:
        raise NotFound("There is no such mandate.")
    _end(row, by, now)


def end_all(*, of: Sequence[Subject], by: Actor, now: datetime) -> None:
    """End every mandate that these records hold or are under; inside the transaction that erases them.

    Of whom is not erased it is stated.
    """
    erased = {each.pk for each in of}
    for row in Mandate.objects.select_related("subject").filter(holder__in=of).exclude(subject__in=erased):
        _end(row, by, now)
    Mandate.objects.filter(subject__in=of).delete()


def held(*, by: Subject, now: datetime) -> list[Held]:
    """The mandates that a customer holds now, the oldest first."""
    return _standing(Mandate.objects.filter(holder__in=families.of(by)), now)


def over(*, subject: Subject, now: datetime) -> list[Held]:
    """The mandates that stand over a customer now, the oldest first."""
    return _standing(Mandate.objects.filter(subject__in=families.of(subject)), now)


def of_customer(*, customer: Handle, now: datetime) -> tuple[list[Held], list[Held]]:
    """The mandates over a customer, and those that they hold. Raises NotFound for one we do not know."""
    row = handles.row(customer)
    if row is None or row.suppressed:
        raise NotFound("We know no such customer.")
    return over(subject=row.subject, now=now), held(by=row.subject, now=now)


def represented(row: Mandate, now: datetime) -> Subject | None:
    """The customer whom a mandate is for, as they stand now; None when it stands no more."""
    subject = families.survivor(row.subject)
    stands = rules.stands(row.kind, row.until, subject.minor_until, now)
    return subject if stands and not subject.erased_at else None


def named(row: Mandate) -> str:
    """Whom a mandate is for, as whoever holds it is told: by its label, or by an identifier in part."""
    if row.label:
        return vault.of(row.subject.pseudonym).open(bytes(row.label), str(row.entry_id)).decode()
    standing = families.survivor(row.subject)
    known = standing.identifiers.filter(verified=True).order_by("id").first()
    if known is None:
        return ""
    handle = subjects.opened(known, vault.of(standing.pseudonym))
    return rules.masked(handle.namespace, handle.id)


def _standing(found: Any, now: datetime) -> list[Held]:
    rows = found.select_related("subject", "holder").order_by("id")
    return [_held(row) for row in rows if represented(row, now)]


def _held(row: Mandate) -> Held:
    until = rules.ends(row.kind, row.until, families.survivor(row.subject).minor_until)
    named_as = ""
    with suppress(vault.Unreadable):  # of a damaged one it is still told that it stands
        named_as = named(row)
    return Held(row.entry_id, row.kind, named_as, row.granted_at, until)


def _end(row: Mandate, by: Actor, now: datetime) -> None:
    fact = Fact("mandate.ended", subject=row.subject.pseudonym, object=str(row.entry_id), details={"kind": row.kind})
    ledger.record(fact, by=by, now=now)
    row.delete()  # and every visit under it


def _check(wanted: Wanted, now: datetime) -> None:
    problems = []
    if wanted.kind not in rules.KINDS:
        problems.append(Field("/kind", "choice", f"One of {', '.join(rules.KINDS)}."))
    if not wanted.verification.strip():
        problems.append(Field("/verification", "required", VERIFICATION))
    elif problem := text.problem(wanted.verification, length=text.FREE_TEXT_LENGTH, lines=True):
        problems.append(Field("/verification", "text", problem))
    if problem := text.problem(wanted.label, length=rules.LABEL_LENGTH):
        problems.append(Field("/label", "text", problem))
    if wanted.until and wanted.until <= now:
        problems.append(Field("/until", "range", "A mandate ends in the future."))
    if problem := evidence_rules.problem(dict(wanted.evidence)):
        problems.append(Field("/evidence", "evidence", problem))
    if problems:
        raise Invalid(*problems)


def _both(wanted: Wanted) -> tuple[Subject, Subject]:
    """The two customers, each held; the newer first, as everybody holds several."""
    rows, problems = {}, []
    for at, who in (("/subject", wanted.subject), ("/by", wanted.by)):
        row = handles.row(who)
        if row is None:
            problems.append(Field(at, "unknown", "We know no such customer; make them known first."))
        else:
            rows[at] = row
    if problems:
        raise Invalid(*problems)
    if not all(row.verified for row in rows.values()):
        raise IdentifierUnverified
    if any(row.suppressed for row in rows.values()):
        raise Suppressed
    held = {at: subjects.hold(row.subject) for at, row in sorted(rows.items(), key=lambda each: -each[1].subject_id)}
    return held["/subject"], held["/by"]
