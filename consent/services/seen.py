"""What a dry run has seen. Kept on the disk: nothing of it stays in the tables, and a file may have any length."""

import hashlib
import secrets
import sqlite3


class Seen:
    """A set of texts, of which only hashes under a key of this run are kept, in a file that nobody else can open."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._rows = sqlite3.connect("", isolation_level=None)  # SQLite's own temporary file, gone when it is closed
        self._rows.execute("BEGIN")
        self._rows.execute("CREATE TABLE seen (place BLOB PRIMARY KEY) WITHOUT ROWID")

    def __contains__(self, text: str) -> bool:
        return self._rows.execute("SELECT 1 FROM seen WHERE place = ?", [self._place(text)]).fetchone() is not None

    def add(self, text: str) -> None:
        self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?)", [self._place(text)])

    def close(self) -> None:
        self._rows.close()

    def _place(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=16).digest()
