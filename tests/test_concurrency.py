"""Many at once, against a real server on a database of its own: nobody is doubled, and no choice is lost."""

import json
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psycopg
import pytest

from consent.services.subjects import Handle
from tests.callers import JSON, choice
from tests.ports import free_port
from tests.tree import ROOT

SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import world
world.publish()
print(world.key())
"""
COUNTS = """
import django; django.setup()
from audit.models import Entry
from consent.models import ConsentEvent, ConsentState, Identifier, Subject
rows = Subject, Identifier, ConsentEvent, ConsentState, Entry.objects.filter(action__startswith="consent.")
print(*(getattr(each, "objects", each).count() for each in rows))
"""
WRITER = """
import sys
import django; django.setup()
from django.utils import timezone
from consent.rules.choice import Choice
from consent.services import consents
from consent.services.subjects import Handle
from tests import world
turn = int(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    said = {"act": "give", "categories": ["contact.email", "purchase_history"][: 1 + turn % 2]}
    choice = Choice(purpose="personal_offers", channel="web", method="button", language="en",
                    **(said if (turn + number) % 2 else {"act": "withdraw"}))
    consents.record(subject=Handle("customer", "C-one"), choice=choice, by=world.SYSTEM, now=timezone.now())
"""
ONE = """
import django; django.setup()
from consent.models import ConsentState
from consent.rules import lifecycle
from consent.services import states, subjects
from consent.services.subjects import Handle
subject = subjects.find(Handle("customer", "C-one"))
row = ConsentState.objects.select_related("purpose", "version").get(subject=subject)
heard = states.heard(subject, row.purpose)
assert states.as_rule(row) == heard.state, (states.as_rule(row), heard.state)
assert row.event_id == lifecycle.fold(heard.events).order
assert row.version_id in heard.versions.values()
print(len(heard.events))
"""
SERVE = ("-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--no-ws")
pytestmark = pytest.mark.xdist_group("house")  # one server for all of them
# One for each of four purposes; the fourth rests on legitimate interest.
SAID = (
    {"purpose": "improve_visit"},
    {"purpose": "personal_offers"},
    {"purpose": "ride_photos", "act": "refuse"},
    {"purpose": "plan_staff", "act": "object"},
)


class House:
    """A server with two processes of four threads, on its own fresh database, with a key."""

    def __init__(self, folder, database: str) -> None:
        # What pytest forbids, such as warnings, is no matter of the server's.
        self.environment = {
            **os.environ,
            **{
                "TRUST_DATA_DIR": str(folder),
                "DATABASE_URL": database,
                "DJANGO_SETTINGS_MODULE": "trustcenter.settings",
            },
        }
        self.key = self.run(SETUP).split()[-1]
        self.port = free_port()
        command = [sys.executable, *SERVE, "--port", str(self.port), "trustcenter.wsgi:application"]
        self.log = (folder / "server.log").open("wb")
        self.server = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log)

    def run(self, code: str) -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def counts(self) -> list[int]:
        """Customers, identifiers, events, states, and the events' entries in the log."""
        return [int(each) for each in self.run(COUNTS).split()]

    def post(self, path: str, body, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        known = {"Authorization": f"Bearer {self.key}", "Content-Type": JSON, **headers}
        connection.request("POST", path, json.dumps(body), known)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                return self.post("/api/v1/consents", {}) and None
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def stop(self) -> None:
        self.server.terminate()
        try:
            self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.log.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    given = os.environ.get("DATABASE_URL", "")
    name = f"many_{uuid.uuid4().hex[:12]}"
    if given.startswith("postgres"):
        with psycopg.connect(given, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        database = urlsplit(given)._replace(path=f"/{name}").geturl()
    else:
        database = f"sqlite:///{folder / 'house.sqlite3'}"
    made = House(folder, database)
    try:
        made.wait()
        yield made
    finally:
        made.stop()
        if given.startswith("postgres"):
            with psycopg.connect(given, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_eight_processes_that_write_about_one_customer_lose_nothing(house):
    """The same purpose of a customer nobody knows yet: no error, no deadlock, and what stands is what was said."""
    command, pipe = [sys.executable, "-c", WRITER], subprocess.PIPE
    before = house.counts()
    writers = [
        subprocess.Popen([*command, str(turn)], cwd=ROOT, env=house.environment, stdin=pipe, stdout=pipe, text=True)
        for turn in range(8)
    ]
    assert [writer.stdout.readline().strip() for writer in writers] == ["ready"] * 8
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0] * 8
    assert _added(before, house.counts()) == [1, 1, 160, 1, 160]
    assert house.run(ONE).split() == ["160"]


def test_first_contact_makes_one_customer_and_loses_no_choice(house):
    asked = [
        choice(Handle("email", f"{'Guest' if place % 2 else 'guest'}{guest}@example.org"), **said)
        for guest in range(20)
        for place, said in enumerate(SAID)
    ]
    before = house.counts()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda body: house.post("/api/v1/consents", body), asked))
    assert {status for status, _ in answers} == {201}, answers
    assert _added(before, house.counts()) == [20, 20, 80, 80, 80]


def test_parallel_duplicates_have_one_effect(house):
    body = choice(Handle("email", "twice@example.org"))

    def send(_) -> tuple[int, bytes]:
        return house.post("/api/v1/consents", body, **{"Idempotency-Key": "once-1"})

    before = house.counts()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {status for status, _ in answers} <= {201, 409}, answers
    assert {json.loads(body)["code"] for status, body in answers if status == 409} <= {"still_running"}
    told = {body for status, body in [*answers, send(None)] if status == 201}
    assert len(told) == 1, "every 201 is the one answer"
    assert _added(before, house.counts()) == [1, 1, 1, 1, 1]


def test_batches_in_opposite_order_do_not_block_each_other(house):
    items = [choice(Handle("customer", f"C-{place}")) for place in range(30)]
    assert house.post("/api/v1/consents/batch", {"consents": items})[0] == 200
    bodies = [{"consents": items[:: 1 if turn % 2 else -1], "atomic": turn < 4} for turn in range(8)]

    def send(turn: int) -> int:
        return house.post("/api/v1/consents/batch", bodies[turn], **{"Idempotency-Key": f"batch-{turn}"})[0]

    before = house.counts()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [200] * 8
    assert _added(before, house.counts()) == [0, 0, 240, 0, 240]


def test_strangers_in_opposite_order_do_not_block_each_other(house):
    """Each new identifier is held until its transaction ends, so all must come to them in one order."""
    handles = [{"namespace": "customer", "id": f"S-{place}"} for place in range(20)]
    items = [choice(Handle("customer", f"T-{place}")) for place in range(40)]

    def turned(rows: list, turn: int) -> list:
        return rows[:: 1 if turn % 2 else -1]

    def send(turn: int) -> int:
        if turn < 8:
            return house.post("/api/v1/subjects", {"identifiers": turned(handles, turn)})[0]
        body = {"consents": turned(items, turn), "atomic": turn < 12}
        return house.post("/api/v1/consents/batch", body, **{"Idempotency-Key": f"strangers-{turn}"})[0]

    before = house.counts()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(16))) <= {200, 201}
    assert _added(before, house.counts()) == [41, 60, 320, 40, 320]


DAMAGE = """
import django; django.setup()
from consent.models import ConsentState
print(ConsentState.objects.filter(id__in=ConsentState.objects.order_by("id").values("id")[:60]).update(objected=True))
"""


def test_answers_are_put_right_while_customers_go_on_choosing(house):
    people = [Handle("customer", f"R-{place}") for place in range(12)]
    bodies = [choice(who, ("give", "withdraw")[turn % 2]) for turn in range(5) for who in people]
    assert {house.post("/api/v1/consents", body)[0] for body in bodies[:12]} == {201}
    assert int(house.run(DAMAGE)) >= 12
    with ThreadPoolExecutor(4) as pool:
        said = pool.map(lambda body: house.post("/api/v1/consents", body)[0], bodies)
        repaired = house.run("from trustcenter import cli; cli.main(['rebuild-state'])")
        assert set(said) == {201}
    assert "answers of" in repaired
    told = house.run("from trustcenter import cli; print('exit', cli.main(['rebuild-state', '--check']))")
    assert told.endswith(" 0 differed.\nexit 0\n"), told


def _added(before: list[int], after: list[int]) -> list[int]:
    return [new - old for old, new in zip(before, after, strict=True)]
