"""How fast answers are proved against what was said, and counted: `python -m tests.bench.rebuild`, on each database."""

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests import postgres


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rebuild", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000, help="each says yes, every third takes it back")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen.here, chosen.customers)
        return
    for name, server in (("SQLite", contextlib.nullcontext("")), ("PostgreSQL", postgres.running())):
        with server as url, tempfile.TemporaryDirectory() as folder:
            places = {"TRUST_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}
            address = {"DATABASE_URL": url or f"sqlite:///{folder}/bench.sqlite3"}
            command = [
                sys.executable,
                "-m",
                "tests.bench.rebuild",
                "--here",
                name,
                "--customers",
                str(chosen.customers),
            ]
            subprocess.run(command, env=os.environ | places | address, check=True)


def measure(name: str, customers: int) -> None:
    """In a process of its own, which the environment gave a database."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from consent.models import ConsentState
    from consent.services import counts, rebuild
    from tests import world

    world.publish()
    events = _fill(customers)
    print(f"{name}: {customers:,} customers, {events:,} events, {_memory()} before")
    by = {"by": world.OPERATOR, "now": world.NOW}
    seconds, report = _timed(lambda: rebuild.run(check=True, **by))
    assert report.differences == 0
    print(f"  check            {report.answers / seconds:>10,.0f} answers/s  {events / seconds:>10,.0f} events/s")
    wrong = ConsentState.objects.filter(subject_id__lte=1000).update(objected=True, status="refused")
    seconds, report = _timed(lambda: rebuild.run(check=False, **by))
    print(f"  put {wrong:,} right  {seconds:>10.1f} s in all")
    seconds, _ = _timed(lambda: counts.read(moment=world.NOW, now=world.NOW))
    print(f"  count the past   {events / seconds:>10,.0f} events/s")
    seconds, _ = _timed(lambda: counts.read(now=world.NOW))
    print(f"  count now        {seconds * 1e3:>10.1f} ms")
    print(f"  {_memory()} after")


def _fill(customers: int) -> int:
    from consent.models import ConsentEvent, ConsentState, Subject
    from consent.services import catalogue, histories, rebuild
    from tests.world import NOW, digest

    purpose = catalogue.purpose("personal_offers")
    notice = catalogue.texts(purpose.current)["en"]
    assert notice.digest == digest("personal_offers")
    scope = {"categories": ["contact.email", "purchase_history"], "recipients": ["mail-engine", "mailbird"]}
    start = NOW - timedelta(days=90)
    for first in range(0, customers, 5000):
        known = Subject.objects.bulk_create(
            Subject(pseudonym=f"s_{number}", created_at=start) for number in range(first, min(first + 5000, customers))
        )

        def said(subject: Any, act: str, days: int, **more: Any) -> ConsentEvent:
            when = start + timedelta(days=days)
            told = {"channel": "web", "actor": "self", "language": "en", "collected_at": when, "recorded_at": when}
            about = {"purpose": purpose, "version": purpose.current, "notice": notice}
            return ConsentEvent(subject=subject, act=act, entry_id=uuid.uuid4(), **about, **told, **more)

        ConsentEvent.objects.bulk_create([said(each, "give", 1, **scope) for each in known])
        ConsentEvent.objects.bulk_create([said(each, "withdraw", 2) for each in known[::3]])
    for batch in histories.read(progress=lambda done, of: None):
        ConsentState.objects.bulk_create(
            ConsentState(subject=each.subject, purpose_id=key, **rebuild._members(said))
            for each in batch
            for key, said in each.events.items()
        )
    return ConsentEvent.objects.count()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"


if __name__ == "__main__":
    main()
