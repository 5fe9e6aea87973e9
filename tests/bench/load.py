"""A bounded load: so many connections, so many seconds, loopback only."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.server import CUSTOMERS, question

ITEMS = 1000
CHECK, BATCH = "check", f"batch of {ITEMS:,}, each id"


@dataclass(frozen=True)
class Request:
    """One kind of request; `body(n)` makes the n-th body, which asks about `items` customers."""

    method: str
    path: str
    headers: dict[str, str]
    body: Callable[[int], bytes]
    wanted: int
    items: int = 1


@dataclass(frozen=True)
class Result:
    """What one measurement found; times in seconds, CPU and rate by item, percentiles by request."""

    per_second: float
    cpu_each: float
    p50: float
    p99: float


def kinds(key: str) -> dict[str, Request]:
    """What is measured, the floor first."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    consent = {"purpose": "personal_offers", "act": "give", "language": "en", "channel": "web", "method": "button"}

    def choice(number: int) -> bytes:
        subject = {"namespace": "customer", "id": f"B-{number * 7 % CUSTOMERS}"}
        return json.dumps(consent | {"subject": subject}).encode()

    def thousand(number: int) -> bytes:
        every = [json.loads(question(number * ITEMS + place)) for place in range(ITEMS)]
        members = {name: every[0][name] for name in ("subject", "action")}
        return json.dumps(members | {"evaluations": [{"resource": each["resource"]} for each in every]}).encode()

    return {
        "floor: Django, no database": Request("GET", "/.well-known/authzen-configuration", {}, lambda _: b"", 200),
        CHECK: Request("POST", "/access/v1/evaluation", headers, question, 200),
        BATCH: Request("POST", "/access/v1/evaluations", headers, thousand, 200, ITEMS),
        "consent recorded": Request("POST", "/api/v1/consents", headers, choice, 201),
    }


def run(port: int, request: Request, *, clients: int, seconds: float, cpu: Callable[[], float]) -> Result:
    """Ask from `clients` connections for `seconds`; every answer must have the wanted status."""
    times: list[float] = []
    _ask(port, request, 0, time.monotonic() + 0.5, [])  # warm the connection, the caches and the code
    before, started = cpu(), time.monotonic()
    threads = [
        threading.Thread(target=_ask, args=(port, request, place * 100_000, started + seconds, times))
        for place in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    spent = cpu() - before
    cuts = statistics.quantiles(times, n=100)
    count = len(times) * request.items
    return Result(count / elapsed, spent / count, cuts[49], cuts[98])


def _ask(port: int, request: Request, first: int, until: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    number = first
    while time.monotonic() < until:
        started = time.monotonic()
        connection.request(request.method, request.path, request.body(number), request.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != request.wanted:
            raise RuntimeError(f"{request.path} answered {answer.status}: {body[:300]!r}")
        times.append(time.monotonic() - started)
        number += 1
    connection.close()
