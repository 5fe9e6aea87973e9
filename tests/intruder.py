"""Somebody who holds the whole database, our keys, and a list of whom to look for: what can they tell?"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from audit import vault
from audit.models import Entry, Payload, SubjectSecret
from audit.proof import canonical, commitment
from audit.vault import Unreadable, Vault
from consent.models import Answer, ConsentEvent, Identifier, Receipt, Scan, Suppression
from consent.services.handles import Handle

# That somebody is to be left alone is kept on purpose; it leads to nothing else (tests of suppressions).
KEPT = {Suppression._meta.db_table}


@dataclass(frozen=True)
class Loot:
    """What was carried away: every row of every table, and on SQLite the bytes of the files."""

    rows: dict[str, list[dict[str, Any]]]
    files: bytes = b""


@dataclass(frozen=True)
class Prey:
    """Whom they look for. words: what would give them away; pseudonyms: what an old receipt of theirs tells."""

    who: Sequence[Handle]
    words: Sequence[str]
    pseudonyms: Sequence[str]
    requests: Sequence[bytes] = field(default=())


def carry_away() -> Loot:
    """Everything the database holds at this moment."""
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            rows[table] = [dict(zip(names, map(_plain, line), strict=True)) for line in cursor.fetchall()]
    return Loot(rows, files())


def files() -> bytes:
    """The bytes of the database and of its write-ahead log; none where a server keeps them."""
    if connection.vendor != "sqlite":
        return b""
    path = str(connection.settings_dict["NAME"])
    return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())


def tells(loot: Loot, prey: Prey) -> set[str]:
    """In which ways the loot tells something of them."""
    ways = {
        "readable": _readable,
        "found by a hash": _hashed,
        "opened": _opened,
        "committed to": _committed,
    }
    return {f"{way}: {place}" for way, look in ways.items() for place in look(loot, prey)}


def _readable(loot: Loot, prey: Prey) -> Iterator[str]:
    wanted = [word.encode() for word in prey.words]
    for table, name, cell in _cells(loot):
        if any(word in cell for word in wanted):
            yield f"{table}.{name}"
    if any(word in loot.files for word in wanted):
        yield "files"


def _hashed(loot: Loot, prey: Prey) -> Iterator[str]:
    """With and without our keys; what was asked, by the digest of the request."""
    known = {vault.lookup_hash(who.namespace, who.id) for who in prey.who}
    known |= {
        hashlib.sha256(text.encode()).digest() for who in prey.who for text in (who.id, f"{who.namespace}\0{who.id}")
    }
    known |= {hashlib.sha256(each).digest() for each in prey.requests}
    lists = {hashlib.sha256(f"{who.id}\n".encode()).hexdigest().encode() for who in prey.who}
    if any(each in plain for each in lists for plain in _plains(loot, vault.house())):
        yield "a list of one"
    for table, name, cell in _cells(loot):
        if cell in known:
            yield f"{table}.{name}"
    if any(each in loot.files for each in known):
        yield "files"


def _opened(loot: Loot, prey: Prey) -> Iterator[str]:
    """Every box tried on all that is closed; what opens must speak of them, or be theirs."""
    words = [word.encode() for word in (*prey.words, *prey.pseudonyms)]
    for owner, box in _boxes(loot):
        for table, sealed, place in _sealed(loot):
            try:
                plain = box.open(sealed, place)
            except Unreadable:
                continue
            if owner in prey.pseudonyms or any(word in plain for word in words):
                yield table


def _plains(loot: Loot, box: Vault) -> Iterator[bytes]:
    for _, sealed, place in _sealed(loot):
        with suppress(Unreadable):
            yield box.open(sealed, place)


def _committed(loot: Loot, prey: Prey) -> Iterator[str]:
    """The payload of an entry, guessed: the right guess shows itself by its salt."""
    guesses = [canonical.dumps({"namespace": who.namespace, "identifier": who.id}) for who in prey.who]
    for row in loot.rows[Entry._meta.db_table]:
        said = canonical.loads(row["leaf"])["commitment"]
        for _, box in _boxes(loot):
            if any(commitment.commit(box.salt(_uuid(row["id"])), guess) == said for guess in guesses):
                yield row["action"]


def _boxes(loot: Loot) -> list[tuple[str, Vault]]:
    """Every secret that our keys unwrap, and the box of the house."""
    wrapper, rows = vault._wrapper(), loot.rows[SubjectSecret._meta.db_table]
    return [("", vault.house())] + [
        (row["pseudonym"], Vault(wrapper.open(row["wrapped"], row["pseudonym"]))) for row in rows
    ]


def _sealed(loot: Loot) -> Iterator[tuple[str, bytes, str]]:
    """All that is closed, with the place that it is bound to."""
    events = {row["id"]: _uuid(row["entry_id"]) for row in loot.rows[ConsentEvent._meta.db_table]}
    places = {
        Payload: lambda row: _uuid(row["entry_id"]),
        Identifier: lambda row: row["lookup_hash"].hex(),
        Scan: lambda row: f"scan {row['digest']}",
        Receipt: lambda row: f"receipt:{events[row['event_id']]}",
    }
    for model, place in places.items():
        for row in loot.rows[model._meta.db_table]:
            yield model._meta.db_table, row["sealed"], place(row)
    for row in loot.rows[Answer._meta.db_table]:
        yield Answer._meta.db_table, row["body"], row["name_hash"].hex()


def _cells(loot: Loot) -> Iterator[tuple[str, str, bytes]]:
    for table, rows in loot.rows.items():
        for row in rows if table not in KEPT else ():
            for name, value in row.items():
                yield table, name, value if isinstance(value, bytes) else str(value).encode()


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _uuid(value: Any) -> str:
    text = str(value).replace("-", "")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
