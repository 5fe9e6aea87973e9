"""Check a receipt: anyone who holds one learns whether it is real, in plain words, and nothing else is told or kept."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from audit import guards
from audit.models import Entry, VerifierKey
from audit.proof import bundle, jws
from audit.services import prove
from consent.services import receipts, signed_receipts, subjects
from tests import world
from tests.audit.proof.small_receipt import RECEIPT_KEY
from tests.world import ALICE, say

REAL, CHANGED, CANNOT_TELL = "Real and unchanged", "Not real", "We cannot tell"


@pytest.fixture
def event(open_park, today):
    found = say(ALICE, "withdraw", now=today).event
    world.sign_all(today)
    return found


@pytest.fixture
def token(event):
    return signed_receipts.read(subject=None, number=event.entry_id).jws


def upload(raw: bytes, **headers):
    return Client().post("/check", {"file": SimpleUploadedFile("receipt.jws", raw)}, headers=headers)


def paste(text: str):
    return Client().post("/check", {"text": text})


def test_a_real_one_is_called_real_and_says_what_it_proves(event, token):
    for page in (upload(token.encode()).text, paste(f"\r\n {token}\n").text):
        assert REAL in page
        assert "Turned off" in page
        assert "Send you offers that fit" in page
        assert str(event.entry_id) in page
        assert "ISO/IEC TS 27560, with all that the GDPR asks for" in page


def test_a_proof_file_is_checked_as_well(event):
    raw = receipts.file(subject=subjects.find(ALICE), number=event.entry_id)
    assert REAL in upload(raw).text
    assert CHANGED in upload(raw.replace(b"consent.withdrawn", b"consent.withdrawm")).text
    everything = bundle.dumps(prove.bundle_of(Entry.objects.all(), disclose=False))
    assert "entries of our log; the first is shown" in upload(everything).text


def test_it_says_when_a_record_does_not_meet_the_standard(open_park, today):
    found = say(ALICE, "give", imported=True, collected_at=today - timedelta(days=2000), language="").event
    world.sign_all(today)
    page = paste(signed_receipts.read(subject=None, number=found.entry_id).jws).text
    assert REAL in page
    assert "ISO/IEC TS 27560, but not all of its fields" in page


@pytest.mark.parametrize("place", [60, 400, -60])
def test_a_changed_letter_is_found(token, place):
    letter = "A" if token[place] != "A" else "B"
    page = paste(token[:place] + letter + token[place:][1:]).text
    assert CHANGED in page
    assert REAL not in page


def test_one_that_is_signed_with_another_key_of_our_name_is_not_real(token):
    parsed = jws.parse(token)
    assert CHANGED in paste(jws.sign(parsed.payload, RECEIPT_KEY.public, RECEIPT_KEY.sign)).text


@pytest.mark.parametrize("text", ["hello", "{}", "[]", "a.b", "{" * 5000, "\0", "您好"])
def test_of_what_is_no_receipt_it_cannot_tell(event, text):
    page = paste(text).text
    assert CANNOT_TELL in page or CHANGED in page
    assert REAL not in page


def test_of_another_houses_receipt_it_cannot_tell(token):
    connection.check_constraints()  # PostgreSQL alters no table while a check is still to come
    guards.remove(connection)
    VerifierKey.objects.all().delete()
    guards.install(connection)
    page = paste(token).text
    assert CANNOT_TELL in page
    assert "another house" in page


def test_nothing_sent_is_asked_for_again(open_park):
    answer = paste("  ")
    assert answer.status_code == 400
    assert "Choose a file, or paste a receipt." in answer.text


def test_more_than_a_megabyte_is_refused(open_park):
    assert upload(b"x" * 1_048_577).status_code == 413


def test_checking_leaves_no_trace(event, token):
    before = Entry.objects.count()
    paste(token)
    assert Entry.objects.count() == before


def test_it_speaks_chinese(token):
    assert "真实且未被更改" in upload(token.encode(), **{"Accept-Language": "zh-hans"}).text
