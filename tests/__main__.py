"""What `make test` runs: every test on SQLite, then again on a real PostgreSQL.

Two processes of pytest, one after the other, so that each ends with pytest's own closing line and a
setting of the one cannot reach the other. Tests to which the database makes no difference are
marked `once` and run in the first, those marked `postgres` in the second.
Other arguments go to pytest as they are: `python -m tests -k portal`.
"""

import argparse
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
NOTHING_RAN = 5  # an exit code of pytest
ON_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def main() -> int:
    """Run the passes; give the exit code."""
    options, rest = _arguments()
    codes: list[int] = []
    if options.only != "postgres":
        codes.append(_sqlite(_chosen(rest, options.marks)))
    if options.only == "sqlite" or (any(codes) and _stops_early(rest)):
        return _first_bad(codes)
    try:
        codes.append(_postgres(_chosen(rest, _both(options.marks, "not once")), may_be_empty=codes == [0]))
    except postgres.Unavailable as problem:
        _say(f"PostgreSQL: not tested.\n{problem}")
        return _first_bad([*codes, 1]) if ON_CI or options.only else _first_bad(codes)
    return _first_bad(codes)


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    about = "Run the tests on SQLite, then on a temporary PostgreSQL. Other arguments go to pytest."
    parser = argparse.ArgumentParser(prog="python -m tests", description=about, allow_abbrev=False)
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="run one of the two passes")
    parser.add_argument("-m", dest="marks", metavar="EXPRESSION", help="as in pytest; 'not once' is added to it")
    return parser.parse_known_args()


def _chosen(rest: list[str], marks: str | None) -> list[str]:
    return [*rest, "-m", marks] if marks else rest


def _both(one: str | None, other: str) -> str:
    return f"({one}) and {other}" if one else other


def _first_bad(codes: list[int]) -> int:
    return next((code for code in codes if code), 0)


def _stops_early(rest: list[str]) -> bool:
    return any(part in {"-x", "--exitfirst"} or part.startswith("--maxfail") for part in rest)


def _sqlite(arguments: list[str]) -> int:
    _say(f"SQLite {sqlite3.sqlite_version}")
    return _pytest(arguments, {key: value for key, value in os.environ.items() if key != "DATABASE_URL"})


def _postgres(arguments: list[str], *, may_be_empty: bool) -> int:
    with postgres.running(durable=False) as url:
        with psycopg.connect(url) as connection:
            version = connection.info.parameter_status("server_version")
        _say(f"PostgreSQL {version}")
        code = _pytest(arguments, {**os.environ, "DATABASE_URL": url})
    return 0 if code == NOTHING_RAN and may_be_empty else code


def _say(text: str) -> None:
    sys.stdout.write(f"\n=== {text}\n")
    sys.stdout.flush()


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Run it in this terminal. When we are stopped, it gets time to tidy up: fixtures own browsers."""
    child = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment)
    try:
        return child.wait()
    except BaseException as reason:
        if not isinstance(reason, KeyboardInterrupt):  # Ctrl-C has reached it already
            child.send_signal(signal.SIGINT)
        for step in (child.terminate, child.kill):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(15)
                break
            step()
        raise


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
