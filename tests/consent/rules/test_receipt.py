"""A receipt says all that the standard asks for, in words the vocabulary has, and owns up to what it does not know."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit.proof import canonical
from audit.proof import receipt as verifier
from consent.rules import bases, dpv, kantara, lifecycle, profiles, receipt
from consent.rules.actions import BY_ACT
from consent.rules.receipt_facts import Data, Facts, Party
from tests.audit.proof import vectors
from tests.consent.rules import dpv_terms

pytestmark = pytest.mark.once
NOW = datetime(2026, 5, 14, 12, tzinfo=UTC)
TERM = re.compile(r"(?<![\w-])(dpv|pd|eu-gdpr):([A-Za-z][\w-]*)")
FACTS = Facts(
    number="019d8bdc-da00-7000-8018-b1fab2007dfb",
    pseudonym="s_1",
    action="consent.given",
    status="given",
    purpose="ride_photos",
    version=3,
    legal_basis=bases.EXPLICIT_CONSENT,
    base="https://park.example",
    controller=Party(
        *("kestrel-park", "controller", "Kestrel Park Ltd"),
        address="1 Harbour Road",
        email="privacy@park.example",
        phone="+44 1",
        url="https://park.example",
    ),
    categories=(
        Data("contact.email", "Your e-mail address", "pd:EmailAddress"),
        Data("face_image", "The shape of your face", "pd:FacialPrint", sensitive=True),
    ),
    recipients=(
        Party("photo-booth", "system", "Photo booth", country="GB"),
        Party("mailbird", "processor", "MailBird Ltd", address="Dublin", contact="privacy@mail.example", country="IE"),
        Party("adpartner", "third_party", "AdPartner", address="Oregon", contact="privacy@ad.example", country="US"),
    ),
    jurisdictions=("GB",),
    storage_locations=("GB", "IE"),
    retention="P12M",
    collected_at=NOW,
    recorded_at=NOW,
    channel="portal",
    actor="self",
    recorder="customer",
    purpose_term="dpv:ServiceProvision",
    method="button",
    notice="ab" * 32,
    language="en",
    words={
        "title": "Photos",
        "what": "We see",
        "why": "So that",
        "if_no": "Nothing",
        "ai": "A computer",
        "benefit": "x",
    },
    published_at=NOW,
    expires_at=NOW.replace(year=2028),
    automated_decisions=True,
    regulator="ICO",
    regulator_url="https://ico.example",
    privacy_officer="officer@park.example",
)
# The 27 sections of ISO/IEC TS 27560: the header's, the processing's, and one each for data, party and event.
_PROCESSING = """
privacy_notice language purpose purpose_type lawful_basis pii_information pii_controllers collection_method
processing_method storage_locations retention_period processing_locations geographic_restrictions service jurisdiction
recipient_third_parties withdrawal_method privacy_rights codes_of_conduct impact_assessment authority_party
"""
PROCESSING = _PROCESSING.split()
PARTS = {
    "data": ["pii_type", "pii_attribute_id", "pii_optional", "sensitive_pii_category", "special_pii_category"],
    "party": [
        f"party_{name}" for name in ["id", "address", "email", "url", "phone", "name", "role", "contact", "type"]
    ],
    "event": ["event_time", "validity_duration", "entity_id", "event_type", "event_state"],
}
SECTIONS = [["schema_version"], ["record_id"], ["pii_principal_id"], *([name] for name in PROCESSING), *PARTS.values()]
_MANDATORY = """
schema_version record_id pii_principal_id privacy_notice language purpose pii_information pii_controllers
storage_locations retention_period jurisdiction recipient_third_parties withdrawal_method pii_type party_id
party_address party_name party_contact party_type event_time validity_duration entity_id event_type event_state
"""
MANDATORY = _MANDATORY.split()
_BY_LAW = """
lawful_basis collection_method processing_method processing_locations geographic_restrictions privacy_rights
authority_party pii_optional special_pii_category party_role
"""
BY_LAW = _BY_LAW.split()
# Optional everywhere, and the catalogue knows nothing of them.
UNKNOWN_TO_US = {"codes_of_conduct", "impact_assessment"}


def test_the_table_has_every_field_of_the_27_sections_in_order():
    assert len(SECTIONS) == 27
    assert [each.name for each in profiles.SECTIONS] == [name for section in SECTIONS for name in section]


def test_the_mandatory_fields_are_those_of_each_profile():
    wanted = {name: [each.name for each in profiles.SECTIONS if name in each.profiles] for name in profiles.IRIS}
    assert set(wanted["iso-27560"]) == set(MANDATORY)
    assert set(wanted["eu-gdpr"]) == {*MANDATORY, *BY_LAW}


@pytest.mark.parametrize("section", profiles.SECTIONS, ids=lambda section: section.name)
def test_a_full_record_has_every_field_we_can_know(section):
    assert section.there(receipt.record(FACTS)) == (section.name not in UNKNOWN_TO_US)


def test_it_names_the_profiles_it_meets():
    found = receipt.document(FACTS, issued_at=NOW)
    assert found["dct:conformsTo"] == [f"{dpv.SCHEMA}#receipt", f"{dpv.SCHEMA}#receipt-eu-gdpr"]
    assert found["dpv:hasRecordOfActivity"][0]["dct:conformsTo"] == list(profiles.IRIS.values())


LOSSES = {
    "privacy_notice": {"notice": "", "language": "", "words": {}},
    "storage_locations": {"storage_locations": ()},
    "retention_period": {"retention": ""},
    "jurisdiction": {"jurisdictions": ()},
    "pii_information": {"categories": ()},
    "recipient_third_parties": {"recipients": ()},
    "party_address": {"recipients": (replace(FACTS.recipients[1], address=""),)},
    "party_contact": {"recipients": (replace(FACTS.recipients[2], contact=""),)},
    "party_name": {"controller": replace(FACTS.controller, name="")},
    "event_type": {"legal_basis": bases.LEGITIMATE_INTEREST},
}


@pytest.mark.parametrize("field", LOSSES)
def test_it_says_which_mandatory_field_is_missing_and_claims_no_profile(field):
    found = receipt.record(replace(FACTS, **LOSSES[field]))
    missing = profiles.missing(found)
    assert field in missing["iso-27560"]
    assert field in missing["eu-gdpr"]
    assert found["dct:conformsTo"] == [dpv.SCHEMA]


# Where each mandatory field stands in a record, member by member; `*` is every thing of a list.
_PROCESS, _EACH = ("dpv:hasProcess", "*"), ("dpv:hasPersonalData", "*")
_DATA, _OWNER, _EVENT = (*_PROCESS, *_EACH), ("dpv:hasDataController", "*"), ("dpv:hasConsentStatus", "*")
PLACES = {
    "schema_version": ("dct:conformsTo",),
    "record_id": ("dct:identifier",),
    "pii_principal_id": ("dpv:hasDataSubject", "*", "dct:identifier"),
    "privacy_notice": ("dpv:hasNotice", "*", "dct:identifier"),
    "language": ("dct:language",),
    "purpose": (*_PROCESS, "dpv:hasPurpose", "*", "dct:title"),
    "lawful_basis": (*_PROCESS, "dpv:hasLegalBasis"),
    "pii_information": (*_PROCESS, "dpv:hasPersonalData"),
    "pii_controllers": ("dpv:hasDataController",),
    "collection_method": (*_PROCESS, "dpv:hasDataSource"),
    "processing_method": (*_PROCESS, "dpv:hasProcessing"),
    "storage_locations": (*_PROCESS, "dpv:hasStorageCondition", "*", "dpv:hasLocation"),
    "retention_period": (*_PROCESS, "dpv:hasStorageCondition", "*", "dpv:hasDuration"),
    "processing_locations": (*_PROCESS, "dpv:hasLocation"),
    "geographic_restrictions": (*_PROCESS, "dpv:hasRule", "*", "dpv:hasLocation"),
    "jurisdiction": ("dpv:hasJurisdiction",),
    "recipient_third_parties": (*_PROCESS, "dpv:hasRecipient"),
    "withdrawal_method": ("dpv:hasConsentControl", "*", "dpv:isExercisedAt"),
    "privacy_rights": ("dpv:hasRight", "*", "@type"),
    "authority_party": ("dpv:hasAuthority", "*", "dpv:hasName"),
    "pii_type": (*_DATA, "skos:broader"),
    "pii_optional": (*_DATA, "dpv:hasNecessity"),
    "special_pii_category": (*_DATA, "@type"),
    "party_id": (*_PROCESS, "dpv:hasRecipient", "*", "dct:identifier"),
    "party_address": (*_OWNER, "dpv:hasAddress"),
    "party_name": (*_OWNER, "dpv:hasName"),
    "party_role": (*_OWNER, "@type"),
    "party_contact": (*_PROCESS, "dpv:hasRecipient", "*", "dpv:hasContact"),
    "party_type": (*_PROCESS, "dpv:hasRecipient", "*", "@type"),
    "event_time": (*_EVENT, "dct:date"),
    "validity_duration": (*_EVENT, "dpv:hasDuration"),
    "entity_id": (*_EVENT, "dpv:isIndicatedBy", "*", "dct:identifier"),
    "event_type": (*_EVENT, "@type"),
    "event_state": (*_EVENT, "@type"),
}


def without(node, path, *, first):
    """A copy without the member at the end of a path: of the first thing of each list, or of every thing."""
    name, *rest = path
    if name == "*":
        return [without(each, rest, first=first) if not (first and place) else each for place, each in enumerate(node)]
    if not rest:
        return {key: value for key, value in node.items() if key != name}
    return node | {name: without(node[name], rest, first=first)} if name in node else node


def test_every_field_that_a_profile_demands_has_its_place():
    assert list(PLACES) == [each.name for each in profiles.SECTIONS if each.profiles]


@pytest.mark.parametrize("field", PLACES)
def test_a_record_without_a_field_meets_no_profile_that_demands_it(field):
    """One row for each field that ISO/IEC TS 27560 or the EU GDPR demands."""
    full = receipt.record(FACTS)
    missing = profiles.missing(without(full, PLACES[field], first=False))
    assert (field in missing["iso-27560"]) == (field in MANDATORY)
    assert field in missing["eu-gdpr"]


@pytest.mark.parametrize("field", [name for name in PLACES if name.startswith(("party_", "pii_type", "pii_opt"))])
def test_one_party_or_one_item_of_data_without_it_is_enough(field):
    missing = profiles.missing(without(receipt.record(FACTS), PLACES[field], first=True))
    assert field in missing["eu-gdpr"]


@pytest.mark.parametrize(
    ("field", "loss"),
    [
        ("authority_party", {"regulator": ""}),
        ("privacy_rights", {"jurisdictions": ("US-CA",)}),
        ("collection_method", {"words": {"title": "Photos"}}),
        ("processing_locations", {"recipients": (replace(FACTS.recipients[0], country=""),)}),
    ],
)
def test_it_can_meet_the_plain_profile_without_that_of_the_gdpr(field, loss):
    found = receipt.record(replace(FACTS, **loss))
    missing = profiles.missing(found)
    assert missing["iso-27560"] == []
    assert field in missing["eu-gdpr"]
    assert found["dct:conformsTo"] == [f"{dpv.SCHEMA}#record"]


def variants():
    yield FACTS
    for basis in bases.ALL:
        yield replace(FACTS, legal_basis=basis)
    for status in dpv.STATES:
        yield replace(FACTS, status=status)
    for actor in dpv.ACTORS:
        yield replace(FACTS, actor=actor)
    yield replace(FACTS, expires_at=None, jurisdictions=("US-CA",), notice="", words={}, language="")
    yield replace(FACTS, purpose_term="dpv:SellEverything", categories=(Data("x", "X", "pd:Soul"), Data("y", "Y")))
    yield replace(FACTS, purpose_term="evil:Thing", categories=(Data("x", "X", "dpv:EmailAddress"),))


def test_every_term_exists_in_the_vocabulary():
    found = {
        match.groups()
        for facts in variants()
        for match in TERM.finditer(json.dumps(receipt.document(facts, issued_at=NOW)))
    }
    known = {("dpv", name) for name in dpv_terms.DPV | dpv.PURPOSES}
    known |= {("pd", name) for name in dpv.PERSONAL_DATA} | {("eu-gdpr", name) for name in dpv_terms.EU_GDPR}
    assert found - known == set()
    assert {name for space, name in found if space == "dpv"} >= dpv_terms.DPV
    assert {name for space, name in found if space == "eu-gdpr"} == dpv_terms.EU_GDPR


@pytest.mark.parametrize("file", ["consent_status.csv", "consent_types.csv"])
def test_states_and_kinds_are_in_the_data_files(file):
    folder = vectors.folder("dpv-consent")
    if folder is None:
        pytest.skip("the outside vectors dpv-consent are not on this machine (shared/vectors or TRUST_VECTORS)")
    terms = {f"dpv:{row['term']}" for row in csv.DictReader((folder / file).read_text("utf-8").splitlines())}
    used = dpv.STATES.values() if "status" in file else dpv.KINDS.values()
    assert set(used) <= terms
    schema = (folder / "dpv-27560.ttl").read_text("utf-8")
    for profile in ("record", "record-eu-gdpr", "receipt", "receipt-eu-gdpr"):
        assert f"dpv-27560:{profile} a " in schema


def test_the_state_of_an_act_is_one_the_verifier_expects():
    for act, action in BY_ACT.items():
        assert dpv.STATES[lifecycle.told(act)] in verifier.STATES[action]
    assert dpv.STATES[lifecycle.told("give", pending=True)] in verifier.STATES["consent.pending"]


def test_prefixes_are_all_declared_and_no_context_is_fetched():
    found = receipt.document(FACTS, issued_at=NOW)
    names = set(re.findall(r'"([a-z][\w-]*):\w+":', json.dumps(found)))
    assert names <= found["@context"].keys() | {"https"}
    assert "https://" not in str([value for value in found["@context"].values() if not isinstance(value, str)])


@pytest.mark.parametrize("facts", list(variants()))
def test_it_has_canonical_bytes(facts):
    """No floats, no null, no empty members; and what is there many times is a list, also when there once."""
    found = receipt.document(facts, issued_at=NOW)
    assert canonical.loads(canonical.dumps(found)) == found
    assert not re.search(r'""|\[\]|\{\}', canonical.dumps(found).decode())


def test_a_texts_form_is_made_canonical():
    decomposed = replace(FACTS, controller=replace(FACTS.controller, name="Cafe\N{COMBINING ACUTE ACCENT}"))
    canonical.dumps(receipt.document(decomposed, issued_at=NOW))


def test_only_a_pseudonym_names_the_customer():
    guardian = receipt.record(replace(FACTS, actor="guardian"))
    event = guardian["dpv:hasConsentStatus"][0]
    assert event["dpv:isIndicatedBy"][0]["@type"] == ["dpv:GuardianOfDataSubject"]
    assert event["dpv:isIndicatedBy"][0]["dct:identifier"] == ["guardian"]
    assert guardian["dpv:hasDataSubject"][0]["dct:identifier"] == ["s_1"]


def test_special_data_is_marked_only_under_explicit_consent():
    kinds = receipt.record(FACTS)["dpv:hasProcess"][0]["dpv:hasPersonalData"][1]["@type"]
    assert "dpv:SpecialCategoryPersonalData" in kinds
    plain = receipt.record(replace(FACTS, legal_basis=bases.CONSENT))["dpv:hasProcess"][0]
    assert plain["dpv:hasPersonalData"][1]["@type"] == ["dpv:PersonalData", "dpv:SensitivePersonalData"]
    assert "eu-gdpr:A9-2-a" not in plain["dpv:hasLegalBasis"]


def test_an_objection_is_a_right_used_and_no_consent():
    found = receipt.record(replace(FACTS, legal_basis=bases.LEGITIMATE_INTEREST, status="withdrawn"))
    assert found["dpv:hasConsentStatus"][0]["@type"] == ["dpv:RightExerciseActivity"]
    assert "eu-gdpr:A21" in found["dpv:hasRight"][0]["@type"]


KANTARA = {
    *("version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "piiPrincipalId"),
    *("piiControllers", "policyUrl", "services", "sensitive", "spiCat"),
}


def test_kantara_has_every_required_member():
    found = kantara.document(FACTS)
    assert found.keys() >= KANTARA
    assert found["version"] == "KI-CR-v1.1.0"
    assert (found["consentTimestamp"], found["sensitive"]) == (1778760000, True)
    assert {"piiController", "contact", "address", "email", "phone"} <= found["piiControllers"][0].keys()
    purpose = found["services"][0]["purposes"][0]
    needed = {"consentType", "purposeCategory", "piiCategory", "termination", "thirdPartyDisclosure", "thirdPartyName"}
    assert needed <= purpose.keys()
    assert (purpose["thirdPartyDisclosure"], purpose["thirdPartyName"]) == (True, "AdPartner")


def test_kantara_names_no_third_party_where_none_gets_data():
    purpose = kantara.document(replace(FACTS, recipients=FACTS.recipients[:2]))["services"][0]["purposes"][0]
    assert not purpose["thirdPartyDisclosure"]
    assert "thirdPartyName" not in purpose


@pytest.mark.parametrize("status", sorted(dpv.STATES.keys() - {"given", "renewed"}))
def test_kantara_knows_only_a_yes(status):
    assert kantara.document(replace(FACTS, status=status)) is None
