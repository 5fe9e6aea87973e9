"""Checks and recorded consents a second over HTTP, with the server's own floor beside them.

python -m tests.bench                on SQLite and PostgreSQL, about a minute
python -m tests.bench --seconds 10   longer runs, steadier figures
"""

import argparse
import contextlib
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import postgres
from tests.bench import load, server


def main() -> None:
    """Measure on each database in turn and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement (default 5)")
    parser.add_argument("--clients", type=int, default=8, help="connections that ask at once (default 8)")
    chosen = parser.parse_args()
    print(f"Machine: {machine()}; Python {platform.python_version()}; {chosen.clients} connections, one web worker.")
    print("Client and server share the machine, so requests/s are a lower bound; read the ratios and the CPU column.\n")
    print(
        f"{'database':<12} {'what':<28} {'per second':>11} {'CPU µs each':>12} "
        f"{'× floor CPU':>12} {'p50 ms':>8} {'p99 ms':>8}"
    )
    for name, url in databases():
        with url as address, tempfile.TemporaryDirectory() as folder:
            _measure(name, address or f"sqlite:///{folder}/bench.sqlite3", Path(folder), chosen)


def _measure(name: str, url: str, folder: Path, chosen: argparse.Namespace) -> None:
    environment = os.environ | {"DATABASE_URL": url, "TRUST_DATA_DIR": str(folder), "LOG_LEVEL": "ERROR"}
    key = server.prepare(environment)
    with server.running(environment) as web:
        spent: dict[str, float] = {}
        for what, requests in load.kinds(key).items():
            result = load.run(web.port, requests, clients=chosen.clients, seconds=chosen.seconds, cpu=web.cpu)
            spent[what] = result.cpu_each
            floor = next(iter(spent.values()))
            print(
                f"{name:<12} {what:<28} {result.per_second:>11,.0f} {result.cpu_each * 1e6:>12,.0f} "
                f"{result.cpu_each / floor:>12.1f} {result.p50 * 1e3:>8.1f} {result.p99 * 1e3:>8.1f}",
                flush=True,
            )
        ratio = spent[load.CHECK] / spent[load.BATCH]
        print(f"{name:<12} a check costs {ratio:.1f} times what an id in a batch costs (aim: 25)", flush=True)


def databases() -> Iterator[tuple[str, contextlib.AbstractContextManager[str | None]]]:
    """Each database by name, with what gives its address; SQLite's is a file of the caller's."""
    yield "SQLite", contextlib.nullcontext(None)
    yield "PostgreSQL", postgres.running()


def machine() -> str:
    """The machine in a few words, for whoever compares figures."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} × {model}, {platform.system()}"


if __name__ == "__main__":
    main()
