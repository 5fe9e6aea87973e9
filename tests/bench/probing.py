"""Does the time of an answer tell a third party whom we know? `python -m tests.bench.probing`, on each database.

Asks over HTTP, one at a time, about people of five kinds in turns. Beside the medians stands how often a longer answer
would tell one of a kind from a stranger: 0.50 is a guess, 1.00 is certainty.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from pathlib import Path

from tests.bench import server
from tests.bench.__main__ import databases, machine

KINDS = ("unknown", "suppressed", "withdrawn", "child", "never asked")
EACH = 40  # people of a kind
_FILL = f"""
import django; django.setup()
from datetime import date, timedelta
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import world
from consent.services import subjects, suppressions
from consent.services.subjects import Handle
world.publish()
both = ["mail-engine", "adpartner"]
for number in range({EACH}):
    for kind in {KINDS[1:]!r}:
        who, young = Handle("customer", f"{{kind}}-{{number}}"), kind == "child"
        law = {{"jurisdiction": "GB", "minor_until": date(2036, 1, 1)}} if young else {{}}
        subjects.register(identifiers=[who], by=world.OPERATOR, now=world.NOW, **law)
        if kind in ("suppressed", "withdrawn"):
            world.say(who, "give", recipients=both)
        if kind == "withdrawn":
            world.say(who, "withdraw", now=world.NOW + timedelta(minutes=1))
        if kind == "suppressed":
            suppressions.suppress(subject=who, by=world.SYSTEM, now=world.NOW + timedelta(minutes=1))
print(world.key("adpartner", "decide", purposes=["personal_offers"], namespaces=["customer"]))
"""


def main() -> None:
    """Measure on each database in turn and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.probing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=600, help="asks about each kind (default 600)")
    chosen = parser.parse_args()
    print(f"Machine: {machine()}; {chosen.rounds} asks about each kind, in turns, over one connection.\n")
    print(f"{'database':<12} {'who':<12} {'p25 ms':>8} {'p50 ms':>8} {'p75 ms':>8} {'told from a stranger':>21}")
    for name, url in databases():
        with url as address, tempfile.TemporaryDirectory() as folder:
            found = _measure(address or f"sqlite:///{folder}/bench.sqlite3", Path(folder), chosen.rounds)
        for kind, times in found.items():
            low, middle, high = (each * 1000 for each in statistics.quantiles(times, n=4))
            told = _told(found["unknown"], times)
            print(f"{name:<12} {kind:<12} {low:>8.2f} {middle:>8.2f} {high:>8.2f} {told:>21.2f}", flush=True)


def _measure(url: str, folder: Path, rounds: int) -> dict[str, list[float]]:
    places = {"DATABASE_URL": url, "TRUST_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
    limits = {"THIRD_PARTY_ASKS": "0", "THIRD_PARTY_REFUSALS": "0", "LOG_LEVEL": "ERROR"}
    environment = os.environ | places | limits
    command = [sys.executable, "-c", _FILL]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    with server.running(environment) as web:
        return _ask(web.port, done.stdout.strip().splitlines()[-1], rounds)


def _ask(port: int, key: str, rounds: int) -> dict[str, list[float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = {"subject": {"type": "third_party", "id": "adpartner"}, "action": {"name": "personal_offers"}}
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(rounds + 50):
        for kind in KINDS:
            body = json.dumps(asked | {"resource": {"type": "customer", "id": f"{kind}-{number % EACH}"}})
            started = time.perf_counter()
            connection.request("POST", "/access/v1/evaluation", body, headers)
            content = connection.getresponse().read()
            if number >= 50:  # the first ones warm the connection and the caches
                found[kind].append(time.perf_counter() - started)
            if json.loads(content)["context"]["reason"] != "not_permitted":
                raise RuntimeError(f"{kind}: {content!r}")
    return found


def _told(strangers: list[float], others: list[float]) -> float:
    """How often one of two answers, one about each, is told apart rightly by being the longer or the shorter one."""
    ordered = sorted(strangers)
    wins = sum((bisect_left(ordered, each) + bisect_right(ordered, each)) / 2 for each in others)
    share = wins / len(ordered) / len(others)
    return max(share, 1 - share)


if __name__ == "__main__":
    main()
