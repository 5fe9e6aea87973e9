"""Retention: uses of data leave the log when they are old. What was said, promised and erased stays for good.

First it is declared, as a fact of the log itself; once that is sealed and published, the entries go. So whoever follows
the log sees it coming, and whatever is missing without such a fact was deleted by somebody else (docs/adr/0013).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.proof.pruning import ACTION
from audit.services import pruning
from audit.services.pruning import Due
from consent.errors import Conflict
from consent.models import Asked
from consent.rules.actions import AGEING
from consent.services import ledger
from consent.services.ledger import Actor, Fact

TIMETABLE = Actor("operator", name="timetable")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Run:
    """What one run did: so many entries went; what was declared, and by which entry; that goes once it is published."""

    gone: int
    declared: Due | None = None
    number: UUID | None = None


def run(*, keep_days: int, by: Actor, now: datetime, progress: Progress = lambda done, of: None) -> Run:
    """Delete what was declared before and is published, also what a restored backup brought back; then declare more.

    Safe to stop anywhere and to repeat. Raises Conflict when somebody else declares at the same time.
    """
    gone = finish(progress=progress)
    due = plan(keep_days=keep_days, now=now)
    return Run(gone, due, declare(due=due, keep_days=keep_days, by=by, now=now)) if due else Run(gone)


def plan(*, keep_days: int, now: datetime) -> Due | None:
    """What a policy would let go now; None when nothing is that old. Only reads."""
    return pruning.due(actions=AGEING, before=now - timedelta(days=keep_days))


@transaction.atomic
def declare(*, due: Due, keep_days: int, by: Actor, now: datetime) -> UUID:
    """Write down what goes, and by which policy; returns the number of that entry. Nothing is deleted yet.

    Raises Conflict when somebody else has declared since `plan` was asked.
    """
    if pruning.hold() != due.first:
        raise Conflict("Somebody else prunes the log just now. Run `trustcenter prune-log` again.")
    fact = Fact(ACTION, details=pruning.details(due, keep_days=keep_days))
    entry = ledger.record(fact, by=by, now=now)
    pruning.let_go(entry, due)
    return entry.id


def finish(*, progress: Progress = lambda done, of: None) -> int:
    """Delete what was declared and is published, many entries in each transaction; returns how many went."""
    gone, total = 0, pruning.left()
    while some := take():
        gone += some
        progress(gone, max(gone, total))
    return gone


@transaction.atomic
def take() -> int:
    """Delete some of what was declared, with what stands beside it; returns how many, 0 when all are gone."""
    numbers = pruning.take()
    Asked.objects.filter(entry_id__in=numbers).delete()
    return len(numbers)
