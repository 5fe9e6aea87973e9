"""trustcenter audience: a list of identifiers in, those who are allowed out."""

import io
import json
import stat
import sys

import pytest

from audit.models import Entry

WANTED = ("--purpose", "personal_offers", "--recipient", "mail-engine")


@pytest.fixture
def ids(cast, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text("C-1002\nC-1001\nC-9\n")
    return file


def test_the_allowed_are_written_to_a_file_of_ones_own(run, ids, tmp_path):
    out = tmp_path / "allowed.txt"
    code, _, said = run("audience", ids, *WANTED, "--out", out, "--reference", "Spring mailing")
    assert (code, out.read_text()) == (0, "C-1001\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    entry = Entry.objects.get(action="audience.filtered")
    assert f"3 asked, 1 allowed, 1 refused, 1 unknown. Entry of the log: {entry.id}" in said
    assert (entry.actor_type, entry.recipient) == ("operator", "mail-engine")
    assert [file.name for file in tmp_path.iterdir() if "~" in file.name] == []


@pytest.fixture
def piped(monkeypatch, capfdbinary):
    """Run one command with bytes at its standard input; gives what came out."""
    from trustcenter import cli

    def run(given, *words):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with open(1, "w", closefd=False) as out:
            monkeypatch.setattr(sys, "stdout", out)
            code = cli.main([str(word) for word in words])
        return code, capfdbinary.readouterr().out

    return run


def test_it_stands_in_a_pipe(cast, piped):
    assert piped(b"C-1001\nC-1002", "audience", "-", *WANTED) == (0, b"C-1001\n")
    assert piped(b"C-1001\nC-1002", "audience", "-", *WANTED, "--bits") == (0, bytes([0b10000000]))
    _, out = piped(b"C-1002", "audience", "-", *WANTED, "--reasons")
    told, last = map(json.loads, out.splitlines())
    assert told == {"id": "C-1002", "decision": False, "reason": "consent_refused"}
    assert last["counts"] == {"asked": 1, "allowed": 0, "refused": 1, "unknown": 0}


def test_what_is_wrong_is_said_and_nothing_is_written(run, ids, tmp_path):
    out = tmp_path / "allowed.txt"
    ids.write_bytes(b"C-1\n\xff\n")
    code, _, said = run("audience", ids, *WANTED, "--out", out)
    assert (code, "Line 2 is not UTF-8" in said) == (1, True)
    code, _, said = run("audience", ids, "--purpose", "personal_offers", "--recipient", "nobody", "--out", out)
    assert (code, "No such recipient" in said) == (1, True)
    assert run("audience", tmp_path / "absent", *WANTED)[0] == 1
    assert run("audience", ids, "--purpose", "personal_offers")[0] == 2
    assert run("audience", ids, *WANTED, "--bits", "--reasons")[0] == 2
    assert not out.exists()
    assert not Entry.objects.filter(action="audience.filtered").exists()
