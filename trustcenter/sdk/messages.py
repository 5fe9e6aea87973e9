"""What is asked and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypedDict

UNREACHABLE = "unreachable"
STALE = "stale"
UNREPORTED = "unreported"
PASSING = (UNREACHABLE, STALE, UNREPORTED)  # nobody said no: it is worth asking again


@dataclass(frozen=True)
class Customer:
    """A customer, as the calling system knows them: `Customer("customer", "C-1001")`. Raises ValueError."""

    namespace: str
    id: str

    def __post_init__(self) -> None:
        for name in ("namespace", "id"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise ValueError(f"customer.{name}: a text that is not empty, not {type(value).__name__}.")

    @classmethod
    def of(cls, value: "Customer | str") -> Self | "Customer":
        """The customer, also of a text such as "customer:C-1001". Raises ValueError."""
        if isinstance(value, Customer):
            return value
        namespace, colon, number = value.partition(":") if isinstance(value, str) else ("", "", "")
        if not colon:
            raise ValueError("customer: a Customer, or a text like “customer:C-1001”.")
        return cls(namespace, number)


@dataclass(frozen=True)
class Question:
    """One check: may we use this customer's data, these categories, for this purpose? Raises ValueError.

    categories: None means those that the customer chose. reference: the occasion in your words (≤ 200 characters),
    shown to the customer. at_least: the token of an earlier answer; this one has seen at least that.
    """

    purpose: str
    customer: Customer | str
    categories: Sequence[str] | None = None
    reference: str = ""
    at_least: str = ""

    def __post_init__(self) -> None:
        Customer.of(self.customer)
        keys("categories", self.categories)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer to one check. It holds for now; asking again is the only way to know later.

    reason: a stable code (docs/api.md), or `unreachable` where nobody could be asked. categories_allowed and
    categories_refused part what was asked for. id: its number in the log. token: for `at_least`.
    valid_until: the end of the permission, never a licence to keep the answer. enforced: False while the brand only
    observes this recipient, which goes on as before; the answer is the true one all the same, and a guard lets it pass.
    """

    allowed: bool
    reason: str
    reason_user: str = ""
    categories_allowed: tuple[str, ...] = ()
    categories_refused: tuple[str, ...] = ()
    legal_basis: str = ""
    purpose_version: int | None = None
    valid_until: datetime | None = None
    id: str = ""
    token: str = ""
    enforced: bool = True

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True)
class Use:
    """A use of data that was made, to report: whose, what for, which data, when. Raises ValueError."""

    customer: Customer | str
    purpose: str
    categories: Sequence[str]
    at: datetime
    reference: str = ""

    def __post_init__(self) -> None:
        Customer.of(self.customer)
        keys("categories", self.categories)
        aware("at", self.at)


class ChoiceMembers(TypedDict, total=False):
    """What else a choice may say, as docs/api.md has it under Record and read; and the call's own Idempotency-Key."""

    categories: Sequence[str] | None
    recipients: Sequence[str] | None
    language: str | None
    notice_digest: str | None
    collected_at: datetime | None
    until: datetime | None
    confirmation: str | None
    actor: str | None
    evidence: dict[str, Any] | None
    idempotency_key: str


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A choice that was recorded. `id` is also the number of its receipt.

    status, categories, recipients: what stands after it; empty for a third party, which is told only what it said.
    confirmation: the one-time token to send to the customer's own address, where the purpose asks for that.
    """

    id: str
    token: str
    status: str = ""
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    receipt_url: str = ""
    confirmation: str = ""
    confirmation_url: str = ""


def unreachable() -> Decision:
    """The answer where nobody could be asked: no."""
    return Decision(allowed=False, reason=UNREACHABLE, reason_user="We could not ask, so the answer is no.")


def keys(name: str, value: Sequence[str] | None) -> None:
    """Raises ValueError for what is no list of keys; a bare text is one by accident."""
    if value is None:
        return
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name}: a list of keys.")


def aware(name: str, value: datetime | None) -> None:
    """Raises ValueError for a time that does not say which one it is."""
    if value is not None and value.tzinfo is None:
        raise ValueError(f"{name}: a time with its offset.")
