"""A customer's visit to the portal: a session in a cookie, which knows how sure we are who it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from consent.errors import CodeNeeded, NotFound
from consent.models import Mandate, PortalSession, Subject
from consent.services import families, ledger, mandates, tokens
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
    """Whose pages a cookie shows, and whether the visitor entered a code a moment ago (level 2).

    own: the visitor; another customer than `subject` where they act for one, by `mandate`; named: what they call whom
    they act for. holds, gave: whether there is a mandate of theirs, and one over them. ends: when the visit is over if
    they do nothing, in so many seconds (`left`).
    """

    subject: Subject
    fresh: bool
    own: Subject
    ends: datetime
    left: int
    mandate: Mandate | None = None
    named: str = ""
    holds: bool = False
    gave: bool = False


def start(
    *, subject: Subject, level: int = 1, language: str = "", instead_of: str = "", by: Actor, now: datetime
) -> Visit:
    """A new visit under a new token, inside the caller's transaction: nobody who knew an older one is in it.

    level: 1 is known, 2 is shown afresh by a code. instead_of: the token of the visit that this browser had; it ends.
    Who showed it afresh while they acted for another goes on acting for them, unless that visit was over.
    """
    before = visitor(token=instead_of, now=now) if level == 2 else None
    mandate = before.mandate if before and before.own.pk == subject.pk else None
    fresh_at = now if level == 2 else None
    visit = _begin(PortalSession(subject=subject, level=level, fresh_at=fresh_at, mandate=mandate), instead_of, now)
    ledger.record(Fact("portal.entered", subject=subject.pseudonym, details={"level": level}), by=by, now=now)
    return Visit(visit.token, subject, language)


def visitor(*, token: str, now: datetime) -> Visitor | None:
    """Whose visit a cookie is; None when there is none or it is over. Moves the idle clock, by the minute.

    A visit under a mandate is over when that is: it must not go on as the visitor's own, with pages of another's open.
    """
    row = _row(token)
    if row is None or row.subject.erased_at:
        return None
    if now - row.seen_at > settings.PORTAL_IDLE or now - row.started_at > settings.PORTAL_MAX:
        return None
    subject = mandates.represented(row.mandate, now) if row.mandate else row.subject
    if subject is None:
        return None
    if now - row.seen_at > timedelta(minutes=1):
        row.seen_at = now
        PortalSession.objects.filter(pk=row.pk).update(seen_at=now)
    fresh = row.fresh_at is not None and now - row.fresh_at <= FRESH
    ends = min(row.seen_at + settings.PORTAL_IDLE, row.started_at + settings.PORTAL_MAX)
    left = int((ends - now).total_seconds())
    named = mandates.named(row.mandate) if row.mandate else ""
    return Visitor(subject, fresh, row.subject, ends, left, row.mandate, named, **_involved(row))


def was(*, token: str, by: Actor, now: datetime) -> tuple[Subject, Actor] | None:
    """Whose pages a visit shows or showed, over by itself or not, and who acts in it: for what they then send.

    by: the visitor; under a mandate it comes back as whoever holds that. None after they signed out, and where a
    mandate stands no more.
    """
    row = _row(token)
    if row is None or row.subject.erased_at:
        return None
    if row.mandate is None:
        return row.subject, by
    subject = mandates.represented(row.mandate, now)
    return (subject, _acting(by, row.mandate)) if subject else None


@transaction.atomic
def act_for(*, token: str, number: UUID, by: Actor, now: datetime) -> Visit:
    """Go on in the place of the customer whom a mandate is for: another visit, of which they are told.

    token: of the visit, in which a code was entered a moment ago. Raises NotFound for a mandate that its visitor does
    not hold, or that stands no more; CodeNeeded.
    """
    row, found = _row(token), visitor(token=token, now=now)
    if row is None or found is None or number not in {each.number for each in mandates.held(by=found.own, now=now)}:
        raise NotFound("There is no such mandate.")
    if not found.fresh:
        raise CodeNeeded
    mandate = Mandate.objects.select_related("subject").get(entry_id=number)
    subject = families.survivor(mandate.subject)
    visit = _begin(_copy(row, mandate), token, now)
    fact = Fact("mandate.used", subject=subject.pseudonym, outcome="allowed", reason=mandate.kind)
    ledger.record(fact, by=_acting(by, mandate), now=now)
    return visit


@transaction.atomic
def stop_acting(*, token: str, now: datetime) -> Visit | None:
    """Go on as oneself, under another token; None where there is no visit."""
    row = _row(token)
    return _begin(_copy(row, None), token, now) if row else None


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


def _row(token: str) -> PortalSession | None:
    """The visit of a cookie, and whether its visitor has to do with a mandate, in one query."""
    theirs = {
        name: Exists(Mandate.objects.filter(Q(**{role: mine}) | Q(**{f"{role}__link_away__survivor": mine})))
        for mine in [OuterRef("subject")]
        for name, role in (("holds", "holder"), ("gave", "subject"))
    }
    found = PortalSession.objects.annotate(**theirs).select_related("subject", "mandate__subject")
    return found.filter(token_hash=tokens.hashed(token)).first()


def _involved(row: PortalSession) -> dict[str, bool]:
    """What `_row` found beside the visit itself."""
    return {name: bool(getattr(row, name)) for name in ("holds", "gave")}


def _acting(by: Actor, mandate: Mandate) -> Actor:
    return replace(by, type=mandate.kind, ref=str(mandate.entry_id))


def _begin(row: PortalSession, instead_of: str, now: datetime) -> Visit:
    """Write a visit under a new token, in place of an older one."""
    leave(token=instead_of)
    token = tokens.make()
    row.token_hash, row.started_at, row.seen_at = tokens.hashed(token), row.started_at or now, now
    row.save(force_insert=True)
    return Visit(token, row.subject)


def _copy(row: PortalSession, mandate: Mandate | None) -> PortalSession:
    """The same visit, by a mandate or without one; it lasts no longer for that."""
    kept = {name: getattr(row, name) for name in ("subject", "level", "fresh_at", "started_at")}
    return PortalSession(**kept, mandate=mandate)
