"""Whose turn it is to seal: one process of any number, the others stand by.

It only chooses, so that not all do the same work: what makes sealing safe is the locked and compared head (seal.py).
The lock ends with its process, and on PostgreSQL with its connection; a pooler that shares connections between
transactions must not stand between sealer and database.
"""

import fcntl
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

_SEALER = 0x5EA1  # our own room among the database's advisory locks


class Turn:
    """A sealer's place in the queue."""

    def __init__(self) -> None:
        self._session: Any = None
        self._file: IO[bytes] | None = None

    def mine(self) -> bool:
        """Whether this process seals now; asks for the turn when it has none."""
        return self._in_database() if connection.vendor == "postgresql" else self._by_file()

    def end(self) -> None:
        """Let another have the turn."""
        if self._file:
            self._file.close()
        if self._session is not None and self._session is connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_SEALER])
        self._session = self._file = None

    def _in_database(self) -> bool:
        connection.ensure_connection()
        if self._session is connection.connection:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_SEALER])
            self._session = connection.connection if cursor.fetchone()[0] else None
        return self._session is not None

    def _by_file(self) -> bool:
        """SQLite is one file on one machine, and so are its sealers."""
        if self._file is None:
            folder = Path(settings.OUTSIDE_DIR)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = (folder / "sealer.lock").open("wb")
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                opened.close()
                return False
            self._file = opened
        return True
