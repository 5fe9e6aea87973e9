"""A network between us and PostgreSQL that loses the reply of one COMMIT: after it was done, or before it could be."""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterator

_ENCRYPTION = (80877103, 80877104)


class Network:
    """Passes everything on. `lose(n, persisted=…)` cuts the connection at the n-th COMMIT from now."""

    def __init__(self, host: str, port: int) -> None:
        self.there = (host, port)
        self.left, self.persisted, self.lost = 0, False, False
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._let_in, daemon=True).start()

    def lose(self, number: int, *, persisted: bool) -> None:
        self.left, self.persisted, self.lost = number, persisted, False

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self.door.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.there) as server:
            for end in (client, server):  # else each small message waits 40 ms for the next
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            silent = threading.Event()
            back = threading.Thread(target=self._back, args=(server, client, silent), daemon=True)
            back.start()
            with contextlib.suppress(OSError, EOFError):
                self._pass_on(client, server, silent)
            if silent.is_set():
                back.join(60)  # until the reply that nobody gets has come, or will not
            _shut(client)
            _shut(server)
            back.join(60)

    def _pass_on(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        """From the client, message by message, up to the COMMIT whose reply is lost."""
        _begin(client, server)
        while True:
            kind, size = struct.unpack("!cI", _read(client, 5))
            body = _read(client, size - 4)
            if kind in b"QP" and b"COMMIT" in body:
                self.left -= 1
                if self.left == 0:
                    self.lost = True
                    silent.set()
                    if self.persisted:
                        server.sendall(struct.pack("!cI", kind, size) + body)
                    return
            server.sendall(struct.pack("!cI", kind, size) + body)

    def _back(self, server: socket.socket, client: socket.socket, silent: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while True:
                if select.select([server], [], [], 0.05)[0]:
                    some = server.recv(65_536)
                    if silent.is_set() or not some:
                        return _shut(client)
                    client.sendall(some)
                elif silent.is_set() and not self.persisted:
                    return _shut(client)


def _begin(client: socket.socket, server: socket.socket) -> None:
    """What comes before typed messages; encryption is asked for first, and declined."""
    while True:
        size, code = struct.unpack("!II", _read(client, 8))
        if code not in _ENCRYPTION:
            return server.sendall(struct.pack("!II", size, code) + _read(client, size - 8))
        client.sendall(b"N")


def _read(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        some = source.recv(size - len(found))
        if not some:
            raise EOFError
        found += some
    return found


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def between(host: str, port: int) -> Iterator[Network]:
    """A network to a server."""
    network = Network(host, port)
    try:
        yield network
    finally:
        network.door.close()
