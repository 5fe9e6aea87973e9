"""A real web worker on a database of its own, filled with the park and its customers."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CUSTOMERS = 2000
_FILL = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import world
from consent.services.subjects import Handle
world.publish()
for number in range({customers}):
    world.say(Handle("customer", f"B-{{number}}"), "give" if number % 3 else "refuse")
print(world.key())
"""


@dataclass(frozen=True)
class Web:
    """A running web server: where, and how much processor time its processes have used."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of processor time of the server and its children."""
        tick = os.sysconf("SC_CLK_TCK")
        return sum(ticks(pid) for pid in (self.pid, *_children(self.pid))) / tick


def prepare(environment: dict[str, str]) -> str:
    """Migrate, publish, record a choice for each customer; returns an API key."""
    environment = environment | {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
    script = _FILL.format(customers=CUSTOMERS)
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


@contextlib.contextmanager
def running(environment: dict[str, str]) -> Iterator[Web]:
    """The web part of `serve`, with one worker; ended on the way out."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "trustcenter.web", "127.0.0.1", str(port), "1"]
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(port)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def question(number: int) -> bytes:
    """An AuthZEN evaluation about one of the customers."""
    return json.dumps(
        {
            "subject": {"type": "system", "id": "mail-engine"},
            "action": {"name": "personal_offers"},
            "resource": {
                "type": "customer",
                "id": f"B-{number % CUSTOMERS}",
                "properties": {"categories": ["contact.email"]},
            },
        }
    ).encode()


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/.well-known/authzen-configuration")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.1)
    raise RuntimeError("The web server did not start within 20 seconds.")


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def ticks(pid: int) -> int:
    """Processor time of one process, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
