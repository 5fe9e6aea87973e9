"""Let the log go on after the sealer refused: a person decides, and that they did is itself in the log.

Each verb answers one refusal (audit/services/refusals.py) and does nothing where another, or none, stands.
"""

import json
from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.models import Entry, Head
from audit.services import export, heads, seal
from audit.services.refusals import Refused
from consent.errors import Conflict
from consent.services import ledger
from consent.services.ledger import Actor, Fact

# Why a log is left behind: its database was restored and lacks entries, holds others than were published, its key
# is in other hands, or it gets another name.
CAUSES = ("restored", "forked", "compromised", "renamed")


@transaction.atomic
def accept_clock(*, by: Actor, now: datetime) -> None:
    """Sign on from now, though the last head carries a later time. Raises Conflict unless the clock is the trouble."""
    _expect("clock_back", now)
    ledger.record(Fact("log.clock_accepted"), by=by, now=now)
    # Last, so that a file that cannot be written takes the fact back too.
    heads.set_clock(now=now)


@transaction.atomic
def accept_database(*, by: Actor, now: datetime) -> None:
    """Take the last head that the database knows for the last that was published, since nothing else tells.

    Raises Conflict unless the mark is missing, and Refused for a database that contradicts itself.
    """
    _expect("mark_missing", now)
    head, _ = heads.last()
    ledger.record(Fact("log.mark_accepted", details={"size": head.size, "root": head.root.hex()}), by=by, now=now)
    heads.adopt()


def new_log(*, because: str, by: Actor, now: datetime) -> int:
    """Leave the old log as it was published, and go on under the name that LOG_ORIGIN now has.

    The tree is kept: the entries that are left stand where they stood, and next comes `log.genesis`, which says how
    the old log ended (docs/adr/0010). Returns the place of that entry. Repeated after a crash, it goes on.
    Raises Conflict when the name was used before, or when a key in other hands would sign the new log too.
    """
    if because == "compromised" and not heads.is_new_key():
        raise Conflict(
            "The log key has signed before. Take log.key away, and let `trustcenter migrate` make a new one."
        )
    if heads.used(settings.LOG_ORIGIN):
        raise Conflict(f"A log was called {settings.LOG_ORIGIN} before. Give LOG_ORIGIN a name that is new.")
    place = _genesis(because, by, now)
    heads.restart(now=now)
    return place


@transaction.atomic
def _genesis(because: str, by: Actor, now: datetime) -> int:
    begun = Entry.objects.filter(action="log.genesis", leaf_row__seq__gte=export.sealed()).select_related("leaf_row")
    for entry in begun:
        if json.loads(bytes(entry.leaf))["details"]["origin"] == settings.LOG_ORIGIN:
            return entry.leaf_row.seq
    old, checkpoint = heads.last()
    held = Head.objects.select_for_update().get()
    details = {
        "because": because,
        "origin": settings.LOG_ORIGIN,
        "old": {"origin": old.origin, "size": old.size, "root": old.root.hex(), "checkpoint": checkpoint},
        "held": {"size": held.size, "root": bytes(held.root).hex()},
        "lost": max(0, old.size - held.size),
    }
    heads.retire_log(old)
    return seal.take(ledger.record(Fact("log.genesis", details=details), by=by, now=now))


def _expect(code: str, now: datetime) -> None:
    try:
        heads.look(now=now)
    except Refused as problem:
        if problem.code == code:
            return
        raise Conflict(f"Something else is the matter. {problem} {problem.mending}") from None
    raise Conflict("The sealer does not refuse; there is nothing to mend.")
