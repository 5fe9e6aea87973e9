"""The receipt of one choice in the standard's words: ISO/IEC TS 27560 as JSON-LD with DPV 2.3 terms.

Facts in, document out. No floats, no nulls, and every thing that can be there twice is a list, also when it is there
once: readers need not guess. The context stands in the receipt itself; nobody has to fetch one to read it.
"""

import unicodedata
from datetime import UTC, datetime
from typing import Any

from consent.rules import bases, dpv, profiles
from consent.rules import receipt_processing as processing
from consent.rules.receipt_facts import Facts

Node = dict[str, Any]

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
    header: Node = _clean(
        {
            "@id": _address(facts),
            "@type": ["dpv:ConsentReceipt"],
            **processing.named(facts.number),
            "dct:conformsTo": [iri.replace("#record", "#receipt") for iri in inner["dct:conformsTo"]],
            "dct:created": [moment(issued_at)],
            "dct:publisher": [facts.controller.name],
            "tc:vocabulary": dpv.VERSION,
        }
    )
    return header | {"@context": CONTEXT, "dpv:hasRecordOfActivity": [inner]}


def record(facts: Facts) -> Node:
    """The consent record: header, processing, parties and the event. It names the profiles whose fields it has."""
    found: Node = _clean(
        {
            "@id": f"{_address(facts)}#record",
            "@type": ["dpv:ConsentRecord"],
            **processing.named(facts.number),
            "dct:conformsTo": [dpv.SCHEMA],
            "dpv:hasDataSubject": [{"@type": ["dpv:DataSubject"], **processing.named(facts.pseudonym)}],
            "dpv:hasNotice": _notice(facts),
            "dct:language": [facts.language],
            "dpv:hasJurisdiction": processing.places(facts.jurisdictions),
            "dpv:hasDataController": [processing.party(facts.controller, "dpv:DataController", facts)],
            "dpv:hasService": [{"@type": ["dpv:Service"], "dct:title": [facts.controller.name]}],
            "dpv:hasProcess": [processing.process(facts)],
            "dpv:hasConsentControl": [processing.withdrawal(facts)],
            "dpv:hasRight": processing.rights(facts),
            "dpv:hasAuthority": processing.authority(facts),
            "dpv:hasDataProtectionOfficer": processing.officer(facts),
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
            **processing.named(facts.notice),
            "dct:language": [facts.language],
            "dct:issued": [moment(facts.published_at)] if facts.published_at else [],
            "tc:assumed": facts.assumed,
            "tc:words": dict(facts.words),
        }
    ]


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
        "dpv:isImplementedByEntity": [{"@type": ["dpv:Entity"], **processing.named(facts.recorder)}],
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
        return {"@type": [kind], **processing.named(facts.controller.key)}
    return {"@type": [kind], **processing.named(facts.pseudonym if kind == "dpv:DataSubject" else facts.actor)}


def _validity(facts: Facts) -> Node:
    if facts.expires_at:
        return {"@type": ["dpv:UntilTimeDuration"], "rdf:value": [moment(facts.expires_at)]}
    until = "until withdrawn" if facts.status in ("given", "renewed") else "until the customer chooses anew"
    return {"@type": ["dpv:UntilEventDuration"], "dct:description": [until]}


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
