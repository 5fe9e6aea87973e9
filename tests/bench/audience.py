"""A list of a million customers filtered, beside what a database needs for less: `python -m tests.bench.audience`.

copy       COPY the same ids into a temporary table of PostgreSQL, and COPY them out again: nothing is decided
join       COPY in, ANALYZE, join customers and their answers by plain ids, COPY out those who said yes
service    audiences.check: keyed hashes, a decision for each, the entry and the bitmaps; from lines to lines
over HTTP  the same through a real web worker, from a socket to a socket, as ids, as bits, and with reasons
hash       the keyed hashes alone, which nothing that stores no plain identifier can do without

They take turns, round by round, on PostgreSQL; a ratio is the median of the rounds'. Customers are made by plain SQL.
"""

import argparse
import http.client
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import compress
from typing import Any

from tests import postgres
from tests.bench import server
from tests.bench.__main__ import machine

_FORMS = {"ids": "text/plain", "bits": "application/octet-stream", "reasons": "application/x-ndjson"}
_AROUND = {"DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.audience", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000, help="60 of 100 said yes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen.customers, chosen.rounds)
        return
    print(f"Machine: {machine()}; {chosen.customers:,} customers, {chosen.rounds} rounds.\n", flush=True)
    with postgres.running() as url, tempfile.TemporaryDirectory() as folder:
        given = os.environ | _AROUND | {"DATABASE_URL": url, "TRUST_DATA_DIR": folder}
        command = [sys.executable, "-m", "tests.bench.audience", "--here", "--customers", str(chosen.customers)]
        subprocess.run([*command, "--rounds", str(chosen.rounds)], env=given, check=True)


def measure(customers: int, rounds: int) -> None:
    """In a process of its own, which the environment gave a database."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests import world

    world.publish()
    seconds, _ = _timed(lambda: _fill(customers))
    world.seal_all()
    print(f"customers made in {seconds:.0f} s", flush=True)
    ids = [f"C-{number:07d}" for number in range(1, customers + 1)]
    random.Random(7).shuffle(ids)
    body = "\n".join(ids).encode() + b"\n"
    _crossover(ids)
    _cold(ids)
    ways: dict[str, Callable[[], Any]] = {
        "hash": lambda: _hash(body),
        "copy": lambda: _copy(body),
        "join": lambda: _join(body),
        "service": lambda: _service(body),
    }
    with server.running(dict(os.environ)) as web:
        key = world.key("mail-engine", "decide")
        for name, kind in _FORMS.items():
            ways[f"over HTTP, {name}"] = partial(_over_http, web.port, key, body, kind)
        _compare(ways, rounds)


def _compare(ways: dict[str, Callable[[], Any]], rounds: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):  # the first one warms up
        for name, way in ways.items():
            seconds, _ = _timed(way)
            if turn:
                found[name].append(seconds)
    print(f"\n{'what':<20} {'seconds':>8} {'× copy':>7} {'join ÷ it':>10}")
    for name, times in found.items():
        copy = statistics.median(mine / other for mine, other in zip(times, found["copy"], strict=True))
        join = statistics.median(other / mine for mine, other in zip(times, found["join"], strict=True))
        print(f"{name:<20} {statistics.median(times):>8.2f} {copy:>7.2f} {join:>10.2f}", flush=True)


def _crossover(ids: list[str]) -> None:
    """What reading only those who are asked about costs, and compiling everybody."""
    from consent.services import compiled

    for size in (100, 1_000, 10_000):
        compiled.forget()
        seconds, _ = _timed(lambda size=size: _check([each.encode() for each in ids[:size]]))
        print(f"read alone, {size:>7,}: {seconds:>6.2f} s, {seconds / size * 1e6:>6.1f} µs each", flush=True)


def _cold(ids: list[str]) -> None:
    from consent.services import compiled

    before = _memory()
    compiled.forget()
    seconds, _ = _timed(lambda: _check([ids[0].encode()], asked=10**9))
    print(f"compiled in {seconds:.1f} s ({seconds / len(ids) * 1e6:.1f} µs each), {_memory() - before} MB more at most")
    for kept in compiled._sets.values():
        size = sum(getattr(kept.table, name).nbytes for name in ("high", "low", "numbers", "kinds", "ends", "pauses"))
        print(f"  {size / len(ids):.0f} bytes each, {len(kept.kinds.known)} kinds", flush=True)
    seconds, _ = _timed(lambda: _check([ids[0].encode()], asked=10**9))
    print(f"  asked again about one, from the set: {seconds * 1e3:.1f} ms", flush=True)


def _check(block: list[bytes], asked: int | None = None) -> Any:
    from django.utils import timezone

    from consent.services import audiences
    from tests import world

    wanted = audiences.Wanted("mail-engine", "personal_offers", "customer", ("contact.email",))
    size = len(block) if asked is None else asked
    nothing = lambda lines, judged: None  # noqa: E731
    return audiences.check(wanted=wanted, blocks=[block], asked=size, tell=nothing, by=world.SYSTEM, now=timezone.now())


def _service(body: bytes) -> int:
    from django.utils import timezone

    from consent.services import audiences
    from tests import world

    out: list[bytes] = []

    def tell(lines: Any, judged: Any) -> None:
        out.append(b"\n".join(compress(lines, judged.permitted.tolist())))

    wanted = audiences.Wanted("mail-engine", "personal_offers", "customer", ("contact.email",))
    done = audiences.check(
        wanted=wanted, blocks=_blocks(body), asked=10**7, tell=tell, by=world.SYSTEM, now=timezone.now()
    )
    return done.allowed


def _blocks(body: bytes) -> Iterator[list[bytes]]:
    start = 0
    while start < len(body):
        end = body.find(b"\n", min(start + 2**18, len(body) - 1)) + 1
        yield body[start : end - 1].split(b"\n")
        start = end


def _hash(body: bytes) -> None:
    from audit import vault

    for block in _blocks(body):
        vault.lookup_hashes("customer", block)


def _copy(body: bytes) -> None:
    with _cursor() as cursor:
        _copy_in(cursor, body)
        with cursor.copy("COPY asked TO STDOUT") as copy:
            for _ in copy:
                pass


def _join(body: bytes) -> None:
    with _cursor() as cursor:
        _copy_in(cursor, body)
        cursor.execute("ANALYZE asked")
        query = (
            "SELECT a.id FROM asked a JOIN bench_plain p ON p.id = a.id JOIN consent_consentstate c"
            " ON c.subject_id = p.subject_id AND c.status = 'given' AND c.expires_at > now()"
            " AND c.purpose_id = (SELECT id FROM consent_purpose WHERE key = 'personal_offers')"
        )
        with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            for _ in copy:
                pass


def _copy_in(cursor: Any, body: bytes) -> None:
    cursor.execute("DROP TABLE IF EXISTS asked")
    cursor.execute("CREATE TEMPORARY TABLE asked (id text)")
    with cursor.copy("COPY asked FROM STDIN") as copy:
        for start in range(0, len(body), 2**18):
            copy.write(body[start : start + 2**18])


def _cursor() -> Any:
    from django.db import connection

    connection.ensure_connection()
    return connection.connection.cursor()


def _over_http(port: int, key: str, body: bytes, kind: str) -> int:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/plain; charset=utf-8", "Accept": kind}
    where = "/api/v1/audience?purpose=personal_offers&namespace=customer&categories=contact.email"
    caller.request("POST", where, body, headers)
    answer = caller.getresponse()
    size = 0
    while part := answer.read(2**18):
        size += len(part)
    assert answer.status == 200, answer.status
    caller.close()
    return size


def _fill(customers: int) -> None:
    """Customers, their identifiers and answers, as the tables hold them; the plain ids for the join stand beside."""
    from audit import vault
    from consent.models import NoticeText, Purpose

    purpose = Purpose.objects.get(key="personal_offers")
    notice = NoticeText.objects.get(version_id=purpose.current_id, language="en")
    said = {"count": customers, "purpose": purpose.pk, "version": purpose.current_id, "notice": notice.pk}
    with _cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement.replace("{", "%(").replace("}", ")s"), said)
        with cursor.copy(
            "COPY consent_identifier (subject_id, namespace, lookup_hash, sealed, verified, suppressed, created_at)"
            " FROM STDIN"
        ) as copy:
            for start in range(0, customers, 10_000):
                numbers = range(start + 1, min(start + 10_000, customers) + 1)
                hashes = vault.lookup_hashes("customer", [f"C-{number:07d}".encode() for number in numbers])
                for number, found in zip(numbers, hashes, strict=True):
                    copy.write_row((number, "customer", found, b"", True, False, "2026-05-01T00:00:00Z"))
        cursor.execute("ANALYZE")


_SCOPE = '["contact.email", "purchase_history"]'
_TO = '["mail-engine", "mailbird"]'
_SAID = "CASE WHEN n %% 5 < 3 THEN 'given' ELSE 'refused' END"
_STATEMENTS = (
    "INSERT INTO consent_subject (id, pseudonym, jurisdiction, created_at)"
    " SELECT n, md5(n::text), 'GB', '2026-05-01' FROM generate_series(1, {count}) n",
    "INSERT INTO consent_consentevent (id, subject_id, purpose_id, version_id, notice_id, assumed, act, categories,"
    " recipients, channel, actor, language, collected_at, recorded_at, pending, imported, entry_id)"
    f" SELECT n, n, {{purpose}}, {{version}}, {{notice}}, false, 'give', '{_SCOPE}', '{_TO}', 'web', 'self', 'en',"
    " '2026-05-01', '2026-05-01', false, false, md5(n::text)::uuid FROM generate_series(1, {count}) n",
    "INSERT INTO consent_consentstate (subject_id, purpose_id, status, version_id, categories, recipients, expires_at,"
    " objected, by_guardian, since, event_id)"
    f" SELECT n, {{purpose}}, {_SAID}, {{version}}, '{_SCOPE}', '{_TO}',"
    " timestamptz '2046-05-01' + n * interval '1.7 seconds', false, false, '2026-05-01', n"
    " FROM generate_series(1, {count}) n WHERE n %% 5 < 4",
    "CREATE TABLE bench_plain AS SELECT 'C-' || lpad(n::text, 7, '0') AS id, n AS subject_id"
    " FROM generate_series(1, {count}) n",
    "ALTER TABLE bench_plain ADD PRIMARY KEY (id)",
)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


if __name__ == "__main__":
    main()
