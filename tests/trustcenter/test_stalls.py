"""A worker is not held for ever by a caller who stops: a real server, and callers who stop sending and reading."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.serving import command, prepared, serving, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("stalls")]
PATIENCE = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("stalls"))


@pytest.fixture(scope="module")
def served(folder):
    key = command(folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide").stdout.split()[0]
    # Of two threads one who is late holds half.
    with serving(folder, call=("serve", "--workers", "1"), WEB_THREADS="2") as running:
        yield running, key


@contextmanager
def sent(served, head: str, body: bytes = b"") -> Iterator[socket.socket]:
    """A connection on which a list is being sent."""
    running, key = served
    lines = [
        "POST /api/v1/audience?purpose=personal_offers HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {key}",
        "Content-Type: text/plain",
        head,
    ]
    with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as caller:
        caller.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        yield caller


def spooled(folder: Path) -> list[str]:
    """Files without a name that processes of this server hold in its folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            name = str(place.readlink())
            found += [name] if name.startswith(str(folder)) and "(deleted)" in name else []
    return found


def test_a_list_without_a_declared_length_is_read_to_its_end(served):
    with sent(served, "Transfer-Encoding: chunked", b"4\r\nC-1\n\r\n3\r\nC-2\r\n0\r\n\r\n") as caller:
        answer = b""
        while b"unknown=" not in answer and (some := caller.recv(4096)):
            answer += some
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"asked=2, allowed=0, refused=0, unknown=2" in answer


def test_a_sender_who_stops_is_cut_off_and_the_next_caller_is_served(served):
    running, _ = served
    with sent(served, "Content-Length: 1000", b"C-1001\nC-") as caller:
        assert running.is_ready()
        with suppress(ConnectionResetError):
            assert caller.recv(100) == b""
        until(running.is_ready)
    assert any("callers who stopped" in line["event"] for line in running.lines())


def test_a_body_without_an_end_of_line_is_refused_long_before_it_has_come(served):
    count = 0
    with sent(served, "Content-Length: 250000000") as caller, suppress(OSError):
        for count in range(250):  # noqa: B007  how much was taken
            caller.sendall(b"x" * 1_000_000)
    assert count < 100


def test_a_caller_who_stops_reading_holds_nothing_for_long(served, folder):
    running, _ = served
    body = b"C-1001\n" * 400_000
    head = f"Accept: application/x-ndjson\r\nContent-Length: {len(body)}"
    with sent(served, head, body) as caller:
        assert caller.recv(100).startswith(b"HTTP/1.1 200")
        assert spooled(folder)
        until(lambda: not spooled(folder))
        until(running.is_ready)
