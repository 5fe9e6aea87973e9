"""What a customer had typed when a fresh code was asked for, or their visit was over: kept encrypted until they come
back with it. kind: of a request for a right, `concern`, or the number of what they write more to.

by: who types, the customer or whoever acts for them. Nobody is shown what another one typed.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit import vault
from consent.models import Mandate, RightsDraft, Subject
from consent.rules import acting
from consent.services.ledger import Actor

LASTS = timedelta(days=1)
_PLACE = "rights-draft"


@transaction.atomic
def keep(*, subject: Subject, kind: str, typed: dict[str, str], by: Actor, now: datetime) -> None:
    """Keep what was typed, in place of what was kept before."""
    sealed = vault.of(subject.pseudonym).seal(json.dumps(typed).encode(), f"{_PLACE} {kind}")
    mandate = Mandate.objects.get(entry_id=by.ref) if by.type in acting.BY_MANDATE else None
    told = {"sealed": sealed, "saved_at": now}
    RightsDraft.objects.update_or_create(subject=subject, kind=kind, mandate=mandate, defaults=told)


def read(*, subject: Subject, kind: str, by: Actor, now: datetime) -> dict[str, Any]:
    """What was typed; nothing where nothing is kept, or for too long."""
    found = _typed(subject, kind, by).filter(saved_at__gt=now - LASTS).first()
    if found is None:
        return {}
    opened = vault.of(subject.pseudonym).open(bytes(found.sealed), f"{_PLACE} {kind}")
    kept: dict[str, Any] = json.loads(opened)
    return kept


def drop(*, subject: Subject, kind: str, by: Actor) -> None:
    """Delete it; inside the caller's transaction."""
    _typed(subject, kind, by).delete()


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete what was kept for a day; how many."""
    return RightsDraft.objects.filter(saved_at__lt=now - LASTS).delete()[0]


def _typed(subject: Subject, kind: str, by: Actor) -> QuerySet[RightsDraft]:
    found = RightsDraft.objects.filter(subject=subject, kind=kind)
    return found.filter(mandate__entry_id=by.ref) if by.type in acting.BY_MANDATE else found.filter(mandate=None)
