"""Everything that is kept about one customer, as one JSON-LD document with the terms of DPV 2.3 (GDPR Art. 15, 20).

Each choice stands in it as a dpv:ConsentRecord, the very record that its receipt holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from consent.rules import dpv, receipt
from consent.rules.receipt_facts import Facts

Node = dict[str, Any]
CONTEXT: Node = receipt.CONTEXT | {
    **{name: {"@type": "@json"} for name in ("tc:evidence", "tc:told")},
    **{name: {"@container": "@list"} for name in ("tc:standing", "tc:use", "tc:benefit", "tc:view", "tc:other")},
}


@dataclass(frozen=True)
class Said:
    """One choice: the facts of its receipt, what was kept beside it, and the signed receipt once there is one."""

    facts: Facts
    evidence: Mapping[str, Any] = field(default_factory=dict)
    jws: str = ""


@dataclass(frozen=True)
class Stands:
    """What follows for one purpose from all that was said. reason: the code a check would give.

    data, parties: the names of categories and recipients, for people.
    """

    purpose: str
    title: str
    status: str
    reason: str
    legal_basis: str
    version: int
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    since: datetime | None = None
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    data: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()

    @property
    def permitted(self) -> bool:
        return self.reason == "permitted"


@dataclass(frozen=True)
class Happened:
    """One more entry of the log: who did what, when and why, and what of it can still be read (`told`)."""

    number: str
    action: str
    at: datetime
    who: str
    purpose: str = ""
    outcome: str = ""
    reason: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    """The whole record. identifiers: each (namespace, id, verified). language: the customer's.

    data, parties: names, for people, of the categories and recipients that stand in it by their keys.
    """

    pseudonym: str
    base: str
    known_since: datetime
    made_at: datetime
    controllers: tuple[str, ...]
    identifiers: tuple[tuple[str, str, bool], ...]
    standing: tuple[Stands, ...]
    said: tuple[Said, ...]
    uses: tuple[Happened, ...]
    benefits: tuple[Happened, ...]
    views: tuple[Happened, ...]
    others: tuple[Happened, ...]
    jurisdiction: str = ""
    minor_until: date | None = None
    language: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)


def document(whole: Whole) -> Node:
    """The record as JSON-LD. No floats and no nulls; what is not known is left out."""
    return {
        "@context": CONTEXT,
        "@type": ["tc:CustomerRecord"],
        "dct:created": [receipt.moment(whole.made_at)],
        "dct:publisher": list(whole.controllers),
        "tc:vocabulary": dpv.VERSION,
        "dpv:hasDataSubject": [_customer(whole)],
        "tc:standing": [_stands(each) for each in whole.standing],
        "dpv:hasRecordOfActivity": [_said(each) for each in whole.said],
        "tc:use": [_happened(each) for each in whole.uses],
        "tc:benefit": [_happened(each) for each in whole.benefits],
        "tc:view": [_happened(each) for each in whole.views],
        "tc:other": [_happened(each) for each in whole.others],
    }


def _customer(whole: Whole) -> Node:
    return {
        "@type": ["dpv:DataSubject"],
        "dct:identifier": [whole.pseudonym],
        "dpv:hasIdentifier": [
            {"tc:namespace": namespace, "tc:value": value, "tc:verified": verified}
            for namespace, value, verified in whole.identifiers
        ],
        "tc:knownSince": receipt.moment(whole.known_since),
    } | _told({"tc:jurisdiction": whole.jurisdiction, "tc:minorUntil": str(whole.minor_until or "")})


def _said(said: Said) -> Node:
    return receipt.record(said.facts) | _told({"tc:evidence": dict(said.evidence), "tc:receipt": said.jws})


def _stands(each: Stands) -> Node:
    return {
        "dct:identifier": [each.purpose],
        "dct:title": [each.title],
        "tc:status": each.status,
        "tc:reason": each.reason,
        "tc:legalBasis": each.legal_basis,
        "tc:version": each.version,
    } | _told(
        {
            "tc:category": list(each.categories),
            "tc:recipient": list(each.recipients),
            "tc:since": receipt.moment(each.since) if each.since else "",
            "tc:until": receipt.moment(each.expires_at) if each.expires_at else "",
            "tc:pausedUntil": receipt.moment(each.paused_until) if each.paused_until else "",
        }
    )


def _happened(each: Happened) -> Node:
    return {
        "dct:identifier": [each.number],
        "dct:date": [receipt.moment(each.at)],
        "tc:action": each.action,
        "tc:actor": each.who,
    } | _told(
        {
            "tc:purpose": each.purpose,
            "tc:outcome": each.outcome,
            "tc:reason": each.reason,
            "tc:told": dict(each.told),
        }
    )


def _told(members: Node) -> Node:
    """Members that say something."""
    return {name: value for name, value in members.items() if value not in ("", [], {})}
