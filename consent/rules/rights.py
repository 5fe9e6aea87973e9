"""Requests by which customers use their rights: which there are, how they go on, and why one can be refused."""

from collections.abc import Collection

from consent.rules import bases

# GDPR Art. 15 and 20, 16, 17, 18, 21, 22(3); CCPA § 1798.100 to .121; PIPL Art. 44 to 48; LGPD Art. 18 and 20.
KINDS = ("copy", "correct", "delete", "limit", "object", "human_review")
# What carries data away or cannot be undone needs a fresh code (level 2). What only says no never does: no more is
# asked for it than for saying yes (GDPR Art. 7(3), 12(6); 11 CCR 7060(b)).
NEEDS_FRESH = frozenset({"copy", "correct", "delete"})
# Of these, one at a time is enough, or one for each use that it names: a second one asks for nothing more.
ONE_AT_A_TIME = frozenset({"copy", "delete", "limit"})
MOST_OPEN = 10
# What can name a use, and on what that use rests: an objection, our own interest, or the public's; a deletion, also a
# choice, since what was collected for the others is kept (GDPR Art. 17(1)(b), (c)).
NAMEABLE = {"object": bases.OBJECTABLE, "delete": bases.OBJECTABLE | bases.ASKED}
STATES = ("received", "checking", "working", "done", "refused", "withdrawn")
OPEN = ("received", "checking", "working")
# Each step: from which states, and to which. "" leaves the state as it is.
STEPS: dict[str, tuple[Collection[str], str]] = {
    "opened": ((), "received"),
    "added": (OPEN, ""),
    "asked": (("received",), "checking"),
    "started": (("received", "checking"), "working"),
    "extended": (OPEN, ""),
    "answered": (("received", "working"), "done"),
    "refused": (OPEN, "refused"),
    "withdrawn": (("received", "checking"), "withdrawn"),
    "lifted": (("done",), ""),
}
# Why a request is refused: GDPR Art. 12(2) and (6), 12(5), 17(3)(b), 17(3)(e), 15(4), 21(1), and that we have nothing.
GROUNDS = (
    "identity_unclear",
    "excessive",
    "law_requires",
    "legal_claims",
    "rights_of_others",
    "stronger_grounds",
    "nothing_held",
)


def after(state: str, step: str, *, kind: str) -> str | None:
    """The state that a step leads to; None where it may not be taken.

    A limitation is the customer's own to end, also when it has long been in force (GDPR Art. 18).
    """
    allowed, to = STEPS[step]
    if step == "withdrawn" and kind == "limit":
        allowed = (*OPEN, "done")
    if step == "lifted" and kind != "limit":
        return None
    if state not in allowed:
        return None
    if step == "added" and state == "checking":
        return "received"
    return to or state


def withdrawable(state: str, kind: str, *, limited: bool) -> bool:
    """Whether the customer can still take the request back; of a limitation, while it stands. limited: it does."""
    if kind == "limit":
        return limited
    return after(state, "withdrawn", kind=kind) is not None
