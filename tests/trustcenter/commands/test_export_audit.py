"""export-audit: the zip file that carries entries, their proof and the verifier."""

import json
import stat
import subprocess
import sys
import zipfile

import pytest

from audit.models import Entry
from audit.services import prove
from tests.world import ALICE, ask, damage, say, seal_all


@pytest.fixture
def sealed(cast):
    say(ALICE, "withdraw", evidence={"form": "pink"})
    ask(ALICE)
    seal_all()


@pytest.fixture
def exported(run, sealed, tmp_path):
    path = tmp_path / "log.zip"
    assert run("export-audit", "--output", path)[0] == 0
    return path


def manifest(path):
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("manifest.json"))


def lines(path):
    with zipfile.ZipFile(path) as file:
        return [json.loads(line) for line in file.read("entries.jsonl").splitlines()]


def test_an_export_verifies_is_complete_and_private(run, exported):
    code, out, _ = run("verify", exported)
    assert code == 0
    assert "This proof is real." in out
    assert "none is left out" in out
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert not any("payload" in line for line in lines(exported))
    assert list(exported.parent.iterdir()) == [exported]


def test_exporting_is_itself_a_fact(exported):
    details = json.loads(bytes(Entry.objects.get(action="evidence.exported").leaf))["details"]
    assert (details["disclosed"], details["first"]) == (False, 0)


def test_the_verifier_inside_checks_it_where_nothing_else_is(exported, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    with zipfile.ZipFile(exported) as file:
        file.extract("verify.py", alone)
    command = [sys.executable, "-I", "-S", "verify.py", str(exported), "--vkey", prove.vkeys()[0]]
    done = subprocess.run(command, cwd=alone, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "signed with a key you gave" in done.stdout


def test_a_stretch_says_that_these_are_all(run, sealed, tmp_path):
    code, out, _ = run("export-audit", "--from", "3", "--to", "7", "--output", tmp_path / "part.zip")
    assert code == 0
    assert "5 entries" in out
    assert "these are all" in out
    assert [line["seq"] for line in lines(tmp_path / "part.zip")] == [3, 4, 5, 6, 7]
    said = manifest(tmp_path / "part.zip")
    assert (said["proves"], said["first"], said["last"]) == ("these are all", 3, 7)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--customer", "customer", "C-1001"], "subject"),
        (["--action", "consent.given,consent.withdrawn"], "action"),
        (["--purpose", "personal_offers"], "purpose"),
        (["--recipient", "mail-engine"], "recipient"),
        (["--since", "2026-01-01T00:00:00Z", "--before", "2100-01-01T00:00:00+02:00"], "since"),
    ],
)
def test_chosen_entries_say_that_these_are_in_and_no_more(run, sealed, tmp_path, words, name):
    path = tmp_path / "some.zip"
    code, out, err = run("export-audit", *words, "--output", path)
    assert code == 0, err
    assert "these are in" in out
    said = manifest(path)
    assert said["proves"] == "these are in"
    assert name in said["filter"]
    assert "first" not in said
    code, out, _ = run("verify", path)
    assert code == 0
    assert "not that these are all" in out
    assert f"chosen by {name}" in out


def test_what_was_asked_for_by_an_operator_stands_in_no_leaf(run, sealed, tmp_path):
    run("export-audit", "--purpose", "personal_offers", "--output", tmp_path / "some.zip")
    assert b"personal_offers" not in bytes(Entry.objects.get(action="evidence.exported").leaf)


def test_payloads_come_only_when_asked_for(run, sealed, tmp_path):
    path = tmp_path / "log.zip"
    assert run("export-audit", "--disclose", "--output", path)[0] == 0
    assert any("pink" in line.get("payload", "") for line in lines(path))
    assert "words and data shown match" in run("verify", path)[1]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["--from", "5", "--to", "4"], "/last"),
        (["--to", "99999"], "/last"),
        (["--from", "-1"], "/last"),
        (["--purpose", "nonsense"], "/filter"),
        (["--purpose", "personal_offers", "--from", "3"], "/filter"),
    ],
)
def test_what_is_not_there_is_refused(run, sealed, tmp_path, words, place):
    code, out, err = run("export-audit", *words, "--output", tmp_path / "log.zip")
    assert (code, out) == (1, "")
    assert f"{place}:" in err
    assert not list(tmp_path.iterdir())


def test_an_empty_log_has_nothing_to_export(run, db, tmp_path):
    code, _, err = run("export-audit", "--output", tmp_path / "log.zip")
    assert code == 1
    assert "seal --once" in err


def test_a_head_that_was_kept_is_shown_to_be_a_beginning(run, sealed, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(prove.checkpoint())
    say(ALICE, "give")
    seal_all()
    path = tmp_path / "log.zip"
    assert run("export-audit", "--from", "2", "--earlier", kept, "--output", path)[0] == 0
    assert "grew out of the earlier head" in run("verify", path)[1]
    kept.write_text(kept.read_text().replace("\n", "\nx", 1))
    assert run("export-audit", "--earlier", kept, "--output", path)[0] == 1


def test_no_export_is_handed_out_that_does_not_hold(run, sealed, tmp_path):
    entry = Entry.objects.filter(action="consent.withdrawn").first()
    damage(Entry.objects.filter(pk=entry.pk), leaf=bytes(entry.leaf).replace(b"withdrawn", b"given"))
    code, _, err = run("export-audit", "--output", tmp_path / "log.zip")
    assert code == 1
    assert "root-mismatch" in err
    assert not list(tmp_path.iterdir())


def test_a_pinned_key_is_used(run, exported):
    assert "a key you gave" in run("verify", exported, "--vkey", prove.vkeys()[0])[1]
    assert run("verify", exported, "--vkey", "rubbish")[0] == 2
