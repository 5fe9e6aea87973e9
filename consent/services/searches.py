"""Who may use whose data, for what? The three searches of AuthZEN, answered by the one decision function.

Every result would be answered `true` by a check. What a search tells of a customer is in the log before it is given, so
that the customer sees it like a check; a search that finds nobody is in the log too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit import vault
from consent.models import ApiKey, Identifier, Recipient, Subject
from consent.rules import bases, decision
from consent.services import asks, catalogue, decisions, ledger, subjects
from consent.services.asks import Counted
from consent.services.decisions import InForce, Known
from consent.services.ledger import Actor, Fact, Record
from consent.services.subjects import Handle

READ = 500  # candidates looked at together


@dataclass(frozen=True)
class Wanted:
    """What a search holds fixed. recipient: who would use (a key). categories: None means those chosen."""

    recipient: str
    categories: tuple[str, ...] | None = None
    reference: str = ""


@dataclass(frozen=True)
class Found:
    """A page of customers. after: where the next page begins, None at the end."""

    customers: tuple[Handle, ...]
    after: int | None


@asks.atomic(items=lambda _: 1)
def customers(
    *,
    wanted: Wanted,
    purpose: str,
    namespace: str,
    after: int,
    limit: int,
    key: ApiKey | None = None,  # noqa: ARG001  as of checks.check
    by: Actor,
    now: datetime,
) -> Counted[Found]:
    """Whose data may this recipient use for this purpose? Answered in one namespace of identifiers.

    after: the place where the page before ended, 0 for the first.
    """
    found: list[Identifier] = []
    last: int | None = None
    row = decisions.in_force(purpose, now)
    needed = _contact(namespace)
    for candidate, allowed in _candidates(row, wanted, namespace, after, now) if row else ():
        if needed and needed not in allowed:
            continue
        if len(found) == limit:
            last = found[-1].pk
            break
        found.append(candidate)
    _log(wanted, [each.subject for each in found], purpose if row else "", by, now)
    return Counted(Found(tuple(_opened(found)), last), refused=int(not found))


@asks.atomic(items=lambda _: 1)
def recipients(
    *,
    wanted: Wanted,
    purpose: str,
    customer: Handle,
    kind: str,
    only: str | None,
    key: ApiKey | None = None,  # noqa: ARG001  as of checks.check
    by: Actor,
    now: datetime,
) -> Counted[list[Recipient]]:
    """Who may use this customer's data for this purpose? only: the one recipient the caller may ask about, or None.

    For whom nobody knows the same is done as for a customer, so that the time does not tell the two apart.
    """
    who, row = decisions.known(customer, now), decisions.in_force(purpose, now)
    named: Iterable[Recipient] = ()
    if row:
        keys = catalogue.terms(row.version).recipients
        rows = Recipient.objects.filter(key__in=keys, kind=kind).order_by("key")
        named = rows.filter(key=only) if only is not None else rows
    found = [each for each in named if _permitted(row, who, each.key, wanted.categories, now)]
    _log(wanted, [who.subject if who else None], purpose if row else "", by, now)
    return Counted(found, refused=int(not found), unknown=int(who is None))


@asks.atomic(items=lambda _: 1)
def purposes(
    *,
    wanted: Wanted,
    customer: Handle,
    only: Sequence[str] | None,
    key: ApiKey | None = None,  # noqa: ARG001  as of checks.check
    by: Actor,
    now: datetime,
) -> Counted[list[str]]:
    """What may this recipient use this customer's data for? only: the purposes the caller may ask about, or None."""
    who = decisions.known(customer, now)
    named = [row.key for row in catalogue.purposes() if only is None or row.key in only]
    rows = [(each, decisions.in_force(each, now)) for each in named]
    found = [each for each, row in rows if _permitted(row, who, wanted.recipient, wanted.categories, now)]
    _log(wanted, [who.subject if who else None], "", by, now)
    return Counted(found, refused=int(not found), unknown=int(who is None))


def _permitted(
    row: InForce | None, who: Known | None, recipient: str, categories: tuple[str, ...] | None, now: datetime
) -> bool:
    purpose, customer = decisions.facts(row, who, now, past=False, evenly=True)
    made = decision.decide(purpose=purpose, customer=customer, recipient=recipient, categories=categories, now=now)
    return made.permitted


def _candidates(
    row: InForce, wanted: Wanted, namespace: str, after: int, now: datetime
) -> Iterator[tuple[Identifier, tuple[str, ...]]]:
    """Identifiers of customers whose data may be used, in the order of their numbers, with the data."""
    rows = Identifier.objects.filter(namespace=namespace, suppressed=False).select_related("subject").order_by("pk")
    if catalogue.terms(row.version).legal_basis in bases.ASKED:  # the others never said yes
        rows = rows.filter(subject__states__purpose=row.purpose, subject__states__status__in=decision.PERMITTING)
    while page := list(rows.filter(pk__gt=after)[:READ]):
        read = decisions.readings(row, [Known(each.subject, each.verified) for each in page])
        for each, reading in zip(page, read, strict=True):
            purpose, customer = decisions.facts_at(row, reading, now)
            made = decision.decide(
                purpose=purpose, customer=customer, recipient=wanted.recipient, categories=wanted.categories, now=now
            )
            if made.permitted:
                yield each, made.allowed
        after = page[-1].pk


def _contact(namespace: str) -> str:
    """An address is itself data: the category that has to be permitted for it, "" where it is none."""
    contact = f"contact.{namespace}"
    return contact if contact in catalogue.categories_named([contact]) else ""


def _opened(found: Iterable[Identifier]) -> Iterator[Handle]:
    for row in found:
        yield subjects.opened(row, vault.of(row.subject.pseudonym))


def _log(wanted: Wanted, told: Sequence[Subject | None], purpose: str, by: Actor, now: datetime) -> None:
    """One entry for each customer of whom the answer tells, None for a stranger; one where it tells of nobody."""
    recipient = catalogue.find_recipient(wanted.recipient)
    payload = {"asked": list(wanted.categories or ()), "reference": wanted.reference}

    def record(subject: str, *, known: bool = True) -> Record:
        named = recipient.key if recipient else ""
        fact = Fact("search.made", subject=subject, purpose=purpose, recipient=named, outcome="allowed")
        return Record(fact, payload, known)

    records = [record(each.pseudonym) if each else record("", known=False) for each in told] or [record("")]
    ledger.record_many(records, by=by, now=now)
