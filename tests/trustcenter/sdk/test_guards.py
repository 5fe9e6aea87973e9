"""The decorator and the context manager, around real functions."""

import asyncio

import pytest

from tests.trustcenter.sdk.conftest import PATIENT
from tests.world import ALICE, NOW, say
from trustcenter.sdk import AsyncClient, Customer, NotPermitted, allowed, requires

OFFERS = "personal_offers"


def test_a_function_runs_for_whose_data_it_may_use_only(client):
    sent = []

    @requires(client, purpose=OFFERS, categories=["contact.email"], customer="customer", reference="May letter")
    def send_offer(text, *, customer):
        """Send it."""
        sent.append((text, customer))
        return len(sent)

    assert send_offer("10 % off", customer="customer:C-1001") == 1
    with pytest.raises(NotPermitted) as caught:
        send_offer("10 % off", customer=Customer("customer", "C-1002"))
    assert caught.value.decision.reason == "consent_refused"
    say(ALICE, "withdraw", now=NOW)
    with pytest.raises(NotPermitted, match="consent_withdrawn"):
        send_offer("10 % off", customer="customer:C-1001")
    assert sent == [("10 % off", "customer:C-1001")]
    assert (send_offer.__name__, send_offer.__doc__) == ("send_offer", "Send it.")


def test_the_customer_may_be_made_of_the_arguments(client):
    @requires(client, purpose=OFFERS, customer=lambda order: Customer("customer", order["customer"]))
    def recommend(order):
        return order["number"]

    assert recommend({"number": 7, "customer": "C-1001"}) == 7
    with pytest.raises(NotPermitted):
        recommend({"number": 8, "customer": "C-1003"})


def test_a_block_begins_with_a_yes_only(client):
    with allowed(client, purpose=OFFERS, customer="customer:C-1001", categories=["contact.email"]) as decision:
        assert decision.categories_allowed == ("contact.email",)
    reached = False
    with pytest.raises(NotPermitted), allowed(client, purpose=OFFERS, customer="customer:C-1002"):
        reached = True
    assert not reached


def test_a_fault_in_the_block_is_not_swallowed(client):
    with pytest.raises(ZeroDivisionError), allowed(client, purpose=OFFERS, customer="customer:C-1001"):
        _ = 1 / 0


def test_a_guard_that_could_guard_nothing_is_refused_at_once(client):
    def stream(customer):
        yield customer

    with pytest.raises(TypeError, match="yields"):
        requires(client, purpose=OFFERS, customer="customer")(stream)
    with pytest.raises(TypeError, match="no parameter buyer"):
        requires(client, purpose=OFFERS, customer="buyer")(lambda customer: customer)


def test_an_answer_that_was_not_awaited_is_no_yes():
    later = AsyncClient("http://trust.example", "tc_a_b", recipient="mail-engine")
    reached = []
    guarded = requires(later, purpose=OFFERS, customer="customer")(lambda customer: reached.append(customer))  # noqa: PLW0108
    with pytest.raises(TypeError, match="AsyncClient"):
        guarded("customer:C-1001")
    assert reached == []


@pytest.mark.once
@pytest.mark.xdist_group("serve")
def test_a_coroutine_is_guarded_when_it_runs(served, online):
    async def run():
        async with AsyncClient(served.url, served.key, recipient="mail-engine", timeout=PATIENT) as client:

            @requires(client, purpose=OFFERS, customer="customer")
            async def greet(customer):
                return f"Hello {customer}"

            assert await greet("customer:C-1001") == "Hello customer:C-1001"
            with pytest.raises(NotPermitted, match="consent_refused"):
                await greet("customer:C-1002")
            async with allowed(client, purpose=OFFERS, customer="customer:C-1001") as decision:
                assert decision.allowed

    asyncio.run(run())


@pytest.mark.once
@pytest.mark.xdist_group("serve")
def test_a_coroutine_may_be_guarded_by_a_client_that_waits(online):
    @requires(online, purpose=OFFERS, customer="customer")
    async def greet(customer):
        return customer

    assert asyncio.run(greet("customer:C-1001")) == "customer:C-1001"
    with pytest.raises(NotPermitted):
        asyncio.run(greet("customer:C-1002"))
