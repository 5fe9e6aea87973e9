"""How fast old entries leave the log, and what that does to whoever writes meanwhile.

python -m tests.bench.pruning [--entries 60000] [--only PostgreSQL]

declare   seconds to find what is old, and to hash its places
delete    entries a second, 500 in each transaction; beside it the longest of these, for which SQLite lets nobody
          else write
verify    seconds for the whole log, before and after
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time

from tests.bench.__main__ import databases, machine


def main() -> None:
    """Measure on each database in turn and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.pruning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=60_000, help="how many are old (default 60,000)")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], help="one of the two databases")
    chosen = parser.parse_args()
    print(f"Machine: {machine()}; Python {platform.python_version()}; load {os.getloadavg()[0]:.1f}.\n")
    for name, url in databases():
        if chosen.only in (None, name):
            with url as address, tempfile.TemporaryDirectory() as folder:
                environment = {"DATABASE_URL": address or f"sqlite:///{folder}/bench.sqlite3", "BENCH_NAME": name}
                environment |= {"TRUST_DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
                environment |= {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
                command = [sys.executable, "-c", "from tests.bench import pruning; pruning.measure()"]
                subprocess.run([*command, str(chosen.entries)], env=os.environ | environment, check=True)


def measure() -> None:
    """All figures on the database of the environment."""
    import django

    django.setup()
    from datetime import UTC, datetime, timedelta

    from django.core.management import call_command

    from audit.services import seal, verify
    from consent.services import ledger, pruning
    from tests.bench.sealing import enter

    entries, by = int(sys.argv[1]), ledger.Actor("operator")
    call_command("migrate", verbosity=0)
    for _ in range(entries // 5_000):
        enter(5_000)
    while seal.seal(now=datetime.now(UTC)).taken:
        pass
    later = datetime.now(UTC) + timedelta(days=40)
    before, _ = _timed(lambda: verify.whole_log(now=later))
    declaring, _ = _timed(lambda: pruning.run(keep_days=31, by=by, now=later))
    seal.seal(now=later)
    deleting, longest, gone = 0.0, 0.0, 0
    while True:
        spent, some = _timed(pruning.take)
        deleting, longest, gone = deleting + spent, max(longest, spent), gone + some
        if not some:
            break
    after, found = _timed(lambda: verify.whole_log(now=later))
    if not found.good or found.pruned != gone:
        raise SystemExit(f"The log does not verify: {found.finding}")
    print(
        f"{os.environ['BENCH_NAME']:<12} {gone:,} entries: declare {declaring:.2f} s; delete {gone / deleting:,.0f} "
        f"entries/s, longest transaction {longest * 1000:.0f} ms; verify {before:.1f} s before, {after:.1f} s after",
        flush=True,
    )


def _timed(work):
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


if __name__ == "__main__":
    main()
