"""One way to be heard of: a letter by e-mail when a choice changed, whoever changed it, one a day at most.

That it is due is written in the transaction of the change; the worker sends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from audit import vault
from consent.models import ChangeLetter, ConsentEvent, Identifier, Subject
from consent.rules import lifecycle
from consent.services import families, mailing, subjects, versions

# What changes what may be done with their data; a question, and an answer that was put off, change nothing.
TELLING = lifecycle.ANSWERS | {lifecycle.PAUSE, lifecycle.RESUME, lifecycle.EXPIRE}
# Second thoughts come soon: they, and several presses one after the other, are one letter.
SETTLE = timedelta(minutes=10)


@dataclass(frozen=True)
class Told:
    """One change: what it was about, what was done, by whom, where and when."""

    title: str
    act: str
    actor: str
    channel: str
    at: datetime


@dataclass(frozen=True)
class Letter:
    """What is to be sent. number: the same each time that this letter is tried."""

    number: UUID
    address: str
    language: str
    changes: tuple[Told, ...]


def due(event: ConsentEvent) -> list[ChangeLetter]:
    """The row that says a letter is due about an event that is being written; none where it changes nothing here."""
    told = settings.CHANGE_MAIL and event.act in TELLING and not event.pending and not event.imported
    return [ChangeLetter(subject=event.subject, event=event, changed_at=event.recorded_at)] if told else []


def deliver(*, send: Callable[[Letter], bool], now: datetime) -> int:
    """Send the letters of some customers that are due; how many customers were done with.

    send: says whether it went out.
    """
    due = _due(now).values_list("subject", flat=True).distinct()[: mailing.AT_ONCE]
    return mailing.deliver(
        due, take=lambda subject: _take(subject, now), send=send, note=lambda taken, letter: _note(*taken, letter, now)
    )


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete what was sent more than a day ago: it keeps no further letter back; how many."""
    return ChangeLetter.objects.filter(sent_at__lt=now - mailing.DAY).delete()[0]


def _waiting(now: datetime) -> QuerySet[ChangeLetter]:
    return mailing.free(ChangeLetter.objects.filter(sent_at__isnull=True), now)


def _due(now: datetime) -> QuerySet[ChangeLetter]:
    today = ChangeLetter.objects.filter(subject=OuterRef("subject"), sent_at__gt=now - mailing.DAY)
    return _waiting(now).filter(changed_at__lte=now - SETTLE).exclude(Exists(today)).order_by("subject")


@transaction.atomic
def _take(number: int, now: datetime) -> tuple[tuple[Identifier, list[int]], Letter] | None:
    """Take the letter of one customer; None when another worker has it, it is not time, or there is nobody to tell."""
    subject = subjects.hold_record(Subject.objects.get(pk=number))
    mine = _waiting(now).filter(subject=subject)
    mine.filter(changed_at__lt=now - mailing.STALE).delete()
    rows = list(mine.select_related("event__purpose", "event__notice").order_by("event"))
    who = families.survivor(subject)
    wait = mailing.quiet_until(ChangeLetter.objects.all(), who, now)
    if not rows or wait:
        mine.update(lease_until=wait)
        return None
    to = mailing.address(who)
    if to is None:
        mine.delete()
        return None
    mine.update(lease_until=now + mailing.LEASE)
    where = subjects.opened(to, vault.of(who.pseudonym)).id
    return (to, [row.pk for row in rows]), _letter(where, [row.event for row in rows])


@transaction.atomic
def _note(to: Identifier, rows: list[int], letter: Letter, now: datetime) -> None:
    ChangeLetter.objects.filter(pk__in=rows).update(sent_at=now, lease_until=None)
    mailing.record("portal.changes_told", to, letter.address, now=now, changes=len(letter.changes))


def _letter(address: str, events: list[ConsentEvent]) -> Letter:
    language = next((each.language for each in reversed(events) if each.language), "")
    titles = versions.titles(language)
    told = (Told(titles[each.purpose.key], each.act, each.actor, each.channel, each.recorded_at) for each in events)
    return Letter(events[0].entry_id, address, language, tuple(told))
