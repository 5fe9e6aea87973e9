"""Each verb as a call: the bytes to send, and how to read the bytes that come back. Nothing here sends or waits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Struct

from .errors import Member, Rejected
from .messages import Customer, Decision, Question, Recorded, Use, aware, keys

T = TypeVar("T")
W = TypeVar("W", bound=Struct)
# Items and bytes of items in one body, a little below what the service takes.
CHECKS, CHECKS_SIZE = 10_000, 8_000_000
USES, USES_SIZE = 1000, 900_000


class Malformed(Exception):
    """The answer is not one."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the recipient that the key belongs to."""

    kind: str
    recipient: str


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and its answer.

    read: the value of a good answer's body; raises Malformed, Rejected. items: how many things it holds.
    once: its Idempotency-Key; a call without one records nothing of the caller's, so each may be sent again.
    """

    path: str
    body: bytes
    read: Callable[[bytes], T]
    items: int = 1
    once: str = ""


class _Categories(Struct):
    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class _Fault(Struct):
    status: int
    message: str


class _Context(Struct):
    id: str = ""
    reason: str = ""
    token: str = ""
    reason_user: str = ""
    categories: _Categories = msgspec.field(default_factory=_Categories)
    legal_basis: str = ""
    purpose_version: int | None = None
    valid_until: datetime | None = None
    enforced: bool = True
    error: _Fault | None = None


class _Answer(Struct):
    decision: bool
    context: _Context


class _Answers(Struct):
    evaluations: list[_Answer]


class _Event(Struct):
    id: str


class _State(Struct):
    status: str = ""
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class _Receipt(Struct):
    url: str


class _Confirmation(Struct):
    token: str = ""
    url: str = ""


class _Recorded(Struct):
    event: _Event
    receipt: _Receipt
    token: str
    state: _State = msgspec.field(default_factory=_State)
    confirmation: _Confirmation = msgspec.field(default_factory=_Confirmation)


class _Ids(Struct):
    ids: list[str]


class _Position(Struct):
    position: int


def check(caller: Caller, question: Question) -> Call[Decision]:
    """POST /access/v1/evaluation"""
    body = {"subject": _subject(caller), **_item(question)}
    return Call("/access/v1/evaluation", msgspec.json.encode(body), _read_decision)


def check_many(caller: Caller, questions: Sequence[Question]) -> Iterator[Call[list[Decision]]]:
    """POST /access/v1/evaluations, as often as it takes."""
    for start, part in _parts([msgspec.json.encode(_item(each)) for each in questions], CHECKS, CHECKS_SIZE):
        body = {"subject": _subject(caller), "evaluations": [msgspec.Raw(each) for each in part]}
        read = partial(_read_decisions, start, len(part))
        yield Call("/access/v1/evaluations", msgspec.json.encode(body), read, len(part))


def record(
    *, customer: Customer | str, purpose: str, act: str, idempotency_key: str = "", **members: Any
) -> Call[Recorded]:
    """POST /api/v1/consents; members as docs/api.md names them, None left out. Raises ValueError."""
    for name in ("categories", "recipients"):
        keys(name, members.get(name))
    for name in ("collected_at", "until"):
        aware(name, members.get(name))
    given = {name: value for name, value in members.items() if value is not None}
    body = {"subject": _handle(customer), "purpose": purpose, "act": act, **given}
    return Call("/api/v1/consents", msgspec.json.encode(body), _read_recorded, once=idempotency_key or uuid4().hex)


def report_uses(uses: Sequence[Use], idempotency_key: str = "") -> Iterator[Call[list[str]]]:
    """POST /api/v1/uses, as often as it takes; the parts of one report carry keys made from the one given."""
    name = idempotency_key or uuid4().hex
    for start, part in _parts([use_row(each) for each in uses], USES, USES_SIZE):
        yield report_rows(part, f"{name}-{start}")


def use_row(use: Use) -> bytes:
    """One use as it stands in a report."""
    row = {
        "subject": _handle(use.customer),
        "purpose": use.purpose,
        "categories": list(use.categories),
        "at": use.at,
        "reference": use.reference,
    }
    return msgspec.json.encode(row)


def report_rows(rows: Sequence[bytes], idempotency_key: str) -> Call[list[str]]:
    """POST /api/v1/uses, of rows that fit one body."""
    body = msgspec.json.encode({"uses": [msgspec.Raw(each) for each in rows]})
    return Call("/api/v1/uses", body, partial(_read_ids, len(rows)), len(rows), idempotency_key)


def confirm(position: int, holder: str) -> Call[None]:
    """POST /api/v1/changes/ack: what was told up to there is in force."""
    body = msgspec.json.encode({"position": position, "holder": holder})
    return Call("/api/v1/changes/ack", body, partial(_read_position, position))


def problem(status: int, content: bytes) -> Rejected | None:
    """What a body of problem+json (RFC 9457) says, or None where it is none of the service's."""
    try:
        document = msgspec.json.decode(content, type=_Problem)
    except (ValueError, RecursionError):
        return None
    return Rejected(status, document.code, document.detail, document.errors)


class _Problem(Struct):
    code: str
    detail: str
    errors: list[Member] = msgspec.field(default_factory=list)


def _parts(items: Sequence[bytes], most: int, most_bytes: int) -> Iterator[tuple[int, list[bytes]]]:
    """The items in parts that fit one body, each with the place of its first."""
    start, part, size = 0, list[bytes](), 0
    for place, each in enumerate(items):
        if part and (len(part) == most or size + len(each) > most_bytes):
            yield start, part
            start, part, size = place, [], 0
        part.append(each)
        size += len(each) + 1
    if part:
        yield start, part


def _subject(caller: Caller) -> dict[str, str]:
    return {"type": caller.kind, "id": caller.recipient}


def _handle(customer: Customer | str) -> dict[str, str]:
    known = Customer.of(customer)
    return {"namespace": known.namespace, "id": known.id}


def _item(question: Question) -> dict[str, Any]:
    """The members of one question, without who asks."""
    customer = Customer.of(question.customer)
    resource: dict[str, Any] = {"type": customer.namespace, "id": customer.id}
    if question.categories is not None:
        resource["properties"] = {"categories": list(question.categories)}
    context = {"reference": question.reference, "at_least": question.at_least}
    found: dict[str, Any] = {"action": {"name": question.purpose}, "resource": resource}
    told = {name: value for name, value in context.items() if value}
    return found | ({"context": told} if told else {})


def _decoded(content: bytes, wire: type[W]) -> W:
    try:
        return msgspec.json.decode(content, type=wire)
    except (ValueError, RecursionError):
        raise Malformed from None


def _read_decision(content: bytes) -> Decision:
    return _decision(_decoded(content, _Answer))


def _read_decisions(start: int, count: int, content: bytes) -> list[Decision]:
    """As many answers as there were questions. Raises Rejected naming each question that was none."""
    answers = _decoded(content, _Answers).evaluations
    if len(answers) != count:
        raise Malformed
    wrong = {place: each.context.error for place, each in enumerate(answers, start) if each.context.error}
    if wrong:
        members = [Member(f"/{place}", str(fault.status), fault.message) for place, fault in wrong.items()]
        status = members[0].code
        raise Rejected(int(status), "invalid", "Some of the questions cannot be asked.", members)
    return [_decision(each) for each in answers]


def _decision(answer: _Answer) -> Decision:
    context = answer.context
    if not (context.id and context.reason and context.token):
        raise Malformed  # an answer that stands in no log is none
    return Decision(
        allowed=answer.decision,
        reason=context.reason,
        reason_user=context.reason_user,
        categories_allowed=context.categories.allowed,
        categories_refused=context.categories.refused,
        legal_basis=context.legal_basis,
        purpose_version=context.purpose_version,
        valid_until=context.valid_until,
        id=context.id,
        token=context.token,
        enforced=context.enforced,
    )


def _read_recorded(content: bytes) -> Recorded:
    found = _decoded(content, _Recorded)
    return Recorded(
        id=found.event.id,
        token=found.token,
        status=found.state.status,
        categories=found.state.categories,
        recipients=found.state.recipients,
        receipt_url=found.receipt.url,
        confirmation=found.confirmation.token,
        confirmation_url=found.confirmation.url,
    )


def _read_ids(count: int, content: bytes) -> list[str]:
    found = _decoded(content, _Ids).ids
    if len(found) != count:
        raise Malformed
    return found


def _read_position(position: int, content: bytes) -> None:
    if _decoded(content, _Position).position != position:
        raise Malformed
