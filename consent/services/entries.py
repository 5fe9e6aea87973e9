"""Search the log. That somebody searched is itself a fact, and a customer whom they named sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import search as log
from audit.services.search import Filter, Found
from consent.models import Subject
from consent.rules.entries import Chosen
from consent.services import asked, families, ledger, subjects
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle

SEARCHED = "log.searched"


@dataclass(frozen=True)
class Wanted:
    """What is looked for. customer: only of this one, by an identifier; pseudonym: or by their name in the log."""

    chosen: Chosen = field(default_factory=Chosen)
    customer: Handle | None = None
    pseudonym: str = ""

    @property
    def named(self) -> bool:
        return bool(self.customer or self.pseudonym)


@dataclass(frozen=True)
class Page:
    """Entries, newest first. subject: the customer who was named, None where nobody was, or nobody is known by that.

    after: where the next page begins, None at the end of the log. searched_to: the search stopped here before it had a
    whole page; what is older has not been looked at.
    """

    entries: tuple[Any, ...]
    after: UUID | None
    searched_to: datetime | None
    subject: Subject | None


@transaction.atomic
def search(*, wanted: Wanted, before: UUID | None = None, limit: int, by: Actor, now: datetime) -> Page:
    """A page of the entries that fit, before the entry where the page before ended.

    Of a customer it finds the entries of every record that is theirs, and the lists of people that they were in. What
    was looked for, and by whom, is in the log before the answer is given: of a customer under their own secret.
    """
    subject = customer(wanted)
    # Of somebody whom nobody knows there are no entries; that we were asked is one.
    found = Found((), None) if wanted.named and subject is None else _found(wanted.chosen, subject, before, limit)
    fact = Fact(
        SEARCHED,
        subject=subject.pseudonym if subject else "",
        outcome="allowed" if subject else "",
        reason="audit" if subject else "",
        details={"by": [*(["customer"] if wanted.named else []), *wanted.chosen.names], "entries": len(found.entries)},
    )
    known = subject.erased_at is None if subject else not wanted.named
    ledger.record(fact, payload=_told(wanted), by=by, now=now, known=known)
    return Page(found.entries, found.after, found.searched_to, subject)


def customer(wanted: Wanted) -> Subject | None:
    """The customer who is named, as far as we know them; erased ones by their name in the log."""
    if wanted.customer:
        return subjects.find(wanted.customer)
    return Subject.objects.filter(pseudonym=wanted.pseudonym).first() if wanted.pseudonym else None


def _found(chosen: Chosen, subject: Subject | None, before: UUID | None, limit: int) -> Found:
    fits = _filter(chosen, families.pseudonyms(subject) if subject else ())
    within = log.span(fits, before)
    numbers, edge = log.newest(fits, within, limit + 1)
    if subject is None or (fits.actions and asked.ACTION not in fits.actions):
        return log.found(numbers, edge, limit)
    lists, last = asked.within(subject=subject, chosen=fits, within=within)
    return log.found(numbers, edge, limit, beside=lists, beside_edge=last)


def _filter(chosen: Chosen, pseudonyms: Any) -> Filter:
    values = chosen.values
    pairs = (each.partition(":") for each in values.get("actor", ()))
    return Filter(
        subjects=tuple(pseudonyms),
        actions=values.get("action", ()),
        actors=tuple((kind, ref) for kind, _, ref in pairs),
        purposes=values.get("purpose", ()),
        recipients=values.get("recipient", ()),
        outcomes=values.get("outcome", ()),
        reasons=values.get("reason", ()),
        since=chosen.since,
        before=chosen.before,
    )


def _told(wanted: Wanted) -> dict[str, Any]:
    """What was looked for, word for word: nothing of it stands in the leaf."""
    chosen, handle = wanted.chosen, wanted.customer
    times = {"since": chosen.since, "before": chosen.before}
    filled = {name: list(values) for name, values in chosen.values.items()}
    told: dict[str, Any] = {"filter": filled | {name: ledger.moment(at) for name, at in times.items() if at}}
    return told | ({"customer": {"namespace": handle.namespace, "id": handle.id}} if handle else {})
