"""Proof of entries of the log, carried away. That it was carried away is itself a fact."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.proof.errors import ProofError
from audit.services import export
from audit.services.export import Export, Wanted
from consent.errors import Field, Invalid, NotFound
from consent.models import Subject
from consent.rules.entries import Chosen
from consent.services import entries, families, ledger
from consent.services.ledger import Actor, Fact

__all__ = ["AT_ONCE", "Export", "Wanted", "run"]

# How many entries a person is handed while they wait; an operator's command writes any number.
AT_ONCE = 10_000


@transaction.atomic
def run(
    *,
    wanted: Wanted = Wanted(),  # noqa: B008
    found: entries.Wanted = entries.Wanted(),  # noqa: B008
    most: int | None = None,
    by: Actor,
    now: datetime,
) -> Export:
    """The export of these sealed entries, ready to be written; it verifies offline.

    wanted: the stretch, and what comes with the entries. found: only those that a search finds by this; of a customer
    the lists of people that they were in are left out, since such a list is not theirs alone. most: no more than this.
    Raises Invalid for places that the signed log does not have, a filter that nothing fits, more entries than may be,
    and a head the reader kept that is not of this log; NotFound for a customer we do not know.
    """
    subject = entries.customer(found)
    if found.named and subject is None:
        raise NotFound("We know no such customer.")
    wanted = replace(wanted, **_filter(found.chosen, subject))
    _check(wanted, export.sealed(), most)
    try:
        ready = Export(wanted)
    except ProofError as problem:
        raise Invalid(Field("/earlier", "head", f"The head you kept is not of this log: {problem}")) from None
    details: dict[str, Any] = {"disclosed": wanted.disclose, "filtered": bool(wanted.chosen)}
    if not wanted.chosen:
        details |= {"first": wanted.first, "last": ready.last}
    fact = Fact("evidence.exported", subject=subject.pseudonym if subject else "", details=details)
    # Before the first entry is read: if the export is stopped half-way, what was carried away is known of.
    known = subject is None or subject.erased_at is None  # of who was erased no payload is kept
    ledger.record(fact, payload={"filter": wanted.chosen}, by=by, now=now, known=known)
    return ready


def _filter(chosen: Chosen, subject: Subject | None) -> dict[str, Any]:
    """A search as the manifest and the verifier know it."""
    values = {name: list(each) for name, each in chosen.values.items()}
    if subject:
        values["subject"] = families.pseudonyms(subject)
    return {"filter": values or None, "since": chosen.since, "before": chosen.before}


def _check(wanted: Wanted, size: int, most: int | None) -> None:
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
    if most is not None and len(export.matching(wanted, size).values_list("seq")[: most + 1]) > most:
        said = f"More than {most:,} entries fit. Choose fewer, or have them written: trustcenter export-audit."
        raise Invalid(Field("/filter", "many", said))
