"""Scans of papers: encrypted, once each, evidence of a choice, and never carried away without a trace."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit import vault
from audit.models import Entry, SubjectSecret
from audit.services import entries
from consent.errors import Invalid, NotFound, TooLarge
from consent.models import ConsentEvent, Scan
from consent.rules import scans as rules
from consent.services import on_behalf, scans, subjects
from tests.world import ALICE, BOB, MALLORY, NOW, SYSTEM, ask, digest, say

FILE = b"%PDF-1.7\nsigned by Alice"
SHA = hashlib.sha256(FILE).hexdigest()
FACTS = {"by": SYSTEM, "now": NOW}
ON_PAPER = {"actor": "staff", "channel": "paper"}


def keep(content=FILE, who=ALICE):
    return scans.store(subject=who, content=content, **FACTS)


def paper(who=ALICE, act="give", sha=SHA, **more):
    return say(who, act, evidence={"reason": "Form from the gate.", "scan_sha256": sha}, **ON_PAPER, **more)


def test_a_scan_is_kept_once_and_encrypted(cast):
    (row, new), (again, twice) = keep(), keep()
    assert (row.pk, new, twice) == (again.pk, True, False)
    assert (row.digest, row.type, row.size) == (SHA, "application/pdf", len(FILE))
    assert b"signed by Alice" not in bytes(Scan.objects.get().sealed)
    assert keep(who=BOB)[1], "another customer's same paper is their own"


def test_its_digest_stands_in_the_payload_and_never_in_a_leaf(cast):
    keep()
    paper()
    assert not [entry for entry in Entry.objects.all() if SHA.encode() in bytes(entry.leaf)]
    stored = Entry.objects.get(action="evidence.stored")
    told = {"scan_sha256": SHA, "size": len(FILE), "type": "application/pdf"}
    assert told.items() <= entries.payloads([stored])[stored.id].items()


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"", ""),
        (b"PK\x03\x04", ""),
        (b"<svg onload='x'>", ""),
        (b"<html>%PDF-", ""),
        (b"GIF89a", ""),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(cast, beginning, kind):
    assert rules.kind(beginning) == kind
    if kind:
        assert keep(beginning)[0].type == kind
        return
    with pytest.raises(Invalid):
        keep(beginning)
    assert not Scan.objects.exists()


def test_it_has_at_most_5_mebibytes(cast):
    assert keep(FILE.ljust(5 * 1024 * 1024, b"x"))[0].size == 5 * 1024 * 1024
    with pytest.raises(TooLarge):
        keep(FILE.ljust(5 * 1024 * 1024 + 1, b"x"))


def test_of_whom_we_do_not_know_nothing_is_kept(cast):
    with pytest.raises(NotFound):
        keep(who=MALLORY)
    assert not Scan.objects.exists()


def test_a_paper_yes_names_a_scan_of_this_very_customer(cast):
    keep(who=BOB)
    before = ConsentEvent.objects.count()
    for act in ("give", "withdraw"):
        with pytest.raises(Invalid) as caught:
            paper(act=act)
        assert [field.pointer for field in caught.value.fields] == ["/evidence/scan_sha256"]
    assert ConsentEvent.objects.count() == before
    keep()
    assert paper().state.status == "given"


def test_the_scan_opens_for_its_customer_only_and_carrying_it_away_is_a_fact(cast):
    number = keep()[0].entry_id
    alice, bob = subjects.find(ALICE), subjects.find(BOB)
    with pytest.raises(NotFound):
        scans.export(subject=bob, number=number, **FACTS)
    row, content = scans.export(subject=alice, number=number, **FACTS)
    assert (row.digest, content) == (SHA, FILE)
    entry = Entry.objects.get(action="evidence.exported")
    assert json.loads(bytes(entry.leaf))["object"] == str(number)


def test_without_the_customers_secret_nobody_reads_it(cast):
    number = keep()[0].entry_id
    SubjectSecret.objects.filter(pseudonym=subjects.find(ALICE).pseudonym).delete()
    with pytest.raises(vault.Unreadable):
        scans.export(subject=subjects.find(ALICE), number=number, **FACTS)
    Scan.objects.filter(subject=subjects.find(ALICE)).delete()  # erasure can: the table is not append-only
    assert not Scan.objects.exists()


def test_the_database_keeps_no_scan_twice(cast):
    row = keep()[0]
    row.pk, row.entry_id = None, "00000000-0000-0000-0000-000000000007"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def on_phone(yes=True, purpose="improve_visit", who=ALICE, **more):
    said = {"channel": "phone", "language": "en", "reason": "They called.", "scan": None} | more
    subject = subjects.find(who)
    return on_behalf.record(subject=subject, purpose=purpose, yes=yes, **said, **FACTS)


def test_staff_write_a_choice_down_in_the_words_that_they_read_out(cast):
    event = on_phone().event
    assert (event.actor, event.channel, event.act, event.assumed) == ("staff", "phone", "give", False)
    assert event.notice.digest == digest("improve_visit")
    assert ask(ALICE, "improve_visit", recipient="queue-planner").decision.permitted


@pytest.mark.parametrize(
    ("purpose", "act"), [("improve_visit", "refuse"), ("personal_offers", "withdraw"), ("plan_staff", "object")]
)
def test_a_no_is_what_it_ends(cast, purpose, act):
    assert on_phone(yes=False, purpose=purpose).event.act == act


def test_on_paper_the_scan_comes_with_it_or_nothing_is_kept(cast):
    event = on_phone(channel="paper", scan=FILE).event
    assert event.assumed, "nobody says which print of the form they signed"
    assert Scan.objects.get().digest == SHA
    with pytest.raises(Invalid):
        on_phone(channel="paper")
    with pytest.raises(Invalid):
        on_phone(channel="paper", scan=FILE + b"2", language="it")
    assert Scan.objects.count() == 1, "what was refused leaves no scan behind"


def test_staff_choose_no_third_party_for_a_customer(cast):
    assert "adpartner" not in on_phone(purpose="personal_offers").event.recipients


def test_C5_a_no_by_a_representative_asks_for_no_mandate_and_no_confirming(cast):
    recorded = say(ALICE, "withdraw", actor="representative", now=NOW + timedelta(minutes=1))
    assert recorded.waiting is None
    assert ask(ALICE, now=NOW + timedelta(minutes=1)).decision.reason == "consent_withdrawn"
    with pytest.raises(Invalid) as caught:
        say(ALICE, "give", actor="representative", now=NOW + timedelta(minutes=2))
    assert [field.pointer for field in caught.value.fields] == ["/evidence/mandate"]
