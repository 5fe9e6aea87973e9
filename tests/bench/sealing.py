"""How fast the sealer drains a backlog, and how long an entry waits for its signed head under load.

python -m tests.bench.sealing                      on SQLite and PostgreSQL, about two minutes
python -m tests.bench.sealing --only PostgreSQL
python -m tests.bench.sealing --profile            where the time of a backlog goes
python -m tests.bench.sealing --flood              a minute at ten times the rate, instead (F27); about ten minutes

backlog   leaves a second from the outbox to a published head, beside the floor: hashing the leaves and growing the
          tree in memory, which no database could take from it
lag       entries written at a steady rate by a process of its own; from the moment an entry is written to the signed
          head that covers it, while a real `trustcenter seal` runs beside
flood     the same at ten times the rate, as far as the writer comes; how many waited at most, until when after
          the last was written, and whether every entry is in the log, once, and the log verifies
"""

import argparse
import contextlib
import cProfile
import os
import platform
import pstats
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from tests.bench.__main__ import databases, machine

BACKLOG = 60_000
RATE = 1_000  # entries a second
FLOOD = 10  # times as many
_WRITER = """
import sys, time
import django; django.setup()
from tests.bench.sealing import enter
end, rate, start, done = time.time() + float(sys.argv[1]), int(sys.argv[2]), time.time(), 0
while time.time() < end:
    due = int((time.time() - start) * rate) - done
    if due:
        enter(due)
        done += due
    time.sleep(0.02)
print(done)
"""


def main() -> None:
    """Measure on each database in turn and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.sealing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="length of the measurement of lag (default 15)")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], help="one of the two databases")
    parser.add_argument("--profile", action="store_true", help="print where the time of a backlog goes")
    parser.add_argument("--flood", nargs="?", const=60.0, type=float, metavar="SECONDS", help="default 60")
    chosen = parser.parse_args()
    print(f"Machine: {machine()}; Python {platform.python_version()}.\n")
    for name, url in databases():
        if chosen.only in (None, name):
            with url as address, tempfile.TemporaryDirectory() as folder:
                environment = {"DATABASE_URL": address or f"sqlite:///{folder}/bench.sqlite3", "BENCH_NAME": name}
                environment |= {"TRUST_DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
                environment |= {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
                what = "flood" if chosen.flood else "measure"
                command = [sys.executable, "-c", f"from tests.bench import sealing; sealing.{what}()"]
                # A process for each database: settings are read once.
                given = [str(chosen.flood or chosen.seconds), str(int(chosen.profile))]
                subprocess.run([*command, *given], env=os.environ | environment, check=True)


def measure() -> None:
    """Both figures on the database of the environment."""
    import django

    django.setup()
    from django.core.management import call_command

    name, seconds, profiled = os.environ["BENCH_NAME"], float(sys.argv[1]), sys.argv[2] == "1"
    call_command("migrate", verbosity=0)
    rates, costs, floors = zip(*(_backlog(profiled) for _ in range(3)), strict=True)
    rate, cost, floor = (sorted(each)[1] for each in (rates, costs, floors))
    print(
        f"{name:<12} backlog   {rate:>8,.0f} leaves/s; of Python {cost * 1e6:.1f} µs a leaf, "
        f"{cost / floor:.1f} times the floor of {floor * 1e6:.1f} µs",
        flush=True,
    )
    print(f"{name:<12} lag       {_shown(_load(seconds, RATE).lags, seconds)}", flush=True)


def flood() -> None:
    """Ten times the rate on the database of the environment, and what became of it."""
    from datetime import UTC, datetime

    import django

    django.setup()
    from django.core.management import call_command

    from audit.models import Leaf
    from audit.services import verify

    name, seconds = os.environ["BENCH_NAME"], float(sys.argv[1])
    call_command("migrate", verbosity=0)
    before = Leaf.objects.count()
    done = _load(seconds, FLOOD * RATE)
    print(f"{name:<12} flood     {_shown(done.lags, seconds)}", flush=True)
    print(
        f"{name:<12} flood     at most {done.most:,} waited; all taken in {done.behind:.1f} s after the last",
        flush=True,
    )
    found = verify.whole_log(now=datetime.now(UTC))
    lost = done.written - (Leaf.objects.count() - before)
    print(f"{name:<12} flood     written {done.written:,}, lost {lost}; the log: {found.finding or 'good'}", flush=True)


_PLACES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))


def _shown(lags: list[float], seconds: float) -> str:
    shown = "  ".join(f"{label} {lags[int(place * (len(lags) - 1))]:.2f} s" for label, place in _PLACES)
    return f"{len(lags) / seconds:>8,.0f} entries/s: {shown}"


def enter(number: int) -> None:
    """Write entries as a use of data leaves them, in one transaction."""
    from datetime import UTC, datetime

    from django.db import transaction

    from consent.services import ledger

    fact = ledger.Fact("use.reported", purpose="personal_offers", recipient="mail-engine", outcome="allowed")
    records = [ledger.Record(fact, {"reference": "a mailing"})] * number
    with transaction.atomic():
        ledger.record_many(records, by=ledger.Actor("system", ref="mail-engine"), now=datetime.now(UTC))


def _backlog(profiled: bool) -> tuple[float, float, float]:
    """Leaves a second; processor seconds a leaf of the sealer's Python (SQLite's work is in it), and of the floor."""
    from datetime import UTC, datetime

    from audit.models import Entry
    from audit.proof import merkle, tiles
    from audit.services import seal

    for _ in range(BACKLOG // 5_000):
        enter(5_000)
    leaves = [bytes(leaf) for leaf in Entry.objects.filter(pending__isnull=False).values_list("leaf", flat=True)]
    begun, grown = time.process_time(), {}
    for start in range(0, BACKLOG, seal.BATCH):
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves[start : start + seal.BATCH]]
        grown |= tiles.grow(lambda level, index: grown.get((level, index), b""), start, hashes)[0]  # noqa: B023
    floor = (time.process_time() - begun) / BACKLOG
    profile = cProfile.Profile() if profiled else contextlib.nullcontext()
    begun, spent = time.perf_counter(), time.process_time()
    with profile:
        while seal.seal(now=datetime.now(UTC)).taken:
            pass
    if isinstance(profile, cProfile.Profile):
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)
    return BACKLOG / (time.perf_counter() - begun), (time.process_time() - spent) / BACKLOG, floor


@dataclass(frozen=True)
class Load:
    """How long each entry waited until a head that covers it could be read, sorted; how many were written, how many
    waited at most, and for how many seconds after the writer's end."""

    lags: list[float]
    written: int
    most: int
    behind: float


def _load(seconds: float, rate: int) -> Load:
    """Write at a rate while a sealer runs. Heads are looked at every 10 ms, what waits once in a second."""
    from audit.models import Entry, Pending
    from audit.services import export

    first, heads, most, looked, ended = Entry.objects.count(), [], 0, 0.0, 0.0
    sealer = subprocess.Popen([sys.executable, "-m", "trustcenter.cli", "seal"], env=os.environ)
    try:
        time.sleep(3)
        call = [sys.executable, "-c", _WRITER, str(seconds), str(rate)]
        writer = subprocess.Popen(call, stdout=subprocess.PIPE)
        while writer.poll() is None or Pending.objects.exists():
            if (size := export.sealed()) > (heads[-1][0] if heads else 0):
                heads.append((size, time.time()))
            if time.time() > looked + 1:
                looked, most = time.time(), max(most, Pending.objects.count())
            ended = time.time() if writer.poll() is None else ended
            time.sleep(0.01)
        time.sleep(1)
        heads.append((export.sealed(), time.time()))
    finally:
        sealer.send_signal(signal.SIGTERM)
        sealer.wait(20)
    written = Entry.objects.filter(leaf_row__seq__gte=first).order_by("leaf_row__seq")
    lags = _waited(heads, list(written.values_list("leaf_row__seq", "recorded_at")))
    return Load(lags, int(writer.communicate()[0]), most, max(heads[-1][1] - ended, 0.0))


def _waited(heads: list, written: list) -> list[float]:
    found, place = [], 0
    for seq, at in written:
        while heads[place][0] <= seq:
            place += 1
        found.append(heads[place][1] - at.timestamp())
    return sorted(found)


if __name__ == "__main__":
    main()
