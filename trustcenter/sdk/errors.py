"""What can go wrong, as the caller meets it. A check that could not be made is a Decision that says no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Decision


class TrustCenterError(Exception):
    """The base of what this package raises."""


@dataclass(frozen=True)
class Member:
    """One wrong member of what was sent: where (JSON pointer, RFC 6901), a stable word, how to mend it."""

    pointer: str
    code: str
    detail: str


class Rejected(TrustCenterError):
    """The service answered, and will not take this: wrong input, wrong key, or it contradicts what is recorded.

    status and code: as docs/api.md lists them under Errors. members: what is wrong, each by its JSON pointer.
    """

    def __init__(self, status: int, code: str, detail: str, members: Sequence[Member] = ()) -> None:
        super().__init__(status, code, detail, tuple(members))  # so that it can be pickled
        self.status = status
        self.code = code
        self.detail = detail
        self.members = tuple(members)

    def __str__(self) -> str:
        named = "".join(f"\n  {each.pointer}: {each.detail}" for each in self.members)
        return f"{self.status} {self.code}: {self.detail}{named}"


class Unreachable(TrustCenterError):
    """Something was to be recorded, and nothing says that it was. Send it again under the same Idempotency-Key."""

    def __init__(self, detail: str, idempotency_key: str = "") -> None:
        super().__init__(detail, idempotency_key)
        self.detail = detail
        self.idempotency_key = idempotency_key

    def __str__(self) -> str:
        return self.detail


class NotPermitted(TrustCenterError):
    """A guard stopped what was about to happen. `decision` says why."""

    def __init__(self, decision: "Decision") -> None:
        super().__init__(decision)
        self.decision = decision

    def __str__(self) -> str:
        return f"Not permitted: {self.decision.reason}."
