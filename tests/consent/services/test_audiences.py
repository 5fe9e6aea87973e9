"""A list of customers is answered as each of them would be alone, from what stands now, and is in the log once."""

from datetime import timedelta

import pytest

from consent.services import (
    audiences,
    checks,
    compiled,
    subjects,
)
from consent.services.audiences import Wanted
from consent.services.checks import Question
from consent.services.subjects import Handle
from tests import decision_cases as cases
from tests import decision_rows as rows
from tests.world import NOW, SYSTEM

# Few are read one by one; for many everybody is compiled.
FEW, MANY = 1, 10**9
WAYS = pytest.mark.parametrize("size", [FEW, MANY], ids=["read", "compiled"])
LATER = NOW + timedelta(seconds=1)
OFFERS = Wanted("mail-engine", "personal_offers", "customer")


@pytest.fixture(autouse=True)
def _nothing_kept():
    compiled.forget()


def check(*ids, wanted=OFFERS, at=NOW, size=MANY):
    """Id, permission and reason at each place, and what was answered in all."""
    found = []

    def tell(block, judged):
        reasons = [judged.reasons[number] for number in judged.reason]
        found.extend(zip([each.decode() for each in block], judged.permitted.tolist(), reasons, strict=True))

    block = [each.encode() for each in ids]
    return found, audiences.check(wanted=wanted, blocks=[block], asked=size, tell=tell, by=SYSTEM, now=at)


def reasons(*ids, **more):
    return [reason for _, _, reason in check(*ids, **more)[0]]


def alone(who, wanted=OFFERS, at=NOW):
    question = Question(wanted.recipient, wanted.purpose, who, categories=wanted.categories)
    return checks.check(questions=[question], by=SYSTEM, now=at)[0].decision


@WAYS
def test_each_is_answered_in_order_and_counted(cast, size):
    found, whole = check("C-1002", "C-1001", "C-9", "C-1003", "C-1001", size=size)
    assert found == [
        ("C-1002", False, "consent_refused"),
        ("C-1001", True, "permitted"),
        ("C-9", False, "unknown_customer"),
        ("C-1003", False, "no_consent"),
        ("C-1001", True, "permitted"),
    ]
    assert (whole.asked, whole.allowed, whole.refused, whole.unknown) == (5, 2, 2, 1)


@WAYS
@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_every_decision_case_is_answered_as_by_a_check(db, case, size):
    given, question = case["given"], case["ask"]
    rows.store(given, question["recipient"])
    categories = tuple(question["categories"]) if "categories" in question else None
    purpose = given["purpose"]["key"] if given["purpose"] else "unheard_of"
    wanted = Wanted(question["recipient"], purpose, rows.WHO.namespace, categories)
    ((_, permitted, reason),), _ = check(rows.WHO.id, wanted=wanted, at=cases.moment(given["now"]), size=size)
    assert (permitted, reason) == (case["answer"]["decision"], case["answer"]["reason"]), case["says"]


@WAYS
def test_an_identifier_that_may_not_come_in_is_unknown(cast, size):
    subjects.register(identifiers=[Handle("customer", 'O"Neil, 𝒥')], by=SYSTEM, now=NOW)
    known, *others = check('O"Neil, 𝒥', "", "C-1001\x00", "\ufeffC-1001", "C-1001\r", "C\n1001", "x" * 513, size=size)[
        0
    ]
    assert known[2] == "no_consent"
    assert {reason for _, _, reason in others} == {"unknown_customer"}


@WAYS
def test_an_address_is_found_however_it_is_written(cast, size):
    wanted = Wanted("mail-engine", "personal_offers", "email")
    found = reasons(" Carol@Example.ORG", "carol@example.org", "carol", "@", wanted=wanted, size=size)
    assert found == ["no_consent", "no_consent", "unknown_customer", "unknown_customer"]
