"""The client against the service of this process: what is asked, what comes back, what is told of bad input."""

import os
import pickle
from dataclasses import replace
from datetime import datetime

import pytest

from audit.models import Entry
from consent.models import ConsentEvent
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, key, say
from trustcenter.sdk import Client, Customer, NotPermitted, Question, Rejected, Use

OFFERS = "personal_offers"


def test_a_yes_is_true_and_a_no_is_false(client):
    yes, no = client.check(OFFERS, f"customer:{ALICE.id}"), client.check(OFFERS, Customer("customer", BOB.id))
    assert yes
    assert (yes.reason, yes.legal_basis, yes.purpose_version) == ("permitted", "consent", 1)
    assert yes.valid_until == datetime.fromisoformat("2028-04-14T12:00:00Z")
    assert not no
    assert (no.reason, no.reason_user) == ("consent_refused", "The customer said no.")
    with pytest.raises(AttributeError):
        no.allowed = True


def test_each_answer_stands_in_the_log_with_its_occasion(client):
    answer = client.check(OFFERS, "customer:C-1001", ["contact.email"], reference="May letter")
    entry = Entry.objects.get(id=answer.id)
    assert (entry.action, entry.outcome, entry.purpose) == ("decision.made", "allowed", OFFERS)


def test_categories_are_parted(client):
    say(ALICE, "give", categories=["contact.email"], now=NOW)
    answer = client.check(OFFERS, "customer:C-1001", ["contact.email", "purchase_history"])
    assert not answer
    assert answer.reason == "category_not_chosen"
    assert (answer.categories_allowed, answer.categories_refused) == (("contact.email",), ("purchase_history",))
    assert not client.check(OFFERS, "customer:C-1001", [])


def test_a_withdrawal_is_seen_by_the_very_next_check(client):
    assert client.check(OFFERS, "customer:C-1001")
    done = client.record("customer:C-1001", OFFERS, "withdraw", channel="web", method="button")
    assert (done.status, done.confirmation) == ("withdrawn", "")
    assert client.check(OFFERS, "customer:C-1001", at_least=done.token).reason == "consent_withdrawn"


def test_many_are_answered_in_order_and_a_thousand_at_a_time(client):
    who = [ALICE, BOB, CAROL, MALLORY]
    questions = [Question(OFFERS, Customer(each.namespace, each.id)) for each in who] + [
        Question(OFFERS, f"customer:X-{place}") for place in range(1000)
    ]
    before = Entry.objects.count()
    answers = client.check_many(questions)
    assert [each.reason for each in answers[:4]] == ["permitted", "consent_refused", "no_consent", "unknown_customer"]
    assert {each.reason for each in answers[4:]} == {"unknown_customer"}
    assert Entry.objects.count() - before == len(questions)
    assert client.check_many([]) == []


def test_a_batch_of_long_questions_fits_the_body_the_service_takes(client):
    longest = "客" * 500
    answers = client.check_many([Question(OFFERS, Customer("customer", longest)) for _ in range(900)])
    assert {each.reason for each in answers} == {"unknown_customer"}


@pytest.mark.parametrize(
    ("ask", "member"),
    [
        (lambda: Customer("customer", ""), "customer.id"),
        (lambda: Customer("", "C-1"), "customer.namespace"),
        (lambda: Customer("customer", 1001), "customer.id"),
        (lambda: Question(OFFERS, "C-1001"), "customer"),
        (lambda: Question(OFFERS, None), "customer"),
        (lambda: Question(OFFERS, "customer:C-1", "contact.email"), "categories"),
        (lambda: Use("customer:C-1", OFFERS, ["contact.email"], datetime(2026, 1, 1)), "at"),
        (lambda: Client("trust.example", "tc_a_b", recipient="mail-engine"), "url"),
        (lambda: Client("http://trust.example", "tc a", recipient="mail-engine"), "key"),
        (lambda: Client("http://trust.example", "tc_a_b", recipient=""), "recipient"),
    ],
)
def test_what_is_no_question_is_named_before_it_is_sent(ask, member):
    with pytest.raises(ValueError, match=f"^{member}"):
        ask()


def test_what_the_service_does_not_take_is_named_by_member(client):
    with pytest.raises(Rejected) as caught:
        client.check(OFFERS, Customer("customer", "a\0"), reference="x" * 201)
    refused = caught.value
    assert (refused.status, refused.code) == (400, "invalid")
    assert [each.pointer for each in refused.members] == ["/resource/id", "/context/reference"]
    assert "/resource/id: " in str(refused)
    assert pickle.loads(pickle.dumps(refused)).members == refused.members


def test_a_wrong_question_among_many_is_named_by_its_place(client):
    questions = [Question(OFFERS, "customer:C-1001"), Question(OFFERS, Customer("customer", "a\0"))]
    with pytest.raises(Rejected, match="/1: /resource/id: "):
        client.check_many(questions)


@pytest.mark.parametrize(
    ("secret", "recipient", "status", "code"),
    [(None, "adpartner", 403, "not_allowed"), ("tc_none_such", "mail-engine", 401, "not_authenticated")],
)
def test_a_wrong_key_is_an_error_and_no_decision(client, secret, recipient, status, code):
    wrong = Client("http://trust.example", secret or key(), recipient=recipient, transport=client._transport)
    with pytest.raises(Rejected) as caught:
        wrong.check(OFFERS, "customer:C-1001")
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_choice_is_recorded_once_however_often_it_is_sent(client):
    before = ConsentEvent.objects.count()
    sent = {"channel": "web", "method": "button", "idempotency_key": "order-7"}
    first = client.record("customer:C-1002", OFFERS, "refuse", **sent)
    assert client.record("customer:C-1002", OFFERS, "refuse", **sent) == first
    assert ConsentEvent.objects.count() == before + 1
    assert first.receipt_url.endswith(first.id)
    with pytest.raises(Rejected, match="422 idempotency_key_reused"):
        client.record("customer:C-1001", OFFERS, "refuse", **sent)


def test_a_choice_that_cannot_be_recorded_is_named_by_member(client):
    with pytest.raises(Rejected) as caught:
        client.record("customer:C-1001", OFFERS, "give", channel="telepathy", method="button")
    assert {each.pointer for each in caught.value.members} == {"/channel"}
    with pytest.raises(ValueError, match=r"^categories"):
        client.record("customer:C-1001", OFFERS, "give", channel="web", method="b", categories="contact.email")


def test_uses_are_reported_in_parts_under_one_key(client):
    uses = [Use("customer:C-1001", OFFERS, ["contact.email"], NOW, "May letter") for _ in range(1001)]
    ids = client.report_uses(uses, idempotency_key="run-1")
    assert len(set(ids)) == 1001
    assert client.report_uses(uses, idempotency_key="run-1") == ids
    assert Entry.objects.filter(action="use.reported").count() == 1001
    assert client.report_use("customer:C-1001", OFFERS, ["contact.email"]) not in ids


def test_a_refusal_can_be_carried_to_another_process(client):
    refused = NotPermitted(client.check(OFFERS, "customer:C-1002"))
    assert pickle.loads(pickle.dumps(refused)).decision == refused.decision
    assert str(refused) == "Not permitted: consent_refused."


def test_a_forked_process_asks_by_a_line_of_its_own(client):
    """A socket shared with the parent would bring the answer to somebody else's question."""
    line, http = client._line, client._http
    assert client.check(OFFERS, "customer:C-1001")
    assert (client._line, client._http) == (line, http)
    client._line = replace(line, process=os.getppid())
    assert client.check(OFFERS, "customer:C-1001")
    assert client._http is not http
    assert client._line.breaker is not line.breaker
    assert client._line.ours
