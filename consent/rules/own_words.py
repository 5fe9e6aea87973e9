"""A file of consents in our own words, which needs no mapping: what another TrustCenter exports, or a person writes.

Columns are named as the members of `POST /api/v1/consents` (docs/api.md). Several values in one cell stand apart by a
space or a new line; `identifiers` and `unverified` hold `namespace:id`, one a line.
"""

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Mapping as Cells
from datetime import date, datetime

from consent.errors import Field, Invalid
from consent.rules import lifecycle, moments
from consent.rules.imports import Act, Plan, Refused, checked_identifier

NEEDED = ("namespace", "id", "purpose", "act", "collected_at")
MAY_BE = (
    *(
        "language",
        "notice_digest",
        "categories",
        "recipients",
        "channel",
        "method",
        "actor",
        "version",
        "assumed",
        "until",
    ),
    *("identifiers", "unverified", "jurisdiction", "minor_until"),
)
# What an export tells besides. It follows from the rest, so an import passes over it.
TOLD = ("status", "since", "expires_at")
# What a file of refused rows has in front of each row.
REFUSED = ("LINE", "REASON", "WHY")
COLUMNS = (*NEEDED, *MAY_BE)
ACTS = (*lifecycle.IMPORTABLE, lifecycle.PAUSE)
ACCEPTED = frozenset({*COLUMNS, *TOLD, *REFUSED})


def check_columns(head: Sequence[str]) -> None:
    """Raises Invalid naming each column that is missing, is not ours, or is there twice."""
    missing = [Field(f"/{name}", "required", f"The file has no column {name}.") for name in NEEDED if name not in head]
    unknown = [
        Field(f"/{name}", "unknown", "Not a column of ours; use a mapping.") for name in head if name not in ACCEPTED
    ]
    twice = [
        Field(f"/{name}", "twice", f"The file has the column {name} twice.") for name in COLUMNS if head.count(name) > 1
    ]
    if problems := [*missing, *unknown, *twice]:
        raise Invalid(*problems)


def read(row: Cells[str, str], *, explicit: Collection[str], now: datetime) -> Plan:
    """What a row becomes. explicit: purposes whose yes needs proof of the exact words. Raises Refused."""
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS if name != "id"} | {"id": row["id"].strip(" ")}
    if not cells["namespace"] or not cells["id"]:
        raise Refused("no_identifier")
    if cells["act"] not in ACTS:
        raise Refused("unknown_status", f"An act is one of {', '.join(ACTS)}.")
    digest = "" if cells["assumed"] == "true" else cells["notice_digest"]
    if cells["act"] in lifecycle.YES and cells["purpose"] in explicit and not digest:
        raise Refused("words_missing")
    identifiers = list(_identifiers(cells))
    return Plan(
        cells["namespace"],
        checked_identifier(cells["namespace"], cells["id"]),
        cells["purpose"],
        (Act(cells["act"], _moment(cells["collected_at"], now)),),
        cells["language"],
        cells["channel"] or "import",
        cells["method"] or "imported",
        categories=tuple(cells["categories"].split()) or None,
        recipients=tuple(cells["recipients"].split()) or None,
        notice_digest=digest,
        version=None if digest else _version(cells["version"]),
        actor=cells["actor"] or "self",
        until=_moment(cells["until"], None) if cells["until"] else None,
        verified=(cells["namespace"], cells["id"], False) not in identifiers,
        others=tuple(each for each in identifiers if each[:2] != (cells["namespace"], cells["id"])),
        jurisdiction=cells["jurisdiction"] or None,
        minor_until=_day(cells["minor_until"]),
    )


def _identifiers(cells: Cells[str, str]) -> Iterator[tuple[str, str, bool]]:
    for name, verified in (("identifiers", True), ("unverified", False)):
        for each in cells[name].split("\n") if cells[name] else ():
            namespace, colon, value = each.partition(":")
            if not colon:
                raise Refused("bad_identifier", f"In {name} each is namespace:id.")
            yield namespace, checked_identifier(namespace, value), verified


def _moment(cell: str, now: datetime | None) -> datetime:
    """The moment in a cell. now: none may be later, None where one may. Raises Refused."""
    try:
        found = moments.moment(cell)
    except ValueError as problem:
        raise Refused("no_date", str(problem)) from None
    if now and found > now:
        raise Refused("no_date", "A choice cannot have been made in the future.")
    return found


def _day(cell: str) -> date | None:
    try:
        return moments.day(cell) if cell else None
    except ValueError as problem:
        raise Refused("no_date", str(problem)) from None


def _version(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isascii() or not cell.isdigit() or len(cell) > 9:
        raise Refused("not_recordable", "A version is a number, e.g. 1.")
    return int(cell)
