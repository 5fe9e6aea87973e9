"""Everything is killed under load, again and again, and nothing that was acknowledged is lost or doubled.

python -m tests.hammer                                  60 s, at least 20 kills, on SQLite and PostgreSQL at once
python -m tests.hammer --seconds 600 --kills 200 --only PostgreSQL

A real `trustcenter serve` (web, sealer, worker) is killed whole with SIGKILL at moments left to chance, and PostgreSQL
is stopped at once (as `pg_ctl stop -m immediate`) every fourth time. Clients go on over HTTP: each choice and each use
under a name of its own (Idempotency-Key), sent again until it is answered. At the end every answer must stand in the
log once, whatever was not answered is sent a last time and counts once, the numbers have no gap, every head that
anybody saw is a beginning of the log, what stands is what was said, and the log verifies.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import django

from tests import postgres
from tests.ports import free_port
from tests.postgres_programs import programs

CLIENTS, CUSTOMERS = 6, 30
PATIENCE = 300.0  # the machine may be busy
SERVE = ("serve", "--workers", "1")  # the fewer processes have to start, the sooner there is something to kill
KEY = ("create-key", "--recipient", "mail-engine", "--scopes", "decide,consents:write,reports", "--json")


@dataclass
class Load:
    """What clients send, what they were answered, and every head that somebody saw meanwhile."""

    port: int
    secret: str
    answered: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    waiting: deque[tuple[float, dict[str, Any]]] = field(default_factory=deque)
    refused: list[str] = field(default_factory=list)
    heads: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def client(self, number: int) -> None:
        """One that writes, until it is over."""
        chance = random.Random(number)
        while not self.over.is_set():
            wanted = self._again() or _new(chance, number)
            status, answer = self._send(wanted)
            if status == 201:
                self.answered.append((wanted, answer))
            elif status == 0 or status >= 500 or status == 409:
                # 409: the first try may still be running; it is, for a minute, where it was killed.
                self.waiting.append((time.monotonic() + (5 if status == 409 else 0.2), wanted))
                time.sleep(0.02)
            else:
                self.refused.append(f"{status} {answer}")

    def watch(self) -> None:
        """One that keeps every head that is shown."""
        while not self.over.wait(0.05):
            address = f"http://127.0.0.1:{self.port}/log/checkpoint"
            with contextlib.suppress(OSError, HTTPException), urllib.request.urlopen(address, timeout=5) as answer:
                self.heads.add(answer.read().decode())

    def _again(self) -> dict[str, Any] | None:
        with contextlib.suppress(IndexError):
            due, wanted = self.waiting.popleft()
            if due <= time.monotonic():
                return wanted
            self.waiting.append((due, wanted))
        return None

    def _send(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            named = headers | {"Idempotency-Key": wanted["name"]}
            connection.request("POST", wanted["path"], json.dumps(wanted["body"]), named)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()


def _new(chance: random.Random, number: int) -> dict[str, Any]:
    """A choice, or a use of what was chosen."""
    who = {"namespace": "customer", "id": f"H-{number}-{chance.randrange(CUSTOMERS)}"}
    if chance.random() < 0.3:
        use = {"purpose": "personal_offers", "categories": ["contact.email"], "at": "2026-05-14T11:00:00Z"}
        known = {"namespace": "customer", "id": "H-known"}
        return {"path": "/api/v1/uses", "body": {"uses": [use | {"subject": known}]}, "name": uuid.uuid4().hex}
    said = {"purpose": "personal_offers", "act": chance.choice(["give", "withdraw"]), "language": "en"}
    body = {"subject": who, "channel": "web", "method": "button"} | said
    return {"path": "/api/v1/consents", "body": body, "name": uuid.uuid4().hex}


class Server:
    """A PostgreSQL of our own that can be stopped at once and started again."""

    def __init__(self, *made: Any) -> None:
        self.programs, self.home, self.password, self.common = made
        self.port = free_port()
        self.url = postgres.address(self.password, self.port)
        self.process = self._start()
        postgres._introduce(self.process, self.home, self.port, self.password)

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`: nothing is written any more, and it recovers when it starts again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(PATIENCE)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return postgres.start(self.programs, self.home, self.port, True, self.common)


@contextlib.contextmanager
def _database(name: str) -> Iterator[Server | None]:
    if name == "SQLite":
        yield None
        return
    with postgres.made(programs()[0]) as made:
        server = Server(*made)
        try:
            yield server
        finally:
            postgres._stop(server.process)


def hammer(name: str, *, seconds: float, kills: int) -> str:
    """Do it on one database; what was done, in a sentence. Raises AssertionError when something was lost."""
    from tests.serving import command, prepared

    with tempfile.TemporaryDirectory(prefix="hammer-") as folder, _database(name) as server:
        place = Path(folder)
        more = {"DATABASE_URL": server.url} if server else {}
        prepared(place, **more)
        load = Load(free_port(), json.loads(command(place, *KEY, **more).stdout)["key"])
        done = _under_load(place, load, server, seconds, kills, more)
        _check(place, load, more)
        said = f"{name}: {done} kills, {len(load.answered):,} answers and {len(load.waiting)} without one"
        return f"{said}, {len(load.heads)} heads: nothing lost, nothing doubled."


def _under_load(
    place: Path, load: Load, server: Server | None, seconds: float, kills: int, more: dict[str, str]
) -> int:
    """Kill and start again while clients write; how often."""
    from tests.serving import command, serving, until

    end, chance, done = time.monotonic() + seconds, random.Random(), 0
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        try:
            while done < kills or time.monotonic() < end:
                with serving(place, wait=False, call=SERVE, port=load.port, **more) as tree:
                    if not done:
                        until(tree.is_ready, PATIENCE)
                        _known(tree, load)
                        work = [pool.submit(load.watch), *(pool.submit(load.client, each) for each in range(CLIENTS))]
                    done += _killed(tree, load, server, chance, (done + 1) % 4 == 0)
            with serving(place, wait=False, call=SERVE, port=load.port, **more) as tree:
                until(tree.is_ready, PATIENCE)
                load.over.set()
                until(lambda: all(each.done() for each in work), PATIENCE)
                until(lambda: b"trustcenter_log_waiting 0.0" in tree.get("/metrics")[1], PATIENCE)
                command(place, "verify", "--log", tree.url, **more)
                assert tree.end() < 10
        finally:
            load.over.set()
    assert not any(each.exception() for each in work)
    return done


def _killed(tree: Any, load: Load, server: Server | None, chance: random.Random, database: bool) -> int:
    """Wait until it answers, then a moment left to chance; then everything dies. How many kills that were."""
    from tests.serving import until

    kills = 0
    before = len(load.answered)
    until(lambda: len(load.answered) > before, PATIENCE)
    if server and database:
        time.sleep(chance.uniform(0, 0.3))
        server.stop_at_once()
        kills, before = 1, len(load.answered)
        until(lambda: len(load.answered) > before, PATIENCE)
    time.sleep(chance.uniform(0, 1))
    tree.kill()
    return kills + 1


def _known(tree: Any, load: Load) -> None:
    """The customer whose data is used."""
    body = {"identifiers": [{"namespace": "customer", "id": "H-known"}]}
    assert tree.post("/api/v1/subjects", body, load.secret)[0] in (200, 201)


def _check(place: Path, load: Load, more: dict[str, str]) -> None:
    """In a process of its own, on the database that is left."""
    from tests.serving import ROOT, command, environment

    told = {"answered": load.answered, "waiting": [wanted for _, wanted in load.waiting]}
    (place / "told.json").write_text(json.dumps(told | {"heads": sorted(load.heads), "secret": load.secret}))
    assert load.refused == []
    settings = more | {"DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}
    call = [sys.executable, "-c", "from tests.hammer_check import main; main()", str(place / "told.json")]
    outer = environment(place, **settings)
    done = subprocess.run(call, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert " 0 differed." in command(place, "rebuild-state", "--check", **more).stdout


def main() -> None:
    """What CI and a person type."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hammer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="at least so long (default 60)")
    parser.add_argument("--kills", type=int, default=20, help="at least so many (default 20)")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], help="one of the two databases")
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustcenter.settings")
    django.setup()
    names = [chosen.only] if chosen.only else ["SQLite", "PostgreSQL"]
    with ThreadPoolExecutor(len(names)) as pool:
        runs = [pool.submit(hammer, name, seconds=chosen.seconds, kills=chosen.kills) for name in names]
        for run in runs:
            print(run.result(), flush=True)


if __name__ == "__main__":
    main()
