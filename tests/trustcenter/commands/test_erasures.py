"""Erasing by command; and a backup that brings erased people back is noticed, refused, and put right."""

import contextlib
import json
import shutil
import sqlite3
import zipfile
from datetime import timedelta

import psycopg
import pytest
from django.db import transaction

from audit.models import Entry, SubjectSecret
from audit.services import erasures as record
from consent.models import Identifier
from consent.services import erasures, handles, links, subjects
from consent.services.links import Why
from tests import world
from tests.serving import command, own_database, prepared
from tests.world import ALICE, BOB, NOW, OPERATOR, ask, seal_all
from trustcenter.commands import serve

FACTS = {"by": OPERATOR, "now": NOW}


@pytest.fixture(autouse=True)
def _apart(tmp_path, settings):
    settings.OUTSIDE_DIR = tmp_path / "outside"


def back_from_a_backup(*gone):
    """Bring rows back, as a restore does; `gone` from `kept`."""
    for rows in gone:
        for row in rows:
            row.save(force_insert=True)


def kept(*who):
    """What a backup holds of these customers."""
    found = [subjects.find(each) for each in who]
    return (
        list(SubjectSecret.objects.filter(pseudonym__in=[each.pseudonym for each in found])),
        list(Identifier.objects.filter(subject__in=found)),
    )


def test_erase_says_what_it_did(run, cast):
    code, out, err = run("erase", "customer", "C-1001", "--why", "withdrawn")
    assert (code, err) == (0, "")
    assert out.startswith("Erased: 1 records, 1 identifiers, ")
    assert str(Entry.objects.get(action="subject.erased").id) in out
    code, _, err = run("erase", "customer", "C-1001", "--why", "withdrawn")
    assert code == 1
    assert "We know no such customer." in err
    assert run("erase", "customer", "C-1002", "--why", "because")[0] == 2


def test_who_came_back_is_refused_and_erased_again(run, cast, client):
    backup = kept(ALICE)
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW - timedelta(minutes=5))
    assert run("reapply-erasures")[1] == "0 customers erased again; 0 erasures added to the record.\n"
    back_from_a_backup(*backup)
    assert ask(ALICE).decision.reason != "unknown_customer", "that is the harm"
    told = "brought erased people back, 1 records. Run `trustcenter reapply-erasures`."
    assert any(told in each for each in serve.obstacles("127.0.0.1", 8199))
    code, out, _ = run("doctor")
    assert (code, told in out) == (1, True)
    code, _, err = run("serve", "--bind", "127.0.0.1:8199")
    assert (code, told in err) == (1, True)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert told in answer.json()["parts"]["erasures"]

    code, out, _ = run("reapply-erasures")
    assert (code, out) == (0, "1 customers erased again; 0 erasures added to the record.\n")
    assert ask(ALICE).decision.reason == "unknown_customer"
    assert handles.left_alone(ALICE)
    assert serve.obstacles("127.0.0.1", 8199) == []
    assert client.get("/health/ready").json()["parts"]["erasures"] == "good"
    facts = [json.loads(bytes(each.leaf)) for each in Entry.objects.filter(action="subject.erased").order_by("id")]
    assert [fact["reason"] for fact in facts] == ["withdrawn", "backup_restored"]


def test_an_erasure_that_did_not_commit_is_known_and_done(run, cast):
    """It is remembered before it commits: what was asked for is not lost, whatever breaks then."""

    class CutOffError(Exception):
        pass

    with contextlib.suppress(CutOffError), transaction.atomic():
        erasures.erase(subject=ALICE, why="withdrawn", **FACTS)
        raise CutOffError
    assert ask(ALICE).decision.permitted
    assert [each.pseudonym for each in record.returned()] == [subjects.find(ALICE).pseudonym]
    assert run("reapply-erasures")[1].startswith("1 customers erased again")
    assert ask(ALICE).decision.reason == "unknown_customer"


def test_a_lost_record_is_written_again_from_the_log(run, cast):
    erasures.erase(subject=ALICE, why="withdrawn", **FACTS)
    (known,) = record.remembered()
    record.place().unlink()
    seal_all()
    assert "lacks 1 that the log tells of" in run("doctor")[1]
    assert run("reapply-erasures")[1] == "0 customers erased again; 1 erasures added to the record.\n"
    assert record.remembered() == [known]


def rewritten(file, before, after):
    """The same export, with one word for another in its entries."""
    with zipfile.ZipFile(file) as held:
        members = {each: held.read(each) for each in held.infolist()}
    with zipfile.ZipFile(file, "w") as changed:
        for member, content in members.items():
            changed.writestr(member, content.replace(before.encode(), after.encode()))


def test_what_was_carried_away_tells_it_where_database_and_record_are_lost(run, cast, tmp_path):
    backup, file = kept(ALICE), tmp_path / "log.zip"
    pseudonym = subjects.find(ALICE).pseudonym
    erasures.erase(subject=ALICE, why="withdrawn", **FACTS)
    seal_all()
    assert run("export-audit", "--output", file)[0] == 0
    record.place().unlink()
    back_from_a_backup(*backup)
    world.damage(Entry.objects.filter(action="subject.erased"), action="lost.with_the_database")
    assert run("reapply-erasures")[1].startswith("0 customers erased again; 0 ")
    assert run("reapply-erasures", "--log", file)[1].startswith("1 customers erased again; 1 ")
    assert not SubjectSecret.objects.filter(pseudonym=pseudonym).exists()
    rewritten(file, pseudonym, subjects.find(BOB).pseudonym)
    code, _, err = run("reapply-erasures", "--log", file)
    assert (code, "does not prove that it is our log" in err) == (1, True)
    assert subjects.find(BOB)


@pytest.mark.parametrize("gone", [ALICE, BOB])
def test_a_backup_from_before_two_were_parted_costs_the_other_nothing(run, cast, gone):
    """Alice's record is the older one, so in that backup Bob's identifiers stand under her secret."""
    other = BOB if gone == ALICE else ALICE
    pseudonym = subjects.find(gone).pseudonym
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both."), **FACTS)
    entry = Entry.objects.latest("id").id
    record.remember([record.Erasure(pseudonym, entry, NOW)])  # they were parted, and one was erased, after the backup
    assert subjects.find(ALICE) == subjects.find(BOB)
    run("reapply-erasures")
    assert subjects.find(gone) is None
    assert handles.left_alone(gone)
    assert not handles.left_alone(other)
    assert subjects.identifiers_of(subjects.find(other)) == [other]
    assert record.returned() == []


@pytest.mark.django_db
def test_F24_after_a_real_restore_nobody_is_served_until_it_ran(tmp_path):
    """A backup of the whole database is taken, somebody is erased, the backup is put back."""
    people = "namespace,id,purpose,act,collected_at,language\n" + "".join(
        f"customer,C-{number},personal_offers,give,2026-03-02T09:12:00Z,en\n" for number in (1, 2)
    )
    (tmp_path / "people.csv").write_text(people, "utf-8")
    folder = tmp_path / "house"
    with own_database() as place:
        prepared(folder, **place)
        command(folder, "import-consents", str(tmp_path / "people.csv"), **place)
        with backup(folder, place) as restore:
            command(folder, "erase", "customer", "C-1", "--why", "withdrawn", **place)
            command(folder, "export-customer", "customer", "C-1", "--out", str(tmp_path / "x"), code=1, **place)
            restore()
        command(folder, "export-customer", "customer", "C-1", "--out", str(tmp_path / "x"), **place)
        refused = command(folder, "serve", "--bind", "127.0.0.1:8197", code=1, **place).stderr
        assert "A restored backup brought erased people back, 1 records." in refused
        assert "1 customers erased again" in command(folder, "reapply-erasures", **place).stdout
        command(folder, "export-customer", "customer", "C-1", "--out", str(tmp_path / "x"), code=1, **place)
        command(folder, "export-customer", "customer", "C-2", "--out", str(tmp_path / "x"), **place)
        command(folder, "rebuild-state", "--check", **place)


@contextlib.contextmanager
def backup(folder, place):
    """Take one, and give what puts it back."""
    if not place:
        file, copy = folder / "trustcenter.sqlite3", folder.parent / "copy.sqlite3"
        with contextlib.closing(sqlite3.connect(file)) as one, contextlib.closing(sqlite3.connect(copy)) as other:
            one.backup(other)
        yield lambda: _put_back(copy, file)
        return
    url = place["DATABASE_URL"]
    server, name = url.rsplit("/", 1)

    def become(one, other):
        with psycopg.connect(f"{server}/postgres", autocommit=True) as there:
            there.execute(f'DROP DATABASE IF EXISTS "{one}"')
            there.execute(f'CREATE DATABASE "{one}" TEMPLATE "{other}"')

    become(f"{name}_copy", name)
    yield lambda: become(name, f"{name}_copy")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as there:
        there.execute(f'DROP DATABASE "{name}_copy"')


def _put_back(copy, file):
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    shutil.copyfile(copy, file)
