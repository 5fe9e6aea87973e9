"""The decision: may this recipient use these categories of this customer for this purpose, now?

One pure function; there is no second engine. The first line that applies, answers:

    unknown_purpose, purpose_retired         the purpose was never published, or was taken out of use
    unknown_customer                         no such identifier
    processing_limited                       a limitation request stands (GDPR Art. 18)
    recipient_not_named, category_not_named  not in the current version, or, for consent, not in the agreed one
    no_consent, consent_requested, …         consent bases, by status
    consent_expired, consent_paused          compared with `now`, not with a sweep having run
    notice_changed                           agreed to an older version, materially changed since
    guardian_needed                          a child without a guardian's yes (GDPR Art. 8), or one whom the law lets
                                             nobody sell, share or track, whoever says yes (DPDP s. 9(3))
    gpc_opt_out                              a browser signal against sale or sharing
    recipient_not_chosen                     outside the scope the customer chose
    category_not_chosen                      likewise
    objected                                 legitimate or public interest, objection stands (GDPR Art. 21)
    permitted                                else

Nothing is allowed by default: what is absent is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.rules import bases

PERMITTING = frozenset({"given", "renewed"})
BY_STATUS = {
    "unknown": "no_consent",
    "requested": "consent_requested",
    "deferred": "consent_requested",
    "refused": "consent_refused",
    "withdrawn": "consent_withdrawn",
    "revoked": "consent_revoked",
    "invalidated": "consent_invalidated",
    "expired": "consent_expired",
}


@dataclass(frozen=True)
class Terms:
    """What one published purpose version allows at most."""

    number: int
    legal_basis: str
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    sale_or_sharing: bool = False
    min_age: int | None = None


@dataclass(frozen=True)
class Purpose:
    """A published purpose: the version in force, the one the customer agreed to, and what happened between.

    material: the number of the newest material version up to the current one.
    """

    key: str
    current: Terms
    material: int
    agreed: Terms | None = None
    retired: bool = False


@dataclass(frozen=True)
class State:
    """What the customer last said about one purpose. Times are aware."""

    status: str = "unknown"
    version: int | None = None
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    objected: bool = False
    by_guardian: bool = False

    def over(self, moment: datetime) -> bool:
        """Whether its time has run out at a moment."""
        return self.expires_at is not None and self.expires_at <= moment

    def halted(self, moment: datetime) -> bool:
        """Whether a pause lasts at a moment."""
        return self.paused_until is not None and moment < self.paused_until


@dataclass(frozen=True)
class Customer:
    """What else is known about the customer that bears on the decision on one purpose.

    minor: a child for this purpose (rules/ages.py). must_opt_in: so young that it needs their yes, whatever it rests on
    for others. never_shared: a child for whom no yes counts. gpc: the browser's signal stops it (rules/signals.py).
    """

    state: State = State()
    limited: bool = False
    minor: bool = False
    must_opt_in: bool = False
    never_shared: bool = False
    gpc: bool = False


@dataclass(frozen=True)
class Decision:
    """The answer to one check. `allowed` and `refused` part the categories that were asked for."""

    permitted: bool
    reason: str
    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    legal_basis: str = ""
    version: int | None = None
    valid_until: datetime | None = None


def decide(
    *,
    purpose: Purpose | None,
    customer: Customer | None,
    recipient: str,
    categories: Iterable[str] | None,
    now: datetime,
) -> Decision:
    """Answer one check. `categories` None means: those chosen (consent) or those of the version (other bases)."""
    asked = None if categories is None else tuple(dict.fromkeys(categories))
    if purpose is None or customer is None or purpose.retired:
        reason = "unknown_purpose" if purpose is None else "purpose_retired" if purpose.retired else "unknown_customer"
        return Decision(False, reason, refused=asked or ())
    named = _named(purpose, customer)
    chosen = _chosen(purpose, customer, named)
    wanted = asked if asked is not None else chosen
    whole = _whole(purpose, customer, recipient, now)
    reason = _first_reason(whole, named, chosen, wanted)
    allowed = () if whole else tuple([each for each in wanted if each in chosen])
    if not reason and not allowed:
        reason = "category_not_chosen" if purpose.current.legal_basis in bases.ASKED else "category_not_named"
    return Decision(
        permitted=not reason,
        reason=reason or "permitted",
        allowed=allowed,
        refused=tuple([each for each in wanted if each not in allowed]),
        legal_basis=purpose.current.legal_basis,
        version=purpose.current.number,
        valid_until=customer.state.expires_at if not reason and _asked(purpose) else None,
    )


def _first_reason(whole: str, named: tuple[str, ...], chosen: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """The first line of the table that applies, in its order; "" when none does. whole: what `_whole` says."""
    if whole in ("processing_limited", "recipient_not_named"):
        return whole
    if not set(wanted).issubset(named):
        return "category_not_named"
    if whole and whole != "objected":
        return whole
    return whole if set(wanted).issubset(chosen) else "category_not_chosen"


def _whole(purpose: Purpose, customer: Customer, recipient: str, now: datetime) -> str:
    """The reason that refuses every category alike; "" when only single categories can still fail."""
    if customer.limited:
        return "processing_limited"
    if not _recipient_named(purpose, customer, recipient):
        return "recipient_not_named"
    return (
        (_by_status(purpose, customer.state, now) if _asked(purpose) or customer.must_opt_in else "")
        or ("guardian_needed" if _needs_guardian(purpose, customer) else "")
        or ("gpc_opt_out" if customer.gpc and purpose.current.sale_or_sharing else "")
        or ("recipient_not_chosen" if _asked(purpose) and recipient not in customer.state.recipients else "")
        or ("objected" if _objected(purpose, customer.state) else "")
    )


def _by_status(purpose: Purpose, state: State, now: datetime) -> str:
    if state.status not in PERMITTING:
        return BY_STATUS[state.status]
    if state.over(now):
        return "consent_expired"
    if state.halted(now):
        return "consent_paused"
    if purpose.agreed is None or purpose.agreed.number < purpose.material:
        return "notice_changed"
    return ""


def _asked(purpose: Purpose) -> bool:
    return purpose.current.legal_basis in bases.ASKED


def _named(purpose: Purpose, customer: Customer) -> tuple[str, ...]:
    """The categories that stand in the current version and, for consent, in the agreed one too."""
    if _asked(purpose) and purpose.agreed is not None and customer.state.status in PERMITTING:
        return tuple([each for each in purpose.current.categories if each in purpose.agreed.categories])
    return purpose.current.categories


def _chosen(purpose: Purpose, customer: Customer, named: tuple[str, ...]) -> tuple[str, ...]:
    if _asked(purpose):
        return tuple([each for each in named if each in customer.state.categories])
    return named


def _recipient_named(purpose: Purpose, customer: Customer, recipient: str) -> bool:
    agreed = purpose.agreed if _asked(purpose) and customer.state.status in PERMITTING else None
    return recipient in purpose.current.recipients and (agreed is None or recipient in agreed.recipients)


def _needs_guardian(purpose: Purpose, customer: Customer) -> bool:
    if customer.never_shared:
        return True
    return customer.minor and (_asked(purpose) or customer.must_opt_in) and not customer.state.by_guardian


def _objected(purpose: Purpose, state: State) -> bool:
    return purpose.current.legal_basis in bases.OBJECTABLE and (
        state.objected or state.status in {"refused", "withdrawn", "revoked"}
    )
