"""The processing and the parties of a consent record: what for, on which basis, which data, who gets it, which rights.

Each function gives one node, or a list of them, of the JSON-LD; members that say nothing are taken out afterwards.
"""

from collections.abc import Iterable
from typing import Any

from consent.rules import bases, dpv
from consent.rules.receipt_facts import Data, Facts, Party

Node = dict[str, Any]


def process(facts: Facts) -> Node:
    """What is done with which data, for what, on which basis, where, for how long, and by whom."""
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
        "dpv:hasLocation": places(_countries(facts)),
        # Checks permit the recipients named here and nobody else: so these countries and no others.
        "dpv:hasRule": [{"@type": ["dpv:Permission"], "dpv:hasLocation": places(_countries(facts))}],
        "dpv:hasRecipient": [_recipient(each, facts) for each in facts.recipients],
    }


def _purpose(facts: Facts) -> Node:
    return {
        "@type": ["dpv:Purpose"],
        **named(facts.purpose),
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
        **named(each.key),
        "dct:title": [each.label],
        "skos:broader": [dpv.personal_data(each.term)],
        "dpv:hasNecessity": ["dpv:Optional" if optional else "dpv:Required"],
    }


def _operations(facts: Facts) -> list[str]:
    shared = any(each.kind not in dpv.ROLES for each in facts.recipients)
    return ["dpv:Collect", "dpv:Store", "dpv:Use", *(["dpv:Share"] if shared else [])]


def _storage(facts: Facts) -> list[Node]:
    duration = {"@type": ["dpv:TemporalDuration"], "rdf:value": [facts.retention]}
    where = {"@type": ["dpv:StorageLocation"], "dpv:hasLocation": places(facts.storage_locations)}
    return [
        *([where] if facts.storage_locations else []),
        *([{"@type": ["dpv:StorageDuration"], "dpv:hasDuration": [duration]}] if facts.retention else []),
    ]


def _recipient(who: Party, facts: Facts) -> Node:
    """A system of the controller's own is reached where the controller is."""
    role = dpv.ROLES.get(who.kind, dpv.THIRD_PARTY)
    found = party(who, role, facts)
    if who.kind == "system":
        home = party(facts.controller, role, facts)
        found = home | {name: value for name, value in found.items() if value not in ([], [""])}
    return found | {"@type": ["dpv:Recipient", role]}


def party(who: Party, role: str, facts: Facts) -> Node:
    """Who it is, in which role, and how to reach them."""
    return {
        "@id": f"{facts.base}/#{who.key}",
        "@type": [role],
        **named(who.key),
        "dpv:hasName": [who.name],
        "dpv:hasAddress": [who.address],
        "dpv:hasContact": [each for each in (who.contact, who.email, who.phone, who.url) if each],
        "schema:email": [who.email],
        "schema:telephone": [who.phone],
        "schema:url": [who.url],
        "dpv:hasLocation": places([who.country] if who.country else []),
    }


def withdrawal(facts: Facts) -> Node:
    """Where a yes is taken back, and how, if the catalogue says more than that."""
    return {
        "@type": ["dpv:WithdrawConsent"],
        "dpv:isExercisedAt": [f"{facts.base}/purposes/{facts.purpose}"],
        "dct:description": [facts.withdrawal],
    }


def rights(facts: Facts) -> list[Node]:
    """The rights that go with it, by article where the GDPR is law."""
    kinds = ["dpv:DataSubjectRight"]
    if _gdpr(facts):
        articles = list(dpv.RIGHTS)
        articles += ["A7-3"] if facts.legal_basis in bases.ASKED else []
        articles += ["A21"] if facts.legal_basis in bases.OBJECTABLE else []
        articles += ["A22"] if facts.automated_decisions else []
        kinds += [f"eu-gdpr:{each}" for each in articles]
    return [{"@type": kinds, "dpv:isExercisedAt": [f"{facts.base}/"]}]


def authority(facts: Facts) -> list[Node]:
    """The regulator to complain to."""
    if not facts.regulator:
        return []
    return [
        {
            "@type": ["dpv:DataProtectionAuthority"],
            **named(facts.regulator),
            "dpv:hasName": [facts.regulator],
            "schema:url": [facts.regulator_url],
        }
    ]


def officer(facts: Facts) -> list[Node]:
    """The privacy officer, if there is one."""
    kind = "dpv:DataProtectionOfficer"
    return [{"@type": [kind], "dpv:hasContact": [facts.privacy_officer]}] if facts.privacy_officer else []


def named(identifier: str) -> Node:
    """Both names of an identifier: the guide's text uses the one, its tables the other."""
    return {"dct:identifier": [identifier], "dpv:hasIdentifier": [identifier]}


def _gdpr(facts: Facts) -> bool:
    return any(code.partition("-")[0] in dpv.GDPR for code in facts.jurisdictions)


def _countries(facts: Facts) -> list[str]:
    return list(dict.fromkeys(each.country for each in facts.recipients if each.country))


def places(codes: Iterable[str]) -> list[str]:
    """The locations of some ISO 3166 codes."""
    return [dpv.place(code) for code in codes]


def _described(kind: str, words: str) -> list[Node]:
    return [{"@type": [kind], "dct:description": [words]}] if words else []
