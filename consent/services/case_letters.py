"""One way to be heard of: a letter by e-mail when a request or a concern was answered or closed, needs them or is late,
and when two records were found to be theirs.

It says that there is something to read, and where; never what. That it is due is written in the transaction of the
step; the worker sends it, one of each kind a day at most. A concern without a name has nobody to write to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from audit import vault
from consent.models import (
    CaseLetter,
    Concern,
    ConcernStep,
    Identifier,
    RightsRequest,
    RightsStep,
    Subject,
)
from consent.rules.rights import OPEN
from consent.services import families, mailing, subjects

ANSWERED, LATE, JOINED = "answered", "late", "joined"
# Which steps are told of; what the customer did themselves is no news to them.
TOLD = {
    "rights.answered": ANSWERED,
    "rights.refused": ANSWERED,
    "rights.lifted": ANSWERED,
    "rights.asked": "asked",
    "rights.extended": "extended",
    "concern.answered": ANSWERED,
    "concern.closed": "closed",
    "subject.linked": JOINED,
}


@dataclass(frozen=True)
class Letter:
    """What is to be sent. number: the same each time that this letter is tried."""

    number: UUID
    address: str
    language: str
    kind: str


def due(action: str, *, subject: Subject | None, number: UUID, now: datetime) -> None:
    """Note that a letter is due about a step; inside the caller's transaction. number: of its entry."""
    if settings.CHANGE_MAIL and subject and subject.erased_at is None and action in TOLD:
        CaseLetter.objects.create(subject=subject, kind=TOLD[action], number=number, noted_at=now)


def deliver(*, send: Callable[[Letter], bool], now: datetime) -> int:
    """Send the letters of some customers that are due; how many were done with. send: says whether it went out."""
    due = _due(now).order_by("subject", "kind").values_list("subject", "kind").distinct()[: mailing.AT_ONCE]
    return mailing.deliver(
        due, take=lambda case: _take(*case, now), send=send, note=lambda taken, letter: _note(*taken, letter, now)
    )


@transaction.atomic
def note_late(*, now: datetime) -> int:
    """Note a letter, once, about each request and concern whose day is over without an answer; how many.

    While we wait for the customer nothing is late, where their law stops the clock.
    """
    if not settings.CHANGE_MAIL:
        return 0
    known = CaseLetter.objects.filter(kind=LATE, number=OuterRef("entry_id"))
    answered = ConcernStep.objects.filter(concern=OuterRef("concern"), step="answered")
    opened = RightsStep.objects.filter(
        step="opened", request__state__in=OPEN, request__due__lt=now.date(), request__stopped_on=None
    )
    raised = ConcernStep.objects.filter(step="raised", concern__state="open", concern__due__lt=now.date())
    raised = raised.filter(~Exists(answered), concern__subject__isnull=False)
    rows: list[tuple[RightsRequest | Concern, UUID]] = [
        *((step.request, step.entry_id) for step in opened.filter(~Exists(known)).select_related("request__subject")),
        *((step.concern, step.entry_id) for step in raised.filter(~Exists(known)).select_related("concern__subject")),
    ]
    late = [(case.subject, number) for case, number in rows if case.subject and case.subject.erased_at is None]
    new = [CaseLetter(subject=who, kind=LATE, number=number, noted_at=now) for who, number in late]
    CaseLetter.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete what was sent more than a day ago: it keeps no other back; how many. What was late is told once."""
    return CaseLetter.objects.filter(sent_at__lt=now - mailing.DAY).exclude(kind=LATE).delete()[0]


def _waiting(now: datetime) -> QuerySet[CaseLetter]:
    return mailing.free(CaseLetter.objects.filter(sent_at__isnull=True), now)


def _due(now: datetime) -> QuerySet[CaseLetter]:
    mine = CaseLetter.objects.filter(subject=OuterRef("subject"), kind=OuterRef("kind"))
    return _waiting(now).exclude(Exists(mine.filter(sent_at__gt=now - mailing.DAY)))


@transaction.atomic
def _take(number: int, kind: str, now: datetime) -> tuple[tuple[Identifier, list[int]], Letter] | None:
    """Take the letter of one kind; None when another worker has it, it is not time, or there is nobody to tell."""
    subject = subjects.hold_record(Subject.objects.get(pk=number))
    rows = list(_waiting(now).filter(subject=subject, kind=kind).order_by("pk"))
    mine, who = CaseLetter.objects.filter(pk__in=[row.pk for row in rows]), families.survivor(subject)
    wait = mailing.quiet_until(CaseLetter.objects.filter(kind=kind), who, now)
    if not rows or wait:
        mine.update(lease_until=wait)
        return None
    to = mailing.address(who)
    if to is None or rows[-1].noted_at < now - mailing.STALE:
        mine.update(sent_at=now)  # it stands in the portal, and is told of no more
        return None
    mine.update(lease_until=now + mailing.LEASE)
    address = subjects.opened(to, vault.of(who.pseudonym)).id
    return (to, [row.pk for row in rows]), Letter(rows[0].number, address, mailing.language(who), kind)


@transaction.atomic
def _note(to: Identifier, rows: list[int], letter: Letter, now: datetime) -> None:
    CaseLetter.objects.filter(pk__in=rows).update(sent_at=now, lease_until=None)
    mailing.record("portal.case_told", to, letter.address, now=now, kind=letter.kind)
