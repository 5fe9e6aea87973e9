"""Who may do which act for a customer, and the proof that a yes then needs.

Whoever says yes for somebody else shows why they may (GDPR Art. 7(1), 8(2); PIPL Art. 31; LGPD Art. 14). A reduction
needs no proof from anybody: taking a yes back is never harder than giving it (GDPR Art. 7(3); 11 CCR 7026(d), 7060(b)).
A browser's signal can only reduce, and the lack of one says nothing; a machine says yes for nobody.
"""

import re
from collections.abc import Mapping
from typing import Any

from consent.errors import Field
from consent.rules import lifecycle, text

ACTORS = ("self", "staff", "guardian", "representative", "system", "browser")
# The ways in which staff meet a customer; on the others customers act themselves.
STAFF_CHANNELS = ("phone", "store", "paper", "post", "mail", "email", "sms", "console")
PAPER = "paper"
REASON, SCAN = "reason", "scan_sha256"
# Who speaks in the customer's place, by an authority of their own.
BY_MANDATE = frozenset({"guardian", "representative"})
# Who presses the buttons of the portal: the customer, or who came in for them.
VISITORS = BY_MANDATE | {"customer"}

_OWN = frozenset(lifecycle.ACTS) - lifecycle.BY_OTHERS
MAY = {
    "self": _OWN,
    "staff": frozenset(lifecycle.ACTS),
    "guardian": _OWN,
    "representative": _OWN,
    "system": frozenset(lifecycle.ACTS) - lifecycle.WIDENING,
    "browser": lifecycle.REDUCTIONS - lifecycle.BY_OTHERS,
}
_WHY_NOT = {
    "system": "No machine says yes for a customer: the actor is whoever said it.",
    "browser": "A browser's signal can only reduce; it never says yes, and its absence says nothing.",
}
# A confirmation adds nothing to the yes that it confirms, and so needs no further proof.
PROVED = lifecycle.WIDENING - {lifecycle.CONFIRM}
# What the evidence of a yes must hold, by who said it.
PROOF = {
    "staff": {REASON: "Say why a member of staff records this for the customer."},
    "guardian": {"guardian_verification": "Say how the guardian's own identity and authority were checked."},
    "representative": {"mandate": "Say what the mandate is, and how it was checked."},
}
_SCAN_NEEDED = "The SHA-256 of the scanned paper: POST /api/v1/subjects/{namespace}/{id}/scans answers with it."
_DIGEST = re.compile(r"[0-9a-f]{64}")


def problems(*, act: str, actor: str, channel: str, evidence: Mapping[str, Any], imported: bool) -> list[Field]:
    """What is wrong with who acts; act and actor are known ones. What was imported was proved elsewhere."""
    found = _scan(evidence)
    # What another tool kept is taken as it is, also what joining left; a browser says no yes anywhere.
    if act not in MAY[actor] and not (imported and (actor != "browser" or act not in lifecycle.WIDENING)):
        detail = f"{act} is not the customer's own: the actor is staff or system. The customer's is withdraw."
        return [*found, Field("/actor", "act", _WHY_NOT.get(actor, detail))]
    if imported or act not in PROVED:
        return found
    if actor == "staff" and channel not in STAFF_CHANNELS:
        detail = f"Staff meet a customer by one of {', '.join(STAFF_CHANNELS)}."
        found.append(Field("/channel", "actor", detail))
    if actor == "staff" and channel == PAPER and SCAN not in evidence:
        found.append(Field(f"/evidence/{SCAN}", "required", _SCAN_NEEDED))
    return found + [field for name, why in PROOF.get(actor, {}).items() for field in _told(evidence, name, why)]


def by_mandate(kind: str, number: str) -> dict[str, str]:
    """The proof of a yes that was said in the portal by a mandate: its number, under which the check stands."""
    return dict.fromkeys(PROOF[kind], f"Mandate {number}")


def may_confirm(*, said: str, confirms: str) -> bool:
    """Whether one actor may confirm what another said: a guardian's or a representative's yes only they themselves."""
    return said == confirms or not {said, confirms} & BY_MANDATE


def _told(evidence: Mapping[str, Any], name: str, why: str) -> list[Field]:
    value = evidence.get(name)
    if value is None:
        return [Field(f"/evidence/{name}", "required", why)]
    if not isinstance(value, str) or not value.strip() or text.problem(value, length=text.FREE_TEXT_LENGTH, lines=True):
        return [Field(f"/evidence/{name}", "text", f"{why} In words, at most {text.FREE_TEXT_LENGTH} characters.")]
    return []


def _scan(evidence: Mapping[str, Any]) -> list[Field]:
    named = evidence.get(SCAN)
    if named is None or (isinstance(named, str) and _DIGEST.fullmatch(named)):
        return []
    return [Field(f"/evidence/{SCAN}", "format", "A SHA-256 in 64 lower-case hexadecimal digits.")]
