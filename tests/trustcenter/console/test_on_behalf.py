"""What staff write down for a customer, and the scans of what that customer signed."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Entry
from consent.models import ConsentEvent, Scan
from consent.services import scans, signals, subjects
from consent.services.ledger import Actor
from tests import visit
from tests.world import ALICE, BOB, NOW, SYSTEM

ADDRESS = "/console/customers/open/choice"
FILE = b"%PDF-1.7\nsigned by Alice"


@pytest.fixture
def write(desk, open_file):
    """`write(purpose=…, …)` sends the form from Alice's open file."""
    assert open_file().status_code == 302

    def send(scan=None, **changed):
        sent = {"purpose": "improve_visit", "answer": "yes", "channel": "phone", "language": "en"}
        sent |= {"reason": "Alice called, her phone was broken."} | changed
        return desk.post(ADDRESS, sent | ({"scan": SimpleUploadedFile("x.pdf", scan)} if scan else {}))

    return send


def events():
    return ConsentEvent.objects.filter(subject=subjects.find(ALICE), purpose__key="improve_visit")


def test_a_yes_on_the_phone_is_recorded_and_shown_in_full(write, desk):
    answer = write()
    event = events().get()
    assert answer["Location"] == f"/console/customers/open?entry={event.entry_id}#shown"
    assert (event.actor, event.channel, event.act, event.language) == ("staff", "phone", "give", "en")
    page = desk.get(answer["Location"]).text
    assert "Alice called, her phone was broken." in page
    assert "Rosa Lindqvist" in page
    entry = Entry.objects.get(id=event.entry_id)
    assert (entry.actor_type, b"Rosa" in bytes(entry.leaf)) == ("staff", False)


def test_a_no_is_as_easy(write):
    assert write(answer="no", purpose="personal_offers").status_code == 302
    assert ConsentEvent.objects.order_by("-id").first().act == "withdraw"
    assert write(answer="no", channel="paper").status_code == 302, "a no on paper needs no scan"


@pytest.mark.parametrize("missing", ["purpose", "answer", "channel", "language", "reason"])
def test_what_is_missing_is_asked_for(write, missing):
    answer = write(**{missing: ""})
    assert answer.status_code == 400
    assert "Please mend this" in answer.text
    assert not events().exists()


def test_a_purpose_without_a_choice_is_not_offered(write):
    assert write(purpose="tickets_and_orders").status_code == 400
    assert "tickets_and_orders" not in write(purpose="nothing").text


def test_a_yes_on_paper_comes_with_its_scan(write, desk):
    refused = write(channel="paper")
    assert refused.status_code == 400
    assert "The SHA-256 of the scanned paper" in refused.text
    assert write(channel="paper", scan=b"GIF89a").status_code == 400
    assert not events().exists()
    assert write(channel="paper", scan=FILE).status_code == 302
    row = Scan.objects.get()
    page = desk.get("/console/customers/open").text
    assert f"Download scan {row.digest[:8]}" in page
    assert "SHA-256 of the scan" in page
    assert "scan_sha256" not in page
    answer = desk.post(f"/console/customers/open/scans/{row.entry_id}")
    assert (answer.content, answer["Content-Type"]) == (FILE, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="scan-{row.digest[:8]}.pdf"'
    assert Entry.objects.filter(action="evidence.exported", subject=row.subject.pseudonym).count() == 1


def test_a_large_scan_fits_the_form_and_a_larger_one_is_refused(write):
    assert write(channel="paper", scan=FILE.ljust(5 * 1024 * 1024, b"x")).status_code == 302
    assert write(channel="paper", scan=FILE.ljust(5 * 1024 * 1024 + 1, b"x")).status_code == 400
    assert write(channel="paper", scan=FILE.ljust(6 * 1024 * 1024, b"x")).status_code == 413
    assert Scan.objects.count() == 1


def test_another_customers_scan_cannot_be_carried_away(write, desk):
    other = scans.store(subject=BOB, content=FILE, by=SYSTEM, now=NOW)[0]
    assert desk.post(f"/console/customers/open/scans/{other.entry_id}").status_code == 404
    assert desk.get(f"/console/customers/open/scans/{other.entry_id}").status_code == 405


def test_without_an_open_file_nothing_is_written(desk):
    answer = desk.post(ADDRESS, {"purpose": "improve_visit"})
    assert answer["Location"] == "/console/customers?closed"
    assert not events().exists()


def test_the_customer_reads_that_staff_recorded_it_and_how(write, client):
    write()
    write(purpose="personal_offers", answer="no")
    assert client.post(visit.link(NOW)).status_code == 302
    home, listed = client.get("/").text, client.get("/receipts").text
    assert "by our staff, on the phone" in home
    assert "On the phone, by our staff" in listed
    receipt = client.get(f"/receipts/{events().get().entry_id}").text
    assert "on the phone, by our staff" in receipt


def test_the_file_shows_the_browser_signal(write, desk):
    for place, told in (("US-CA", "We honour it"), ("GB", "does not make it bind")):
        subjects.register(identifiers=[ALICE], jurisdiction=place, by=SYSTEM, now=NOW)
        signals.receive(subject=ALICE, channel="web", by=Actor("browser"), now=NOW)
        page = desk.get("/console/customers/open").text
        assert "Global Privacy Control since 2026-05-14 12:00 UTC." in page
        assert told in page


def test_the_page_holds_the_words_to_read_out(write, desk):
    page = desk.get(ADDRESS).text
    assert "Send you offers that fit (English)" in page
    assert "(Simplified Chinese)" in page
