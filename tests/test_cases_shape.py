"""The decision cases are data that several engines run: here is what every case must look like."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.once
FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [pytest.param(case, id=case["case"]) for file in FILES for case in yaml.safe_load(file.read_text("utf-8"))]
ALL = [param.values[0] for param in CASES]

THEMES = {
    "permitted", "refused_by_status", "scope", "versions", "time", "other_bases", "unknown", "precedence",
}  # fmt: skip
REASONS = {
    "unknown_purpose", "purpose_retired", "unknown_customer", "processing_limited", "recipient_not_named",
    "category_not_named", "no_consent", "consent_requested", "consent_refused", "consent_withdrawn",
    "consent_revoked", "consent_invalidated", "consent_expired", "consent_paused", "notice_changed",
    "guardian_needed", "gpc_opt_out", "recipient_not_chosen", "category_not_chosen", "objected", "permitted",
}  # fmt: skip
PARTLY = {"category_not_named", "category_not_chosen"}  # the only refusals that can still allow a part
CONSENT = {"consent", "explicit_consent"}
BASES = CONSENT | {"contract", "legal_obligation", "vital_interest", "public_interest", "legitimate_interest"}
STATUSES = {
    "requested", "deferred", "refused", "given", "renewed", "withdrawn", "revoked", "expired", "invalidated",
    "unknown",
}  # fmt: skip

# every mapping in a case: the members it must have, and those it can have besides
MEMBERS = {
    "case": ({"case", "says", "given", "ask", "answer"}, set()),
    "given": ({"now", "purpose", "customer"}, set()),
    "purpose": ({"key", "versions"}, {"retired"}),
    "version": (
        {
            "legal_basis",
            "material",
            "categories",
            "recipients",
            "consent_lasts",
            "sale_or_sharing",
            "min_age",
        },
        set(),
    ),
    "customer": (set(), {"limited", "minor", "must_opt_in", "never_shared", "guardian", "gpc", "state"}),
    "state": ({"status", "version", "categories", "recipients"}, {"expires_at", "paused_until", "objected"}),
    "ask": ({"recipient"}, {"categories"}),
    "answer": ({"decision", "reason", "allowed"}, {"refused", "valid_until"}),
}
FLAGS = {
    "retired",
    "material",
    "sale_or_sharing",
    "limited",
    "minor",
    "must_opt_in",
    "never_shared",
    "guardian",
    "gpc",
    "objected",
    "decision",
}
MOMENTS = {"now", "expires_at", "paused_until", "valid_until"}
LISTS = {"categories", "recipients", "allowed", "refused", "versions"}


def versions(case):
    return (case["given"]["purpose"] or {}).get("versions", [])


def mappings(case):
    """Every mapping of a case, with the name under which its members stand above."""
    yield from (("case", case), ("given", case["given"]), ("ask", case["ask"]), ("answer", case["answer"]))
    yield from (("version", version) for version in versions(case))
    purpose, customer = case["given"]["purpose"], case["given"]["customer"]
    if purpose is not None:
        yield "purpose", purpose
    if customer is not None:
        yield "customer", customer
        if "state" in customer:
            yield "state", customer["state"]


def test_one_file_for_each_theme():
    assert {file.stem for file in FILES} == THEMES


def test_there_are_enough_cases_and_each_has_its_own_name():
    names = Counter(case["case"] for case in ALL)
    assert len(ALL) >= 66
    assert [name for name, count in names.items() if count > 1] == []


def test_every_reason_is_met_at_least_twice():
    met = Counter(case["answer"]["reason"] for case in ALL)
    assert set(met) == REASONS
    assert [reason for reason, count in met.items() if count < 2] == []


def test_every_legal_basis_is_permitted_somewhere():
    permitted = [case for case in ALL if case["answer"]["decision"]]
    assert len(permitted) >= 12
    assert {versions(case)[-1]["legal_basis"] for case in permitted} == BASES


@pytest.mark.parametrize("case", CASES)
def test_members_and_their_kinds(case):
    for kind, mapping in mappings(case):
        needed, optional = MEMBERS[kind]
        assert needed <= set(mapping) <= needed | optional, kind
        for name, value in mapping.items():
            if name in FLAGS:
                assert isinstance(value, bool), name
            elif name in MOMENTS:
                assert isinstance(value, datetime), name
                assert value.tzinfo is not None, name
            elif name in LISTS:
                assert isinstance(value, list), name


@pytest.mark.parametrize("case", CASES)
def test_words_and_values(case):
    assert case["case"].isidentifier()
    assert case["case"].islower()
    assert case["says"].endswith(".")
    assert ". " not in case["says"], "one sentence"
    assert case["answer"]["reason"] in REASONS
    assert {version["legal_basis"] for version in versions(case)} <= BASES
    for version in versions(case):
        assert version["consent_lasts"] is None or version["legal_basis"] in CONSENT
    state = (case["given"]["customer"] or {}).get("state")
    if state:
        assert state["status"] in STATUSES
        assert 1 <= state["version"] <= len(versions(case))
        agreed = versions(case)[state["version"] - 1]
        assert set(state["categories"]) <= set(agreed["categories"]), "a scope lies within what was offered"
        assert set(state["recipients"]) <= set(agreed["recipients"]), "a scope lies within what was offered"


@pytest.mark.parametrize("case", CASES)
def test_the_answer_fits_the_question(case):
    asked, answer = case["ask"].get("categories"), case["answer"]
    allowed, refused = answer["allowed"], answer.get("refused", [])
    assert answer["decision"] == (answer["reason"] == "permitted")
    assert not set(allowed) & set(refused)
    if asked is not None:
        assert sorted(allowed + refused) == sorted(asked), "allowed and refused split what was asked for"
    if answer["decision"]:
        assert allowed
        assert not refused
    else:
        assert "valid_until" not in answer, "only a permission has an end"
        assert not allowed or answer["reason"] in PARTLY
