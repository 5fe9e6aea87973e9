"""A customer's visit to the portal: a session in a cookie, which knows how sure we are who it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from consent.models import PortalSession, Subject
from consent.services import ledger, tokens
from consent.services.ledger import Actor, Fact

# How long a code that was entered counts as fresh.
FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class Visit:
    """A visit's token, for the cookie only, and whose it is."""

    token: str
    subject: Subject
    language: str = ""


@dataclass(frozen=True)
class Visitor:
    """Whose visit a cookie is, and whether they entered a code a moment ago (level 2). ends: if they do nothing."""

    subject: Subject
    fresh: bool
    ends: datetime


def start(
    *, subject: Subject, level: int = 1, language: str = "", instead_of: str = "", by: Actor, now: datetime
) -> Visit:
    """A new visit under a new token, inside the caller's transaction: nobody who knew an older one is in it.

    level: 1 is known, 2 is shown afresh by a code. instead_of: the token of the visit that this browser had; it ends.
    """
    leave(token=instead_of)
    token = tokens.make()
    fresh_at = now if level == 2 else None
    PortalSession.objects.create(
        subject=subject, token_hash=tokens.hashed(token), level=level, fresh_at=fresh_at, started_at=now, seen_at=now
    )
    ledger.record(Fact("portal.entered", subject=subject.pseudonym, details={"level": level}), by=by, now=now)
    return Visit(token, subject, language)


def visitor(*, token: str, now: datetime) -> Visitor | None:
    """Whose visit a cookie is; None when there is none or it is over. Moves the idle clock, by the minute."""
    row = PortalSession.objects.filter(token_hash=tokens.hashed(token)).select_related("subject").first()
    if row is None or row.subject.erased_at:
        return None
    if now - row.seen_at > settings.PORTAL_IDLE or now - row.started_at > settings.PORTAL_MAX:
        return None
    if now - row.seen_at > timedelta(minutes=1):
        row.seen_at = now
        PortalSession.objects.filter(pk=row.pk).update(seen_at=now)
    ends = min(row.seen_at + settings.PORTAL_IDLE, row.started_at + settings.PORTAL_MAX)
    return Visitor(row.subject, row.fresh_at is not None and now - row.fresh_at <= FRESH, ends)


def was(*, token: str) -> Subject | None:
    """Whose visit it is or was, over by itself or not: for what they then send. None after they signed out."""
    row = PortalSession.objects.filter(token_hash=tokens.hashed(token)).select_related("subject").first()
    return row.subject if row and not row.subject.erased_at else None


@transaction.atomic
def leave(*, token: str) -> None:
    """End a visit."""
    PortalSession.objects.filter(token_hash=tokens.hashed(token)).delete()


def end_all(*, of: Iterable[Subject]) -> None:
    """End every visit to these records; inside the caller's transaction."""
    PortalSession.objects.filter(subject__in=of).delete()


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete visits that are over; how many."""
    return PortalSession.objects.filter(started_at__lt=now - settings.PORTAL_MAX).delete()[0]
