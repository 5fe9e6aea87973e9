"""A snapshot while it is read: in tables of this session, so that one which is cut leaves nothing behind."""

from collections.abc import Sequence

from ..feed import CustomerTold
from .connection import scalars
from .masks import Kept, Rows, Window

CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS trust_identity (key bytea, customer bytea, part smallint);
CREATE TEMPORARY TABLE IF NOT EXISTS trust_span
  (customer bytea, part smallint, purpose text, mask bigint, start timestamptz, until timestamptz, begun boolean);
TRUNCATE pg_temp.trust_identity, pg_temp.trust_span;
"""
KNOW = "COPY pg_temp.trust_identity (key, customer, part) FROM STDIN"
SPANS = "COPY pg_temp.trust_span (customer, part, purpose, mask, start, until, begun) FROM STDIN"
SWAP = """
DELETE FROM trust.identity;
DELETE FROM trust.span;
INSERT INTO trust.identity SELECT DISTINCT ON (key) key, customer, part FROM pg_temp.trust_identity;
INSERT INTO trust.span SELECT * FROM pg_temp.trust_span;
TRUNCATE pg_temp.trust_identity, pg_temp.trust_span;
"""


class Stage:
    """What was read so far."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.customers = 0
        kept.connection.execute(CREATE)

    def add(self, told: Sequence[CustomerTold], window: Window) -> None:
        """Raises Malformed."""
        rows = Rows.of(told, self._kept.bits)
        self.customers += len(rows.customers)
        with self._kept.connection.cursor() as cursor:
            with cursor.copy(KNOW) as copy:
                for key, (customer, part) in rows.whose.items():
                    copy.write_row((key, customer, part))
            with cursor.copy(SPANS) as copy:
                for grant in rows.grants:
                    start, end = grant[-2:]
                    if end is None or end > window.horizon:
                        copy.write_row((*grant, start is None or start <= window.earliest))

    def swap(self, seen: str) -> None:
        """It takes the place of what stands; inside the caller's transaction, behind closed gates.

        seen: what had been taken away when it was asked for. Of whom something was since, the next changes tell.
        """
        customers = scalars(self._kept.connection, "SELECT DISTINCT customer FROM pg_temp.trust_span")
        if old := self._kept.together.too_old(customers, seen):
            self._kept.connection.execute("DELETE FROM pg_temp.trust_span WHERE customer = ANY(%s)", [list(old)])
        self._kept.connection.execute(SWAP)
