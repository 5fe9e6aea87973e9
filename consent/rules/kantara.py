"""A yes as a Kantara Consent Receipt 1.1, for tools that read nothing newer."""

from typing import Any

from consent.rules import dpv
from consent.rules.receipt_facts import Data, Facts, Party

VERSION = "KI-CR-v1.1.0"
YES = ("given", "renewed")


def document(facts: Facts) -> dict[str, Any] | None:
    """The receipt; None for anything but a yes, since the format knows neither refusal nor withdrawal."""
    if facts.status not in YES:
        return None
    found: dict[str, Any] = {
        "version": VERSION,
        "jurisdiction": " ".join(facts.jurisdictions),
        "consentTimestamp": int(facts.collected_at.timestamp()),
        "collectionMethod": " ".join(part for part in (facts.channel, facts.method) if part),
        "consentReceiptID": facts.number,
        "piiPrincipalId": facts.pseudonym,
        "piiControllers": [_controller(facts.controller)],
        "policyUrl": f"{facts.base}/purposes/{facts.purpose}",
        "services": [{"service": facts.controller.name, "purposes": [_purpose(facts)]}],
        "sensitive": any(each.sensitive for each in facts.categories),
        "spiCat": [_category(each) for each in facts.categories if each.sensitive],
    }
    return found | ({"language": facts.language} if facts.language else {})


def _controller(party: Party) -> dict[str, Any]:
    """Phone is a required member; where there is none it is empty."""
    found = {
        "piiController": party.name,
        "contact": party.email,
        "address": {"streetAddress": party.address},
        "email": party.email,
        "phone": party.phone,
    }
    return found | ({"piiControllerUrl": party.url} if party.url else {})


def _purpose(facts: Facts) -> dict[str, Any]:
    third = [each.name for each in facts.recipients if each.kind not in dpv.ROLES]
    found = {
        "purpose": facts.words.get("title", facts.purpose),
        "purposeCategory": [dpv.purpose(facts.purpose_term)],
        "consentType": "EXPLICIT",
        "piiCategory": [_category(each) for each in facts.categories],
        "termination": f"{facts.base}/purposes/{facts.purpose}",
        "thirdPartyDisclosure": bool(third),
    }
    return found | ({"thirdPartyName": ", ".join(third)} if third else {})


def _category(each: Data) -> str:
    return f"{each.label} ({each.key})"
