"""A downstream FastAPI service: endpoints that ask first, and a real `serve` that answers."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Header

from tests.trustcenter.sdk.conftest import PATIENT
from trustcenter.sdk import AsyncClient, Customer, Decision
from trustcenter.sdk.fastapi import permits

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
OFFERS = "personal_offers"


def whose(number: str) -> Customer:
    """The customer that the address names."""
    return Customer("customer", number)


def visitor(customer: Annotated[str, Header()]) -> str:
    """The customer that a header names."""
    return customer


def shop(client):
    """The application, guarded by a client."""
    app = FastAPI()
    may_recommend = permits(client, purpose=OFFERS, categories=["contact.email"], customer=whose)

    @app.get("/customers/{number}/recommendations")
    async def recommendations(number: str, decision: Annotated[Decision, Depends(may_recommend)]):
        return {"for": number, "with": decision.categories_allowed}

    @app.get("/greeting", dependencies=[Depends(permits(client, purpose=OFFERS, customer=visitor))])
    def greeting():
        return "Hello"

    return app


def get(client, address, **headers):
    """What the shop answers. (FastAPI's TestClient wants a second HTTP library; this is the same application.)"""

    async def ask():
        here = httpx.ASGITransport(shop(client))
        async with httpx.AsyncClient(transport=here, base_url="http://shop.example") as browser:
            return await browser.get(address, headers=headers)

    return asyncio.run(ask())


@pytest.fixture(params=["awaited", "at once"])
def client(request, served, online):
    if request.param == "at once":
        return online
    return AsyncClient(served.url, served.key, recipient="mail-engine", timeout=PATIENT, transport=OneRequest)


class OneRequest(httpx.AsyncHTTPTransport):
    """Keeps no connection, since each test asks in event loops of its own."""

    def __init__(self):
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0))


def test_an_endpoint_runs_for_those_who_permit(client):
    assert get(client, "/customers/C-1001/recommendations").json() == {"for": "C-1001", "with": ["contact.email"]}
    for who in ("C-1002", "C-9999"):
        refused = get(client, f"/customers/{who}/recommendations")
        assert (refused.status_code, refused.json()) == (403, {"detail": "The customer has not permitted this use."})


def test_a_withdrawal_is_seen_by_the_next_request(client, online):
    assert get(client, "/customers/C-1001/recommendations").status_code == 200
    online.record("customer:C-1001", OFFERS, "withdraw", channel="web", method="button")
    assert get(client, "/customers/C-1001/recommendations").status_code == 403


def test_the_customer_may_come_from_anywhere(client):
    assert get(client, "/greeting", customer="customer:C-1001").json() == "Hello"
    assert get(client, "/greeting", customer="customer:C-1002").status_code == 403
    assert get(client, "/greeting").status_code == 422
