"""One consent recorded, beside the least a database could do for it: one bare INSERT and one bare UPDATE.

python -m tests.bench.writes                     on SQLite and PostgreSQL, about two minutes
python -m tests.bench.writes --seconds 5         longer rounds, steadier figures
python -m tests.bench.writes --only PostgreSQL   one of the two

bare       INSERT the event, UPDATE the state, in one transaction: plain SQL through Django's connection, nothing else
unlogged   consents.record without its evidence: no entry, no outbox row, no payload; what the log costs is the
           difference to `service` (issue 5: at least 0.85 of it with eight writers on PostgreSQL)
service    consents.record: the same two, the rules, the audit entry, its outbox row and its encrypted payload
over HTTP  the same through a real `serve` with one worker, the caller's key included; eight connections

Writers are processes of their own, each with its own customers. The kinds take turns, round by round, and each ratio is
the median of the rounds': a neighbour's noise falls on all. CPU is the writer's and its database server's.
"""

import argparse
import contextlib
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.bench import load, server
from tests.bench.__main__ import databases, machine

ROUNDS = 5
SCOPE = ["contact.email", "purchase_history"]
SPAWN = multiprocessing.get_context("spawn")
_together: list[Barrier] = []


@dataclass(frozen=True)
class Run:
    """What one round found: calls a second by all writers together, CPU seconds a call, statements a call."""

    per_second: float
    python: float
    database: float
    statements: float


def main() -> None:
    """Measure on each database in turn and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.writes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each round (default 2)")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], help="one of the two databases")
    chosen = parser.parse_args()
    print(f"Machine: {machine()}; Python {platform.python_version()}; {ROUNDS} rounds of {chosen.seconds:g} s.\n")
    print(
        f"{'database':<12} {'writers':>7} {'what':<10} {'per second':>11} {'Python ms':>10} {'database ms':>12} "
        f"{'statements':>11} {'× bare':>7}"
    )
    for name, url in databases():
        if chosen.only in (None, name):
            with url as address, tempfile.TemporaryDirectory() as folder:
                _measure(name, address or f"sqlite:///{folder}/bench.sqlite3", Path(folder), chosen.seconds)


def _measure(name: str, url: str, folder: Path, seconds: float) -> None:
    environment = {"DATABASE_URL": url, "TRUST_DATA_DIR": str(folder), "LOG_LEVEL": "ERROR"}
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="trustcenter.settings")  # the writers inherit it
    key = server.prepare(dict(os.environ))
    for writers in (1, 8) if name == "PostgreSQL" else (1,):
        with _pool(writers) as pool:
            kinds = (_bare, _unlogged, _service)
            rounds = [[_round(pool, kind, writers, seconds) for kind in kinds] for _ in range(ROUNDS + 1)][1:]
        # The first one warmed caches and plans.
        for place, what in enumerate(("bare", "unlogged", "service")):
            _say(name, writers, what, [each[place] for each in rounds], _ratio(rounds, place, 0))
        print(f"{name:<12} {writers:>7} service ÷ unlogged: {_ratio(rounds, 2, 1):.2f} of its throughput", flush=True)
    with server.running(dict(os.environ)) as web:
        asked = load.kinds(key)["consent recorded"]
        result = load.run(web.port, asked, clients=8, seconds=seconds * ROUNDS, cpu=web.cpu)
        print(f"{name:<12} {'':>7} {'over HTTP':<10} {result.per_second:>11,.0f} {result.cpu_each * 1e3:>10.2f}")


def _ratio(rounds: list[list[Run]], slow: int, fast: int) -> float:
    return statistics.median(each[slow].per_second / each[fast].per_second for each in rounds)


def _say(name: str, writers: int, what: str, runs: list[Run], ratio: float) -> None:
    def middle(of: str) -> float:
        return statistics.median(getattr(run, of) for run in runs)

    print(
        f"{name:<12} {writers:>7} {what:<10} {middle('per_second'):>11,.0f} {middle('python') * 1e3:>10.2f} "
        f"{middle('database') * 1e3:>12.2f} {middle('statements'):>11.1f} {ratio:>7.2f}",
        flush=True,
    )


@contextlib.contextmanager
def _pool(writers: int) -> Iterator[ProcessPoolExecutor]:
    together = SPAWN.Barrier(writers)
    with ProcessPoolExecutor(writers, SPAWN, initializer=_start, initargs=(together,)) as pool:
        yield pool


def _round(pool: ProcessPoolExecutor, kind: Callable[[int], object], writers: int, seconds: float) -> Run:
    found = list(pool.map(_write, [kind] * writers, range(writers), [writers] * writers, [seconds] * writers))
    calls = sum(each[0] for each in found)
    spent = [sum(each[place] for each in found) / calls for place in (1, 2, 3)]
    return Run(calls / seconds, *spent)


def _start(together: Barrier) -> None:
    """In a writer: Django, and the moment at which all writers begin."""
    import django

    django.setup()
    _together.append(together)


def _write(kind: Callable[[int], object], place: int, writers: int, seconds: float) -> tuple[int, float, float, int]:
    """In a writer: call `kind` for each of its customers in turn; calls, CPU seconds, statements."""
    from django.db import connection

    statements = 0

    def counting(execute, sql, params, many, context):
        nonlocal statements
        statements += not sql.startswith("BEGIN")
        return execute(sql, params, many, context)

    connection.ensure_connection()
    _together[0].wait(60)
    # The bare events are of other customers: else each choice would fold thousands of them, and nobody says so much.
    half = server.CUSTOMERS // 2
    calls, customer, first = 0, place, half if kind is _bare else 0
    python, database, until = time.process_time(), _backend(), time.monotonic() + seconds
    with connection.execute_wrapper(counting):
        while time.monotonic() < until:
            kind(first + customer)
            calls, customer = calls + 1, (customer + writers) % half
    return calls, time.process_time() - python, _backend() - database, statements


def _backend() -> float:
    """CPU seconds of this writer's own database server process; 0 where the database is a library."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    return server.ticks(connection.connection.info.backend_pid) / os.sysconf("SC_CLK_TCK")


def _service(customer: int) -> None:
    from django.utils import timezone

    from consent.services import consents
    from tests import world

    choice = consents.Choice("personal_offers", "give", "web", "button", language="en")
    handle = consents.Handle("customer", f"B-{customer}")
    consents.record(subject=handle, choice=choice, by=world.SYSTEM, now=timezone.now())


def _unlogged(customer: int) -> None:
    """The same without its evidence: the rows of the fact are written, and nothing beside them."""
    from unittest import mock

    from audit import rows
    from audit.models import Entry
    from audit.services import entries

    def alone(fact, *, by, now, payload, known=True, number=None, beside=(), boxes=None):
        if beside:
            rows.write(*beside)
        return Entry(id=number or entries.uuid7(now))

    with mock.patch.object(entries, "append", alone):
        _service(customer)


def _bare(customer: int) -> None:
    import json
    import uuid

    from django.db import connection, transaction
    from django.utils import timezone

    now, scope = connection.ops.adapt_datetimefield_value(timezone.now()), json.dumps(SCOPE)
    number = uuid.uuid4() if connection.vendor == "postgresql" else uuid.uuid4().hex
    purpose, version, notice = _in_force()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consent_consentevent (subject_id, purpose_id, version_id, notice_id, assumed, act, categories,"
            " recipients, channel, actor, language, collected_at, recorded_at, pending, imported, entry_id)"
            " VALUES (%s, %s, %s, %s, %s, 'give', %s, %s, 'web', 'self', 'en', %s, %s, %s, %s, %s) RETURNING id",
            [customer + 1, purpose, version, notice, True, scope, scope, now, now, False, False, number],
        )
        event = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE consent_consentstate SET status = 'given', version_id = %s, categories = %s, recipients = %s,"
            " expires_at = %s, paused_until = NULL, objected = %s, by_guardian = %s, since = %s, event_id = %s"
            " WHERE subject_id = %s AND purpose_id = %s",
            [version, scope, scope, now, False, False, now, event, customer + 1, purpose],
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"Customer {customer} has no state to update.")


_found: list[int] = []


def _in_force() -> list[int]:
    """Ids of the purpose, its version and its English text, read once."""
    from consent.models import NoticeText, Purpose

    if not _found:
        purpose = Purpose.objects.get(key="personal_offers")
        _found[:] = [purpose.pk, purpose.current_id]
        _found.append(NoticeText.objects.get(version_id=purpose.current_id, language="en").pk)
    return _found


if __name__ == "__main__":
    main()
