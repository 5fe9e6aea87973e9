"""The sheet of a receipt says what was signed, for every act, and stays whole when little is known."""

from dataclasses import replace

import pytest

from consent.rules import dpv, lifecycle, receipt, receipt_sheet
from consent.rules.actions import ACT_OF
from tests.consent.rules.test_receipt import FACTS, NOW

pytestmark = pytest.mark.once
SIGNED = {"iss": "park.example/log/receipts", "tc:log": {"origin": "park.example/log", "entries": [{"index": 7}]}}


def sheet(**changed):
    return receipt_sheet.read(receipt.document(replace(FACTS, **changed), issued_at=NOW) | SIGNED)


def test_it_says_what_was_signed():
    found = sheet()
    assert (found.number, found.act, found.place, found.origin) == (FACTS.number, "give", 7, "park.example/log")
    assert (found.title, found.language, found.words, found.digest) == ("Photos", "en", FACTS.words, FACTS.notice)
    assert found.data == ("Your e-mail address", "The shape of your face")
    assert [(row.name, row.country) for row in found.recipients] == [
        *(("Photo booth", "GB"), ("MailBird Ltd", "IE"), ("AdPartner", "US"))
    ]
    assert (found.retention, found.expires_at, found.regulator) == ("P12M", FACTS.expires_at, "ICO")
    assert (found.controller.phone, found.change) == ("+44 1", "https://park.example/purposes/ride_photos")
    assert found.sentences == ["We see", "So that", "x", "Nothing", "A computer"]
    assert found.meets == ("iso-27560", "eu-gdpr")


@pytest.mark.parametrize("action", ACT_OF)
def test_of_every_act_it_tells_whether_it_is_a_yes_or_an_end(action):
    act = ACT_OF[action]
    status = lifecycle.told("give" if act == "pending" else act, pending=act == "pending")
    found = sheet(action=action, status=status)
    assert found.act == act
    assert found.yes == (act in {"give", "confirm", "renew"})
    assert found.ends == (act in {"refuse", "withdraw", "object", "revoke", "invalidate", "expire"})
    assert status in dpv.STATES


def test_what_nobody_knew_is_empty():
    found = sheet(notice="", language="", words={}, regulator="", retention="", expires_at=None, recipients=())
    assert (found.words, found.sentences, found.digest, found.language) == ({}, [], "", "")
    assert (found.title, found.regulator, found.retention, found.expires_at) == ("ride_photos", "", "", None)
    assert (found.recipients, found.meets) == ((), ())
