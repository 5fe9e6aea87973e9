"""export-customer and export-consents: complete, private, readable, and good enough to begin again elsewhere."""

import csv
import json
import re
import stat
from datetime import UTC, datetime, timedelta

import pytest

from audit.models import Entry, SubjectSecret
from consent.models import CaseLetter, ChangeLetter, ConsentEvent, ConsentState, Identifier, Subject
from consent.rules import dpv, lifecycle, own_words, profiles
from consent.rules.actions import ACTIONS
from consent.rules.choice import Choice
from consent.services import (
    consent_export,
    consents,
    evidence,
    expiry,
    links,
    states,
    subjects,
    suppressions,
    uses,
)
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from consent.services.uses import Benefit, Use
from tests import world
from tests.consent.rules import dpv_terms
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, SYSTEM, ask, digest, say
from trustcenter.portal.record_words import happened

BACK = NOW - timedelta(hours=1)


@pytest.fixture
def lived(cast):
    """Alice's record has one of everything."""
    subjects.register(identifiers=[ALICE, Handle("email", "alice@example.org", verified=False)], by=SYSTEM, now=BACK)
    say(ALICE, "withdraw", now=BACK, evidence={"tablet": "gate <3>"})
    ask(ALICE, now=BACK, reference="Spring mailing")
    uses.report(
        uses=[Use(ALICE, "plan_staff", ("ticket_scans",), BACK)], recipient="staff-planner", by=SYSTEM, now=BACK
    )
    got = Benefit(ALICE, "improve_visit", {"en": "Skipped a 40-minute queue"}, BACK)
    uses.report_benefits(benefits=[got], recipient="queue-planner", by=SYSTEM, now=BACK)
    staff = Actor("staff", ref="staff-7", name="Rosa Ortega")
    evidence.view(handle=ALICE, why="concern", note="Concern K-311", by=staff, now=BACK)
    world.sign_all()


def exported():
    return list(Entry.objects.filter(action="evidence.exported"))


def whole(run, tmp_path, *words):
    path = tmp_path / "record"
    code, _, err = run("export-customer", "customer", "C-1001", "--out", path, *words)
    assert code == 0, err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text("utf-8")


def test_the_whole_record_of_a_customer_holds_everything(run, lived, tmp_path):
    found = json.loads(whole(run, tmp_path))
    records = found["dpv:hasRecordOfActivity"]
    assert [record["dpv:hasConsentStatus"][0]["tc:action"] for record in records] == [
        "consent.given",
        "consent.withdrawn",
    ]
    assert profiles.missing(records[0]) == {"iso-27560": [], "eu-gdpr": []}
    assert records[0]["dpv:hasNotice"][0]["tc:words"]["title"] == "Send you offers that fit"
    assert records[1]["tc:evidence"] == {"tablet": "gate <3>"}
    assert all(record["tc:receipt"].count(".") == 2 for record in records)
    person = found["dpv:hasDataSubject"][0]["dpv:hasIdentifier"]
    assert [(each["tc:namespace"], each["tc:value"], each["tc:verified"]) for each in person] == [
        ("customer", "C-1001", True),
        ("email", "alice@example.org", False),
    ]
    standing = {each["dct:identifier"][0]: each for each in found["tc:standing"]}
    assert (standing["personal_offers"]["tc:status"], standing["personal_offers"]["tc:reason"]) == (
        *("withdrawn", "consent_withdrawn"),
    )
    assert [each["tc:action"] for each in found["tc:use"]] == ["decision.made", "use.reported"]
    assert found["tc:use"][0]["tc:told"]["reference"] == "Spring mailing"
    assert found["tc:benefit"][0]["tc:told"]["words"] == {"en": "Skipped a 40-minute queue"}
    assert (found["tc:view"][0]["tc:actor"], found["tc:view"][0]["tc:told"]["note"]) == ("Rosa Ortega", "Concern K-311")
    assert [each["tc:action"] for each in found["tc:other"]] == ["subject.created", "identifier.added"]


def test_its_terms_are_those_of_the_vocabulary(run, lived, tmp_path):
    found = json.loads(whole(run, tmp_path))
    context = found.pop("@context")
    terms = set(re.findall(r'"dpv:(\w+)"', json.dumps(found)))
    assert terms - dpv_terms.DPV - dpv.PURPOSES == set()
    assert all(prefix in context for prefix in ("dpv", "dct", "tc"))
    assert "null" not in re.findall(r"\bnull\b", json.dumps(found))


def test_carrying_it_away_is_a_fact_about_the_customer(run, lived, tmp_path):
    whole(run, tmp_path)
    (entry,) = exported()
    assert entry.subject == subjects.find(ALICE).pseudonym
    assert json.loads(bytes(entry.leaf))["details"] == {
        "entries": Entry.objects.filter(subject=entry.subject).count() - 1
    }
    assert "evidence.exported" in [each["tc:action"] for each in json.loads(whole(run, tmp_path))["tc:view"]]


def test_the_page_says_until_when_a_use_is_paused_and_what_the_log_keeps_in_words(lived, run, tmp_path):
    links.link(subject=ALICE, other=BOB, why=links.Why("One person."), by=SYSTEM, now=BACK)
    say(ALICE, "give", "improve_visit", now=NOW)
    say(ALICE, "pause", "improve_visit", now=NOW, until=datetime.now(UTC) + timedelta(days=30))
    page = whole(run, tmp_path, "--format", "html")
    assert "paused until" in page
    assert "Whom it is about" in page, "a no names nobody who sees it"
    assert "[&#x27;" not in page, "a list as Python writes it"
    assert "{&#x27;" not in page, "words in every language, as Python writes them"


def test_the_page_names_who_and_what_it_was_and_when_as_people_do(lived, run, tmp_path):
    page = whole(run, tmp_path, "--format", "html")
    part = page[page.index("Who used your data") : page.index("Who looked at your record")]
    assert "Mail engine" in part
    assert "mail-engine" not in part
    assert "When gates and rides scan your ticket" in part
    assert "ticket_scans" not in part
    assert "<bdi>Skipped a 40-minute queue</bdi>" in part
    assert not re.search(r">[^<]*\d{4}-\d\d-\d\dT", part), "a moment as the log has it"


def test_the_page_needs_nothing_else_and_runs_nothing(run, lived, tmp_path):
    page = whole(run, tmp_path, "--format", "html")
    for words in ("Send you offers that fit", "Skipped a 40-minute queue", "Concern K-311", "alice@example.org"):
        assert words in page, words
    assert digest("personal_offers") in page
    assert "gate &lt;3&gt;" in page
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']""", page)
    assert "@media print" in page
    assert "{{" not in page


@pytest.mark.parametrize(
    ("language", "tongue", "opened", "said"),
    [
        ("en", 'lang="en">', "All that we keep about you", "You turned it off: "),
        ("de", 'lang="de">', "Alles, was wir über Sie aufbewahren", "Sie haben es ausgeschaltet"),
        ("zh-hans", 'lang="zh-Hans">', "我们保存的关于您的全部内容", "谁使用了您的数据"),
        ("ar", 'lang="ar" dir="rtl">', "كل ما نحتفظ به عنكم", "من استخدم بياناتكم"),
        ("pt", 'lang="en">', "All that we keep about you", "You turned it off"),
    ],
)
def test_the_page_speaks_the_customers_language(run, lived, tmp_path, language, tongue, opened, said):
    say(ALICE, "withdraw", language=language, now=NOW)
    page = whole(run, tmp_path, "--format", "html")
    assert f"<html {tongue}" in page
    assert f"<h1>{opened}</h1>" in page
    assert said in page


def test_every_fact_about_a_customer_has_its_words():
    about = ("subject.", "mandate.", "identifier.", "consent.", "state.", "signal.", "rights.", "concern.", "portal.")
    about += ("decision.", "audience.", "search.", "use.", "benefit.", "evidence.")
    gone = {"subject.erased", "concern.forgotten"}  # of whom nothing is written any more
    facts = [each for each in ACTIONS if each.startswith(about) and each not in gone]
    assert [each for each in facts if happened(each) == each] == []


def test_an_unknown_customer_has_no_record(run, cast, tmp_path):
    code, _, err = run("export-customer", "customer", "nobody", "--out", tmp_path / "x")
    assert (code, "no such customer" in err) == (1, True)
    assert not (tmp_path / "x").exists()
    assert not exported()


def lines(run, path, *words):
    code, out, err = run("export-consents", "--out", path, *words)
    assert code == 0, err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return out


def test_every_answer_that_stands_is_one_line(run, lived, tmp_path):
    path = tmp_path / "c.ndjson"
    assert "2 answers" in lines(run, path)
    alice, bob = map(json.loads, path.read_text("utf-8").splitlines())
    assert set(alice) == {*own_words.COLUMNS, *own_words.TOLD}
    assert alice["identifiers"] == ["customer:C-1001"]
    assert alice["unverified"] == ["email:alice@example.org"]
    assert (alice["act"], alice["status"], alice["categories"], alice["method"]) == (
        "withdraw",
        "withdrawn",
        [],
        "button",
    )
    assert (bob["id"], bob["status"], bob["notice_digest"]) == ("C-1002", "refused", digest("personal_offers"))
    (entry,) = exported()
    assert (entry.subject, json.loads(bytes(entry.leaf))["details"]) == ("", {"what": "consents"})


def test_a_past_moment_is_told_as_it_was(run, lived, tmp_path):
    path = tmp_path / "c.ndjson"
    lines(run, path, "--as-of", (NOW - timedelta(days=25)).isoformat())
    (alice,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert (alice["status"], alice["recipients"]) == ("given", ["mail-engine", "mailbird", "adpartner"])
    assert alice["expires_at"] > alice["since"]
    assert run("export-consents", "--out", path, "--as-of", "yesterday")[0] == 2
    assert run("export-consents", "--out", tmp_path / "f", "--as-of", (NOW + timedelta(days=9)).isoformat())[0] == 1
    assert not list(tmp_path.glob("f*"))


def test_who_was_erased_is_passed_over(run, lived, tmp_path):
    SubjectSecret.objects.filter(pseudonym=subjects.find(ALICE).pseudonym).delete()
    assert "1 answers" in lines(run, tmp_path / "c.ndjson")


def test_customers_are_read_in_chunks_and_none_is_lost(cast, monkeypatch):
    monkeypatch.setattr(consent_export, "CHUNK", 2)
    for number in range(5):
        say(Handle("customer", f"D-{number}"), "give")
    seen = []
    found = list(consent_export.run(by=OPERATOR, now=NOW, progress=lambda *done: seen.append(done)))
    assert [line["id"] for line in found] == ["C-1001", "C-1002", *(f"D-{number}" for number in range(5))]
    assert seen[-1] == (Subject.objects.count(),) * 2


def state():
    """What stands, by identifier: for a comparison of two services."""
    rows = ConsentState.objects.select_related("purpose", "version")
    return {
        (tuple(sorted(f"{each.namespace}:{each.id}:{each.verified}" for each in subjects.identifiers_of(row.subject))),
         row.purpose.key): (
            *(row.status, row.objected, row.by_guardian, row.since, row.expires_at, row.paused_until),
            *((row.version.number, row.categories, row.recipients) if row.status == "given" else ()),
            *(row.subject.jurisdiction, row.subject.minor_until),
        )
        for row in rows
    }  # fmt: skip


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_G28_what_is_exported_gives_the_same_state_in_an_empty_service(run, cast, tmp_path, form):
    """GDPR Art. 20, regulation map G28: consents are portable."""
    say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos"), now=BACK)
    say(ALICE, "object", "plan_staff", now=BACK)
    say(
        ALICE, "give", "improve_visit", categories=["ticket_scans"], channel="kiosk", now=BACK, imported=True, version=1
    )
    words = {"language": "zh-hans", "notice_digest": digest("personal_offers", "zh-hans")}
    say(BOB, "give", now=BACK, actor="guardian", evidence={"guardian_verification": "Passport seen"}, **words)
    say(BOB, "withdraw", "improve_visit", now=BACK, channel="phone", language="")
    phone = Handle("phone", "+447700900123")
    say(phone, "give", now=BACK)
    more = [phone, Handle("email", "é@x.example", verified=False), Handle("device", "=1+1 ' x")]
    subjects.register(
        identifiers=more, jurisdiction="GB", minor_until=NOW.date() + timedelta(days=9), by=SYSTEM, now=BACK
    )
    before = state()
    assert len(before) == 7
    path = tmp_path / f"consents.{form}"
    lines(run, path, "--format", form)
    empty()
    code, out, _ = run("import-consents", path)
    assert (code, "7  imported" in out, "0  refused" in out) == (0, True, True), out
    assert state() == before
    assert not ConsentEvent.objects.filter(imported=False).exists()


def test_G28_a_pause_and_a_yes_that_ran_out_go_over_too(run, cast, tmp_path):
    world.publish(now=BACK - timedelta(days=60), improve_visit={"consent_lasts": "P30D"})
    say(BOB, "give", "improve_visit", now=BACK - timedelta(days=50))
    assert expiry.sweep(now=BACK - timedelta(days=1)).expired == 1
    say(ALICE, "renew", now=BACK - timedelta(minutes=5))
    say(ALICE, "pause", until=NOW + timedelta(days=30), now=BACK)
    before = told()
    assert {each[2] for each in before} == {"renewed", "expired", "refused"}
    lines(run, tmp_path / "all.ndjson")
    empty()
    assert run("import-consents", tmp_path / "all.ndjson")[0] == 0
    assert told() == before


def told():
    """What readers are told, by customer and purpose, whether or not a sweep came by."""
    rows = ConsentState.objects.select_related("purpose", "version")
    return {
        (
            subjects.identifiers_of(row.subject)[0].id,
            row.purpose.key,
            lifecycle.status(states.as_rule(row), NOW),
            row.paused_until,
            *row.categories,
            *row.recipients,
        )
        for row in rows
    }


def empty():
    """Another service with the same catalogue and keys: nobody is known to it."""
    from django.db import connection

    from audit import guards
    from audit.models import Payload, Pending
    from consent.models import Link, Receipt

    guards.remove(connection)
    said = (Receipt, Link, ChangeLetter, CaseLetter, ConsentState, ConsentEvent)
    for model in (*said, Identifier, Subject, SubjectSecret, Pending, Payload):
        model.objects.all().delete()
    connection.check_constraints()
    guards.install(connection)


def test_a_cell_that_is_a_formula_is_guarded_in_csv_and_said_so(run, park, tmp_path):
    say(Handle("phone", "+447700900123"), "give")
    path = tmp_path / "c.csv"
    assert "1 cells begin as a formula does" in lines(run, path, "--format", "csv")
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["id"] == "'+447700900123"
    assert row["identifiers"] == "phone:+447700900123"
    assert subjects.find(CAROL) is None


def test_what_cannot_be_written_leaves_nothing(run, cast, tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(consent_export, "_follows", broken)
    code, _, err = run("export-consents", "--out", tmp_path / "c.ndjson")
    assert (code, "No space left" in err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_the_record_of_two_that_were_joined_is_whole(run, cast, tmp_path):
    mail = Handle("email", "alice@example.org")
    say(mail, "give", "improve_visit", now=BACK)
    links.link(subject=ALICE, other=mail, why=links.Why("Same card"), by=SYSTEM, now=BACK)
    world.sign_all()
    found = json.loads(whole(run, tmp_path))
    acts = [record["dpv:hasConsentStatus"][0]["tc:action"] for record in found["dpv:hasRecordOfActivity"]]
    assert acts.count("consent.given") == 2
    path = tmp_path / "all.ndjson"
    lines(run, path)
    empty()
    code, out, _ = run("import-consents", path)
    assert (code, "0  refused" in out) == (0, True), out
    made = ask(mail, "improve_visit", recipient="queue-planner", now=NOW + timedelta(minutes=1)).decision
    assert not made.permitted, "the stricter answer went over too"


def found_lines():
    return {(each["id"], each["purpose"], each["act"]): each for each in consent_export.run(by=OPERATOR, now=NOW)}


def test_a_yes_that_waits_for_its_token_is_not_told_as_one(cast):
    world.publish(now=BACK, personal_offers={"double_opt_in": True})
    say(MALLORY, "give")
    (line,) = [each for each in found_lines().values() if each["id"] == MALLORY.id]
    assert (line["act"], line["status"], line["categories"]) == ("request", "requested", [])


def test_a_pause_that_joining_brought_does_not_stop_it_and_is_told(cast):
    for who in (ALICE, BOB):
        say(who, "give", recipients=["mail-engine", "mailbird", "adpartner"], now=BACK)
    until = NOW + timedelta(days=9)
    say(BOB, "pause", until=until, now=BACK)
    links.link(subject=ALICE, other=BOB, why=links.Why("One person."), by=SYSTEM, now=NOW)
    found = [each for each in found_lines().values() if each["purpose"] == "personal_offers"]
    pauses = [each for each in found if each["act"] == "pause"]
    assert pauses, found
    assert all(each["until"].startswith(until.strftime("%Y-%m-%dT%H")) for each in pauses)


def test_nothing_is_told_of_who_asked_to_be_left_alone(cast):
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=BACK)
    third = Actor("system", ref="adpartner")
    choice = Choice("personal_offers", "give", "web", "button", language="en")
    consents.record(subject=ALICE, choice=choice, by=third, now=NOW)
    assert not [key for key in found_lines() if key[0] == ALICE.id]
