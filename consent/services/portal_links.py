"""One way in: a link from the brand's own site that works once. The visit it begins is in `visits`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from consent.errors import Field, IdentifierUnverified, Invalid, LinkSpent
from consent.models import PortalLink, Subject
from consent.services import handles, ledger, tokens, visits
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle
from consent.services.visits import Visit

LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class Invitation:
    """A link's token, which is shown once and not stored, and when it ends."""

    token: str
    expires_at: datetime


@transaction.atomic
def create(*, subject: Handle, language: str = "", by: Actor, now: datetime) -> Invitation:
    """An invitation for one customer we know. Raises Invalid for one we do not.

    Raises IdentifierUnverified where nobody vouched that the identifier is theirs: the link opens all that they see.
    """
    row = handles.row(subject)
    if row is None:
        raise Invalid(Field("/subject", "unknown", "We know no such customer; make them known first."))
    if not row.verified:
        raise IdentifierUnverified
    found = row.subject
    token = tokens.make()
    PortalLink.objects.create(
        subject=found, token_hash=tokens.hashed(token), language=language, created_at=now, expires_at=now + LASTS
    )
    ledger.record(Fact("portal.invited", subject=found.pseudonym), by=by, now=now)
    return Invitation(token, now + LASTS)


def open_invitation(*, token: str, now: datetime) -> str:
    """The language of an invitation that can still be used; changes nothing. Raises LinkSpent."""
    row = _unused(token, now).first()
    if row is None:
        raise LinkSpent
    return row.language


@transaction.atomic
def enter(*, token: str, instead_of: str = "", by: Actor, now: datetime) -> Visit:
    """Use an invitation up and start a visit. Raises LinkSpent, also for the second of two at the same moment.

    instead_of: the token of the visit that this browser had, which ends.
    """
    if _unused(token, now).update(used_at=now) != 1:
        raise LinkSpent
    link = PortalLink.objects.select_related("subject").get(token_hash=tokens.hashed(token))
    return visits.start(subject=link.subject, language=link.language, instead_of=instead_of, by=by, now=now)


def end_all(*, of: Iterable[Subject]) -> None:
    """End every invitation to these records; inside the caller's transaction."""
    PortalLink.objects.filter(subject__in=of).delete()


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete links that are over; how many."""
    return PortalLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()[0]


def _unused(token: str, now: datetime) -> QuerySet[PortalLink]:
    # Who was erased just when the link was made has one that leads nowhere.
    row = PortalLink.objects.filter(token_hash=tokens.hashed(token), used_at__isnull=True, expires_at__gt=now)
    return row.filter(subject__erased_at=None)
