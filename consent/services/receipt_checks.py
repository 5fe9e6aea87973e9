"""Is this receipt real? For anyone who holds one: it is checked against our own keys, and nothing is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.proof import bundle, receipt
from audit.proof.errors import ProofError
from audit.services import rotation
from consent.rules import moments, profiles
from consent.rules.actions import ACT_OF

REAL, CHANGED, ENDED, FOREIGN, UNREADABLE = "real", "changed", "ended", "foreign", "unreadable"
# What is wrong in another way than being changed; the last say nothing against a file: it is none of ours, or none
# that we can read.
_VERDICTS = {
    "key-ended": ENDED,
    "key-missing": FOREIGN,
    "bundle-kind": UNREADABLE,
    "bundle-syntax": UNREADABLE,
    "jws-form": UNREADABLE,
}


@dataclass(frozen=True)
class Checked:
    """What was found. verdict: one of the five above; finding: what the verifier says against it.

    Of what is real: how many entries it proves, and of the first its number, time, act ("" for what is no choice), and
    for a signed receipt the title of the purpose with its language, and the profiles of ISO/IEC TS 27560 that it meets.
    """

    verdict: str
    finding: str = ""
    entries: int = 0
    number: str = ""
    at: datetime | None = None
    act: str = ""
    title: str = ""
    language: str = ""
    meets: tuple[str, ...] | None = None


def check(raw: bytes) -> Checked:
    """Check a signed receipt or a proof file."""
    known = rotation.keyset()
    try:
        if receipt.is_receipt(raw):
            found = receipt.verify_receipt(raw, known.vkeys)
            known.check_receipt(found)
            return _real(found.entry.leaf, 1, **_told(found.document))
        report = bundle.verify_bundle(bundle.loads(raw), known.vkeys)
        known.check_head(report.signed)
    except ProofError as problem:
        return Checked(_VERDICTS.get(problem.code, CHANGED), str(problem))
    return _real(report.entries[0].leaf, len(report.entries))


def _real(leaf: Mapping[str, Any], entries: int, **shown: Any) -> Checked:
    act = ACT_OF.get(str(leaf.get("action")), "")
    return Checked(REAL, "", entries, str(leaf["id"]), moments.moment(str(leaf["at"])), act, **shown)


def _told(document: dict[str, Any]) -> dict[str, Any]:
    """Title and language of the words that were shown, if any were; and which profiles the record meets."""
    record = document["dpv:hasRecordOfActivity"][0]
    told: dict[str, Any] = {"meets": profiles.met(record)}
    for notice in record.get("dpv:hasNotice", []):
        told |= {"title": str(notice["tc:words"]["title"]), "language": str(notice["dct:language"][0])}
    return told
