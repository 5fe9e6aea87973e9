"""Every error a caller can meet, each with a stable code (docs/api.md lists them; a test compares).

A door turns one into RFC 9457 problem+json, a form message, or a line on a terminal; nothing here knows which.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One thing wrong with one member of the input.

    pointer: where, as a JSON pointer (RFC 6901), e.g. `/subject/id`.
    code: a stable word; detail: one sentence that says how to mend it.
    """

    pointer: str
    code: str
    detail: str


class TrustError(Exception):
    """The base: what happened in one sentence, and how to mend it."""

    code = "error"
    status = 400
    title = "This cannot be done."

    def __init__(self, detail: str = "", *fields: Field) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.fields = fields


class Invalid(TrustError):
    """The input is wrong; every wrong member is named."""

    code = "invalid"
    status = 400
    title = "The input is not valid."

    def __init__(self, *fields: Field, detail: str = "") -> None:
        super().__init__(detail or (fields[0].detail if len(fields) == 1 else self.title), *fields)


class NotAuthenticated(TrustError):
    code = "not_authenticated"
    status = 401
    title = "Send a valid API key as `Authorization: Bearer tc_…`."


class NotAllowed(TrustError):
    code = "not_allowed"
    status = 403
    title = "This key may not do this."


class NotFound(TrustError):
    code = "not_found"
    status = 404
    title = "There is nothing here."


class NoChoiceHere(TrustError):
    code = "no_choice_here"
    status = 409
    title = "This purpose does not rest on a choice, so there is none to record."


class NoticeSuperseded(TrustError):
    code = "notice_superseded"
    status = 409
    title = "The purpose changed materially since this text. Show the current text and ask again."


class PurposeClosed(TrustError):
    code = "purpose_closed"
    status = 409
    title = "This purpose was taken out of use; no new consent can be given to it."


class AskedRecently(TrustError):
    code = "asked_recently"
    status = 409
    title = "They said no less than 12 months ago, and the purpose has not changed materially since. Do not ask again."


class OutOfTurn(TrustError):
    code = "out_of_turn"
    status = 409
    title = "This act does not fit what stands."


class IdentifierUnverified(TrustError):
    code = "identifier_unverified"
    status = 409
    title = "Nobody vouched that this identifier is theirs, so by it they can only say no. Verify it first."


class Suppressed(TrustError):
    code = "suppressed"
    status = 409
    title = "They asked to be left alone. Only their own yes, by a verified identifier, ends that."


class StillRunning(TrustError):
    code = "still_running"
    status = 409
    title = "The first request with this Idempotency-Key is still running. Try again in a moment."


class KeyReused(TrustError):
    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used with another body. Use a new key for a new request."


class TooLarge(TrustError):
    code = "too_large"
    status = 413
    title = "This is too much for one request. Send it in parts."


class TooSlow(TrustError):
    code = "too_slow"
    status = 408
    title = "The body came too slowly, or stopped coming. Nothing was answered; send it again."


class LinkSpent(TrustError):
    code = "link_spent"
    status = 410
    title = "This link was used or is too old. Ask for a new one."


class StopLinkEnded(TrustError):
    code = "stop_link_ended"
    status = 410
    title = "This link is not whole, or more than three years old. Turn the use off in the portal, or write to us."


class CodeNeeded(TrustError):
    code = "code_needed"
    status = 403
    title = "This needs a fresh code by e-mail, which shows who it is."


class ReceiptGone(TrustError):
    code = "receipt_gone"
    status = 410
    title = "There is no receipt of this choice, and there will be none."


class Pruned(TrustError):
    code = "pruned"
    status = 410
    title = "This entry was pruned by policy. Its place in the log, and its hash, can still be proven."


class PositionGone(TrustError):
    code = "position_gone"
    status = 410
    title = "Our log has not come that far; it may have been restored. Read a new snapshot."


class TooMany(TrustError):
    code = "too_many"
    status = 429
    title = "Too many tries. Wait a little."

    def __init__(self, detail: str = "", *fields: Field, retry_after: int = 60) -> None:
        super().__init__(detail, *fields)
        self.retry_after = retry_after


class Conflict(TrustError):
    code = "conflict"
    status = 409
    title = "This contradicts what is recorded."
