"""How often somebody without a name may come to a door from one network. Only a keyed hash of the network is kept."""

from datetime import datetime, timedelta

from django.db import transaction

from audit import vault
from consent.errors import TooMany
from consent.models import Knock

WINDOW = timedelta(hours=1)


def count(*, door: str, network: str, most: int, now: datetime) -> None:
    """Note one more. Raises TooMany for more than `most` within an hour; who was refused is not counted.

    A knock is written down before it is counted: however many come at the same moment, no more than these pass. So
    this is no part of another transaction.
    """
    hashed = vault.lookup_hash(f"network at {door}", network)
    row = Knock.objects.create(door=door, network_hash=hashed, at=now)
    if Knock.objects.filter(door=door, network_hash=hashed, at__gt=now - WINDOW).count() > most:
        row.delete()
        raise TooMany("Too many came from where you are. Wait an hour, then try again.", retry_after=3600)


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete those that count no more; how many."""
    return Knock.objects.filter(at__lt=now - WINDOW).delete()[0]
