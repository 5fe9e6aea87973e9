"""Disks that are full, that fail, and a machine that dies at any moment of writing the mark."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.postgres_programs import account
from tests.serving import command, environment

ROOT = Path(__file__).resolve().parents[2]
STRACE = shutil.which("strace")
CALLS = {"openat": 2, "write": 1, "fsync": 2, "rename": 1}  # how often the writing of a mark makes each
_MOVE = """
import sys
import django; django.setup()
from django.conf import settings
from audit.proof.checkpoint import Checkpoint
from audit.services import mark
from audit.services.refusals import Refused
from datetime import UTC, datetime
try:
    mark.write(sys.argv[1], head=Checkpoint("a.example", int(sys.argv[1]), bytes(32)), signed_at=datetime.now(UTC))
except Refused as refused:
    sys.exit(7)
"""
_IN_PLACE = """
import json, sys
with open(sys.argv[2], "w") as file:
    file.write(json.dumps({"size": int(sys.argv[1]), "note": sys.argv[1]}))
"""


def _ran(*words, env=None):
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def _traced(folder, number, fault, code, *given):
    """Run a program of which one call, the number-th of its kind on these files, fails or kills."""
    call, how = fault
    paths = [part for name in ("log-mark.json", "log-mark.new", "") for part in ("-P", str(folder / "outside" / name))]
    inject = f"inject={call}:{how}:when={number}"
    words = [STRACE, "-f", "-qq", "-o", str(folder / "trace"), *paths, "-e", f"trace={call}", "-e", inject]
    settings = {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
    done = _ran(*words, sys.executable, "-c", code, *given, env=environment(folder, **settings))
    return done.returncode, "INJECTED" in (folder / "trace").read_text() or done.returncode < 0


@pytest.mark.once
@pytest.mark.skipif(not STRACE, reason="no strace here to make single calls of the system fail")
def test_F17_the_mark_is_whole_whichever_call_of_its_writing_fails_or_is_the_last(tmp_path):
    """First a file that is written in place, the obvious way: killed at its writing, it is neither old nor new."""
    (tmp_path / "outside").mkdir()
    file = tmp_path / "outside" / "log-mark.json"
    file.write_text('{"size": 1, "note": "1"}')
    code, hit = _traced(tmp_path, 1, ("write", "signal=KILL"), _IN_PLACE, "2", str(file))
    if not hit:
        pytest.skip("strace may not watch other processes here")
    assert file.read_text() == "", "the harm"
    standing, tried = 0, 0
    for call, times in CALLS.items():
        for how in ("error=EIO", "signal=KILL"):
            for number in range(1, times + 1):
                code, hit = _traced(tmp_path, number, (call, how), _MOVE, str(tried + 1))
                tried += 1
                assert hit, (call, how, number)
                found = _number(file)
                assert found in (standing, tried), (call, how, number)
                assert code in (7, -9, 137), (call, how, number, code)
                standing = found


def _number(file):
    text = file.read_text()
    return int(json.loads(text)["note"]) if text else 0


_FULL = """
import sys
import django; django.setup()
from django.db import DatabaseError, connection
from audit.models import Checkpoint, Head, Pending
from audit.services import mark, prove, seal, verify
from tests.audit.services.test_crashes import everything_holds
from tests.audit.services.test_mark import enter
from tests.bench.sealing import enter as many
from tests.world import NOW, seal_all
enter(3)
seal_all()
many(3000)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE ballast (it bytea)")
    for size in (1_000_000, 100_000, 8_000):
        try:
            while True:
                cursor.execute(
                    "INSERT INTO ballast SELECT string_agg(decode(md5(random()::text), 'hex'), '')"
                    " FROM generate_series(1, %s)", [size // 16])
        except DatabaseError as problem:
            assert "No space" in str(problem), problem
try:
    seal_all()
except DatabaseError as problem:
    assert "No space" in str(problem), problem
else:
    sys.exit("the disk is not full")
assert (Head.objects.get().size, Pending.objects.count()) == (3, 3000)
assert mark.read(prove.vkeys()).head.size == 3
with connection.cursor() as cursor:
    cursor.execute("DROP TABLE ballast")
seal_all()
everything_holds(set(Checkpoint.objects.values_list("note", flat=True)))
"""


@pytest.mark.postgres
def test_F16_a_full_disk_of_postgresql_stops_the_log_whole_and_it_goes_on_when_there_is_room(tmp_path):
    with _small_disk(48) as disk, _database_on(disk) as url:
        command(tmp_path, "migrate", DATABASE_URL=url)
        more = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}
        done = _ran(sys.executable, "-c", _FULL, env=environment(tmp_path, **more))
        assert done.returncode == 0, done.stderr[-3000:]


@contextlib.contextmanager
def _small_disk(megabytes):
    """A disk of its own, in memory; where that is not ours to make, the test is skipped."""
    place = Path("/tmp") / f"disk-{uuid.uuid4().hex[:8]}"
    place.mkdir()
    size = f"size={megabytes}m"
    done = _ran("mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place))
    if done.returncode:
        place.rmdir()
        pytest.skip(f"this machine lets us mount no small disk: {done.stderr.strip()}")
    try:
        if whom := account():
            os.chown(place, whom["user"], whom["group"])
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()


@contextlib.contextmanager
def _database_on(disk):
    """A database that lies on a disk, its write-ahead log elsewhere.

    In a server of its own: whoever wants room in a server's memory may have to write what belongs on the full disk.
    """
    with postgres.running(durable=False) as url:
        with psycopg.connect(url, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
            server.execute(f"CREATE DATABASE small OWNER {postgres.NAME} TABLESPACE small")
        yield f"{url.rpartition('/')[0]}/small"
