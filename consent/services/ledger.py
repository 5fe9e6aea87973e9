"""THE ONE EXIT for facts. Every verb that changes or uses something ends here, in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from audit.models import Entry
from audit.rows import Over
from audit.services import entries
from audit.services.entries import Actor, Fact, Record, moment, uuid7
from audit.vault import Vault
from consent.rules.actions import ACTIONS

__all__ = ["Actor", "Fact", "Record", "moment", "record", "record_many", "uuid7"]


def record(
    fact: Fact,
    *,
    by: Actor,
    now: datetime,
    payload: dict[str, Any] | None = None,
    known: bool = True,
    number: UUID | None = None,
    beside: Sequence[Model | Over] = (),
    boxes: Mapping[str, Vault] | None = None,
) -> Entry:
    """Write one fact: its audit entry and its place in the outbox (the log's own queue; docs/adr/0003).

    payload: what concerns a person; encrypted under the subject's secret, which erasure destroys.
    known=False: a fact about somebody we do not know; the payload is committed to, and nobody can ever open it.
    beside: rows of the fact itself, written with its evidence in one go; number: the entry's, which they may name.
    boxes: secrets that this transaction has opened already, by pseudonym.

    Raises RuntimeError outside a transaction, ValueError for an action that is not in the list.
    """
    _check_action(fact)
    return entries.append(fact, by=by, now=now, payload=payload, known=known, number=number, beside=beside, boxes=boxes)


def record_many(records: Sequence[Record], *, by: Actor, now: datetime) -> list[UUID]:
    """Write many facts in their order, each with all that `record` writes of one; returns the numbers of their entries.

    Raises RuntimeError outside a transaction, ValueError for an action that is not in the list.
    """
    for each in records:
        _check_action(each.fact)
    return entries.append_many(records, by=by, now=now)


def _check_action(fact: Fact) -> None:
    if fact.action not in ACTIONS:
        raise ValueError(f"{fact.action} is not in consent/rules/actions.py")
