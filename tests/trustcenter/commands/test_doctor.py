"""doctor finds what is wrong, and says how to mend it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from audit import guards, keys
from audit.services import seal
from tests.world import ALICE, say


def test_a_healthy_house_is_good(run, db):
    code, out, err = run("doctor")
    # On PostgreSQL the role of the tests owns its tables; tests/trustcenter/test_grants.py has roles that do not.
    wrong = ["wrong  rights in the database"] if connection.vendor == "postgresql" else []
    assert (code, err) == (len(wrong), "")
    assert [line for line in out.splitlines() if line.startswith("wrong")] == wrong
    assert out.count("good ") == 10 - len(wrong)


def test_a_missing_guard_is_found(run, db):
    guards.remove(connection)
    code, out, _ = run("doctor")
    guards.install(connection)
    assert code == 1
    assert "wrong  guards" in out
    assert "trustcenter migrate" in out


def test_an_open_key_file_is_found(run, db):
    path = keys.folder() / "log.key"
    path.chmod(0o644)
    code, out, _ = run("doctor")
    path.chmod(0o600)
    assert code == 1
    assert "chmod 600" in out


def test_a_missing_key_is_found(run, db):
    path = keys.folder() / "receipt.key"
    content = path.read_bytes()
    path.unlink()
    keys.key.cache_clear()
    code, out, _ = run("doctor")
    path.write_bytes(content)
    path.chmod(0o600)
    keys.key.cache_clear()
    assert code == 1
    assert "wrong  keys" in out


def test_a_sealer_that_does_not_seal_is_found(run, park):
    code, out, _ = run("doctor")
    assert code == 1
    assert "entries wait" in out


def test_debug_is_found(run, db, settings):
    settings.DEBUG = True
    assert "Unset it" in run("doctor")[1]


def test_a_clock_behind_the_log_is_found(run, park):
    now = datetime.now(UTC)
    say(ALICE, "give", now=now)
    seal.seal(now=now + timedelta(hours=1))
    code, out, _ = run("doctor")
    assert code == 1
    assert "wrong  clock" in out


@pytest.mark.parametrize("name", ["django.contrib.sessions"])
def test_missing_migrations_are_found(run, db, name):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    code, out, _ = run("doctor")
    assert code == 1
    assert "1 missing, the first is sessions.0001_initial" in out
