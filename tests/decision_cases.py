"""The decision cases as data, read once: the server, and later the SDK and the SQL rules, run the same files."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from consent.rules.decision import Customer, Purpose, State, Terms

FOLDER = Path(__file__).parent / "cases"


@cache
def cases() -> list[dict[str, Any]]:
    return [case for file in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(file.read_text("utf-8"))]


def names() -> list[str]:
    return [case["case"] for case in cases()]


def moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return datetime.fromisoformat(value) if value else None


def purpose(given: dict[str, Any]) -> Purpose | None:
    row = given.get("purpose")
    if not row or not row["versions"]:
        return None
    versions = [_terms(number, each) for number, each in enumerate(row["versions"], 1)]
    material = max(number for number, each in enumerate(row["versions"], 1) if each.get("material", number == 1))
    state = (given.get("customer") or {}).get("state") or {}
    agreed = state.get("version")
    return Purpose(
        key=row["key"],
        current=versions[-1],
        material=material,
        agreed=versions[agreed - 1] if agreed else None,
        retired=row.get("retired", False),
    )


def customer(given: dict[str, Any]) -> Customer | None:
    row = given.get("customer")
    if row is None:
        return None
    state = row.get("state") or {}
    return Customer(
        state=State(
            status=state.get("status", "unknown"),
            version=state.get("version"),
            categories=tuple(state.get("categories", ())),
            recipients=tuple(state.get("recipients", ())),
            expires_at=moment(state.get("expires_at")),
            paused_until=moment(state.get("paused_until")),
            objected=state.get("objected", False),
            by_guardian=row.get("guardian", False),
        ),
        limited=row.get("limited", False),
        minor=row.get("minor", False),
        must_opt_in=row.get("must_opt_in", False),
        never_shared=row.get("never_shared", False),
        gpc=row.get("gpc", False),
    )


def _terms(number: int, row: dict[str, Any]) -> Terms:
    return Terms(
        number=number,
        legal_basis=row["legal_basis"],
        categories=tuple(row["categories"]),
        recipients=tuple(row["recipients"]),
        sale_or_sharing=row.get("sale_or_sharing", False),
        min_age=row.get("min_age"),
    )
