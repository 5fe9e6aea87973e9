"""Erasure: nothing of the customer can be opened or guessed, and the log still verifies."""

import hashlib
import json
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings as configured
from django.db import DatabaseError, connection, transaction
from django.test import Client

from audit.models import Entry, Leaf, Payload, SubjectSecret
from audit.proof import export
from audit.services import export as exports
from audit.services import prove, verify
from consent.errors import Invalid, LinkSpent, NotFound, ReceiptGone, Suppressed
from consent.models import (
    Answer,
    Confirmation,
    ConsentEvent,
    ConsentState,
    Identifier,
    PortalSession,
    Receipt,
    Scan,
    Subject,
)
from consent.services import (
    audiences,
    consents,
    counts,
    erasures,
    evidence,
    expiry,
    families,
    handles,
    links,
    portal_links,
    rebuild,
    records,
    scans,
    signed_receipts,
    subjects,
    suppressions,
    uses,
    visits,
)
from consent.services.audiences import Wanted
from consent.services.handles import Handle
from consent.services.links import Why
from consent.services.uses import Benefit, Use
from tests import intruder, world
from tests.callers import choice, get, post, question, subject
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
    audiences.check(
        wanted=Wanted("mail-engine", "personal_offers", "customer"),
        blocks=[[ALICE.id.encode()]],
        asked=1,
        tell=lambda block, judged: None,
        by=SYSTEM,
        now=NOW,
    )
    uses.report(uses=[Use(MAIL, "personal_offers", (), NOW, "Letter to Mrs Moreau")], recipient="mail-engine", **FACTS)
    gained = Benefit(ALICE, "improve_visit", {"en": "Mrs Moreau got 10 % off"}, NOW)
    uses.report_benefits(benefits=[gained], recipient="queue-planner", **FACTS)
    evidence.view(handle=ALICE, why="concern", note="Mrs Moreau called.", by=STAFF, now=NOW)
    world.publish(now=NOW, improve_visit={"double_opt_in": True})
    say(ALICE, "give", "improve_visit", actor="guardian", evidence={"guardian_verification": "Mr Moreau's card"})
    world.sign_all()


def prey():
    ours = [
        each.pseudonym for each in Subject.objects.all() if each != subjects.find(BOB) and each != subjects.find(CAROL)
    ]
    return Prey((ALICE, MAIL, CARD), WORDS, ours, [_body(choice(ALICE, "withdraw"))])


def _body(body):
    return b"\0".join([b"POST", b"/api/v1/consents", json.dumps(body).encode()])


@pytest.fixture
def lived(cast):
    live()


@pytest.mark.django_db(transaction=True)
def test_G8_F24_whoever_holds_the_whole_database_and_every_key_learns_nothing(client):
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
@pytest.mark.once  # about SQLite's file; a server keeps its own (docs/operate.md, Erasure)
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


def test_P13_what_is_left_is_counted_and_names_nobody(lived):
    survivor, other = (subjects.find(ALICE), subjects.find(CARD))
    assert survivor == other, "they are joined"
    family = list(Subject.objects.filter(pk__in=[each.pk for each in families.of(survivor)]).order_by("pk"))
    done = erase(why="no_longer_needed", by=STAFF, now=LATER)
    facts = [json.loads(bytes(entry.leaf)) for entry in Entry.objects.filter(action="subject.erased").order_by("id")]
    assert [fact["subject"] for fact in facts] == [each.pseudonym for each in family]
    assert {fact["reason"] for fact in facts} == {"no_longer_needed"}
    assert all(fact.keys() <= {*MEMBERS, "reason", "subject", "details"} for fact in facts)
    assert facts[0]["actor"] == {"type": "staff", "ref": "staff-1"}
    for name in ("identifiers", "payloads", "receipts", "scans"):
        assert sum(fact["details"][name] for fact in facts) == getattr(done, name) > 0
    assert (done.records, done.identifiers, done.scans, str(done.number)) == (2, 3, 1, facts[0]["id"])
    assert not Payload.objects.filter(subject__in=[each.pseudonym for each in family]).exists()
    left = Subject.objects.get(pk=survivor.pk)
    assert (left.jurisdiction, left.minor_until, left.erased_at) == ("", None, LATER)


MEMBERS = ("v", "id", "at", "action", "actor", "commitment")


def test_the_log_verifies_and_every_answer_is_still_what_was_said(lived):
    held = list(ConsentState.objects.order_by("id").values())
    wanted = [each.pseudonym for each in families.of(subjects.find(ALICE))]
    erase()
    world.seal_all()
    assert verify.whole_log(now=LATER).good
    for entry in Entry.objects.filter(subject__in=wanted):
        held_now = prove.holds(entry)
        assert (held_now.finding, held_now.size) == ("", Leaf.objects.count())
    with tempfile.TemporaryFile() as file:
        exports.Export(exports.Wanted(disclose=True)).write(file)
        report = export.verify(file, prove.vkeys())
        file.seek(0)
        lines = [json.loads(line) for line in zipfile.ZipFile(file).read("entries.jsonl").splitlines()]
    assert (report.complete, report.count) == (True, Leaf.objects.count())
    whose = [json.loads(line["leaf"]).get("subject") for line in lines if "payload" in line]
    assert set(whose).isdisjoint(wanted)
    assert any(whose), "the others' still open"
    assert list(ConsentState.objects.order_by("id").values()) == held
    assert rebuild.run(check=True, by=OPERATOR, now=LATER).differences == 0


def test_checks_and_systems_answer_as_for_a_stranger(lived):
    erase()
    for who in (ALICE, MAIL, CARD, MALLORY):
        answer = ask(who, now=LATER)
        assert (answer.decision.reason, answer.decision.permitted) == ("unknown_customer", False)
        assert ask(who, now=LATER, as_of=NOW).decision.reason == "unknown_customer"
        with pytest.raises(NotFound):
            records.standing(customer=who, only=None, now=LATER)
        with pytest.raises(NotFound):
            erase(who)
    assert Entry.objects.filter(action="decision.made").latest("id").subject == ""


def test_who_was_erased_is_neither_counted_nor_reminded(cast):
    def permitted():
        return {each.purpose.key: (each.customers, each.permitted) for each in counts.read(now=LATER)}

    before = permitted()
    erase(now=NOW + timedelta(seconds=1))
    after = permitted()
    assert {key: before[key][0] - after[key][0] for key in before} == dict.fromkeys(before, 1)
    assert after["personal_offers"][1] == 0 < before["personal_offers"][1]
    then = {each.purpose.key: (each.customers, each.permitted) for each in counts.read(moment=LATER, now=LATER)}
    assert then == after
    assert ConsentState.objects.filter(status="given", expires_at__lt=NOW + timedelta(days=2000)).exists()
    known = Entry.objects.count()
    assert expiry.sweep(now=NOW + timedelta(days=2000)) == expiry.Swept(0, 0)
    assert Entry.objects.count() == known


def test_no_import_and_no_system_brings_them_back_but_their_own_yes_does(lived):
    old = subjects.find(ALICE).pseudonym
    erase()
    known = Subject.objects.count()
    for who in (ALICE, MAIL, CARD):
        assert handles.left_alone(who)
        with pytest.raises(Suppressed):
            subjects.register(identifiers=[who], by=SYSTEM, now=LATER)
        with pytest.raises(Suppressed):
            say(who, "give", imported=True, now=LATER)
        with pytest.raises(Suppressed):
            say(who, "refuse", now=LATER)
    assert Subject.objects.count() == known
    say(ALICE, "give", now=LATER)
    assert ask(ALICE, now=LATER).decision.permitted
    assert subjects.find(ALICE).pseudonym != old
    assert ask(MAIL, now=LATER).decision.reason == "unknown_customer"


def test_every_way_in_ends_at_once(lived):
    link = portal_links.create(subject=ALICE, **FACTS)
    spare = portal_links.create(subject=MAIL, **FACTS)
    visit = portal_links.enter(token=link.token, by=CUSTOMER, now=NOW)
    pending = say(ALICE, "give", "improve_visit", actor="self")
    assert visits.visitor(token=visit.token, now=NOW)
    browser = Client()
    browser.cookies[configured.PORTAL_COOKIE_NAME] = visit.token
    erase()
    assert visits.visitor(token=visit.token, now=NOW) is None
    assert browser.get("/")["Location"] == "/welcome"
    assert not PortalSession.objects.exists()
    with pytest.raises(LinkSpent):
        portal_links.enter(token=spare.token, by=CUSTOMER, now=NOW)
    assert not Confirmation.objects.filter(event__subject__erased_at__isnull=False).exists()
    if pending.waiting:
        with pytest.raises(LinkSpent):
            consents.confirm(token=pending.waiting.token, channel="email", method="link", **FACTS)


def test_who_is_in_the_middle_of_something_is_told_that_we_know_them_no_more(lived):
    held = subjects.find(ALICE)
    erase()
    for late in (
        lambda: say(held, "withdraw"),
        lambda: scans.store(subject=held, content=b"%PDF-1.7", **FACTS),
    ):
        with pytest.raises(NotFound):
            late()


def test_receipts_are_gone_and_only_what_nobody_can_read_may_be_deleted(lived):
    events = ConsentEvent.objects.filter(subject=subjects.find(ALICE))
    number = events.first().entry_id
    assert signed_receipts.read(subject=None, number=number)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        Receipt.objects.filter(event__subject=subjects.find(ALICE)).delete()
    bobs = Receipt.objects.filter(event__subject=subjects.find(BOB)).count()
    erase()
    assert not Receipt.objects.filter(event__entry_id=number).exists()
    assert Receipt.objects.filter(event__subject=subjects.find(BOB)).count() == bobs > 0
    for gone in (
        lambda: signed_receipts.read(subject=None, number=number),
        lambda: signed_receipts.document(events.first(), now=NOW),
        lambda: signed_receipts.kantara(events.first()),
    ):
        with pytest.raises(ReceiptGone, match="erased"):
            gone()
    assert get(f"/api/v1/receipts/{number}", key=world.key()).status_code == 410
    world.sign_all()
    assert not Receipt.objects.filter(event__entry_id=number).exists()


def test_who_was_parted_before_is_not_erased_with_them(cast):
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both."), **FACTS)
    links.unlink(subject=BOB, why=Why("It was a mistake."), **FACTS)
    bob = subjects.find(BOB)
    assert erase().records == 1
    assert subjects.find(BOB) == bob
    assert subjects.identifiers_of(bob) == [BOB]
    assert ask(BOB).decision.reason == "consent_refused"


def test_who_asked_to_be_left_alone_can_be_erased_too(lived):
    suppressions.suppress(subject=ALICE, **FACTS)
    assert erase().identifiers == 3
    assert handles.left_alone(CARD)


def test_G25_why_is_one_of_the_six_grounds_of_the_law(lived):
    with pytest.raises(Invalid) as caught:
        erase(why="tidy up")
    assert [each.pointer for each in caught.value.fields] == ["/why"]
    with pytest.raises(Invalid):
        erase(Handle("Not a namespace", "x"))
    assert len(erasures.WHY) == 6
    assert subjects.find(ALICE)


def test_a_damaged_identifier_keeps_nobody_from_being_erased(lived):
    Identifier.objects.filter(namespace="email").update(sealed=b"0" * 40)
    assert erase().identifiers == 3
    assert handles.left_alone(ALICE)


def test_answers_kept_for_repeats_go_with_whom_they_name(lived):
    secret = world.key()
    for name, who in (("one", ALICE), ("two", BOB)):
        assert post("/api/v1/consents", choice(who, "withdraw"), key=secret, Idempotency_Key=name).status_code == 201
    raw = json.dumps(choice(BOB, "withdraw")).encode()
    asked = b"\0".join([b"POST", b"/api/v1/consents", raw])
    kept = {bytes(row.request_hash) for row in Answer.objects.all()}
    assert len(kept) == 2
    assert hashlib.sha256(asked).digest() not in kept
    erase(MAIL)
    (row,) = Answer.objects.all()
    assert list(row.subjects.all()) == [subjects.find(BOB)]
    again = post("/api/v1/consents", choice(BOB, "withdraw"), key=secret, Idempotency_Key="two")
    assert again.status_code == 201


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_or_writes_at_the_same_moment_gets_an_answer():
    """Systems ask, record, invite and search while somebody is erased: each is answered, and then nobody knows them."""
    world.publish()
    world.cast()
    secret = world.key("mail-engine", "decide", "search", "consents:write", "reports")
    used = {"uses": [{"subject": subject(ALICE), "purpose": "personal_offers", "at": "2026-05-14T11:00:00Z"}]}
    calls = [
        ("/access/v1/evaluation", question(ALICE)),
        ("/access/v1/search/resource", question(ALICE)),
        ("/api/v1/consents", choice(ALICE, "withdraw")),
        ("/api/v1/portal-links", {"subject": subject(ALICE)}),
        ("/api/v1/uses", used),
    ]
    started, over = threading.Barrier(len(calls) + 1), threading.Event()

    def go_on(path, body):
        found = []
        started.wait()
        while not over.is_set() or len(found) < 3:
            found.append(post(path, body, key=secret).status_code)
        connection.close()
        return found

    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(go_on, *call) for call in calls]
        started.wait()
        time.sleep(0.5)
        erase(now=datetime.now(UTC))
        time.sleep(0.5)
        over.set()
    statuses = {path: set(each.result()) for (path, _), each in zip(calls, running, strict=True)}
    assert statuses["/access/v1/evaluation"] == {200}
    assert not [status for found in statuses.values() for status in found if status >= 500], statuses
    assert ask(ALICE).decision.reason == "unknown_customer"
    assert not subjects.find(ALICE)
