"""create-officer."""

import getpass
import sys
from datetime import UTC, datetime

import pytest

from consent.services import officers

PASSWORD = "a long walk by the sea"


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal, who types these answers when asked for a password."""

    def typed(*answers):
        left = list(answers)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(getpass, "getpass", lambda prompt: left.pop(0))

    return typed


def recognised(password=PASSWORD):
    return officers.recognise(username="rosa", password=password, address="127.0.0.1", now=datetime.now(UTC))


def test_a_password_file_is_read_to_the_end_of_its_first_line(run, db, tmp_path):
    (tmp_path / "p").write_text(f"{PASSWORD}\r\nnot this\n")
    code, out, _ = run("create-officer", "rosa", "--name", "Rosa Lind", "--password-file", tmp_path / "p")
    assert code == 0
    assert "/console/" in out
    assert recognised().get_full_name() == "Rosa Lind"


def test_a_person_is_asked_twice(run, db, terminal):
    terminal(PASSWORD, PASSWORD)
    assert run("create-officer", "rosa", "--name", "Rosa Lind")[0] == 0
    assert recognised()


def test_two_different_answers_make_nothing(run, db, terminal):
    terminal(PASSWORD, "another long walk")
    code, _, err = run("create-officer", "rosa", "--name", "Rosa Lind")
    assert code == 1
    assert "not the same" in err
    assert recognised() is None


def test_a_weak_password_and_a_taken_name_are_refused(run, db, terminal, tmp_path):
    terminal("password", "password")
    code, _, err = run("create-officer", "rosa", "--name", "Rosa Lind")
    assert code == 1
    assert "/password:" in err
    for expected in (0, 1):
        terminal(PASSWORD, PASSWORD)
        assert run("create-officer", "rosa", "--name", "Rosa Lind")[0] == expected


def test_without_a_terminal_it_says_what_to_do(run, db, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert "--password-file" in run("create-officer", "rosa", "--name", "Rosa Lind")[2]


def test_a_file_that_is_not_there_is_refused(run, db, tmp_path):
    assert run("create-officer", "rosa", "--name", "R", "--password-file", tmp_path / "none")[0] == 1
