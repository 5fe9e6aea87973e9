"""A server on a real port that does what a script says: answers, lies, hangs up, or says nothing at all."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

YES = {
    "decision": True,
    "context": {"id": "019", "reason": "permitted", "token": "t1.00", "categories": {"allowed": ["contact.email"]}},
}
Act = Callable[[socket.socket], Any]


def answer(status: int = 200, body: Any = YES, **headers: str) -> Act:
    """A whole answer; bytes go as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    told = {"Content-Length": str(len(raw)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Word", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + raw)


def cut(connection: socket.socket) -> None:
    """Half of a yes, and then nothing."""
    raw = msgspec.json.encode(YES)
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw[:40])


def close(connection: socket.socket) -> None:
    """Hang up without a word."""


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    with contextlib.suppress(OSError):
        connection.recv(1)


def drip(connection: socket.socket) -> None:
    """A body that never ends, a byte at a time: each read succeeds."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.05)


@dataclass
class Scripted:
    """The running server. `script`: what to do with each request, in order; the last is done for ever."""

    script: list[Act]
    url: str
    requests: list[bytes] = field(default_factory=list)

    def headers(self, name: str) -> list[str]:
        """What each request said under a header."""
        wanted = f"{name.lower()}: "
        lines = [each.split(b"\r\n\r\n")[0].decode().split("\r\n") for each in self.requests]
        return [line[len(wanted) :] for each in lines for line in each if line.lower().startswith(wanted)]


@contextlib.contextmanager
def scripted(*script: Act) -> Iterator[Scripted]:
    """Serve the script on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Scripted(list(script), f"http://127.0.0.1:{door.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(door, server), daemon=True)
        thread.start()
        yield server
        door.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _serve(door: socket.socket, server: Scripted) -> None:
    while True:
        try:
            connection = door.accept()[0]
        except OSError:
            return
        try:
            server.requests.append(_request(connection))
        except OSError:  # a client that gave up before it had asked
            connection.close()
            continue
        act = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        threading.Thread(target=_do, args=(act, connection), daemon=True).start()


def _do(act: Act, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        act(connection)


def _request(connection: socket.socket) -> bytes:
    """One whole request."""
    raw = _more(connection)
    while b"\r\n\r\n" not in raw:
        raw += _more(connection)
    head, _, body = raw.partition(b"\r\n\r\n")
    length = int(
        next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    )
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    some = connection.recv(65536)
    if not some:
        raise ConnectionResetError
    return some
