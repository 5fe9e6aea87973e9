"""serve: web, worker and sealer as one tree of processes."""

import argparse
import hashlib
import ipaddress
import os
import shutil
import socket
import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from audit import keys
from trustcenter import grants, health, theme
from trustcenter.commands import terminal
from trustcenter.processes import Part, Tree

_ABOUT = """\
Web, worker with its timetable, and sealer: one tree of processes, one log on standard error. SIGTERM or Ctrl-C ends
all of it within 10 seconds. With the defaults it needs no server: SQLite and broker stand in $TRUST_DATA_DIR."""
_EXAMPLES = """\
  trustcenter serve                            on http://127.0.0.1:8000
  trustcenter serve --bind 127.0.0.1:9000 --workers 4
  PUBLIC_URL=https://consent.example.org trustcenter serve --bind 0.0.0.0:8000
      Behind a proxy that speaks https. Plain http is served on loopback only.
"""
# SHA-256 of 32 equal bytes (0, 1, 255) and of counting bytes: what examples and tests use as keys.
_KNOWN = {
    hashlib.sha256(each).hexdigest() for each in (*(bytes([value]) * 32 for value in (0, 1, 255)), bytes(range(32)))
}


def add(commands: Any) -> None:
    parser = terminal.command(
        commands, "serve", _serve, short="run web, worker and sealer", about=_ABOUT, examples=_EXAMPLES
    )
    parser.add_argument(
        "--bind", type=address, default=("127.0.0.1", 8000), metavar="ADDRESS:PORT", help="where to listen"
    )
    parser.add_argument("--workers", type=_positive, default=min(4, os.cpu_count() or 1), help="web processes")


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:8000` or `[::1]:8000` in its parts; for argparse."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not an address such as 127.0.0.1:8000")
    return host, int(port)


def netloc(host: str, port: int) -> str:
    """Host and port as they stand in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def obstacles(host: str, port: int) -> list[str]:
    """Why serving here would be wrong, one sentence each."""
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on, and would show code and data to strangers. Unset DEBUG.")
    if not _loopback(host) and not settings.HTTPS:
        found.append(
            f"{host} can be reached from outside, and http is open to read. Set PUBLIC_URL to an https address."
        )
    try:
        found += [
            f"The key “{name}” is a known example. Remove it; `trustcenter migrate` makes a random one."
            for name in keys.NAMES
            if not (settings.SIGNER and name in keys.PRIVATE)
            if hashlib.sha256(keys.key(name)).hexdigest() in _KNOWN
        ]
    except ImproperlyConfigured as problem:
        found.append(str(problem))
    found += theme.current().problems
    if lacking := health.missing_migrations():
        found.append(f"The database lacks {len(lacking)} migrations. Run `trustcenter migrate` first.")
    else:
        found += health.returned()
        found += grants.findings(connection) if settings.STRICT_ROLES else []
    if taken := _taken(host, port):
        found.append(f"Cannot listen at {netloc(host, port)}: {taken}. Choose another address with --bind.")
    return found


def run(host: str, port: int, workers: int) -> int:
    """Run the tree until a signal; the caller has looked at `obstacles`."""
    # The log keeps its name when the address changes; links follow the address.
    os.environ.setdefault("LOG_ORIGIN", settings.LOG_ORIGIN)
    os.environ.setdefault("PUBLIC_URL", f"http://{netloc(host, port)}")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.METRICS_DIR)
    shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)
    settings.METRICS_DIR.mkdir(mode=0o700, parents=True)
    python = [sys.executable, "-m"]
    # What signs never comes near what strangers talk to.
    web = {keys.PART: "web", "TRUST_KEYS": keys.without_private(settings.TRUST_KEYS)}
    return Tree(
        [
            Part("web", [*python, "trustcenter.web", host, str(port), str(workers)], vital=True, environment=web),
            Part("sealer", [*python, "trustcenter.cli", "seal"]),
            Part("worker", [*python, "trustcenter.worker"]),
        ]
    ).run()


def _serve(options: argparse.Namespace) -> int:
    host, port = options.bind
    if found := obstacles(host, port):
        return terminal.complain(*found)
    for finding in grants.findings(connection):
        structlog.get_logger("serve").warning("more rights than needed", finding=finding)
    return run(host, port, options.workers)


def _taken(host: str, port: int) -> str:
    """Why nothing of ours can listen here; "" when it can.

    The web server itself would not notice: it shares a port with whoever else is willing to, and each request then
    goes to either of two services.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was left a moment ago is free
        try:
            probe.bind((host, port))
        except OSError as problem:
            return problem.strerror or str(problem)
    return ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)
