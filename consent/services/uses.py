"""Uses and benefits: what systems did with data, and what the customer got from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.models import Entry
from audit.services import entries
from consent.errors import Field, Invalid
from consent.models import Category, Identifier, Purpose, Subject
from consent.rules import decision
from consent.rules.actions import USES
from consent.rules.choice import CLOCK_SKEW
from consent.rules.decision import Decision
from consent.services import asked, decisions, families, handles, ledger
from consent.services.decisions import Known
from consent.services.ledger import Actor, Fact, Record
from consent.services.subjects import Handle

# The outcome of a use for which there was no permission.
BREACH = "breach"


@dataclass(frozen=True)
class Use:
    """One use that a system made after deciding on its own copy. at: when, aware; reference: the occasion."""

    customer: Handle
    purpose: str
    categories: tuple[str, ...]
    at: datetime
    reference: str = ""


@dataclass(frozen=True)
class Benefit:
    """One thing a customer got from a purpose, in words, per language (`{"en": "Skipped a 40-minute queue"}`)."""

    customer: Handle
    purpose: str
    words: dict[str, str]
    at: datetime


@dataclass(frozen=True)
class Seen:
    """One line of “who used my data”: the entry, and its payload as far as it can still be opened."""

    entry: Entry
    payload: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def report(*, uses: Sequence[Use], recipient: str, by: Actor, now: datetime) -> list[UUID]:
    """Record uses, one entry each, in order; all or nothing. Raises Invalid naming each wrong member.

    Each is held against what stood when it was made. One that was not permitted then is a breach: it is recorded as
    what it was, with the reason why it should not have been, for the officer and the customer alike.
    """
    known = _known([(use.customer, use.purpose, use.at) for use in uses], "/uses", now)
    _check_categories(uses)
    records = [_record(use, found, recipient) for use, found in zip(uses, known, strict=True)]
    return ledger.record_many(records, by=by, now=now)


@transaction.atomic
def report_benefits(*, benefits: Sequence[Benefit], recipient: str, by: Actor, now: datetime) -> list[UUID]:
    """Record benefits, one entry each; all or nothing. Raises Invalid naming each wrong member."""
    known = _known([(each.customer, each.purpose, each.at) for each in benefits], "/benefits", now)
    return ledger.record_many([_got(*each, recipient) for each in zip(benefits, known, strict=True)], by=by, now=now)


def seen_by(*, subject: Subject, actions: Sequence[str] = USES, **search: Any) -> list[Seen]:
    """What happened with one customer's data, newest first; `search` as in audit.services.entries.search."""
    found = entries.search(subjects=families.pseudonyms(subject), actions=actions, **search)
    if asked.ACTION in actions:
        found = asked.among(found, subject=subject, **search)
    opened = entries.payloads(found)
    return [Seen(entry, opened.get(entry.id, {})) for entry in found]


def own(*, subject: Subject, number: UUID) -> Seen | None:
    """One line of that list by its number; None for another's, and for an entry that is no use."""
    entry = entries.find(number)
    if entry is None or entry.action not in USES:
        return None
    if entry.action == asked.ACTION:
        lists = asked.about(subject=subject, purpose=entry.purpose)
        entry = next((each for each in lists if each.id == number), None)
    elif entry.subject not in families.pseudonyms(subject):
        return None
    return Seen(entry, entries.payloads([entry]).get(number, {})) if entry else None


def _got(benefit: Benefit, found: Identifier, recipient: str) -> Record:
    fact = Fact(
        "benefit.reported",
        subject=found.subject.pseudonym,
        purpose=benefit.purpose,
        recipient=recipient,
        details={"got_at": ledger.moment(benefit.at)},
    )
    return Record(fact, {"words": benefit.words})


def _record(use: Use, found: Identifier, recipient: str) -> Record:
    made = _judged(use, found, recipient)
    fact = Fact(
        "use.reported",
        subject=found.subject.pseudonym,
        purpose=use.purpose,
        recipient=recipient,
        outcome="allowed" if made.permitted else BREACH,
        reason="" if made.permitted else made.reason,
        details={"used_at": ledger.moment(use.at), "categories": list(use.categories)},
    )
    return Record(fact, {"reference": use.reference})


def _judged(use: Use, found: Identifier, recipient: str) -> Decision:
    """What a check would have answered at the moment of the use; being left alone since then changes nothing of it."""
    who = Known(families.owner(found, use.at), found.verified)
    row = decisions.in_force(use.purpose, use.at)
    purpose, customer = decisions.facts(row, who, use.at, past=True)
    categories = use.categories or None
    return decision.decide(purpose=purpose, customer=customer, recipient=recipient, categories=categories, now=use.at)


def _known(rows: Sequence[tuple[Handle, str, datetime]], at: str, now: datetime) -> list[Identifier]:
    """The identifiers of a report, read together; raises Invalid naming each wrong member."""
    recorded = handles.recorded(handle for handle, _, _ in rows)
    keys = set(
        Purpose.objects.filter(key__in={key for _, key, _ in rows}, current__isnull=False).values_list("key", flat=True)
    )
    problems, found = [], []
    for place, (handle, key, moment) in enumerate(rows):
        here = f"{at}/{place}"
        identifier = recorded.get(handles.key(handle))
        if identifier is None:
            problems.append(Field(f"{here}/subject", "unknown", "We know no such customer."))
        else:
            found.append(identifier)
        if key not in keys:
            problems.append(Field(f"{here}/purpose", "unknown", "No such purpose was ever published."))
        if moment > now + CLOCK_SKEW:
            problems.append(Field(f"{here}/at", "future", "This has not happened yet."))
    if problems:
        raise Invalid(*problems)
    return found


def _check_categories(uses: Sequence[Use]) -> None:
    named = {key for use in uses for key in use.categories}
    known = set(Category.objects.filter(key__in=named).values_list("key", flat=True))
    problems = [
        Field(f"/uses/{place}/categories", "unknown", "The catalogue does not have all of these.")
        for place, use in enumerate(uses)
        if not known.issuperset(use.categories)
    ]
    if problems:
        raise Invalid(*problems)
