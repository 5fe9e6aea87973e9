"""F19: the primary is gone, and a standby that lagged takes over. What was published meanwhile, it never heard of."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from audit.models import Head, Refusal
from audit.services import mark, prove
from tests.audit.services.test_mark import enter, read, refusal
from tests.faults.log import finding
from tests.ports import free_port
from tests.postgres import _end_with_parent, _stop
from tests.postgres_programs import account, programs
from tests.serving import until
from tests.world import NOW, seal_all

pytestmark = pytest.mark.postgres


@pytest.fixture
def replica(transactional_db, tmp_path_factory):
    """A copy of the test's server that follows it; gives the way to cut it off, and to make it the primary."""
    place = connection.get_connection_params()
    connection.close()
    folder = Path(f"/tmp/standby-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir()
    try:
        with _following(folder, {key: place[key] for key in ("host", "port", "password")}) as port:
            yield Replica(port, place)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)


class Replica:
    def __init__(self, port, place):
        self.place = {"host": "127.0.0.1", "port": port, "password": place["password"], "user": "postgres"}
        self.name = place["dbname"]

    def ask(self, question, name="postgres"):
        with psycopg.connect(**self.place, dbname=name, autocommit=True) as server:
            return server.execute(question).fetchone()[0]

    def has(self, size):
        """Whether it has heard of a head that was published for so many entries."""
        end, found = time.monotonic() + 60, -1
        while found < size and time.monotonic() < end:
            found = self.ask("SELECT coalesce(max(size), 0) FROM audit_checkpoint", self.name)
        return found == size

    def cut_off(self):
        """From here on it hears nothing more."""
        with psycopg.connect(**self.place, dbname="postgres", autocommit=True) as server:
            server.execute("ALTER SYSTEM SET primary_conninfo = ''")
            server.execute("SELECT pg_reload_conf()")
            end = time.monotonic() + 60
            while server.execute("SELECT count(*) FROM pg_stat_wal_receiver").fetchone()[0]:
                assert time.monotonic() < end

    @contextlib.contextmanager
    def in_its_place(self):
        """It is the primary now, and we talk to it."""
        assert self.ask("SELECT pg_promote()")
        given = connection.settings_dict
        before = {key: given[key] for key in ("HOST", "PORT")}
        connection.close()
        given.update(HOST="127.0.0.1", PORT=str(self.place["port"]))
        try:
            yield
        finally:
            connection.close()
            given.update(before)


@contextlib.contextmanager
def _following(folder, place):
    port, whom, binaries = free_port(), account(), programs()[0]
    data, clean = folder / "data", {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    if whom:
        os.chown(folder, whom["user"], whom["group"])
    call = [binaries / "pg_basebackup", "-D", data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]
    call += ["-h", place["host"], "-p", str(place["port"]), "-U", "postgres"]
    common = {"cwd": folder, "stdin": subprocess.DEVNULL, **whom}
    done = subprocess.run(
        call, env=clean | {"PGPASSWORD": place["password"]}, capture_output=True, text=True, check=False, **common
    )
    if done.returncode:
        pytest.skip(f"this PostgreSQL cannot be copied while it runs: {done.stderr.strip()}")
    words = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "hot_standby=on", "fsync=off"]
    words += ["max_connections=200"]
    options = [part for word in words for part in ("-c", word)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=clean | {"LC_ALL": "C"},
            preexec_fn=_end_with_parent,  # noqa: PLW1509  no threads here
            **common,
        )
    try:
        it = {"host": "127.0.0.1", "port": port, "password": place["password"], "user": "postgres"}
        until(lambda: _answers(it))
        yield port
    finally:
        _stop(server)


def _answers(place):
    try:
        psycopg.connect(**place, dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def test_F19_a_standby_that_lagged_signs_nothing_when_it_takes_over(replica):
    enter(3)
    seal_all()
    older = mark.file().read_bytes()
    assert replica.has(3)
    replica.cut_off()
    enter(2)
    seal_all()
    published = prove.checkpoint()
    with replica.in_its_place():
        enter(2)
        assert Head.objects.get().size == 3
        assert finding() == "", "it is a whole and good database, as far as it can tell"
        assert refusal(now=NOW) == "database_behind"
        assert Refusal.objects.get().code == "database_behind"
        mark.file().write_bytes(older)
        seal_all()
        forked = prove.checkpoint()
    assert read(forked).size == read(published).size == 5
    assert read(forked).root != read(published).root, "the harm, were it not for the mark"
