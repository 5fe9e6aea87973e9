"""A new key for log or receipts: announced in the log itself, both stand for a while, then the old one ends."""

from datetime import datetime

from django.db import transaction

from audit import keys
from audit.services import order, rotation
from consent.errors import Conflict, Field, Invalid
from consent.services import ledger, signed_receipts
from consent.services.ledger import Actor, Fact

LOG, RECEIPT = "log", "receipt"


@transaction.atomic
def begin(*, name: str, by: Actor, now: datetime) -> str:
    """Announce the key that follows `name`; heads carry both signatures from here on. Returns its vkey.

    A receipt has one signature: the next key signs none before the old one has ended.
    Raises Conflict when two keys stand already.
    """
    if rotation.overlapping(name):
        raise Conflict("There are two keys already. End the old one with `trustcenter rotate-keys --finish`.")
    since = rotation.published() if name == LOG else signed_receipts.done()
    vkey = rotation.announce_next(name, since=since, now=now)
    ledger.record(Fact("log.key_rotated", details={"begins": vkey}), by=by, now=now)
    return vkey


def finish(*, name: str, by: Actor, now: datetime) -> str:
    """End the old key `name`; the next one takes its place. Returns the vkey of the old one.

    Raises Conflict while there is only one.
    """
    if not rotation.overlapping(name):
        raise Conflict("There is only one key. Begin with `trustcenter rotate-keys`.")
    old = rotation.vkey(name)
    with transaction.atomic():
        _end(old, order.size(), by, now)
    keys.promote_next(name)
    return old


def revoke(*, since: datetime, by: Actor, now: datetime) -> str:
    """The receipt key is in other hands since a moment: it ends there, and the next one signs. Returns the old vkey.

    What it signed of entries that the log had sealed before goes on being good: their place proves when they were
    made. Raises Invalid for a moment that is still to come.
    """
    _check_past(since, now)
    old = rotation.vkey(RECEIPT)
    with transaction.atomic():
        if not rotation.overlapping(RECEIPT):
            begin(name=RECEIPT, by=by, now=now)
        _end(old, order.size() if since == now else rotation.size_then(since), by, now, because="compromised")
    keys.promote_next(RECEIPT)
    return old


@transaction.atomic
def disown(*, vkey: str, since: datetime, by: Actor, now: datetime) -> int:
    """A receipt key that ended was in other hands before that, since a moment: it is believed up to there only.

    Returns the place of the log from which on it vouches for no entry. Raises Invalid for a moment that is still to
    come, Conflict unless a receipt key of this name ended later than that.
    """
    _check_past(since, now)
    at = rotation.size_then(since)
    if not rotation.shorten(vkey, at=at):
        raise Conflict("No receipt key of this name ended later than that. /log/vkeys lists those that ended.")
    _tell(vkey, at, by, now, because="compromised")
    return at


def _check_past(since: datetime, now: datetime) -> None:
    if since > now:
        raise Invalid(Field("/since", "future", "A moment that is still to come cannot be when it was stolen."))


def _end(old: str, at: int, by: Actor, now: datetime, **more: str) -> None:
    rotation.retire(old, at=at)
    _tell(old, at, by, now, **more)


def _tell(old: str, at: int, by: Actor, now: datetime, **more: str) -> None:
    ledger.record(Fact("log.key_rotated", details={"ends": old, "at": at, **more}), by=by, now=now)
