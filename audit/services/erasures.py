"""Destroy for good what opens a person's data, and remember that outside of what a backup brings back.

A restored backup brings the secrets of erased people with it. So each erasure is written to a file beside the database
before it is committed (settings.OUTSIDE_DIR): what has committed is known there, whatever happens to the database.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.models import Entry, Payload, SubjectSecret
from audit.services import outside
from audit.services.entries import moment

NEWEST = 500  # a backup brings back the newest erasures first, so the newest tell whether it brought any
LINE = 160  # bytes; a line is shorter
TOGETHER = 500
_TORN = b" torn"


class RecordDamaged(RuntimeError):
    """A line of the record of erasures cannot be read."""


@dataclass(frozen=True)
class Erasure:
    """One line of the record: whose secret was destroyed, by which entry of the log, and when. No personal data."""

    pseudonym: str
    entry: UUID
    at: datetime


def place() -> Path:
    """The file that remembers erasures."""
    return outside.place("erasures.log")


def destroy(pseudonyms: Sequence[str]) -> int:
    """Delete the secrets of these subjects and the payloads that they open; returns how many payloads there were.

    Inside the caller's transaction.
    """
    payloads, _ = Payload.objects.filter(subject__in=pseudonyms).delete()
    SubjectSecret.objects.filter(pseudonym__in=pseudonyms).delete()
    return payloads


def remember(erasures: Sequence[Erasure]) -> None:
    """Write erasures to the record, on the disk when this returns; last in the transaction that erases.

    Before the commit: if that fails, the erasure is known and not done, and `reapply-erasures` does it. The other way
    round one could be done and not known.
    """
    outside.make()
    lines = "".join(f"{each.pseudonym} {each.entry} {moment(each.at)}\n" for each in erasures)
    handle = os.open(place(), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        end = os.fstat(handle).st_size
        # A crash may have left half a line. What it told of was never committed.
        torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
        file.write((_TORN + b"\n" if torn else b"") + lines.encode("ascii"))
        os.fsync(handle)
    outside.keep_names()


def remembered(*, newest: int = 0) -> list[Erasure]:
    """The record, oldest first. newest: at least so many of its last lines, 0 for all. Raises RecordDamaged."""
    try:
        with place().open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - newest * LINE) if newest else 0
            file.seek(start)
            raw = file.read()
    except FileNotFoundError:
        return []
    whole = raw.split(b"\n")[bool(start) : -1]
    return [_parsed(line) for line in whole if not line.endswith(_TORN)]


def returned(*, newest: int = 0, before: datetime | None = None) -> list[Erasure]:
    """The erasures whose secret is in the database all the same: a backup brought it back. Oldest first.

    before: only those remembered before a moment, since an erasure is remembered just before it commits.
    """
    known = [each for each in remembered(newest=newest) if before is None or each.at < before]
    there: set[str] = set()
    for start in range(0, len(known), TOGETHER):
        some = [each.pseudonym for each in known[start : start + TOGETHER]]
        found = SubjectSecret.objects.filter(pseudonym__in=some)
        there |= set(found.values_list("pseudonym", flat=True))
    return [each for each in known if each.pseudonym in there]


def forgotten(*, action: str) -> list[Erasure]:
    """The erasures that the log of this database tells of, and the record does not: the file was lost.

    action: what such an entry is called.
    """
    known = {each.pseudonym for each in remembered()}
    rows = Entry.objects.filter(action=action).order_by("id").values_list("subject", "id", "recorded_at")
    return [Erasure(*row) for row in rows.iterator() if row[0] not in known]


def told_in(leaves: Iterable[Mapping[str, Any]], *, action: str) -> list[Erasure]:
    """The erasures that published entries tell of. action: as in `forgotten`."""
    told = [leaf for leaf in leaves if leaf.get("action") == action]
    return [Erasure(leaf["subject"], UUID(leaf["id"]), datetime.fromisoformat(leaf["at"])) for leaf in told]


def scrub(tables: Sequence[str] = ()) -> None:
    """Let go of what deleted rows left behind; outside a transaction. tables: besides the one of the secrets.

    SQLite overwrites what is deleted (`PRAGMA secure_delete`), but its write-ahead log still holds it until it is
    emptied. PostgreSQL keeps deleted rows until they are vacuumed.
    """
    connection = transaction.get_connection()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            named = ", ".join(connection.ops.quote_name(name) for name in (SubjectSecret._meta.db_table, *tables))
            cursor.execute(f"VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON) {named}")


def _parsed(line: bytes) -> Erasure:
    try:
        pseudonym, entry, at = line.decode("ascii").split(" ")
        return Erasure(pseudonym, UUID(entry), datetime.fromisoformat(at))
    except ValueError:
        raise RecordDamaged(f"A line of {place()} cannot be read. See docs/operate.md, Erasure.") from None
