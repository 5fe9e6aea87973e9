"""The one-time token of a yes that waits to be confirmed (double opt-in). Whoever holds it, holds the address."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.errors import LinkSpent
from consent.models import Confirmation, ConsentEvent, Controller, Purpose, Recipient, Subject
from consent.rules import lifecycle
from consent.services import tokens, versions

LASTS = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """The token, which is told once and not stored, and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Told:
    """A yes on the page that confirms it."""

    controller: Controller
    words: dict[str, str]
    language: str
    categories: tuple[str, ...]
    recipients: tuple[Recipient, ...]


def make(event: ConsentEvent, *, now: datetime) -> Waiting:
    """A token for a pending yes; inside the caller's transaction."""
    made = Waiting(tokens.make(), now + LASTS)
    Confirmation.objects.create(event=event, token_hash=tokens.hashed(made.token), expires_at=made.expires_at)
    return made


def find(*, token: str, now: datetime) -> ConsentEvent:
    """The yes that a token can still confirm; changes nothing. Raises LinkSpent."""
    row = Confirmation.objects.filter(token_hash=tokens.hashed(token), used_at__isnull=True, expires_at__gt=now)
    found = row.select_related(
        "event__subject", "event__purpose__current", "event__version__controller", "event__notice"
    ).first()
    if found is None or _answered_since(found.event):
        raise LinkSpent
    return found.event


def told(event: ConsentEvent, *, language: str) -> Told:
    """What the page shows of a yes: the words, the data and who gets it, as they were agreed to."""
    published = versions.read([event.version])[event.version_id]
    notice = event.notice or published.notice(language)
    return Told(
        controller=event.version.controller,
        words=notice.text,
        language=notice.language,
        categories=tuple(
            versions.label(row.name, notice.language) for row in published.categories if row.key in event.categories
        ),
        recipients=tuple(row for row in published.recipients if row.key in event.recipients),
    )


def redeem(*, token: str, subject: Subject, purpose: Purpose, now: datetime) -> ConsentEvent:
    """Use a token up and return its yes; inside the caller's transaction. Raises LinkSpent, also for another's."""
    event = find(token=token, now=now)
    mine = (event.subject_id, event.purpose_id) == (subject.pk, purpose.pk)
    used = Confirmation.objects.filter(event=event, used_at__isnull=True)
    if not mine or used.update(used_at=now) != 1:
        raise LinkSpent
    return event


def end_all(*, of: Iterable[Subject], among: Collection[str] | None = None, now: datetime) -> None:
    """Use up every token that waits for one of these customers; inside the caller's transaction.

    among: the keys of the only purposes that this is about; None for all.
    """
    waiting = Confirmation.objects.filter(event__subject__in=of, used_at__isnull=True)
    if among is not None:
        waiting = waiting.filter(event__purpose__key__in=list(among))
    waiting.update(used_at=now)


def _answered_since(event: ConsentEvent) -> bool:
    """Whether the customer said yes or no after that: then it is the later word that counts."""
    later = ConsentEvent.objects.filter(subject=event.subject_id, purpose=event.purpose_id, pk__gt=event.pk)
    return later.filter(act__in=lifecycle.ANSWERS).exists()
