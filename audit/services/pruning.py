"""Take entries out of the log by a policy that the published log itself declares: the only way to delete one.

First `log.pruned` is written and published (audit/proof/pruning.py says what it declares), then the entries go, little
by little; the guard of Entry holds every deletion against that. The tree stays. What a crash or a restored backup left
behind is found by the next run, as entries that were declared and are still there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet

from audit import rows
from audit.models import FINDINGS, Entry, Leaf, Payload, Pruning
from audit.models import Checkpoint as SignedHead
from audit.proof import pruning

TOGETHER = 500  # entries a transaction, during which SQLite lets nobody else write
_DECLARING = -1  # the line in which whoever declares waits; others have numbers from 0 on


@dataclass(frozen=True)
class Due:
    """What the policy lets go next: so many entries of these actions, recorded before a moment, in one stretch."""

    first: int
    until: int
    actions: tuple[str, ...]
    before: datetime
    entries: int
    places: str


def due(*, actions: Sequence[str], before: datetime) -> Due | None:
    """What may be declared now; None when there is nothing. Only reads.

    The stretch begins where the last one ended, and ends before the first entry that is not as old, and at the latest
    with the newest head that was published before that moment.
    """
    first = Pruning.objects.aggregate(until=Max("until"))["until"] or 0
    old = SignedHead.objects.filter(signed_at__lt=before).order_by("-size").first()
    until = old.size if old else 0
    stretch = Leaf.objects.filter(seq__gte=first, seq__lt=until).order_by("seq")
    young = stretch.filter(entry__recorded_at__gte=before).values_list("seq", flat=True).first()
    found = pruning.Places()
    going = stretch.filter(seq__lt=until if young is None else young, entry__action__in=tuple(actions))
    for place in going.exclude(entry__outcome__in=FINDINGS).values_list("seq", flat=True).iterator():
        found.add(place)
    end = until if young is None else young
    return Due(first, end, tuple(actions), before, found.count, found.digest) if found.count else None


def details(found: Due, *, keep_days: int) -> dict[str, Any]:
    """What `log.pruned` says of it, with how large the published log is now, and its root."""
    newest = SignedHead.objects.order_by("-size")[0]
    return {
        "first": found.first,
        "until": found.until,
        "size": newest.size,
        "root": bytes(newest.root).hex(),
        "keep_days": keep_days,
        "actions": list(found.actions),
        "spared": list(FINDINGS),
        "entries": found.entries,
        "places": found.places,
    }


def hold() -> int:
    """Let nobody else declare until the caller's transaction ends; returns the place where the next stretch begins."""
    rows.line_up([_DECLARING])
    return Pruning.objects.aggregate(until=Max("until"))["until"] or 0


def let_go(entry: Entry, found: Due) -> None:
    """Write down for the guard what this entry declares; in the transaction that wrote it."""
    Pruning.objects.bulk_create(
        Pruning(entry=entry, action=each, first=found.first, until=found.until, before=found.before)
        for each in found.actions
    )


def left() -> int:
    """How many entries were declared, by a published `log.pruned`, and are still there."""
    return sum(_left(action, before).count() for action, before in _published())


def take() -> list[UUID]:
    """Delete some of these with their payloads, in the caller's transaction; returns which, none when all are gone."""
    for action, before in _published():
        found = list(_left(action, before).order_by("id").values_list("id", flat=True)[:TOGETHER])
        if found:
            _delete(found)
            return found
    return []


def covers(seq: int) -> bool:
    """Whether the entry at this place may be missing, as far as the log declares."""
    return Pruning.objects.filter(first__lte=seq, until__gt=seq).exists()


def since() -> datetime | None:
    """The moment from which on nothing was pruned; None when nothing ever was."""
    found: datetime | None = Pruning.objects.aggregate(before=Max("before"))["before"]
    return found


def declarations(size: int) -> list[pruning.Declaration]:
    """What the first `size` entries declare. Raises ProofError when one cannot be so."""
    rows = Leaf.objects.filter(entry__action=pruning.ACTION, seq__lt=size).order_by("seq").select_related("entry")
    return [pruning.read(row.seq, bytes(row.entry.leaf)) for row in rows]


def _published() -> list[tuple[str, datetime]]:
    """Each action of which something was declared by an entry of the published log, and the newest moment of it."""
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    found = Pruning.objects.filter(entry__leaf_row__seq__lt=size).values("action").annotate(newest=Max("before"))
    return list(found.order_by("action").values_list("action", "newest"))


def _left(action: str, before: datetime) -> QuerySet[Entry]:
    size = SignedHead.objects.aggregate(size=Max("size"))["size"] or 0
    place = OuterRef("leaf_row__seq")
    declared = Pruning.objects.filter(action=action, first__lte=place, until__gt=place, entry__leaf_row__seq__lt=size)
    # The number of an entry begins with its time: so those that are old are found without reading the others.
    end = UUID(int=(int(before.astimezone(UTC).timestamp() * 1000) + 1) << 80)
    return Entry.objects.filter(Exists(declared), action=action, id__lt=end).exclude(outcome__in=FINDINGS)


def _delete(numbers: Sequence[UUID]) -> None:
    """The entry before its place in the log: the guard of Entry looks at its place, and that of Leaf for its entry."""
    identity = Entry._meta.pk
    among, values = rows.among([identity.get_db_prep_value(each, connection) for each in numbers])
    with connection.cursor() as cursor:
        for model, column in ((Payload, "entry_id"), (Entry, "id"), (Leaf, "entry_id")):
            cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE {column} {among}', values)  # noqa: S608
