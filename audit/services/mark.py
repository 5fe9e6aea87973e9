"""The high-water mark: the last head that anyone may have seen, in a small file outside the database's backups.

A restored database forgets what was published since its backup, and would sign other entries at the same places: a
fork, under our own signature. The file does not forget. It is moved before a head is published, never after, so it may
be ahead of what was read by others, and is never behind it.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from audit.proof import note
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import outside
from audit.services.refusals import Refused

PATIENCE = 5.0  # seconds for another sealer to move it


@dataclass(frozen=True)
class Mark:
    """The last published head, as the note that was signed, and when."""

    head: Checkpoint
    note: str
    signed_at: datetime


def file() -> Path:
    """Where the mark stands."""
    return outside.place("log-mark.json")


@contextmanager
def held() -> Iterator[None]:
    """Keep other sealers from moving the mark. Raises Refused when one holds on to it, or the folder cannot be used."""
    try:
        outside.make()
        lock = (file().parent / "log-mark.lock").open("wb")
    except OSError as problem:
        raise _unwritable(problem) from None
    with lock:
        _wait_for(lock)
        yield


def read(vkeys: Sequence[str]) -> Mark | None:
    """The mark, its signature checked with one of these keys; None where there is none.

    Raises Refused when it cannot be read, or was signed by nobody we know.
    """
    try:
        found = json.loads(file().read_text("utf-8"))
        text, signed_at = str(found["note"]), datetime.fromisoformat(found["signed_at"])
        return Mark(Checkpoint.parse(note.open_note(text, vkeys)), text, signed_at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, ProofError) as problem:
        raise Refused("mark_unreadable", f"The mark {file()} cannot be relied on: {problem}") from None


def write(text: str, *, head: Checkpoint, signed_at: datetime) -> None:
    """Move the mark: whole or not at all, and on the disk before this returns. Raises Refused when it cannot be."""
    content = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "note": text}
    content["signed_at"] = signed_at.isoformat()
    new = file().with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as opened:
            opened.write(json.dumps(content, indent=1))
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file())
        outside.keep_names()
    except OSError as problem:
        raise _unwritable(problem) from None


def _wait_for(lock: IO[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Refused("mark_unwritable", "Another sealer holds the mark and does not let go.") from None
            time.sleep(0.05)


def _unwritable(problem: OSError) -> Refused:
    return Refused("mark_unwritable", f"The mark cannot be kept in {file().parent}: {problem.strerror or problem}.")
