"""What a caller calls a customer, and the identifier it finds: known, vouched for, left alone or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from audit import vault
from consent.errors import Field, Invalid
from consent.models import Identifier, Suppression
from consent.rules import text


@dataclass(frozen=True)
class Handle:
    """What a caller calls a customer: a namespace (`customer`, `email`) and a value.

    verified: whether the caller vouches that it is theirs.
    """

    namespace: str
    id: str
    verified: bool = True


def check_handles(handles: Sequence[Handle], at: str = "/identifiers") -> None:
    """Refuse identifiers that may not come in, naming each."""
    problems = [problem for place, handle in enumerate(handles) for problem in _problems(handle, _pointer(at, place))]
    if not handles:
        problems.append(Field(at, "required", "At least one identifier."))
    if problems:
        raise Invalid(*problems)


def row(handle: Handle) -> Identifier | None:
    """The identifier as it is recorded, with its customer; None when there is no such."""
    found = Identifier.objects.filter(lookup_hash=lookup(handle)).select_related("subject")
    return found.first()


def lookup(handle: Handle) -> bytes:
    """The hash that an identifier is found by."""
    return vault.lookup_hash(handle.namespace, text.normal(handle.namespace, handle.id))


def left_alone(handle: Handle) -> bool:
    """Whether whoever holds this identifier asked to be left alone, or was erased, by the hash that was kept of it."""
    return Suppression.objects.filter(hash=_kept(handle)).exists()


def keep(handles: Iterable[Handle], now: datetime) -> None:
    """Keep a hash of each identifier, so that it is known if it is brought again; inside the caller's transaction."""
    month = date(now.year, now.month, 1)
    rows = [Suppression(hash=_kept(handle), month=month) for handle in handles]
    # Random numbers in random order: two rows tell neither that they belong together nor which came first.
    Suppression.objects.bulk_create(sorted(rows, key=lambda row: row.id), ignore_conflicts=True)


def drop(handles: Iterable[Handle]) -> None:
    """Forget the hashes of identifiers; inside the caller's transaction."""
    Suppression.objects.filter(hash__in=[_kept(handle) for handle in handles]).delete()


def _kept(handle: Handle) -> bytes:
    return vault.suppression_hash(handle.namespace, text.normal(handle.namespace, handle.id))


def _problems(handle: Handle, at: str) -> list[Field]:
    if not text.KEY.fullmatch(handle.namespace):
        detail = "A namespace is lower-case letters, digits, . _ -; at most 64."
        return [Field(f"{at}/namespace", "format", detail)]
    problem = text.identifier_problem(handle.namespace, handle.id)
    return [Field(f"{at}/id", "identifier", problem)] if problem else []


def _pointer(at: str, place: int) -> str:
    """A list is named with the place in it; a member that holds one identifier, by itself."""
    return f"{at}/{place}" if at == "/identifiers" else at
