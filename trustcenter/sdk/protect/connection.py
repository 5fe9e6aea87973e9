"""A connection, and what is asked of it everywhere."""

from typing import Any

import psycopg
from psycopg.rows import scalar_row
from psycopg.sql import SQL, Composed

Connection = psycopg.Connection[Any]
Query = SQL | Composed


def scalars(connection: Connection, query: Query | str, values: Any = None) -> list[Any]:
    """The first column of each row."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, values).fetchall()
