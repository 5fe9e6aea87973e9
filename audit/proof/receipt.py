"""A receipt of one consent: a signed JSON-LD document that carries the proof of its own log entry.

What is signed is an ISO/IEC TS 27560 receipt in DPV terms (JSON-LD), and beside it

    "iss": <name of the receipt key>, "tc:key": <that key>, "tc:log": <proof file of one entry>

Three things are checked: the signature over all of it; that the entry is in the log; and that what the receipt
tells a person is what the entry says, word for word of the notice (its digest is computed again from the words).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import bundle, canonical, jws, note, shape
from .errors import ProofError

KEY_SUFFIX = "/receipts"
"""The receipt key's name is the log's and this: so that neither key can pose as the other's."""

STATES = {
    "consent.requested": {"dpv:ConsentRequested"},
    "consent.pending": {"dpv:ConsentRequested"},
    "consent.given": {"dpv:ConsentGiven"},
    "consent.confirmed": {"dpv:ConsentGiven"},
    "consent.paused": {"dpv:ConsentStatusInvalidForProcessing"},
    "consent.resumed": {"dpv:ConsentGiven"},
    "consent.renewed": {"dpv:RenewedConsentGiven"},
    "consent.refused": {"dpv:ConsentRefused"},
    "consent.deferred": {"dpv:ConsentRequestDeferred"},
    "consent.withdrawn": {"dpv:ConsentWithdrawn"},
    "consent.objected": {"dpv:ConsentWithdrawn"},
    "consent.revoked": {"dpv:ConsentRevoked"},
    "consent.expired": {"dpv:ConsentExpired"},
    "consent.invalidated": {"dpv:ConsentInvalidated"},
}
"""Which state a receipt may tell for each kind of entry."""

# Joining and parting records lead to whatever is the stricter of two answers.
STATES |= dict.fromkeys(("consent.linked", "consent.unlinked"), set().union({"dpv:ConsentUnknown"}, *STATES.values()))

_ANY_STATE = [state for states in STATES.values() for state in states]


@dataclass(frozen=True, slots=True)
class Report:
    """What a receipt proves. `signed`: the head; `vkey`: the receipt key, and `pinned`: whether it was given."""

    signed: str
    document: dict[str, Any]
    entry: bundle.Entry
    issuer: str
    vkey: str
    origin: str
    size: int
    pinned: bool


def is_receipt(raw: bytes) -> bool:
    """Return whether a file is a signed receipt rather than a proof file, by its first bytes and its dots."""
    return not raw.startswith(b"{") and raw.count(b".") == 2


def key_name(origin: str) -> str:
    """Return the name of the receipt key of a log."""
    return origin + KEY_SUFFIX


def verify_receipt(raw: bytes, vkeys: Sequence[str] | None) -> Report:
    """Return what the receipt in `raw` proves.

    Args:
        raw: the file: the token and nothing else, not even a newline.
        vkeys: keys from a source you trust; the receipt key must be among them. The log's key may be: if it is not,
            the receipt key vouches for the one inside. None takes both from the file, and the report says so.

    Raises:
        ProofError: `jws-*`, `signature-*`, `receipt-*`, `key-missing`; whatever the proof inside raises.
    """
    parsed = jws.parse(_text(raw))
    document = shape.an_object(canonical.loads(parsed.payload), "the receipt")
    carried = note.parse_vkey(shape.text(document, "tc:key"))
    jws.verify(parsed, carried.public_key)
    if shape.text(document, "iss") != carried.name:
        raise ProofError("receipt-issuer", "The receipt was not issued under the name of its key.")
    _check_pinned(carried, vkeys)
    report = _log(document, carried.name, vkeys)
    entry = report.entries[0]
    _check_said(document, entry.leaf)
    signer = carried.name, note.vkey(carried.name, carried.public_key)
    return Report(report.signed, document, entry, *signer, report.origin, report.size, pinned=vkeys is not None)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise ProofError("jws-form", "A signed receipt is ASCII text. Take a fresh copy.") from None


def _check_pinned(carried: note.VKey, vkeys: Sequence[str] | None) -> None:
    if vkeys is None:
        return
    pinned = [key for key in map(note.parse_vkey, vkeys) if key.name == carried.name]
    if not pinned:
        raise ProofError("key-missing", f"No key for {ascii(carried.name)[:80]}. Give the receipt key of that house.")
    if carried not in pinned:
        raise ProofError("signature-unknown", "None of the keys given has signed this. Is it the right house's key?")


def _log(document: dict[str, Any], issuer: str, vkeys: Sequence[str] | None) -> bundle.Report:
    """Return the proof inside, of one entry of the log that belongs to the receipt key."""
    proof = shape.an_object(document.get("tc:log"), "tc:log")
    origin = shape.text(proof, "origin")
    if issuer != key_name(origin):
        raise ProofError("receipt-issuer", "The receipt brings the proof of another house's log.")
    pinned = [item for item in vkeys or () if note.parse_vkey(item).name == origin]
    report = bundle.verify_bundle(proof, pinned or None)
    if len(report.entries) != 1:
        raise ProofError("receipt-entry", "A receipt proves one entry, and this one brings another number of them.")
    return report


def _check_said(document: dict[str, Any], leaf: dict[str, Any]) -> None:
    """Compare what the receipt says with what the entry says, member by member."""
    record = _one(document, "dpv:hasRecordOfActivity")
    event, process = _one(record, "dpv:hasConsentStatus"), _one(record, "dpv:hasProcess")
    purpose, details = _one(process, "dpv:hasPurpose"), shape.an_object(leaf.get("details"), "details")
    said = {
        "number": (_id(document), leaf.get("id")),
        "record": (_id(record), leaf.get("id")),
        "customer": (_id(_one(record, "dpv:hasDataSubject")), leaf.get("subject")),
        "purpose": (_id(purpose), leaf.get("purpose")),
        "version": (purpose.get("tc:version"), leaf.get("version")),
        "act": (event.get("tc:action"), leaf.get("action")),
        "time of the act": (event.get("dct:date"), [details.get("collected_at")]),
        "time of recording": (event.get("tc:recorded"), leaf.get("at")),
        "channel": (event.get("tc:channel"), details.get("channel")),
        "person who acted": (event.get("tc:actor"), details.get("actor")),
        "notice": (_notice(record, purpose), details.get("notice")),
        "language": (_only(record, "dct:language") if "dct:language" in record else None, details.get("language")),
    }
    if "categories" in details:
        said["data"] = (_ids(process, "dpv:hasPersonalData"), details["categories"])
        said["recipients"] = (_ids(process, "dpv:hasRecipient"), details.get("recipients"))
    for what, (here, there) in said.items():
        if here != there:
            raise ProofError("receipt-differs", f"The receipt and the log tell different things: {what}.")
    _check_state(event)


def _check_state(event: dict[str, Any]) -> None:
    told = {each for each in shape.items(event, "@type") if each in _ANY_STATE}
    if told - STATES.get(shape.text(event, "tc:action"), set()):
        raise ProofError("receipt-differs", "The receipt tells another state than the act in the log leads to.")


def _notice(record: dict[str, Any], purpose: dict[str, Any]) -> str | None:
    """Return the digest of the notice, computed from its words; None if no notice was shown."""
    if "dpv:hasNotice" not in record:
        return None
    notice = _one(record, "dpv:hasNotice")
    words = {
        "purpose": _id(purpose),
        "version": purpose.get("tc:version"),
        "language": _only(notice, "dct:language"),
        "text": shape.an_object(notice.get("tc:words"), "tc:words"),
    }
    digest = hashlib.sha256(canonical.dumps(words)).hexdigest()
    if _id(notice) != digest:
        raise ProofError("receipt-words", "The words of the notice are not those that its digest was made from.")
    return digest


def _only(item: dict[str, Any], name: str) -> Any:
    found = shape.items(item, name)
    if len(found) != 1:
        raise ProofError("receipt-form", f"`{name}` holds one thing in a receipt, and here it does not.")
    return found[0]


def _one(item: dict[str, Any], name: str) -> dict[str, Any]:
    return shape.an_object(_only(item, name), name)


def _id(item: dict[str, Any]) -> str:
    """Return the one identifier of a thing, which stands under two names."""
    found = shape.a_text(_only(item, "dct:identifier"), "dct:identifier")
    if item.get("dpv:hasIdentifier") != [found]:
        raise ProofError("receipt-form", "A thing in this receipt has two different identifiers.")
    return found


def _ids(item: dict[str, Any], name: str) -> list[str]:
    return [_id(shape.an_object(each, name)) for each in shape.items(item, name)]
