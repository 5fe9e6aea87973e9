"""A recipient that is only observed: it is told the truth and goes on, and everybody can see what that hides."""

import json
import logging

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from consent.errors import Invalid
from consent.models import Recipient
from consent.services import catalogue, findings, log, uses
from consent.services.log import Filter
from consent.services.subjects import get as customer
from tests.callers import get, post, question
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, SYSTEM, ask, document, key
from trustcenter.sdk.calls import Caller, Question, check
from trustcenter.sdk.errors import NotPermitted
from trustcenter.sdk.guards import permit

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


def publish(kind="system", *, observe=True, named="mail-engine"):
    """Apply the catalogue with one recipient that is observed, or no longer."""
    rows = [row | ({"observe": observe} if row["key"] == named else {}) for row in document()["recipients"]]
    return catalogue.apply(document=document() | {"recipients": rows}, by=OPERATOR, now=NOW)


@pytest.fixture
def mail(cast):
    publish()
    return key()


def test_it_is_off_by_default_and_an_edit_of_it_is_in_the_log(cast):
    assert not Recipient.objects.filter(observe=True).exists()
    (step,) = publish()
    assert (step.kind, step.key, step.what) == ("recipient", "mail-engine", "change")
    assert publish() == [], "a second apply changes nothing"
    assert Entry.objects.filter(action="catalogue.recipient", recorded_at=NOW).count() == 1
    shown = get("/api/v1/purposes/personal_offers/versions/1", key=key()).json()["recipients"]
    assert {each["key"] for each in shown if each["observe"]} == {"mail-engine"}
    publish(observe=False)
    assert not Recipient.objects.filter(observe=True).exists()


def test_a_third_party_is_never_only_observed(cast):
    with pytest.raises(Invalid) as caught:
        publish(named="adpartner")
    (wrong,) = caught.value.fields
    assert (wrong.pointer.rsplit("/", 1)[1], wrong.code) == ("observe", "third_party")
    with pytest.raises(IntegrityError), transaction.atomic():
        Recipient.objects.filter(key="adpartner").update(observe=True)


def test_the_answer_is_the_true_one_and_says_that_it_is_not_enforced(mail):
    refused = post(ONE, question(BOB), key=mail).json()
    assert (refused["decision"], refused["context"]["enforced"]) == (False, False)
    assert refused["context"]["reason"] == "consent_refused"
    many = post(MANY, question(ALICE, evaluations=[{}, {"resource": {"type": "customer", "id": "?"}}]), key=mail).json()
    assert [(each["decision"], each["context"]["enforced"]) for each in many["evaluations"]] == [
        (True, False),
        (False, False),
    ]
    planner = post(ONE, question(BOB, subject={"type": "system", "id": "queue-planner"}), key=key("queue-planner"))
    assert "enforced" not in planner.json()["context"]


def test_the_log_says_what_would_have_been(mail):
    for who in (ALICE, BOB, MALLORY):
        post(ONE, question(who), key=mail)
    found = Entry.objects.filter(action="decision.made").order_by("id")
    assert [(each.outcome, each.reason) for each in found] == [
        ("allowed", "permitted"),
        ("observed", "consent_refused"),
        ("observed", "unknown_customer"),
    ]
    assert json.loads(bytes(found[1].leaf))["outcome"] == "observed"


def test_the_customer_is_told_honestly(mail):
    post(ONE, question(BOB), key=mail)
    (line,) = log.whole(subject=customer(BOB), language="en", chosen=Filter())
    assert (line.allowed, line.observed, line.reason) == (True, True, "consent_refused")


def test_a_use_without_permission_stays_a_breach(mail):
    use = uses.Use(BOB, "personal_offers", ("contact.email",), NOW)
    uses.report(uses=[use], recipient="mail-engine", by=SYSTEM, now=NOW)
    assert Entry.objects.get(action="use.reported").outcome == "breach"


def test_the_officer_sees_what_would_break(mail):
    for who in (ALICE, BOB, BOB, CAROL):
        ask(who)
    ask(BOB, "plan_staff", recipient="staff-planner")
    (found,) = findings.observed(now=NOW)
    (row,) = found.purposes
    assert (found.recipient.key, row.purpose, row.allowed, row.refused) == ("mail-engine", "personal_offers", 1, 3)
    assert row.reasons == (("consent_refused", 2), ("no_consent", 1))
    assert len(found.examples) == 3


def test_a_guard_lets_it_pass_with_a_warning_and_holds_again_when_it_is_enforced(mail, caplog):
    call = check(Caller("system", "mail-engine"), Question("personal_offers", "customer:C-1002"))
    with caplog.at_level(logging.WARNING):
        decision = permit(call.read(post(ONE, call.body, key=mail).content))
    assert (decision.allowed, bool(decision), decision.enforced) == (False, False, False)
    assert "consent_refused" in caplog.text
    assert "C-1002" not in caplog.text
    publish(observe=False)
    with pytest.raises(NotPermitted):
        permit(call.read(post(ONE, call.body, key=mail).content))
