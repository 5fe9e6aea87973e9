"""A real `trustcenter serve`, with its own folder, port and processes."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from django.db import connection

from tests.ports import free_port
from tests.world import DEMO

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # the machine may be busy; nothing here is a measurement but the time to end


@dataclass
class Serving:
    """A running tree: where it is, its main process, and what it has said."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """Its log so far, as far as it is JSON."""
        found = []
        for line in (self.folder / "serve.log").read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # the last may be half written, in the middle of a letter
                found.append(json.loads(line))
        return found

    def started(self, part: str) -> list[int]:
        """Process ids under which a part was started, oldest first."""
        return [line["pid"] for line in self.lines() if line.get("part") == part and line["event"] == "started"]

    def get(self, path: str, key: str = "") -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self._open(urllib.request.Request(self.url + path, headers=headers))

    def post(self, path: str, body: Any, key: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        status, answer = self._open(request)
        return status, json.loads(answer)

    def is_ready(self) -> bool:
        try:
            return self.get("/health/ready")[0] == 200
        except (OSError, HTTPException):
            return False

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Send the signal to the main process and wait for it; the seconds it took, as long as this machine ran."""
        self.process.send_signal(how)
        took = 0.0
        while self.process.poll() is None:
            assert took < PATIENCE, "It does not end."
            begun = time.monotonic()
            time.sleep(0.05)
            took += min(time.monotonic() - begun, 0.1)  # in what is more than that we stood still, and so did it
        return took

    def kill(self) -> None:
        """Kill every process of the tree, and wait until none is left.

        Each notices the death of the others: it may be gone, or have started another, before its own turn comes.
        """
        until(lambda: not self.signal(signal.SIGKILL))
        self.process.wait(PATIENCE)

    def signal(self, how: signal.Signals) -> list[int]:
        """Send a signal to every process of the tree that is there now; which that were."""
        found = running(self.folder)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        return found

    def _open(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a command with a folder of its own: SQLite, random keys, JSON log."""
    outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_TEXT", "DEBUG")}
    return outer | {"TRUST_DATA_DIR": str(folder), "PYTHONWARNINGS": "default"} | more


def command(folder: Path, *arguments: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; it must end with that exit code."""
    call = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(call, cwd=ROOT, env=environment(folder, **more), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def prepared(folder: Path, **more: str) -> Path:
    """A folder with database, keys and the park's catalogue."""
    command(folder, "migrate", **more)
    command(folder, "catalogue", "apply", str(DEMO / "kestrel-park.yaml"), **more)
    return folder


@contextlib.contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """Where a run of its own keeps its data: SQLite in its folder, or a fresh database of the test's PostgreSQL."""
    if connection.vendor == "sqlite":
        yield {}
        return
    import psycopg

    given, name = connection.get_connection_params(), f"job_{uuid.uuid4().hex[:8]}"
    place = {key: given[key] for key in ("host", "port", "user", "password") if given.get(key)}
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        secret = f":{place['password']}" if "password" in place else ""
        yield {"DATABASE_URL": f"postgres://{place['user']}{secret}@{place['host']}:{place['port']}/{name}"}
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def serving(
    folder: Path,
    *,
    wait: bool = True,
    call: tuple[str, ...] = ("serve", "--workers", "2"),
    port: int = 0,
    **more: str,
) -> Iterator[Serving]:
    """Serve from a folder, with `more` in the environment; whatever the test does, nothing of it is left running."""
    port = port or free_port()
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *call, "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment(folder, **more),
            stdout=log,
            stderr=log,
        )
    found = Serving(folder, port, process)
    try:
        if wait:
            until(found.is_ready)
        yield found
    finally:
        found.kill()


def running(folder: Path) -> list[int]:
    """Processes of ours that work with the folder: what a tree that has ended must not leave behind."""
    wanted = f"TRUST_DATA_DIR={folder}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def until(true: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "This did not come about."
        time.sleep(0.05)


def copied(folder: Path, to: Path) -> Path:
    """The same folder for a test of its own; without what a write-ahead log may still hold there is nothing to lose."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    return to
