"""Sending letters by e-mail: what is due stands in the database, one worker takes it, and what stays in is tried again.

A worker that is killed between sending and noting that it sent leaves the letter due, under the number it had: whoever
gets it twice sees that it is the same.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from consent.models import ConsentEvent, Identifier, Subject
from consent.services import families, ledger
from consent.services.ledger import Actor, Fact

Due = TypeVar("Due")
Taken = TypeVar("Taken")
Letter = TypeVar("Letter")
Row = TypeVar("Row", bound=Model)
NAMESPACE = "email"
SENDER = Actor("operator", name="timetable")
# While a worker sends, no other does; longer than a mail server may take.
LEASE = timedelta(minutes=2)
DAY = timedelta(days=1)
# What could not be sent for so long is news no more; it stands in the portal.
STALE = timedelta(days=7)
AT_ONCE = 20


def deliver(
    due: Iterable[Due],
    *,
    take: Callable[[Due], tuple[Taken, Letter] | None],
    send: Callable[[Letter], bool],
    note: Callable[[Taken, Letter], None],
) -> int:
    """Send each letter that is due; how many were done with.

    take: makes the letter, and keeps other workers from it; gives what `note` needs with it, or None where there is
    nothing to send. send: says whether it went out. Each step is a transaction of its own, and none is open while a
    mail server works.
    """
    done = 0
    for each in due:
        taken = take(each)
        if taken is None:
            done += 1
        elif send(taken[1]):
            note(*taken)
            done += 1
    return done


def free(rows: QuerySet[Row], now: datetime) -> QuerySet[Row]:
    """Those that no worker has at the moment."""
    return rows.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))


def quiet_until(sent: QuerySet[Any], who: Subject, now: datetime) -> datetime | None:
    """Until when a customer gets no further letter of these, under any of their records; None when they may."""
    today = sent.filter(subject__in=families.of(who), sent_at__gt=now - DAY)
    last = today.order_by("-sent_at").values_list("sent_at", flat=True).first()
    return last + DAY if last else None


def address(who: Subject) -> Identifier | None:
    """Where a letter goes: an address that somebody vouched for, of a customer who is not left alone."""
    if who.identifiers.filter(suppressed=True).exists():
        return None
    known = who.identifiers.filter(namespace=NAMESPACE, verified=True)
    return known.select_related("subject").order_by("-id").first()


def language(who: Subject) -> str:
    """The language in which they last chose something; "" where they never did."""
    said = ConsentEvent.objects.filter(subject__in=families.of(who)).exclude(language="").order_by("-pk")
    return said.values_list("language", flat=True).first() or ""


def record(action: str, to: Identifier, address: str, *, now: datetime, **details: Any) -> None:
    """Write down that a letter went out; inside the caller's transaction. address: in the clear, for the payload."""
    fact = Fact(action, subject=to.subject.pseudonym, details=details)
    ledger.record(fact, by=SENDER, now=now, payload={"namespace": NAMESPACE, "identifier": address})
