"""Which profile of ISO/IEC TS 27560 a consent record meets: the plain one, and the one the EU GDPR asks for.

The standard has 27 sections: 3 of the header, 21 of the processing, and one each for data, parties and events. One
table holds their fields, where each stands in our records, and which profile demands it (DPV guide to 27560, 7.2).
A field that does not apply (a special category where no data is sensitive) does not count as missing.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Node = dict[str, Any]
ISO, GDPR = "iso-27560", "eu-gdpr"
IRIS = {
    ISO: "https://w3id.org/dpv/schema/dpv-27560#record",
    GDPR: "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr",
}


class Section(NamedTuple):
    """One field: the standard's name, who demands it, and whether a record has it."""

    name: str
    profiles: tuple[str, ...]
    there: Callable[[Node], bool]


def missing(record: Node) -> dict[str, list[str]]:
    """The mandatory fields that a record does not have, by profile, in the standard's order."""
    return {
        profile: [each.name for each in SECTIONS if profile in each.profiles and not each.there(record)]
        for profile in IRIS
    }


def met(record: Node) -> tuple[str, ...]:
    """The profiles that a record says it meets: those of which it lacks nothing."""
    return tuple(name for name, iri in IRIS.items() if iri in record.get("dct:conformsTo", []))


def _at(*path: str) -> Callable[[Node], bool]:
    """Every thing on the way has the next member, and there is at least one at the end."""

    def there(record: Node) -> bool:
        nodes: list[Any] = [record]
        for name in path:
            inner = [node.get(name) if isinstance(node, dict) else None for node in nodes]
            if not inner or not all(inner):
                return False
            nodes = [each for found in inner for each in (found if isinstance(found, list) else [found])]
        return True

    return there


def _typed(*path: str, kinds: str) -> Callable[[Node], bool]:
    """At least one thing at the end of the path is of a kind whose name holds one of these words."""

    def there(record: Node) -> bool:
        return any(word in kind for kind in _kinds(record, path) for word in kinds.split())

    return there


def _storage(kind: str, member: str) -> Callable[[Node], bool]:
    def there(record: Node) -> bool:
        found = _nodes(record, ("dpv:hasProcess", "dpv:hasStorageCondition"))
        return any(kind in node.get("@type", []) and node.get(member) for node in found)

    return there


def _parties(member: str) -> Callable[[Node], bool]:
    """Controllers and recipients have it. The customer is not asked for an address, nor is the regulator."""

    def there(record: Node) -> bool:
        found = [*_nodes(record, ("dpv:hasDataController",)), *_nodes(record, ("dpv:hasProcess", "dpv:hasRecipient"))]
        return bool(found) and all(party.get(member) for party in found)

    return there


def _special(record: Node) -> bool:
    """Special categories are marked wherever the legal basis says that there are some."""
    claimed = any(
        "A9-2" in each for node in _nodes(record, ("dpv:hasProcess",)) for each in node.get("dpv:hasLegalBasis", [])
    )
    marked = _typed("dpv:hasProcess", "dpv:hasPersonalData", kinds="SpecialCategory")(record)
    return marked or not claimed


def _nodes(record: Node, path: tuple[str, ...]) -> Iterator[Node]:
    nodes = [record]
    for name in path:
        nodes = [each for node in nodes for each in node.get(name, []) if isinstance(each, dict)]
    yield from nodes


def _kinds(record: Node, path: tuple[str, ...]) -> list[str]:
    return [kind for node in _nodes(record, path) for kind in node.get("@type", [])]


_BOTH, _LAW, _FREE = (ISO, GDPR), (GDPR,), ()
_DATA = ("dpv:hasProcess", "dpv:hasPersonalData")
_EVENT = "dpv:hasConsentStatus"
SECTIONS = (
    # header
    Section("schema_version", _BOTH, _at("dct:conformsTo")),
    Section("record_id", _BOTH, _at("dct:identifier")),
    Section("pii_principal_id", _BOTH, _at("dpv:hasDataSubject", "dct:identifier")),
    # processing
    Section("privacy_notice", _BOTH, _at("dpv:hasNotice", "dct:identifier")),
    Section("language", _BOTH, _at("dct:language")),
    Section("purpose", _BOTH, _at("dpv:hasProcess", "dpv:hasPurpose", "dct:title")),
    Section("purpose_type", _FREE, _at("dpv:hasProcess", "dpv:hasPurpose", "skos:broader")),
    Section("lawful_basis", _LAW, _at("dpv:hasProcess", "dpv:hasLegalBasis")),
    Section("pii_information", _BOTH, _at(*_DATA)),
    Section("pii_controllers", _BOTH, _at("dpv:hasDataController")),
    Section("collection_method", _LAW, _at("dpv:hasProcess", "dpv:hasDataSource")),
    Section("processing_method", _LAW, _at("dpv:hasProcess", "dpv:hasProcessing")),
    Section("storage_locations", _BOTH, _storage("dpv:StorageLocation", "dpv:hasLocation")),
    Section("retention_period", _BOTH, _storage("dpv:StorageDuration", "dpv:hasDuration")),
    Section("processing_locations", _LAW, _at("dpv:hasProcess", "dpv:hasLocation")),
    Section("geographic_restrictions", _LAW, _at("dpv:hasProcess", "dpv:hasRule", "dpv:hasLocation")),
    Section("service", _FREE, _at("dpv:hasService")),
    Section("jurisdiction", _BOTH, _at("dpv:hasJurisdiction")),
    Section("recipient_third_parties", _BOTH, _at("dpv:hasProcess", "dpv:hasRecipient")),
    Section("withdrawal_method", _BOTH, _at("dpv:hasConsentControl", "dpv:isExercisedAt")),
    Section("privacy_rights", _LAW, _typed("dpv:hasRight", kinds="eu-gdpr:A")),
    Section("codes_of_conduct", _FREE, _at("dpv:hasOrganisationalMeasure")),
    Section("impact_assessment", _FREE, _at("dpv:hasImpactAssessment")),
    Section("authority_party", _LAW, _at("dpv:hasAuthority", "dpv:hasName")),
    # each item of data
    Section("pii_type", _BOTH, _at(*_DATA, "skos:broader")),
    Section("pii_attribute_id", _FREE, _at(*_DATA, "dct:identifier")),
    Section("pii_optional", _LAW, _at(*_DATA, "dpv:hasNecessity")),
    Section("sensitive_pii_category", _FREE, _typed(*_DATA, kinds="SensitivePersonalData")),
    Section("special_pii_category", _LAW, _special),
    # each party
    Section("party_id", _BOTH, _parties("dct:identifier")),
    Section("party_address", _BOTH, _parties("dpv:hasAddress")),
    Section("party_email", _FREE, _at("dpv:hasDataController", "schema:email")),
    Section("party_url", _FREE, _at("dpv:hasDataController", "schema:url")),
    Section("party_phone", _FREE, _at("dpv:hasDataController", "schema:telephone")),
    Section("party_name", _BOTH, _parties("dpv:hasName")),
    Section("party_role", _LAW, _typed("dpv:hasDataController", kinds="DataController")),
    Section("party_contact", _BOTH, _parties("dpv:hasContact")),
    Section("party_type", _BOTH, _parties("@type")),
    # the event
    Section("event_time", _BOTH, _at(_EVENT, "dct:date")),
    Section("validity_duration", _BOTH, _at(_EVENT, "dpv:hasDuration")),
    Section("entity_id", _BOTH, _at(_EVENT, "dpv:isIndicatedBy", "dct:identifier")),
    Section("event_type", _BOTH, _typed(_EVENT, kinds="ExpressedConsent")),
    Section("event_state", _BOTH, _typed(_EVENT, kinds="dpv:Consent dpv:RenewedConsentGiven")),
)
