"""Which keys sign log and receipts, from when and until when. A key is named as in audit/keys.py: `log` or `receipt`.

`until_size` of a log key: it signs no larger head. Of a receipt key: it vouches for no entry from that place on.
"""

from datetime import datetime

from django.conf import settings

from audit import keys
from audit.models import Checkpoint as SignedHead
from audit.models import VerifierKey
from audit.proof import note, receipt
from audit.proof.keyset import KeySet
from audit.services import order


def vkey(name: str) -> str:
    """The public text of one of our keys that sign."""
    of_log = name in ("log", keys.following("log"))
    return note.vkey(settings.LOG_ORIGIN if of_log else receipt.key_name(settings.LOG_ORIGIN), keys.signer(name).public)


def announce(name: str, *, now: datetime) -> VerifierKey:
    """Publish the key that signs, once."""
    values = {"purpose": name, "created_at": now, "since_size": order.size() if name == "log" else 0}
    return VerifierKey.objects.get_or_create(vkey=vkey(name), defaults=values)[0]


def announce_next(name: str, *, now: datetime) -> str:
    """Publish the key that is to follow, before it signs anything alone. Returns its vkey."""
    found = vkey(keys.following(name))
    VerifierKey.objects.create(vkey=found, purpose=name, created_at=now, since_size=order.size())
    return found


def overlapping(name: str) -> bool:
    """Whether the next key is announced, beside the one that signs."""
    following = keys.following(name)
    return keys.has(following) and VerifierKey.objects.filter(vkey=vkey(following), until_size=None).exists()


def retire(ended: str, *, at: int) -> None:
    """A key ends with the log at this size."""
    VerifierKey.objects.filter(vkey=ended, until_size=None).update(until_size=at)


def size_then(moment: datetime) -> int:
    """How many entries the newest head had that was signed by then."""
    newest = SignedHead.objects.filter(signed_at__lte=moment).order_by("-size").first()
    return newest.size if newest else 0


def keyset() -> KeySet:
    """Every public key of this house, with where it ended, as whoever checks may have it."""
    rows = list(VerifierKey.objects.order_by("id"))
    return KeySet([row.vkey for row in rows], {row.vkey: row.until_size for row in rows if row.until_size is not None})
