"""What a caller calls a customer, and the identifier it finds: known, vouched for, left alone or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import DEFAULT_DB_ALIAS

from audit import rows, vault
from audit.models import SubjectSecret
from consent.errors import Field, Invalid
from consent.models import Identifier, Subject, Suppression
from consent.rules import text

_SUBJECT = [field.attname for field in Subject._meta.concrete_fields]
_FOUND_FIELDS = (*map(Identifier._meta.get_field, ("lookup_hash", "verified")), *Subject._meta.concrete_fields)
_POINTS = "FROM consent_identifier i JOIN consent_subject s ON s.id = i.subject_id"
_FOUND = (
    f"SELECT i.lookup_hash, i.verified, s.{', s.'.join(_SUBJECT)} {_POINTS} WHERE NOT i.suppressed AND i.lookup_hash "
)
_AIM_FIELDS = (
    *map(Identifier._meta.get_field, ("subject", "verified", "suppressed")),
    SubjectSecret._meta.get_field("wrapped"),
)
_AIM = (
    f"SELECT i.subject_id, i.verified, i.suppressed, x.wrapped {_POINTS}"
    " LEFT JOIN audit_subjectsecret x ON x.pseudonym = s.pseudonym WHERE i.lookup_hash = %s"
)


@dataclass(frozen=True)
class Handle:
    """What a caller calls a customer: a namespace (`customer`, `email`) and a value.

    verified: whether the caller vouches that it is theirs.
    """

    namespace: str
    id: str
    verified: bool = True


@dataclass(frozen=True)
class Aim:
    """Whom an identifier finds: their number, whether it was vouched for, whether they asked to be left alone.

    wrapped: their secret, closed; None for who was erased. Whoever writes of them nevertheless is told so there.
    """

    subject: int
    verified: bool
    suppressed: bool
    wrapped: bytes | None


def check_handles(handles: Sequence[Handle], at: str = "/identifiers") -> None:
    """Refuse identifiers that may not come in, naming each."""
    problems = [problem for place, handle in enumerate(handles) for problem in _problems(handle, _pointer(at, place))]
    if not handles:
        problems.append(Field(at, "required", "At least one identifier."))
    if problems:
        raise Invalid(*problems)


def key(handle: Handle) -> tuple[str, str]:
    """An identifier in the one form by which it is looked up."""
    return handle.namespace, text.normal(handle.namespace, handle.id)


def row(handle: Handle) -> Identifier | None:
    """The identifier as it is recorded, with its customer; None when there is no such."""
    return next(iter(_rows([lookup(handle)])), None)


def hold(hashed: bytes) -> Subject | None:
    """The customer whom a look-up hash finds, their row held until the transaction ends.

    Look again then, with `aim`: the identifier may have moved while we waited.
    """
    found = rows.find(f"SELECT {{s}} {_POINTS} WHERE i.lookup_hash = %s", [hashed], s=Subject, hold="s")
    return found[0][0] if found else None


def aim(hashed: bytes) -> Aim | None:
    """Whom a look-up hash finds now, in one journey: for whoever holds the row, and will write of them."""
    found = rows.read(_AIM, [hashed], *_AIM_FIELDS)
    return Aim(*found[0]) if found else None


def recorded(wanted: Iterable[Handle]) -> dict[tuple[str, str], Identifier]:
    """The identifiers that are recorded, with their customers, under the `key` of each; who is unknown is left out."""
    keys = {lookup(handle): key(handle) for handle in wanted}
    return {keys[bytes(each.lookup_hash)]: each for each in _rows(list(keys))} if keys else {}


def found(wanted: Iterable[Handle]) -> dict[tuple[str, str], tuple[Subject, bool]]:
    """The customers whom identifiers find, under the `key` of each, and whether somebody vouched that it is theirs.

    Whoever asked to be left alone is found no more, by the same look-up as everybody else.
    """
    keys = {lookup(handle): key(handle) for handle in wanted}
    among, values = rows.among(list(keys) or [b""])
    lines = rows.read(_FOUND + among, values, *_FOUND_FIELDS)
    return {
        keys[bytes(hashed)]: (Subject.from_db(DEFAULT_DB_ALIAS, _SUBJECT, subject), verified)
        for hashed, verified, *subject in lines
    }


def lookup(handle: Handle) -> bytes:
    """The hash that an identifier is found by."""
    return vault.lookup_hash(*key(handle))


def left_alone(handle: Handle) -> bool:
    """Whether whoever holds this identifier asked to be left alone, or was erased, by the hash that was kept of it."""
    return Suppression.objects.filter(hash=_kept(handle)).exists()


def keep(handles: Iterable[Handle], now: datetime) -> None:
    """Keep a hash of each identifier, so that it is known if it is brought again; inside the caller's transaction."""
    month = date(now.year, now.month, 1)
    kept = [Suppression(hash=_kept(handle), month=month) for handle in handles]
    # Random numbers in random order: two rows tell neither that they belong together nor which came first.
    Suppression.objects.bulk_create(sorted(kept, key=lambda each: each.id), ignore_conflicts=True)


def drop(handles: Iterable[Handle]) -> None:
    """Forget the hashes of identifiers; inside the caller's transaction."""
    Suppression.objects.filter(hash__in=[_kept(handle) for handle in handles]).delete()


def _rows(hashes: Sequence[bytes]) -> list[Identifier]:
    among, values = rows.among(hashes)
    query = f"SELECT {{i}}, {{s}} {_POINTS} WHERE i.lookup_hash {among}"
    found: list[tuple[Identifier, Subject]] = rows.find(query, values, i=Identifier, s=Subject)
    for identifier, subject in found:
        identifier.subject = subject
    return [identifier for identifier, _ in found]


def _kept(handle: Handle) -> bytes:
    return vault.suppression_hash(*key(handle))


def _problems(handle: Handle, at: str) -> list[Field]:
    if not text.KEY.fullmatch(handle.namespace):
        detail = "A namespace is lower-case letters, digits, . _ -; at most 64."
        return [Field(f"{at}/namespace", "format", detail)]
    problem = text.identifier_problem(handle.namespace, handle.id)
    return [Field(f"{at}/id", "identifier", problem)] if problem else []


def _pointer(at: str, place: int) -> str:
    """A list is named with the place in it; a member that holds one identifier, by itself."""
    return f"{at}/{place}" if at == "/identifiers" else at
