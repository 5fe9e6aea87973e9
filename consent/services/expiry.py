"""What time does to a yes: it is reminded of, and then it runs out.

A check compares with its own clock and waits for nobody; the sweep only writes down what is so already.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from consent.models import ConsentState, Link, Reminder
from consent.rules import decision
from consent.services import consents, ledger, subjects
from consent.services.ledger import Fact

PAGE = 500


@dataclass(frozen=True)
class Swept:
    """How many were written down."""

    expired: int
    reminded: int


def sweep(*, now: datetime) -> Swept:
    """Write down every yes that ran out, and every reminder that is due, each in a transaction of its own."""
    over = _ending().filter(expires_at__lte=now)
    expired = sum(consents.lapse(state=row, now=now) is not None for row in _each(over))
    reminded = sum(
        remind(state=row, days=days, now=now) for days in sorted(settings.REMIND_DAYS) for row in _each(_due(days, now))
    )
    return Swept(expired, reminded)


@transaction.atomic
def remind(*, state: ConsentState, days: int, now: datetime) -> bool:
    """Say once that a yes will run out within so many days; False when it was said, or is no longer so."""
    subject = subjects.hold(state.subject)
    row = _due(days, now).filter(pk=state.pk).select_related("purpose", "version").first()
    if row is None or row.expires_at is None:
        return False
    details = {"days": days, "expires_at": ledger.moment(row.expires_at)}
    fact = Fact(
        "consent.expiring",
        subject=subject.pseudonym,
        purpose=row.purpose.key,
        version=row.version.number if row.version else None,
        details=details,
    )
    entry = ledger.record(fact, by=consents.OPERATOR, now=now)
    Reminder.objects.create(event=row.event, days=days, entry_id=entry.id)
    return True


def _due(days: int, now: datetime) -> QuerySet[ConsentState]:
    """Yeses that end within so many days, were given before that, and were not reminded of as late as this."""
    said = Reminder.objects.filter(event=OuterRef("event"), days__lte=days)
    ahead = timedelta(days=days)
    soon = _ending().filter(expires_at__gt=now, expires_at__lte=now + ahead)
    return soon.filter(since__lt=F("expires_at") - ahead).exclude(Exists(said))


def _each(rows: QuerySet[ConsentState]) -> Iterator[ConsentState]:
    """The rows, a few at a time: what is done to one commits before the next is read."""
    last = 0
    while found := list(rows.filter(pk__gt=last).select_related("subject", "purpose").order_by("pk")[:PAGE]):
        yield from found
        last = found[-1].pk


def _ending() -> QuerySet[ConsentState]:
    # A record that was joined to another says nothing any more; the other one does.
    joined = Link.objects.filter(joined=OuterRef("subject"))
    ending = ConsentState.objects.filter(
        status__in=sorted(decision.PERMITTING), expires_at__isnull=False, subject__erased_at=None
    )
    return ending.exclude(Exists(joined))
