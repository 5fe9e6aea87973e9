"""Proof of a stretch of the log, carried away. That it was carried away is itself a fact."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import export
from consent.errors import Field, Invalid
from consent.services import ledger
from consent.services.ledger import Actor, Fact


@transaction.atomic
def run(
    *,
    first: int | None = None,
    last: int | None = None,
    disclose: bool = False,
    by: Actor,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:
    """The proof file of all sealed entries from first to last, which verifies offline.

    first, last: places in the log, counted from 0; None means the beginning, and the newest sealed entry.
    disclose: also what customers and staff wrote, as far as it was not erased.
    Raises Invalid for places that the signed log does not have.
    """
    size = export.sealed()
    start, end = first or 0, size - 1 if last is None else last
    if not size:
        raise Invalid(Field("/last", "empty", "Nothing is sealed yet; `trustcenter seal --once` seals what waits."))
    if not 0 <= start <= end < size:
        raise Invalid(Field("/last", "range", f"The signed log holds entries 0 to {size - 1}, not {start} to {end}."))
    proof = export.bundle_of_range(first=start, last=end, disclose=disclose, progress=progress)
    details = {"first": start, "last": end, "disclosed": disclose}
    ledger.record(Fact("evidence.exported", details=details), by=by, now=now)
    return proof
