"""One customer's file: opened for a reason that the customer sees, complete, and with its proof."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from audit.models import Entry, Payload, SubjectSecret
from audit.proof import bundle
from consent.models import ConsentEvent
from consent.services import catalogue, erasures, holders, links, officers, subjects, suppressions, uses
from consent.services.ledger import Actor
from consent.services.links import Why
from consent.services.subjects import Handle
from consent.services.uses import Benefit, Use
from tests.trustcenter.console.conftest import PASSWORD, damage
from tests.world import ALICE, BOB, CAROL, NOW, OPERATOR, SYSTEM, ask, digest, publish, say, seal_all

OPEN = "/console/customers/open"


def page(desk, **query):
    answer = desk.get(OPEN, query)
    assert answer.status_code == 200
    return answer.content.decode()


def viewed():
    return Entry.objects.filter(action="evidence.viewed").count()


def the_act(act):
    return ConsentEvent.objects.get(subject=subjects.find(ALICE), act=act).entry_id


def test_opening_a_file_is_seen_by_the_customer(desk, open_file):
    assert open_file(note="Concern K-311: why was AdPartner refused?")["Location"] == OPEN
    seen = uses.seen_by(subject=subjects.find(ALICE))
    assert [(each.entry.action, each.entry.reason) for each in seen] == [("evidence.viewed", "concern")]
    assert seen[0].payload["note"] == "Concern K-311: why was AdPartner refused?"
    assert seen[0].payload["actor_name"] == "Rosa Lindqvist"
    assert b"Rosa" not in bytes(seen[0].entry.leaf)


@pytest.mark.parametrize(
    "changed",
    [{"why": ""}, {"why": "curious"}, {"note": ""}, {"note": "  "}, {"note": "x" * 2001}, {"note": "a\u202eb"}],
)
def test_it_refuses_to_open_a_file_without_a_reason(desk, open_file, changed):
    assert open_file(**changed).status_code == 400
    assert viewed() == 0
    assert desk.get(OPEN)["Location"] == "/console/customers?closed"


@pytest.mark.parametrize(
    "changed", [{"value": "C-9999"}, {"namespace": "email"}, {"namespace": "Customer\0"}, {"value": "x" * 10_000}]
)
def test_an_unknown_customer_is_said_and_nothing_is_logged(desk, open_file, changed):
    before = Entry.objects.count()
    answer = open_file(**changed)
    assert answer.status_code == 400
    assert b'role="alert"' in answer.content
    assert Entry.objects.count() == before


def test_a_file_opens_by_any_identifier_and_shows_all(desk, open_file):
    open_file(namespace="email", value=" CAROL@example.org ")
    shown = page(desk)
    assert "C-1003" in shown
    assert "carol@example.org" in shown


def test_no_address_and_no_session_holds_who_the_customer_is(desk, open_file):
    answer = open_file()
    held = json.dumps(dict(desk.session.items()))
    for secret in ("C-1001", "K-311", subjects.find(ALICE).pseudonym):
        assert secret not in answer["Location"] + held


def test_a_file_closes_by_the_button(desk, open_file):
    open_file()
    desk.post("/console/customers/close")
    assert desk.get(OPEN).status_code == 302
    assert "Back to the open file" not in desk.get("/console/customers").content.decode()


def test_a_file_closes_after_a_quarter_of_an_hour_of_work(desk, open_file, clock):
    open_file()
    for _ in range(14):
        clock.shift(timedelta(minutes=1))
        page(desk)
    clock.shift(timedelta(minutes=1))
    assert desk.get(OPEN)["Location"] == "/console/customers?closed"
    assert "Say why you look" in desk.get("/console/customers?closed").content.decode()
    open_file()
    page(desk)
    assert viewed() == 2


def test_a_file_closes_at_sign_out(desk, open_file):
    open_file()
    desk.post("/console/sign-out")
    desk.post("/console/sign-in", {"username": "rosa", "password": PASSWORD})
    assert desk.get(OPEN).status_code == 302


def test_a_planted_session_opens_no_file(desk, open_file):
    open_file()
    session = desk.session
    session["file"] = session["file"] | {"subject": subjects.find(BOB).pk}
    session.save()
    assert desk.get(OPEN).status_code == 302


def test_another_officer_needs_a_reason_of_their_own(desk, open_file):
    open_file()
    held = desk.session["file"]
    officers.create(username="pat", password=PASSWORD, full_name="Pat Moss", by=OPERATOR, now=NOW)
    pats = Client()
    pats.post("/console/sign-in", {"username": "pat", "password": PASSWORD})
    session = pats.session
    session["file"] = held
    session.save()
    assert pats.get(OPEN)["Location"] == "/console/customers?closed"


def test_the_line_shows_choices_refused_checks_uses_and_benefits(desk, open_file):
    who = Actor("system", "mail-engine")
    ask(ALICE, recipient="queue-planner", reference="Summer campaign")
    used = Use(ALICE, "personal_offers", ("contact.email",), NOW, "Letter 7")
    uses.report(uses=[used], recipient="mail-engine", by=who, now=NOW)
    got = Benefit(ALICE, "personal_offers", {"en": "Skipped a 40-minute queue"}, NOW)
    uses.report_benefits(benefits=[got], recipient="mail-engine", by=who, now=NOW)
    say(ALICE, "withdraw")
    open_file()
    shown = page(desk)
    for words in (
        "The notice for this purpose does not name this recipient.",
        "Summer campaign",
        "Letter 7",
        "Skipped a 40-minute queue",
        "Withdrawn",
        "Viewed by staff",
        "Concern K-311.",
        "Rosa Lindqvist",
    ):
        assert words in shown


def test_many_alike_are_told_as_one_line(desk, open_file):
    for minute in range(4):
        ask(ALICE, now=NOW - timedelta(minutes=minute + 1))
    open_file()
    assert "Allowed 4 times" in page(desk)


def test_what_is_written_is_shown_as_text(desk, open_file):
    ask(ALICE, reference="<script>alert(1)</script>")
    open_file(note="<b>bold</b>")
    shown = page(desk)
    assert "<script>" not in shown
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown


def test_the_line_pages_by_entry_and_shows_each_once(desk, open_file):
    for second in range(70):
        ask(ALICE, now=NOW - timedelta(days=1) + timedelta(seconds=second), reference=f"occasion {second:02}.")
    open_file()
    first = desk.get(OPEN)
    more = first.context["more"]
    second = page(desk, before=more)
    for number in range(70):
        assert (f"occasion {number:02}." in first.content.decode()) != (f"occasion {number:02}." in second)


def state_of(desk, key="personal_offers", **query):
    rows = {row.key: row for row in desk.get(OPEN, query).context["states"]}
    return str(rows[key].act.name)


def test_the_state_of_a_past_moment_is_shown(desk, open_file):
    say(ALICE, "withdraw", now=NOW - timedelta(days=3))
    open_file()
    assert state_of(desk) == "Withdrawn"
    assert state_of(desk, on="2026-05-01T00:00") == "Given"
    assert state_of(desk, on="2026-01-01T00:00") == "Not asked"
    assert state_of(desk, "tickets_and_orders") == "No choice"
    assert state_of(desk, "plan_staff") == "Not objected"


def test_a_past_moment_names_the_receipt_of_then(desk, open_file):
    say(ALICE, "withdraw", now=NOW - timedelta(days=3))
    open_file()
    receipts = [
        next(row.receipt for row in desk.get(OPEN, query).context["states"] if row.key == "personal_offers")
        for query in ({}, {"on": "2026-05-01T00:00"}, {"on": "2026-01-01T00:00"})
    ]
    assert receipts == [the_act("withdraw"), the_act("give"), None]


def test_a_yes_that_ran_out_or_was_overtaken_is_not_shown_as_given(desk, open_file, clock):
    publish(now=NOW - timedelta(days=1), personal_offers={"retention": "P24M"})
    open_file()
    assert state_of(desk) == "Text changed"
    assert state_of(desk, on="2026-05-01T00:00") == "Given"
    assert state_of(desk, on="2029-01-01T00:00") == "Run out"


def test_a_yes_that_an_editorial_version_carried_over_says_so(desk, open_file):
    publish(now=NOW - timedelta(days=2), personal_offers={"retention": "P6M"})
    less = {"retention": "P6M", "categories": ["contact.sms", "purchase_history"], "levels": None}
    publish(now=NOW - timedelta(days=1), personal_offers=less)
    open_file()
    shown = page(desk)
    carried = "Given to version 1; carried over to version"
    assert f"{carried} 2, published on 2026-05-12: kept for a shorter time (P6M)." in shown
    assert f"{carried} 3, published on 2026-05-13: less data (contact.email), details (levels)." in shown
    assert "carried over" not in page(desk, on="2026-05-01T00:00")


@pytest.mark.parametrize(
    "query",
    [{"on": "yesterday"}, {"on": "0001-01-01T00:00"}, {"on": "9999-12-31T23:59"}, {"before": "x"}, {"entry": "1"}],
)
def test_a_page_asked_for_wrongly_says_so(desk, open_file, query):
    open_file()
    answer = desk.get(OPEN, query)
    assert answer.status_code == 400
    assert b'role="alert"' in answer.content


def test_a_choice_shows_the_exact_words_and_how_it_was_given(desk, open_file):
    evidence = {"tablet": "gate 3"}
    say(ALICE, "give", notice_digest=digest("personal_offers", "zh-hans"), language="zh-hans", evidence=evidence)
    open_file()
    shown = page(desk)
    for words in (digest("personal_offers", "zh-hans"), "发送适合您的优惠", "gate 3", "web, button", "Not sealed yet"):
        assert words in shown


def test_a_choice_from_elsewhere_says_so_and_shows_the_cells_it_came_from(desk, open_file):
    evidence = {"line": 7, "cells": ["STATUS: subscribed", "OPTIN_TIME: 2026-05-01"]}
    say(ALICE, "give", imported=True, evidence=evidence)
    open_file()
    shown = page(desk)
    assert "imported: recorded elsewhere before" in shown
    assert "<dt>Cells</dt><dd>STATUS: subscribed; OPTIN_TIME: 2026-05-01</dd>" in shown


def test_an_older_choice_can_be_chosen(desk, open_file):
    say(ALICE, "withdraw")
    open_file()
    assert desk.get(OPEN).context["shown"]["event"].act == "withdraw"
    assert desk.get(OPEN, {"entry": the_act("give")}).context["shown"]["event"].act == "give"


def test_another_customers_choice_cannot_be_chosen(desk, open_file):
    open_file(value="C-1002")
    assert desk.get(OPEN, {"entry": the_act("give")}).status_code == 404
    assert desk.post(f"{OPEN}/proof", {"entry": the_act("give")}).status_code == 404


def proof_shown(desk):
    return desk.get(OPEN, {"entry": the_act("give")}).context["shown"]["proof"]


def test_the_proof_of_a_sealed_choice_holds(desk, open_file):
    seal_all()
    size = Entry.objects.count()
    open_file()
    found = proof_shown(desk)
    assert found["word"] == "Holds"
    assert found["rest"].endswith(f"hashes to checkpoint {size}")


@pytest.mark.parametrize("part", ["leaf", "payload"])
def test_the_proof_does_not_hold_once_something_was_changed(desk, open_file, part):
    seal_all()
    open_file()
    number = the_act("give")
    if part == "leaf":
        row = Entry.objects.filter(id=number)
        damage(row, leaf=bytes(row.get().leaf).replace(b"given", b"taken"))
    else:
        other = Payload.objects.exclude(entry_id=number).filter(subject=subjects.find(ALICE).pseudonym).first()
        damage(Payload.objects.filter(entry_id=number), sealed=bytes(other.sealed))
    assert proof_shown(desk)["word"] == "Does not hold"
    assert desk.post(f"{OPEN}/proof", {"entry": number}).status_code == 409


def test_the_proof_of_a_choice_is_carried_away_and_that_is_a_fact(desk, open_file):
    seal_all()
    open_file()
    number = the_act("give")
    answer = desk.post(f"{OPEN}/proof", {"entry": number})
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{number}.json"'
    report = bundle.verify_bundle(bundle.loads(answer.content), None)
    assert [entry.leaf["id"] for entry in report.entries] == [str(number)]
    assert report.entries[0].payload["method"] == "button"
    exported = Entry.objects.get(action="evidence.exported")
    assert exported.subject == subjects.find(ALICE).pseudonym
    leaf = json.loads(bytes(exported.leaf))
    assert (leaf["object"], leaf["details"], leaf["actor"]["type"]) == (str(number), {"entries": 1}, "staff")


def test_everything_in_view_is_carried_away_with_what_is_sealed(desk, open_file):
    ask(ALICE)
    seal_all()
    sealed = Entry.objects.filter(subject=subjects.find(ALICE).pseudonym).count()
    open_file()
    report = bundle.verify_bundle(bundle.loads(desk.post(f"{OPEN}/proof").content), None)
    assert (len(report.entries), report.disclosed) == (sealed, sealed)


def test_there_is_no_proof_before_the_seal(desk, open_file):
    open_file()
    assert desk.post(f"{OPEN}/proof").status_code == 409
    assert not Entry.objects.filter(action="evidence.exported").exists()


def test_a_customer_whose_secret_is_gone_can_still_be_looked_at(desk, open_file):
    subject, _ = subjects.register(identifiers=[Handle("customer", "C-2000")], by=SYSTEM, now=NOW)
    open_file(value="C-2000")
    SubjectSecret.objects.filter(pseudonym=subject.pseudonym).delete()
    assert "this customer was erased" in page(desk)


def test_a_customer_who_never_chose_has_a_page(desk, open_file):
    assert not ConsentEvent.objects.filter(subject=subjects.find(CAROL)).exists()
    open_file(value="C-1003")
    assert "What the customer was shown" not in page(desk)


def test_joined_records_and_the_wish_to_be_left_alone_stand_in_the_open_file(desk, open_file):
    say(BOB, "refuse")
    links.link(subject=ALICE, other=BOB, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    open_file()
    shown = page(desk)
    assert "One letter named both." in shown
    assert "Joined on 2026-05-14" in shown
    assert "Records joined" in shown
    assert "left alone" not in shown
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    assert "This customer asked to be left alone." in page(desk)


def test_the_file_of_somebody_who_was_erased_shows_what_is_left(desk, open_file, clock):
    seal_all()
    open_file(note="Erase Alice, ticket 7.")
    assert "C-1001" in page(desk)
    clock.shift(timedelta(seconds=5))
    number = the_act("give")
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW + timedelta(seconds=4))
    seal_all()
    html = page(desk)
    assert "None left: this customer was erased." in html
    assert "Nothing stands any more" in html
    assert "Erased" in html
    assert "C-1001" not in html
    assert "ticket 7" not in html
    shown = page(desk, entry=number)
    assert "Purpose" in shown
    answer = desk.post(f"{OPEN}/proof", {"entry": str(number)})
    assert answer.status_code == 200
    (entry,) = bundle.verify_bundle(bundle.loads(answer.content), None).entries
    assert not entry.disclosed
    assert open_file().status_code == 400, "nobody finds them by their name"


def test_A29_who_is_late_to_hear_of_a_withdrawal_is_shown_to_staff(desk, open_file, clock):
    engine, until = catalogue.recipient("mail-engine"), NOW + timedelta(seconds=15)
    holders.told(recipient=engine, holder="one", position=0, lease_until=until)
    say(ALICE, "withdraw")
    open_file()
    assert "mail-engine: being told" in page(desk)
    clock.shift(timedelta(seconds=20))
    assert "mail-engine: late: refuses by itself" in page(desk)
