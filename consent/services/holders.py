"""Who decides on a copy of ours, how far each has followed, and so who has heard of a customer's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from audit.services import entries
from consent.errors import Field, Invalid
from consent.models import Acknowledgement, Holder, PurposeVersion, Recipient
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

    until: when its copy can be used no more, or could not any more; None for one that asks each time. confirmed_at: the
    minute in which it confirmed, with several processes the last of them; None before, and where that was not kept.
    """

    recipient: Recipient
    heard: Heard
    until: datetime | None = None
    confirmed_at: datetime | None = None


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
        row.acknowledgements.filter(place__gt=position).delete()


def confirm(*, recipient: Recipient, holder: str, position: int, now: datetime) -> int:
    """Write down up to where a holder says that it acts; returns that place. Raises Invalid for one it was not told."""
    told_so = Holder.objects.filter(recipient=recipient, name=holder, told__gte=position)
    row = told_so.first()
    if row is None:
        raise Invalid(Field("/position", "not_told", "A holder confirms a position that a heartbeat told it."))
    if told_so.filter(confirmed__lt=position).update(confirmed=position):
        said = Acknowledgement(holder=row, minute=now.replace(second=0, microsecond=0), place=position)
        Acknowledgement.objects.bulk_create(
            [said], update_conflicts=True, unique_fields=["holder", "minute"], update_fields=["place"]
        )
    return position


def receivers(*, of: PurposeVersion, choice: UUID, now: datetime) -> tuple[Receiver, ...]:
    """Which of the recipients that a version names have heard of a choice. choice: the number of its entry."""
    rows = list(Recipient.objects.filter(key__in=catalogue.terms(of).recipients).order_by("name"))
    entry = entries.find(choice)
    place = entries.place(entry) if entry else None
    held: dict[int, list[Holder]] = {}
    for holder in _held(rows, place, now):
        held.setdefault(holder.recipient_id, []).append(holder)
    return tuple(_receiver(row, held.get(row.pk, ()), place, now) for row in rows)


def _held(rows: Sequence[Recipient], place: int | None, now: datetime) -> QuerySet[Holder]:
    """Who is not gone, each with the minute (`said_at`) in which it confirmed what stands at a place."""
    past = Q(acknowledgements__place__gt=place) if place is not None else Q(pk=None)
    found = Holder.objects.filter(recipient__in=rows, lease_until__gt=now - GONE)
    return found.annotate(said_at=Min("acknowledgements__minute", filter=past))


def _receiver(row: Recipient, held: Sequence[Any], place: int | None, now: datetime) -> Receiver:
    """Of several processes of one recipient, the one that is least far speaks for it."""
    order = (Heard.LATE, Heard.WAITING, Heard.TOLD, Heard.CONFIRMED)
    heard = sorted(((_heard(each, place, now), each.lease_until) for each in held), key=lambda one: order.index(one[0]))
    if not heard:
        return Receiver(row, Heard.ASKS)
    minutes = [each.said_at for each in held if each.said_at] if heard[0][0] == Heard.CONFIRMED else []
    return Receiver(row, *heard[0], max(minutes) if len(minutes) == len(held) else None)


def _heard(holder: Holder, place: int | None, now: datetime) -> Heard:
    if place is not None and holder.confirmed > place:
        return Heard.CONFIRMED
    if holder.lease_until <= now:
        return Heard.LATE
    return Heard.TOLD if place is not None and holder.told > place else Heard.WAITING
