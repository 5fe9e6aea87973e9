"""An import that is killed goes on where it stood: a real process, SIGKILL in the middle, and nothing is doubled."""

import contextlib
import signal
import sqlite3
import subprocess
import sys

import pytest

from tests.serving import ROOT, command, environment, own_database, prepared, until

pytestmark = pytest.mark.django_db
ROWS, KILLS = 330, 3
HEAD = "namespace,id,purpose,act,collected_at,language\n"
EVENTS = """
    SELECT i.lookup_hash, p.key, e.act, e.collected_at, e.channel, e.imported, v.number
    FROM consent_consentevent e JOIN consent_identifier i ON i.subject_id = e.subject_id
    JOIN consent_purpose p ON p.id = e.purpose_id JOIN consent_purposeversion v ON v.id = e.version_id
"""
STATES = """
    SELECT i.lookup_hash, s.purpose_id, s.status, s.since, s.expires_at
    FROM consent_consentstate s JOIN consent_identifier i ON i.subject_id = s.subject_id
"""
FACTS = "SELECT action, count(*) FROM audit_entry GROUP BY action"
RUNS = "SELECT imported, repeated, skipped, refused, events, line FROM consent_importrun"


@pytest.fixture
def file(tmp_path):
    """Every third row is refused, every seventh says the same as one before it, the others are new."""
    rows = []
    for number in range(ROWS):
        who = number - 5 if number % 7 == 6 else number
        purpose = "nothing" if number % 3 == 1 else "personal_offers"
        rows.append(f"customer,=C-{who},{purpose},give,2026-03-{who % 28 + 1:02}T09:12:00Z,en\n")
    path = tmp_path / "own.csv"
    path.write_text(HEAD + "".join(rows))
    return path


def test_an_import_that_is_killed_goes_on_and_doubles_nothing(tmp_path, file):
    with own_database() as unbroken, own_database() as broken:
        whole, parts = tmp_path / "whole", tmp_path / "parts"
        # SQLite keeps the database in the folder; the keys must be the same, so that the same people look the same.
        prepared(whole, **unbroken)
        parts.mkdir()
        (parts / "keys").symlink_to(whole / "keys")
        prepared(parts, **broken)
        said = command(whole, *words(file, whole), **unbroken).stdout

        for _ in range(KILLS):
            kill_in_the_middle(parts, file, broken)
        stood = ask(parts, broken, RUNS)[0]
        assert 0 < stood[-1] <= ROWS
        again = command(parts, *words(file, parts), **broken)
        assert f"going on after line {stood[-1]:,}" in again.stderr

        assert again.stdout.replace(str(parts), str(whole)) == said
        for query in (EVENTS, STATES, FACTS, RUNS):
            assert ask(parts, broken, query) == ask(whole, unbroken, query)
        assert (parts / "refused.csv").read_bytes() == (whole / "refused.csv").read_bytes()
        assert dict(ask(parts, broken, FACTS))["import.finished"] == 1

        once_more = command(parts, *words(file, parts), **broken).stdout
        assert once_more.startswith("This file was taken in already, on ")
        for query in (EVENTS, FACTS, RUNS):
            assert ask(parts, broken, query) == ask(whole, unbroken, query)


def words(file, folder):
    return "import-consents", str(file), "--refused", str(folder / "refused.csv")


def kill_in_the_middle(folder, file, more):
    """Start it, wait for the first new events, and kill it: a place that is kept apart from them would be lost."""
    count = "SELECT count(*) FROM consent_consentevent"
    before = ask(folder, more, count)
    call = [sys.executable, "manage.py", *words(file, folder)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(call, cwd=ROOT, env=environment(folder, **more), **silent)
    until(lambda: ask(folder, more, count) != before)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "It ended before it could be killed: more rows are needed."
    until(lambda: alone(folder, more))


def ask(folder, more, query):
    """What a query finds, in a fixed order."""
    with contextlib.closing(connected(folder, more)) as connection:
        rows = connection.execute(query).fetchall()
    return sorted(tuple(bytes(cell).hex() if isinstance(cell, bytes) else cell for cell in row) for row in rows)


def alone(folder, more):
    """PostgreSQL has noticed that the other end of the line is dead."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return not more or ask(folder, more, others) == [(0,)]


def connected(folder, more):
    if not more:
        return sqlite3.connect(folder / "trustcenter.sqlite3", timeout=20)
    import psycopg

    return psycopg.connect(more["DATABASE_URL"])
