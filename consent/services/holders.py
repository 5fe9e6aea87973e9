"""Who decides on a copy of ours, how far each has followed, and so who has heard of a customer's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from audit.services import entries
from consent.errors import Field, Invalid
from consent.models import Holder, PurposeVersion, Recipient
from consent.services import catalogue

# Whoever let its lease run out refuses by itself; after this long it is taken to be gone, not late.
GONE = timedelta(days=1)
FORGOTTEN = timedelta(days=30)


class Heard(StrEnum):
    """How far a recipient is with a change: from “asks us each time” to “has said that it acts on it”."""

    ASKS = "asks"  # it holds no copy
    WAITING = "waiting"  # it has yet to be told, and may use its copy until its lease runs out
    TOLD = "told"
    CONFIRMED = "confirmed"
    LATE = "late"  # it did not confirm in time, and must refuse until it hears from us


@dataclass(frozen=True)
class Receiver:
    """One recipient of a customer's data, and whether it has heard of their last choice.

    until: when its copy can be used no more, or could not any more; None for one that asks each time.
    """

    recipient: Recipient
    heard: Heard
    until: datetime | None = None


def told(*, recipient: Recipient, holder: str, position: int, lease_until: datetime) -> None:
    """Write down how far a holder was told. A new copy may stand before where it was: our backup may be older."""
    row, new = Holder.objects.get_or_create(
        recipient=recipient, name=holder, defaults={"told": position, "lease_until": lease_until}
    )
    if new:  # processes come and go under new names
        Holder.objects.filter(recipient=recipient, lease_until__lt=lease_until - FORGOTTEN).delete()
    else:
        row.told, row.confirmed, row.lease_until = position, min(row.confirmed, position), lease_until
        row.save(update_fields=["told", "confirmed", "lease_until"])


def confirm(*, recipient: Recipient, holder: str, position: int) -> int:
    """Write down up to where a holder says that it acts; returns that place. Raises Invalid for one it was not told."""
    mine = Holder.objects.filter(recipient=recipient, name=holder)
    if not mine.filter(told__gte=position).exists():
        raise Invalid(Field("/position", "not_told", "A holder confirms a position that a heartbeat told it."))
    mine.filter(confirmed__lt=position, told__gte=position).update(confirmed=position)
    return position


def receivers(*, of: PurposeVersion, choice: UUID, now: datetime) -> tuple[Receiver, ...]:
    """Which of the recipients that a version names have heard of a choice. choice: the number of its entry."""
    rows = list(Recipient.objects.filter(key__in=catalogue.terms(of).recipients).order_by("name"))
    entry = entries.find(choice)
    place = entries.place(entry) if entry else None
    held: dict[int, list[Holder]] = {}
    for holder in Holder.objects.filter(recipient__in=rows, lease_until__gt=now - GONE):
        held.setdefault(holder.recipient_id, []).append(holder)
    return tuple(_receiver(row, held.get(row.pk, ()), place, now) for row in rows)


def _receiver(row: Recipient, held: Sequence[Holder], place: int | None, now: datetime) -> Receiver:
    """Of several processes of one recipient, the one that is least far speaks for it."""
    order = (Heard.LATE, Heard.WAITING, Heard.TOLD, Heard.CONFIRMED)
    heard = sorted(((_heard(each, place, now), each.lease_until) for each in held), key=lambda one: order.index(one[0]))
    return Receiver(row, *heard[0]) if heard else Receiver(row, Heard.ASKS)


def _heard(holder: Holder, place: int | None, now: datetime) -> Heard:
    if place is not None and holder.confirmed > place:
        return Heard.CONFIRMED
    if holder.lease_until <= now:
        return Heard.LATE
    return Heard.TOLD if place is not None and holder.told > place else Heard.WAITING
