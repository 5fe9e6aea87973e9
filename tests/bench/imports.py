"""How fast a file of consents comes in, and in how much memory: a real `import-consents` of people who are all new.

python -m tests.bench.imports                        10,000 rows on SQLite
python -m tests.bench.imports --rows 1000000         the promise: at most 400 MB
python -m tests.bench.imports --rows 1000000 --people 20000    the same of fewer people: most rows stand already
python -m tests.bench.imports --database postgres    on a PostgreSQL of its own
python -m tests.bench.imports --dry-run              try everything, keep nothing
"""

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "trustcenter" / "demo" / "kestrel-park.yaml"
HEAD = "namespace,id,purpose,act,collected_at,language\n"


def main() -> None:
    """Write a file, import it in a process of its own, and print one line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.imports", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000, help="length of the file (default 10,000)")
    parser.add_argument("--people", type=int, default=0, help="how many different ones (default: one a row)")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--dry-run", action="store_true")
    chosen = parser.parse_args()
    server = postgres.running() if chosen.database == "postgres" else contextlib.nullcontext("")
    with server as url, tempfile.TemporaryDirectory() as name:
        place = {"DATABASE_URL": url or f"sqlite:///{name}/bench.sqlite3", "TRUST_DATA_DIR": name, "LOG_LEVEL": "ERROR"}
        _trustcenter("migrate", place=place, out=subprocess.DEVNULL)
        _trustcenter("catalogue", "apply", str(CATALOGUE), place=place, out=subprocess.DEVNULL)
        file = Path(name) / "people.csv"
        with file.open("w") as rows:
            rows.write(HEAD)
            rows.writelines(_row(number % (chosen.people or chosen.rows)) for number in range(chosen.rows))
        begun = time.monotonic()
        _trustcenter("import-consents", str(file), *(["--dry-run"] if chosen.dry_run else []), place=place)
        taken = time.monotonic() - begun
    # The largest of all children: the import itself, unless it was smaller than what came before it.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{chosen.database}: {chosen.rows / taken:,.0f} rows/s, {taken:,.0f} s, peak {peak:,.0f} MB")


def _trustcenter(*words: str, place: dict[str, str], out: int | None = None) -> None:
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=os.environ | place, check=True, stdout=out)


def _row(number: int) -> str:
    act = "give" if number % 4 else "refuse"
    return f"customer,C-{number},personal_offers,{act},2026-03-{number % 28 + 1:02}T09:12:00Z,en\n"


if __name__ == "__main__":
    main()
