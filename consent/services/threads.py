"""What requests and concerns share: a number drawn for each, checked words, and what was written, read again."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from audit.models import Entry
from audit.services import entries
from consent.errors import Field
from consent.rules import acting, case_numbers, text

LENGTH = text.FREE_TEXT_LENGTH


class Row(Protocol):
    """A step, as its table holds it."""

    step: str
    at: datetime
    entry_id: UUID


@dataclass(frozen=True)
class Step:
    """One step with what was written. own: the customer took it, or who acted for them.

    payload: empty once it cannot be opened any more.
    """

    step: str
    at: datetime
    number: UUID
    own: bool
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return str(self.payload.get("words", ""))


def draw(letter: str) -> str:
    """A new number for people to read aloud; 35 random bits, so that one tells nothing of another."""
    while True:
        if found := case_numbers.write(letter, secrets.randbits(5 * case_numbers.LENGTH)):
            return found


def read(rows: Iterable[Row]) -> tuple[Step, ...]:
    """The steps with what was written, in the order in which they are given."""
    rows = list(rows)
    found = Entry.objects.in_bulk([each.entry_id for each in rows])
    opened = entries.payloads(list(found.values()))
    return tuple(_step(each, found[each.entry_id], opened.get(each.entry_id, {})) for each in rows)


def problems(words: str, at: str, *, missing: str = "") -> list[Field]:
    """What is wrong with words that somebody wrote. missing: what to say when there are none; "" where that is well."""
    if not words.strip():
        return [Field(at, "required", missing)] if missing else []
    problem = text.problem(words, length=LENGTH, lines=True)
    return [Field(at, "text", problem)] if problem else []


def newest(steps: Sequence[Step], name: str) -> Step | None:
    """The last step of a kind."""
    return next((each for each in reversed(steps) if each.step == name), None)


def _step(row: Row, entry: Entry, payload: Mapping[str, Any]) -> Step:
    return Step(row.step, row.at, row.entry_id, entry.actor_type in acting.VISITORS, entry.reason, payload)
