"""The receipt of one choice in the standard's words: ISO/IEC TS 27560 as JSON-LD with DPV 2.3 terms.

Facts in, document out. No floats, no nulls, and every thing that can be there twice is a list, also when it is there
once: readers need not guess. The context stands in the receipt itself; nobody has to fetch one to read it.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from consent.rules import bases, dpv, profiles

Node = dict[str, Any]


@dataclass(frozen=True)
class Party:
    """A controller or recipient. kind: as in the catalogue; `controller` for the controller itself."""

    key: str
    kind: str
    name: str
    address: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    country: str = ""


@dataclass(frozen=True)
class Data:
    """One category of data, with its label in the language of the notice."""

    key: str
    label: str
    term: str = ""
    sensitive: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything a receipt says about one event.

    number: of the log entry, and so of record and receipt. action: the log's word for the act; status: what the act
    leads to. base: the address of this service. categories, recipients: those chosen; for a no, those it was about.
    words, notice, language: empty where no text was shown. actor: who acted; recorder: who told us (`system:shop`).
    expires_at: None for until withdrawn. offices: name and address of the regulator and of the privacy officer.
    """

    number: str
    pseudonym: str
    action: str
    status: str
    purpose: str
    version: int
    legal_basis: str
    base: str
    controller: Party
    categories: tuple[Data, ...]
    recipients: tuple[Party, ...]
    jurisdictions: tuple[str, ...]
    storage_locations: tuple[str, ...]
    retention: str
    collected_at: datetime
    recorded_at: datetime
    channel: str
    actor: str
    recorder: str
    purpose_term: str = ""
    method: str = ""
    notice: str = ""
    assumed: bool = False
    imported: bool = False
    language: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    published_at: datetime | None = None
    expires_at: datetime | None = None
    withdrawal: str = ""
    automated_decisions: bool = False
    regulator: str = ""
    regulator_url: str = ""
    privacy_officer: str = ""


# Members whose plain texts are names of things, not words.
_LINKS = (
    *("hasJurisdiction", "hasLocation", "hasLegalBasis", "hasProcessing", "hasContext", "hasNecessity"),
    "isExercisedAt",
)
CONTEXT: Node = dpv.NAMESPACES | {
    **{f"dpv:{name}": {"@type": "@id"} for name in _LINKS},
    **{name: {"@type": "@id"} for name in ("skos:broader", "dct:conformsTo", "schema:url")},
    **{name: {"@type": "@json"} for name in ("tc:words", "tc:log")},
}


def document(facts: Facts, *, issued_at: datetime) -> Node:
    """The receipt: a header, and the whole record inside.

    issued_at: when the receipt was made, which is after the record.
    """
    inner = record(facts)
    return _clean(
        {
            "@context": CONTEXT,
            "@id": _address(facts),
            "@type": ["dpv:ConsentReceipt"],
            **_named(facts.number),
            "dct:conformsTo": [iri.replace("#record", "#receipt") for iri in inner["dct:conformsTo"]],
            "dct:created": [moment(issued_at)],
            "dct:publisher": [facts.controller.name],
            "tc:vocabulary": dpv.VERSION,
            "dpv:hasRecordOfActivity": [inner],
        }
    )


def record(facts: Facts) -> Node:
    """The consent record: header, processing, parties and the event. It names the profiles whose fields it has."""
    found: Node = _clean(
        {
            "@id": f"{_address(facts)}#record",
            "@type": ["dpv:ConsentRecord"],
            **_named(facts.number),
            "dct:conformsTo": [dpv.SCHEMA],
            "dpv:hasDataSubject": [{"@type": ["dpv:DataSubject"], **_named(facts.pseudonym)}],
            "dpv:hasNotice": _notice(facts),
            "dct:language": [facts.language],
            "dpv:hasJurisdiction": _places(facts.jurisdictions),
            "dpv:hasDataController": [_party(facts.controller, "dpv:DataController", facts)],
            "dpv:hasService": [{"@type": ["dpv:Service"], "dct:title": [facts.controller.name]}],
            "dpv:hasProcess": [_process(facts)],
            "dpv:hasConsentControl": [_withdrawal(facts)],
            "dpv:hasRight": _rights(facts),
            "dpv:hasAuthority": _authority(facts),
            "dpv:hasDataProtectionOfficer": _officer(facts),
            "dpv:hasConsentStatus": [_event(facts)],
        }
    )
    met = [name for name, missing in profiles.missing(found).items() if not missing]
    return found | {"dct:conformsTo": [profiles.IRIS[name] for name in met] or [dpv.SCHEMA]}


def moment(value: datetime) -> str:
    """A time as the log writes it: RFC 3339, UTC, microseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _notice(facts: Facts) -> list[Node]:
    """The very version that was shown, with its words: their digest can be computed again from here."""
    if not facts.notice:
        return []
    return [
        {
            "@id": f"{facts.base}/api/v1/purposes/{facts.purpose}/versions/{facts.version}#{facts.language}",
            "@type": ["dpv:ConsentNotice" if facts.legal_basis in bases.ASKED else "dpv:PrivacyNotice"],
            **_named(facts.notice),
            "dct:language": [facts.language],
            "dct:issued": [moment(facts.published_at)] if facts.published_at else [],
            "tc:assumed": facts.assumed,
            "tc:words": dict(facts.words),
        }
    ]


def _process(facts: Facts) -> Node:
    asked = facts.legal_basis in bases.ASKED
    return {
        "@type": ["dpv:Process"],
        "dpv:hasPurpose": [_purpose(facts)],
        "dpv:hasLegalBasis": _basis(facts),
        "dpv:hasPersonalData": [_data(each, facts.legal_basis, optional=asked) for each in facts.categories],
        # Where the data comes from and how, in the words the customer read.
        "dpv:hasDataSource": _described("dpv:DataSource", facts.words.get("what", "")),
        "dpv:hasProcessing": _operations(facts),
        "dpv:hasContext": ["dpv:AutomatedDecisionMaking"] if facts.automated_decisions else [],
        "dpv:hasAlgorithmicLogic": _described("dpv:AlgorithmicLogic", facts.words.get("ai", "")),
        "dpv:hasConsequence": _described("dpv:Consequence", facts.words.get("if_no", "")),
        "dpv:hasStorageCondition": _storage(facts),
        "dpv:hasLocation": _places(_countries(facts)),
        # Checks permit the recipients named here and nobody else: so these countries and no others.
        "dpv:hasRule": [{"@type": ["dpv:Permission"], "dpv:hasLocation": _places(_countries(facts))}],
        "dpv:hasRecipient": [_recipient(each, facts) for each in facts.recipients],
    }


def _purpose(facts: Facts) -> Node:
    return {
        "@type": ["dpv:Purpose"],
        **_named(facts.purpose),
        "dct:title": [facts.words.get("title", facts.purpose)],
        "dct:description": [facts.words.get("why", "")],
        "skos:broader": [dpv.purpose(facts.purpose_term)],
        "tc:version": facts.version,
    }


def _basis(facts: Facts) -> list[str]:
    everywhere, gdpr = dpv.BASES[facts.legal_basis]
    if not _gdpr(facts):
        return [everywhere]
    special = [dpv.SPECIAL_BASIS] if any(_special(each, facts.legal_basis) for each in facts.categories) else []
    return [everywhere, gdpr, *special]


def _special(each: Data, basis: str) -> bool:
    return each.sensitive and basis == bases.EXPLICIT_CONSENT


def _data(each: Data, basis: str, *, optional: bool) -> Node:
    kinds = ["dpv:PersonalData"]
    kinds += ["dpv:SensitivePersonalData"] if each.sensitive else []
    kinds += ["dpv:SpecialCategoryPersonalData"] if _special(each, basis) else []
    return {
        "@type": kinds,
        **_named(each.key),
        "dct:title": [each.label],
        "skos:broader": [dpv.personal_data(each.term)],
        "dpv:hasNecessity": ["dpv:Optional" if optional else "dpv:Required"],
    }


def _operations(facts: Facts) -> list[str]:
    shared = any(each.kind not in dpv.ROLES for each in facts.recipients)
    return ["dpv:Collect", "dpv:Store", "dpv:Use", *(["dpv:Share"] if shared else [])]


def _storage(facts: Facts) -> list[Node]:
    duration = {"@type": ["dpv:TemporalDuration"], "rdf:value": [facts.retention]}
    where = {"@type": ["dpv:StorageLocation"], "dpv:hasLocation": _places(facts.storage_locations)}
    return [
        *([where] if facts.storage_locations else []),
        *([{"@type": ["dpv:StorageDuration"], "dpv:hasDuration": [duration]}] if facts.retention else []),
    ]


def _recipient(party: Party, facts: Facts) -> Node:
    """A system of the controller's own is reached where the controller is."""
    role = dpv.ROLES.get(party.kind, dpv.THIRD_PARTY)
    found = _party(party, role, facts)
    if party.kind == "system":
        home = _party(facts.controller, role, facts)
        found = home | {name: value for name, value in found.items() if value not in ([], [""])}
    return found | {"@type": ["dpv:Recipient", role]}


def _party(party: Party, role: str, facts: Facts) -> Node:
    return {
        "@id": f"{facts.base}/#{party.key}",
        "@type": [role],
        **_named(party.key),
        "dpv:hasName": [party.name],
        "dpv:hasAddress": [party.address],
        "dpv:hasContact": [each for each in (party.contact, party.email, party.phone, party.url) if each],
        "schema:email": [party.email],
        "schema:telephone": [party.phone],
        "schema:url": [party.url],
        "dpv:hasLocation": _places([party.country] if party.country else []),
    }


def _withdrawal(facts: Facts) -> Node:
    return {
        "@type": ["dpv:WithdrawConsent"],
        "dpv:isExercisedAt": [f"{facts.base}/purposes/{facts.purpose}"],
        "dct:description": [facts.withdrawal],
    }


def _rights(facts: Facts) -> list[Node]:
    kinds = ["dpv:DataSubjectRight"]
    if _gdpr(facts):
        articles = list(dpv.RIGHTS)
        articles += ["A7-3"] if facts.legal_basis in bases.ASKED else []
        articles += ["A21"] if facts.legal_basis in bases.OBJECTABLE else []
        articles += ["A22"] if facts.automated_decisions else []
        kinds += [f"eu-gdpr:{each}" for each in articles]
    return [{"@type": kinds, "dpv:isExercisedAt": [f"{facts.base}/"]}]


def _authority(facts: Facts) -> list[Node]:
    if not facts.regulator:
        return []
    named = _named(facts.regulator)
    return [
        {
            "@type": ["dpv:DataProtectionAuthority"],
            **named,
            "dpv:hasName": [facts.regulator],
            "schema:url": [facts.regulator_url],
        }
    ]


def _officer(facts: Facts) -> list[Node]:
    kind = "dpv:DataProtectionOfficer"
    return [{"@type": [kind], "dpv:hasContact": [facts.privacy_officer]}] if facts.privacy_officer else []


def _event(facts: Facts) -> Node:
    """What was said, when, how and by whom. An objection where nobody was asked is a right used, not a consent."""
    asked = facts.legal_basis in bases.ASKED
    state = [dpv.STATES[facts.status], dpv.KINDS[facts.legal_basis]] if asked else ["dpv:RightExerciseActivity"]
    # Nobody expresses an informed consent without words to be informed by.
    state = state if facts.notice or not asked else state[:1]
    when = moment(facts.collected_at)
    return {
        "@type": state,
        "dct:date": [when],
        "dpv:isIndicatedAtTime": [when],
        "dpv:isIndicatedBy": [_who(facts)],
        "dpv:isImplementedByEntity": [{"@type": ["dpv:Entity"], **_named(facts.recorder)}],
        "dpv:hasIndicationMethod": [facts.method],
        "dct:valid": [moment(facts.expires_at)] if facts.expires_at else [],
        "dpv:hasDuration": [_validity(facts)],
        "tc:action": facts.action,
        "tc:actor": facts.actor,
        "tc:channel": facts.channel,
        "tc:recorded": moment(facts.recorded_at),
        "tc:imported": facts.imported,
    }


def _who(facts: Facts) -> Node:
    """Only the customer has a name here, and it is a pseudonym; who acted for them is told by role."""
    kind = dpv.ACTORS[facts.actor]
    if kind == "dpv:DataController":
        return {"@type": [kind], **_named(facts.controller.key)}
    return {"@type": [kind], **_named(facts.pseudonym if kind == "dpv:DataSubject" else facts.actor)}


def _validity(facts: Facts) -> Node:
    if facts.expires_at:
        return {"@type": ["dpv:UntilTimeDuration"], "rdf:value": [moment(facts.expires_at)]}
    until = "until withdrawn" if facts.status in ("given", "renewed") else "until the customer chooses anew"
    return {"@type": ["dpv:UntilEventDuration"], "dct:description": [until]}


def _gdpr(facts: Facts) -> bool:
    return any(code.partition("-")[0] in dpv.GDPR for code in facts.jurisdictions)


def _countries(facts: Facts) -> list[str]:
    return list(dict.fromkeys(each.country for each in facts.recipients if each.country))


def _places(codes: Iterable[str]) -> list[str]:
    return [dpv.place(code) for code in codes]


def _described(kind: str, words: str) -> list[Node]:
    return [{"@type": [kind], "dct:description": [words]}] if words else []


def _named(identifier: str) -> Node:
    """Both names of an identifier: the guide's text uses the one, its tables the other."""
    return {"dct:identifier": [identifier], "dpv:hasIdentifier": [identifier]}


def _address(facts: Facts) -> str:
    return f"{facts.base}/api/v1/receipts/{facts.number}"


def _clean(value: Any) -> Any:
    """Without members that say nothing, and with texts in NFC: the form that canonical bytes take."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        cleaned = {name: _clean(each) for name, each in value.items()}
        return {name: each for name, each in cleaned.items() if each not in ("", [], {})}
    if isinstance(value, list):
        return [each for each in map(_clean, value) if each not in ("", [], {})]
    return value
