"""A copy in a file, so that a restart need not read everything again.

The lines of a snapshot without the key that names customers, and under them a seal made with that key. So the file
alone lets nobody try guessed identifiers, and one that was altered, or is another recipient's, is not used. A copy
from a file permits nothing until the service was asked what happened since.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path

import msgspec

from .calls import Malformed
from .copies import Copy
from .feed import CustomerTold, End, Snapshot, decoded

MARK = b"kept"


def save(path: Path, copy: Copy, recipient: str) -> None:
    """Write the file anew, readable by its owner only; the old one stays until then. Raises OSError."""
    place, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(place, "wb") as file:
            seal = blake2b(key=copy.key, person=MARK)
            for line in _lines(copy, recipient):
                seal.update(line)
                file.write(line)
            file.write(seal.hexdigest().encode())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def load(path: Path, key: bytes, recipient: str) -> Copy | None:
    """The copy as it was saved under the key; None where there is none, or not a whole one."""
    try:
        with path.open("rb") as file:
            return _read(file, key, recipient)
    except (OSError, Malformed):
        return None


def _lines(copy: Copy, recipient: str) -> Iterator[bytes]:
    """It may change while it is written: what the log says after the position is told again to whoever reads it."""
    (position, mark), count = copy.at, 0
    purposes = {name: tuple(categories) for name, categories in copy.purposes.items()}
    yield msgspec.json.encode(Snapshot(position, mark, recipient, "", purposes)) + b"\n"
    for each in copy.customers():
        count += bool(each.identities)
        yield msgspec.json.encode(each) + b"\n"
    yield msgspec.json.encode(End(position, count)) + b"\n"


def _read(file: Iterator[bytes], key: bytes, recipient: str) -> Copy | None:
    seal = blake2b(key=key, person=MARK)
    copy, whole = None, False
    for line in file:
        if whole:
            return copy if compare_digest(line, seal.hexdigest().encode()) else None
        seal.update(line)
        told = decoded(line)
        if copy is None:
            if not isinstance(told, Snapshot) or told.recipient != recipient:
                return None
            copy = Copy(key, (told.position, told.mark), told.purposes)
        elif isinstance(told, CustomerTold):
            copy.apply(told)
        else:
            whole = isinstance(told, End) and (told.position, told.customers) == (copy.position, len(copy))
    return None
