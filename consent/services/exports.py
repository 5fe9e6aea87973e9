"""Proof of entries of the log, carried away. That it was carried away is itself a fact."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.proof.errors import ProofError
from audit.services import export
from audit.services.export import Export, Wanted
from consent.errors import Field, Invalid
from consent.services import families, ledger, subjects
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle

__all__ = ["Export", "Wanted", "run"]


@transaction.atomic
def run(*, wanted: Wanted = Wanted(), customer: Handle | None = None, by: Actor, now: datetime) -> Export:  # noqa: B008
    """The export of these sealed entries, ready to be written; it verifies offline.

    customer: only entries about this one.
    Raises Invalid for places that the signed log does not have, a filter that nothing fits, and a head the reader kept
    that is not of this log; NotFound for a customer we do not know.
    """
    subject = subjects.get(customer) if customer else None
    if subject:
        wanted = replace(wanted, filter=(wanted.filter or {}) | {"subject": families.pseudonyms(subject)})
    _check(wanted, export.sealed())
    try:
        ready = Export(wanted)
    except ProofError as problem:
        raise Invalid(Field("/earlier", "head", f"The head you kept is not of this log: {problem}")) from None
    details: dict[str, Any] = {"disclosed": wanted.disclose, "filtered": bool(wanted.chosen)}
    if not wanted.chosen:
        details |= {"first": wanted.first, "last": ready.last}
    fact = Fact("evidence.exported", subject=subject.pseudonym if subject else "", details=details)
    # Before the first entry is read: if the export is stopped half-way, what was carried away is known of.
    ledger.record(fact, payload={"filter": wanted.chosen}, by=by, now=now)
    return ready


def _check(wanted: Wanted, size: int) -> None:
    end = size - 1 if wanted.last is None else wanted.last
    if not size:
        raise Invalid(Field("/last", "empty", "Nothing is sealed yet; `trustcenter seal --once` seals what waits."))
    if not 0 <= wanted.first <= end < size:
        said = f"The signed log holds entries 0 to {size - 1}, not {wanted.first} to {end}."
        raise Invalid(Field("/last", "range", said))
    if wanted.chosen and (wanted.first or wanted.last is not None):
        raise Invalid(Field("/filter", "range", "Either a stretch of the log, or a filter over all of it."))
    if wanted.chosen and not export.matching(wanted, size).exists():
        raise Invalid(Field("/filter", "empty", "No sealed entry fits this filter."))
