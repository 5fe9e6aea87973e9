"""What the follower does to the masks. One customer's line is one transaction; nothing here asks or waits.

A mask is made from the spans that have begun. A span is forgotten before it ends: rows show only while the gate is
open, and before the gate opens until some moment, every span that ends by then is taken away.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from .. import naming
from ..feed import CustomerTold, GrantTold
from ..messages import Customer
from .catalog import given
from .connection import Connection, scalars
from .mapping import Mapping, Table
from .same_database import Together
from .statements import Bits

MANY = 5_000  # rows at once: a maintainer who writes one of them waits for a moment only
PARTS = 256  # of the space of keys; they are hashes, so each part holds as many

FORGET = """
WITH gone AS (DELETE FROM trust.span WHERE customer = ANY(%(customers)s))
DELETE FROM trust.identity WHERE customer = ANY(%(customers)s) RETURNING key
"""
# An identifier that moved to another customer is theirs from the moment that one's line says so.
KNOW = """
INSERT INTO trust.identity (key, customer, part) SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::smallint[])
ON CONFLICT (key) DO UPDATE SET customer = excluded.customer, part = excluded.part
"""
SPANS = """
INSERT INTO trust.span (customer, part, purpose, mask, start, until, begun)
SELECT customer, part, purpose, mask, start, until, start IS NULL OR start <= %s
FROM unnest(%s::bytea[], %s::smallint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
  AS told(customer, part, purpose, mask, start, until)
WHERE until IS NULL OR until > %s
"""
# One look-up for each identifier: nobody may have analysed these tables yet, and a join would read all of them.
_MASKS = """
  SELECT i.key, (SELECT bit_or(s.mask) FROM trust.span s WHERE s.customer = i.customer AND s.part = i.part AND s.begun)
    AS mask FROM trust.identity i WHERE {which}
"""
SET_KEYS = """
WITH made AS ({masks})
UPDATE {{table}} t SET trust_mask = coalesce(made.mask, 0)
FROM unnest(%(keys)s::bytea[]) AS changed(key) LEFT JOIN made USING (key)
WHERE t.trust_key = changed.key AND t.trust_mask <> coalesce(made.mask, 0)
""".format(masks=_MASKS.format(which="i.key = ANY(%(keys)s)"))
_PART = "{key} >= %(low)s AND {key} < %(high)s"
SET_PART = """
WITH made AS ({masks})
UPDATE {{table}} t SET trust_mask = coalesce(made.mask, 0) FROM made
WHERE t.trust_key = made.key AND {part} AND t.trust_mask <> coalesce(made.mask, 0)
""".format(masks=_MASKS.format(which=_PART.format(key="i.key")), part=_PART.format(key="t.trust_key"))
CLEAR_PART = """
UPDATE {{table}} t SET trust_mask = 0
WHERE {part} AND t.trust_mask <> 0 AND NOT EXISTS (SELECT FROM trust.identity i WHERE i.key = t.trust_key)
""".format(part=_PART.format(key="t.trust_key"))
NEW = """
SELECT ctid::text, {id}::text FROM {table} WHERE trust_key IS NULL AND {id} IS NOT NULL{after}
ORDER BY {id} LIMIT {many} FOR UPDATE SKIP LOCKED
"""
AFTER = " AND {id} >= {last}"  # or each part would pass over all that were seen before it
SET_NEW = """
WITH made AS ({masks})
UPDATE {{table}} t SET trust_key = seen.key, trust_mask = coalesce(made.mask, 0)
FROM unnest(%(rows)s::tid[], %(keys)s::bytea[]) AS seen(row, key) LEFT JOIN made USING (key)
WHERE t.ctid = seen.row
""".format(masks=_MASKS.format(which="i.key = ANY(%(keys)s)"))
# Ends first and beginnings after them, in one statement each; both give back whose masks are to be made anew.
ENDED = "DELETE FROM trust.span WHERE until <= %s RETURNING customer"
BEGUN = "UPDATE trust.span SET begun = true WHERE NOT begun AND start <= %s RETURNING customer"
CLOSE = "UPDATE trust.gate SET until = '-infinity', stale = true WHERE purpose = ANY(%s)"
CLOSE_ALL = "UPDATE trust.gate SET until = '-infinity'"
OPEN = "UPDATE trust.gate SET since = %s, until = %s WHERE NOT stale"


class Window(NamedTuple):
    """The service's time: it is this late at least; and no later than that when the present lease ends."""

    earliest: datetime
    horizon: datetime


@dataclass
class Kept:
    """The masks of one database, on a connection that acts as the follower. bits: what each bit means."""

    connection: Connection
    mapping: Mapping
    bits: Bits
    together: Together

    @classmethod
    def of(cls, connection: Connection, mapping: Mapping) -> "Kept":
        return cls(connection, mapping, given(connection), Together(connection, mapping.same_database))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that sets masks."""
        with self.connection.transaction():
            self.together.lock()
            yield

    def apply(self, told: CustomerTold, window: Window, seen: str) -> bool:
        """All that now stands for a customer; inside the caller's transaction. False where it is too old by now.

        seen: what had been taken away when it was asked for.
        """
        rows = Rows.of([told], self.bits)
        if rows.grants and self.together.too_old(rows.customers, seen):
            return False
        keys = scalars(self.connection, FORGET, {"customers": rows.customers})
        self.connection.execute(KNOW, rows.identities())
        self.connection.execute(SPANS, [window.earliest, *rows.spans(), window.horizon])
        self._set([*keys, *rows.whose])
        return True

    def turn(self, window: Window) -> None:
        """What time alone changes; inside the caller's transaction, before the gate opens until the horizon."""
        turned = scalars(self.connection, ENDED, [window.horizon]) + scalars(self.connection, BEGUN, [window.earliest])
        if turned:
            keys = "SELECT key FROM trust.identity WHERE customer = ANY(%s)"
            self._set(scalars(self.connection, keys, [list(set(turned))]))

    def see_new(self, key: bytes) -> Iterator[int]:
        """Give rows that nobody has seen yet their keys and masks, a few thousand in a transaction; their numbers."""
        for table in self.mapping.tables:
            rows = [("", "")] * MANY
            after: Composable = SQL("")
            while len(rows) == MANY:
                with self.writing():
                    query = SQL(NEW).format(**_names(table), after=after, many=Literal(MANY))
                    rows = self.connection.execute(query).fetchall()
                    keys = [_key(key, table.namespace, value) for _, value in rows]
                    if rows:
                        self.connection.execute(_sql(SET_NEW, table), {"rows": [row for row, _ in rows], "keys": keys})
                        after = SQL(AFTER).format(id=Identifier(table.id), last=Literal(rows[-1][1]))
                if rows:
                    yield len(rows)

    def set_all(self) -> Iterator[tuple[int, int]]:
        """Make every mask what the spans say, a part of the rows in each transaction; how many parts are done, of how
        many.
        """
        parts = min(PARTS, 2 ** (self.rows() // MANY).bit_length())
        edges = [bytes([place]) for place in range(0, PARTS, PARTS // parts)]
        for part, (low, high) in enumerate(zip(edges, [*edges[1:], b"\xff" * 17], strict=True), 1):
            for table in self.mapping.tables:
                with self.writing():
                    for each in (SET_PART, CLEAR_PART):
                        self.connection.execute(_sql(each, table), {"low": low, "high": high})
            yield part, parts

    def rows(self) -> int:
        """How many rows there are, about."""
        count = "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::int8 FROM pg_class WHERE oid = ANY(%s::regclass[])"
        names = [Identifier(*table.name).as_string(self.connection) for table in self.mapping.tables]
        return int(scalars(self.connection, count, [names])[0])

    def forget_keys(self) -> None:
        """The hashes are made with another key from now on: no row has been seen under it."""
        self.together.forget()
        for table in self.mapping.tables:
            query = SQL("UPDATE {table} SET trust_key = NULL, trust_mask = 0 WHERE trust_key IS NOT NULL")
            self.connection.execute(query.format(**_names(table)))

    def _set(self, keys: Iterable[bytes]) -> None:
        values = {"keys": list(set(keys))}
        for table in self.mapping.tables:
            self.connection.execute(_sql(SET_KEYS, table), values)


@dataclass
class Rows:
    """What lines tell, as rows. whose: by key, the customer and the part; the last line that names it counts."""

    customers: list[bytes]
    whose: dict[bytes, tuple[bytes, int]]
    grants: list[tuple[Any, ...]]

    @classmethod
    def of(cls, told: Iterable[CustomerTold], bits: Bits) -> "Rows":
        """Who permits nothing that a table holds is not kept. Raises Malformed."""
        last = {naming.decoded(each.customer): each for each in told}
        made = cls(list(last), {}, [])
        for customer, each in last.items():
            for part, identity in enumerate(each.identities):
                grants = [(grant, _mask(grant, bits)) for grant in identity.grants]
                made.grants += [
                    (customer, part, grant.purpose, mask, grant.start, grant.end) for grant, mask in grants if mask
                ]
                keys = identity.ids if any(mask for _, mask in grants) else ()
                made.whose |= {naming.decoded(key): (customer, part) for key in keys}
        return made

    def identities(self) -> list[list[Any]]:
        return [list(self.whose), *([each[place] for each in self.whose.values()] for place in range(2))]

    def spans(self) -> list[list[Any]]:
        return [[each[place] for each in self.grants] for place in range(6)]


def _mask(grant: GrantTold, bits: Bits) -> int:
    numbers = [bits.get((grant.purpose, category)) for category in set(grant.categories)]
    return sum(1 << number for number in numbers if number is not None)


def moment(seconds: float) -> datetime:
    """A moment of the epoch, within what a database can hold."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), 253_402_000_000.0), UTC)


def _key(key: bytes, namespace: str, value: str) -> bytes:
    """The hash of an identifier; that of NUL, which no text of PostgreSQL holds, for one that is empty and nobody's."""
    return naming.name(key, Customer(namespace, value or "\0"))


def _names(table: Table) -> dict[str, Identifier]:
    return {"table": Identifier(*table.name), "id": Identifier(table.id)}


def _sql(template: Any, table: Table) -> Composed:
    return SQL(template).format(table=Identifier(*table.name))
