"""Which keys sign log and receipts, from when and until when. A key is named as in audit/keys.py: `log` or `receipt`.

Of a log key: it signs heads of more than `since_size` entries, and of at most `until_size`. Of a receipt key: it
vouches for entries from place `since_size` on, and for none from `until_size` on.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from audit import keys
from audit.models import Checkpoint as SignedHead
from audit.models import VerifierKey
from audit.proof import note, receipt
from audit.proof.keyset import KeySet


def vkey(name: str) -> str:
    """The public text of one of our keys that sign."""
    of_log = name in ("log", keys.following("log"))
    return note.vkey(settings.LOG_ORIGIN if of_log else receipt.key_name(settings.LOG_ORIGIN), keys.signer(name).public)


def announce(name: str, *, now: datetime) -> VerifierKey:
    """Publish the key that signs, once."""
    # Not how large the tree is: its head may be the first that this key signs.
    since = published() if name == "log" else 0
    values = {"purpose": name, "created_at": now, "since_size": since}
    return VerifierKey.objects.get_or_create(vkey=vkey(name), defaults=values)[0]


def announce_next(name: str, *, since: int, now: datetime) -> str:
    """Publish the key that is to follow, before it signs anything alone. Returns its vkey.

    since: what it is never to sign, as above.
    """
    found = vkey(keys.following(name))
    VerifierKey.objects.create(vkey=found, purpose=name, created_at=now, since_size=since)
    return found


def overlapping(name: str) -> bool:
    """Whether the next key is announced, beside the one that signs."""
    following = keys.following(name)
    return keys.has(following) and VerifierKey.objects.filter(vkey=vkey(following), until_size=None).exists()


def retire(ended: str, *, at: int) -> None:
    """A key ends with the log at this size."""
    VerifierKey.objects.filter(vkey=ended, until_size=None).update(until_size=at)


def shorten(ended: str, *, at: int) -> bool:
    """A key of receipts that ended is believed from now on only before an earlier place; False where it is none."""
    return bool(VerifierKey.objects.filter(vkey=ended, purpose="receipt", until_size__gt=at).update(until_size=at))


def published() -> int:
    """How many entries the newest head has."""
    return _published(SignedHead.objects.all())


def size_then(moment: datetime) -> int:
    """How many entries the newest head had that was signed by then."""
    return _published(SignedHead.objects.filter(signed_at__lte=moment))


def keyset() -> KeySet:
    """Every public key of this house, with where it began and ended, as whoever checks may have it."""
    rows = list(VerifierKey.objects.order_by("id"))
    begins = {row.vkey: row.since_size for row in rows if row.since_size}
    return KeySet(
        [row.vkey for row in rows], begins, {row.vkey: row.until_size for row in rows if row.until_size is not None}
    )


def _published(signed: QuerySet[SignedHead]) -> int:
    newest = signed.order_by("-size").first()
    return newest.size if newest else 0
