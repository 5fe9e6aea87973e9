"""Erasure: nothing of the customer can be opened or guessed, and the log still verifies."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.conf import settings as configured

from audit import vault
from audit.models import Entry, Leaf, Payload, SubjectSecret
from audit.services import erasures as record
from audit.services import export, prove, verify
from audit.proof import bundle
from consent.errors import Invalid, LinkSpent, NotFound, ReceiptGone, Suppressed
from consent.models import Confirmation, ConsentEvent, ConsentState, Identifier, PortalSession, Receipt, Scan, Subject
from consent.services import (
    consents,
    counts,
    erasures,
    evidence,
    expiry,
    handles,
    links,
    portal_links,
    rebuild,
    records,
    scans,
    signed_receipts,
    subjects,
    uses,
)
from consent.services.handles import Handle
from consent.services.links import Why
from consent.services.uses import Benefit, Use
from tests import intruder, world
from tests.callers import choice, get, post, subject
from tests.intruder import Prey
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, ask, say

MAIL, CARD = Handle("email", "alice.moreau@example.org"), Handle("card", "K-558-201")
WORDS = ("alice.moreau", "K-558-201", "Moreau", "C-1001")
STAFF = world.Actor("staff", ref="staff-1", name="Rosa Lindqvist")
FACTS = {"by": OPERATOR, "now": NOW}
LATER = NOW + timedelta(days=3)


def erase(who=ALICE, *, why="withdrawn", by=OPERATOR, now=NOW):
    return erasures.erase(subject=who, why=why, by=by, now=now)


def live():
    """Alice leaves something of herself in every table that can hold it; two of her records are joined."""
    subjects.register(identifiers=[ALICE, MAIL], jurisdiction="GB", minor_until=date(2027, 2, 3), by=SYSTEM, now=NOW)
    say(CARD, "give", "improve_visit", evidence={"reason": "Mrs Moreau at the gate"})
    links.link(subject=CARD, other=ALICE, why=Why("Mrs Moreau showed both cards."), by=STAFF, now=NOW)
    scans.store(subject=MAIL, content=b"%PDF-1.7 signed: Alice Moreau", by=STAFF, now=NOW)
    ask(ALICE, reference="May offer for Mrs Moreau")
    uses.report(uses=[Use(MAIL, "personal_offers", (), NOW, "Letter to Mrs Moreau")], recipient="mail-engine", **FACTS)
    gained = Benefit(ALICE, "improve_visit", {"en": "Mrs Moreau got 10 % off"}, NOW)
    uses.report_benefits(benefits=[gained], recipient="queue-planner", **FACTS)
    evidence.view(handle=ALICE, why="concern", note="Mrs Moreau called.", by=STAFF, now=NOW)
    world.publish(now=NOW, improve_visit={"double_opt_in": True})
    say(ALICE, "give", "improve_visit", actor="guardian", evidence={"guardian_verification": "Mr Moreau's card"})
    world.sign_all()


def prey():
    ours = [each.pseudonym for each in Subject.objects.all() if each != subjects.find(BOB) and each != subjects.find(CAROL)]
    return Prey((ALICE, MAIL, CARD), WORDS, ours, [_body(choice(ALICE, "withdraw"))])


def _body(body):
    return b"\0".join([b"POST", b"/api/v1/consents", json.dumps(body).encode()])


@pytest.fixture
def lived(cast):
    live()


@pytest.mark.django_db(transaction=True)
def test_G8_whoever_holds_the_whole_database_and_every_key_learns_nothing(client):
    world.publish()
    world.cast()
    live()
    headers = {"Idempotency_Key": "6f1d9c1e-6a0e-4f0b-9a6e-0d2c5d0f1a77"}
    assert post("/api/v1/consents", choice(ALICE, "withdraw"), key=world.key(), **headers).status_code == 201
    world.sign_all()
    wanted = prey()
    before = intruder.carry_away()
    found = intruder.tells(before, wanted)
    assert {each.split(":")[0] for each in found} == {"found by a hash", "opened", "committed to"}
    opened = {each.split(".")[-1].split(": ")[-1] for each in found if each.startswith("opened")}
    assert opened >= {"audit_payload", "consent_identifier", "consent_scan", "consent_receipt"}
    assert {"committed to: subject.created", "committed to: identifier.added"} <= found

    erase()
    after = intruder.carry_away()
    assert intruder.tells(after, wanted) == set()
    bob = Prey((BOB,), (), [subjects.find(BOB).pseudonym])
    assert {"opened: consent_identifier", "committed to: subject.created"} <= intruder.tells(after, bob)
    gone = _destroyed(before, after)
    assert len(gone) > 20
    assert [each for each in gone if each in after.files] == []


def _destroyed(before, after):
    """The bytes that stood in rows that are gone."""
    kept = {cell for rows in after.rows.values() for row in rows for cell in row.values() if isinstance(cell, bytes)}
    names = [model._meta.db_table for model in (SubjectSecret, Payload, Identifier, Scan, Receipt)]
    lost = {cell for name in names for row in before.rows[name] for cell in row.values() if isinstance(cell, bytes)}
    return lost - kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="a server keeps its files; docs/operate.md, Erasure")
def test_what_sqlite_would_leave_in_its_file_is_overwritten():
    """Without our settings, deleted rows stand in the file and in its log; with them, they do not."""
    world.publish()
    with connection.cursor() as cursor:
        for setting, left in (("OFF", True), ("ON", False)):
            who = Handle("customer", f"C-{setting}")
            say(who, "give")
            hashed = bytes(Identifier.objects.get(namespace="customer", subject=subjects.find(who)).lookup_hash)
            wrapped = bytes(SubjectSecret.objects.get(pseudonym=subjects.find(who).pseudonym).wrapped)
            cursor.execute(f"PRAGMA secure_delete={setting}")
            erase(who)
            assert [each in intruder.files() for each in (hashed, wrapped)] == [left, left]
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone() == (1,)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone() == (1,), "as settings.py says, on every connection"
