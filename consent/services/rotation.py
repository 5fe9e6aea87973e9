"""A new key for the log: announced in the log itself, both sign for a while, then the old one ends."""

from datetime import datetime

from django.db import transaction

from audit import keys
from audit.services import heads
from consent.errors import Conflict
from consent.services import ledger
from consent.services.ledger import Actor, Fact


@transaction.atomic
def begin(*, by: Actor, now: datetime) -> str:
    """Announce the next log key; heads carry both signatures from here on. Returns its vkey.

    Raises Conflict when two keys sign already.
    """
    if heads.overlapping():
        raise Conflict("Two keys sign already. End the old one with `trustcenter rotate-keys --finish`.")
    vkey = heads.announce_next(now=now)
    ledger.record(Fact("log.key_rotated", details={"begins": vkey}), by=by, now=now)
    return vkey


def finish(*, by: Actor, now: datetime) -> str:
    """End the old log key; the next one takes its place. Returns the vkey of the old one.

    Raises Conflict while only one key signs.
    """
    if not heads.overlapping():
        raise Conflict("Only one key signs. Begin with `trustcenter rotate-keys`.")
    old = heads.own_vkey("log")
    with transaction.atomic():
        heads.retire(old)
        ledger.record(Fact("log.key_rotated", details={"ends": old}), by=by, now=now)
    keys.promote_next()
    return old
