"""What a customer had typed when a fresh code was asked for, or their visit was over: kept encrypted until they come
back with it. kind: of a request for a right, `concern`, or the number of what they write more to."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit import vault
from consent.models import RightsDraft, Subject

LASTS = timedelta(days=1)
_PLACE = "rights-draft"


@transaction.atomic
def keep(*, subject: Subject, kind: str, typed: dict[str, str], now: datetime) -> None:
    """Keep what was typed, in place of what was kept before."""
    sealed = vault.of(subject.pseudonym).seal(json.dumps(typed).encode(), f"{_PLACE} {kind}")
    RightsDraft.objects.update_or_create(subject=subject, kind=kind, defaults={"sealed": sealed, "saved_at": now})


def read(*, subject: Subject, kind: str, now: datetime) -> dict[str, Any]:
    """What was typed; nothing where nothing is kept, or for too long."""
    found = RightsDraft.objects.filter(subject=subject, kind=kind, saved_at__gt=now - LASTS).first()
    if found is None:
        return {}
    opened = vault.of(subject.pseudonym).open(bytes(found.sealed), f"{_PLACE} {kind}")
    kept: dict[str, Any] = json.loads(opened)
    return kept


def drop(*, subject: Subject, kind: str) -> None:
    """Delete it; inside the caller's transaction."""
    RightsDraft.objects.filter(subject=subject, kind=kind).delete()


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete what was kept for a day; how many."""
    return RightsDraft.objects.filter(saved_at__lt=now - LASTS).delete()[0]
