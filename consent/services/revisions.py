"""Controllers, recipients and categories as they stood at a moment: the catalogue edits them in place."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from consent.models import Category, Controller, Recipient, Revision

Row = TypeVar("Row", Controller, Recipient, Category)


@dataclass(frozen=True)
class Earlier:
    """The revisions of some rows, by kind and key, in the order of writing."""

    rows: Mapping[tuple[str, str], Sequence[Revision]]

    def at(self, row: Row, moment: datetime) -> Row:
        """The row as it stood at a moment, as a copy that is not to be saved; before its first revision, as that."""
        known = self.rows[_kind(row), row.key]
        found = next((each for each in reversed(known) if each.since <= moment), known[0])
        return type(row)(pk=row.pk, **found.content)


def keep(row: Controller | Recipient | Category, *, now: datetime) -> None:
    """Keep what a row says from now on; inside the transaction that saved it."""
    content = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if not field.primary_key}
    Revision.objects.create(kind=_kind(row), key=row.key, content=content, since=now)


def read(rows: Iterable[Controller | Recipient | Category]) -> Earlier:
    """Every revision of these rows, in one query."""
    found: dict[tuple[str, str], list[Revision]] = defaultdict(list)
    for each in Revision.objects.filter(key__in={row.key for row in rows}).order_by("id"):
        found[each.kind, each.key].append(each)
    return Earlier(found)


def _kind(row: Controller | Recipient | Category) -> str:
    return str(row._meta.model_name)
