"""A list of customers is answered as each of them would be alone, from what stands now, and is in the log once."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection

from audit.models import Entry
from audit.services import entries
from consent.models import Asked, Identifier
from consent.services import (
    asked,
    audiences,
    checks,
    compiled,
    families,
    links,
    log,
    overview,
    rebuild,
    signals,
    subjects,
    suppressions,
)
from consent.services.audiences import Wanted
from consent.services.checks import Question
from consent.services.links import Why
from consent.services.subjects import Handle
from tests import decision_cases as cases
from tests import decision_rows as rows
from tests import world
from tests.trustcenter.test_decision_cases import EXPRESSIBLE
from tests.world import ALICE, BOB, CAROL, NOW, OPERATOR, SYSTEM

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
@pytest.mark.parametrize("case", EXPRESSIBLE, ids=[case["case"] for case in EXPRESSIBLE])
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


# Freshness: what changed since a set was compiled


def kept():
    """A set is kept once the log is sealed."""
    world.seal_all()
    check("C-1001")
    assert compiled._sets
    return compiled._sets[next(reversed(compiled._sets))]


@pytest.mark.parametrize("sealed", [False, True])
def test_a_withdrawal_between_two_lists_is_seen_at_once(cast, sealed):
    table = kept().table
    world.say(ALICE, "withdraw", now=LATER)
    world.say(BOB, "give", now=LATER)
    if sealed:
        world.seal_all(LATER)
    assert reasons("C-1001", "C-1002", at=LATER) == ["consent_withdrawn", "permitted"]
    assert len(compiled._sets) == 1
    assert table is not kept().table


def test_what_changed_is_read_and_nobody_else(cast, django_assert_num_queries):
    for number in range(40):
        world.say(Handle("customer", f"X-{number}"), "give")
    kept()
    world.say(ALICE, "withdraw", now=LATER)
    read = []

    def watch(execute, sql, params, many, context):
        read.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        assert reasons("C-1001", "X-7", at=LATER) == ["consent_withdrawn", "permitted"]
    assert [sql for sql in read if "NOT i.suppressed AND i.subject_id IN (%s)" in sql]
    assert not [sql for sql in read if sql.endswith("NOT i.suppressed")]
