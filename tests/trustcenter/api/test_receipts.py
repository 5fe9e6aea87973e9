"""The proof of one event by API: it verifies without us."""

import uuid

import pytest

from audit.proof import bundle
from audit.services import prove
from tests.callers import about, choice, get, post
from tests.world import CAROL, key, seal_all


@pytest.fixture
def shop(cast):
    return key()


def test_a_receipt_waits_for_its_seal_and_then_verifies(shop, settings):
    url = post("/api/v1/consents", choice(CAROL, "withdraw"), key=shop).json()["receipt"]["url"]
    path = url.removeprefix(settings.PUBLIC_URL)
    waiting = get(path, key=shop)
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    seal_all()
    found = get(path, key=shop)
    assert found.status_code == 200
    report = bundle.verify_bundle(found.json(), prove.vkeys())
    assert report.pinned
    assert report.disclosed == 1
    assert report.entries[0].leaf["action"] == "consent.withdrawn"


def test_an_unknown_receipt_is_404(shop):
    about(get(f"/api/v1/receipts/{uuid.uuid4()}", key=shop), 404)
    about(get("/api/v1/receipts/5", key=shop), 404)


def test_a_decision_has_no_receipt(shop):
    from tests.world import ALICE, ask

    about(get(f"/api/v1/receipts/{ask(ALICE).id}", key=shop), 404)


def test_it_needs_the_scope_and_stays_within_limits(shop):
    path = f"/api/v1/receipts/{post('/api/v1/consents', choice(CAROL), key=shop).json()['receipt']['id']}"
    about(get(path, key=key("mail-engine", "consents:write")), 403)
    about(get(path, key=key("mail-engine", "consents:read", purposes=["plan_staff"])), 403)
    about(get(path, key=key("mail-engine", "consents:read", namespaces=["loyalty"])), 403)
    assert get(path, key=key("mail-engine", "consents:read", namespaces=["customer"])).status_code == 202
    partner = key("adpartner", "consents:read", purposes=["personal_offers"], namespaces=["customer"])
    about(get(path, key=partner), 403)
