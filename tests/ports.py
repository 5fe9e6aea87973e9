"""Ports for the servers that tests start, each of them nobody else's until the tests end."""

import socket

_held: list[socket.socket] = []


def free_port() -> int:
    """A port that this machine gives to nobody else: neither before our server is there nor while it is down.

    It is held by a socket on which nobody listens: whoever calls is refused. A server that binds the number itself,
    with SO_REUSEADDR as servers do, comes to listen beside it.
    """
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # from now on; a port that is taken was none for us
    _held.append(held)
    return int(held.getsockname()[1])
