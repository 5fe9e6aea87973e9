"""One request, one effect: answers kept under the caller's Idempotency-Key for 24 hours."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit import vault
from consent.errors import KeyReused, StillRunning
from consent.models import Answer, ApiKey
from consent.services import handles
from consent.services.handles import Handle

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)


def once(
    *,
    key: ApiKey,
    name: str,
    request: bytes,
    work: Callable[[], tuple[int, bytes]],
    about: Iterable[Handle] = (),
    now: datetime,
) -> tuple[int, bytes]:
    """Do `work` and keep its answer, or give the answer kept for the same name; both commit together.

    name: the caller's Idempotency-Key. request: what makes two requests the same (method, path, body).
    about: whom the request names; the erasure of one of these customers takes the answer away.
    Raises StillRunning while the first request runs, KeyReused for another request under the same name. When work
    raises, nothing is kept, so that the caller can mend the request and use the name again.
    """
    claimed = _claim(key, *_hashes(name, request), now)
    place = bytes(claimed.name_hash).hex()
    if claimed.status:
        return claimed.status, vault.house().open(bytes(claimed.body), place)
    mine = Answer.objects.filter(pk=claimed.pk, status=0, lease_until=claimed.lease_until)
    try:
        with transaction.atomic():
            # Held until we commit, so that nobody takes our place while we work; whoever already has, works alone.
            if mine.select_for_update().first() is None:
                raise StillRunning
            status, body = work()
            # An answer may hold a secret, such as a link to the portal: it is kept encrypted.
            mine.update(status=status, body=vault.house().seal(body, place))
            claimed.subjects.set({row.subject_id for row in handles.recorded(about).values()})
    except BaseException:
        mine.delete()
        raise
    return status, body


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete the answers that are older than a day; how many."""
    return Answer.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _hashes(name: str, request: bytes) -> tuple[bytes, bytes]:
    """What is kept of the name, and of the request: under the name, so that no guess can be held against it."""
    return hashlib.sha256(name.encode()).digest(), hmac.digest(name.encode(), request, "sha256")


def _claim(key: ApiKey, name_hash: bytes, request_hash: bytes, now: datetime) -> Answer:
    """The row of this request, new or answered. It commits at once, so that a second request sees the first."""
    try:
        with transaction.atomic():
            return Answer.objects.create(
                key=key,
                name_hash=name_hash,
                request_hash=request_hash,
                lease_until=now + LEASE,
                created_at=now,
            )
    except IntegrityError:
        found = Answer.objects.filter(key=key, name_hash=name_hash).first()
        if found is None:  # the first request failed this very moment, and takes its row away
            raise StillRunning from None
        row = found
    if bytes(row.request_hash) != request_hash:
        raise KeyReused
    if row.status:
        return row
    # The first request may have died: whoever moves its lease forward takes its place.
    taken = Answer.objects.filter(pk=row.pk, status=0, lease_until__lt=now).update(lease_until=now + LEASE)
    if not taken:
        raise StillRunning
    row.lease_until = now + LEASE
    return row
