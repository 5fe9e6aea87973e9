"""A39: whatever staff see of a customer, the customer sees that they did. Every address of the console is judged."""

import re

import pytest
from django.test import Client

from consent.services import scans, subjects
from consent.services.ledger import Actor
from tests import visit
from tests.world import ALICE, NOW, seal_all
from trustcenter.console.urls import urlpatterns

STAFF = Actor("staff", ref="staff-7", name="Rosa Ortega")
LOOKED, SEARCHED, CARRIED = "Round by hand", "They searched our log for you.", "They made a file with proof about you."
OPEN = {"namespace": "customer", "value": "C-1001", "why": "audit", "note": LOOKED}
CHOICE = {"purpose": "improve_visit", "answer": "no", "channel": "phone", "language": "en", "reason": "Alice called."}


def pseudonym():
    return subjects.find(ALICE).pseudonym


def scan():
    return scans.store(subject=subjects.find(ALICE), content=b"%PDF-1.7\nsigned", by=STAFF, now=NOW)[0].entry_id


# What is sent, and what the customer reads of it. Of an open file it is that it was opened, and why.
SHOWS = {
    "customers": (lambda desk: desk.post("/console/customers", OPEN), LOOKED),
    "customer": (lambda desk: desk.get("/console/customers/open"), LOOKED),
    "choice": (lambda desk: desk.post("/console/customers/open/choice", CHOICE), LOOKED),
    "proof": (lambda desk: desk.post("/console/customers/open/proof"), CARRIED),
    "scan": (lambda desk: desk.post(f"/console/customers/open/scans/{scan()}"), CARRIED),
    "audit": (lambda desk: desk.post("/console/audit", {"value": "C-1001"}), SEARCHED),
    "export": (lambda desk: desk.post("/console/audit/export", {"subject": pseudonym()}), CARRIED),
}
OF_AN_OPEN_FILE = ("customer", "choice", "proof", "scan")
# These name nobody: they show pseudonyms, or nothing of a customer.
BLIND = {"sign-in", "sign-out", "language", "close", "findings", "check", "entry", None}


def test_every_address_of_the_console_is_judged():
    assert {each.name for each in urlpatterns} == SHOWS.keys() | BLIND


def read_by_alice() -> str:
    client = Client()
    client.post(visit.link(NOW))
    return re.search(r"<main.*", client.get("/log").text, re.DOTALL)[0]


@pytest.mark.parametrize("name", SHOWS)
def test_A39_whatever_staff_see_of_a_customer_the_customer_sees_that_they_did(desk, open_file, name):
    look, told = SHOWS[name]
    seal_all()
    assert "Our staff" not in read_by_alice()
    if name in OF_AN_OPEN_FILE:
        assert look(desk)["Location"].startswith("/console/customers?closed"), "nothing is shown without an open file"
        assert "Our staff" not in read_by_alice()
        assert open_file(note=LOOKED, why="audit").status_code == 302
    answer = look(desk)
    assert answer.status_code in (200, 302), answer.content[:300]
    page = read_by_alice()
    assert told in page
    assert "Our staff" in page
    assert "Rosa" not in page, "who it was stays in the house"


def test_A39_an_export_of_the_whole_log_names_nobody(desk):
    seal_all()
    assert desk.post("/console/audit/export").status_code == 200
    assert "Our staff" not in read_by_alice()
