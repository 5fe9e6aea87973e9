"""Row-level security and masked views against the same table without them: CPU time of the backend.

python -m tests.bench.protect              a million rows, five interleaved rounds, about two minutes
python -m tests.bench.protect --rows 1e5

The floor is the bare table with the policy's own test written by hand into the query: what row-level security adds to
it is what PostgreSQL itself costs. Every sort of access is measured in each round, one after the other.
"""

import argparse
import random
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg

from tests import postgres
from tests.bench.__main__ import machine
from trustcenter.sdk.protect import Mapping, apply

TABLES = """
CREATE SCHEMA crm; CREATE ROLE crm_offers;
CREATE TABLE crm.customers (customer_no text PRIMARY KEY, email text, basket text, loyalty int);
INSERT INTO crm.customers
  SELECT 'C-' || n, 'c' || n || '@example.org', repeat('shoes ', 5), n FROM generate_series(1, {rows}) n;
"""
MAPPING = Mapping.of(
    {
        "tables": [
            {
                "table": "crm.customers",
                "id": "customer_no",
                "namespace": "customer",
                "columns": {"email": "contact.email", "basket": "purchase_history", "loyalty": None},
            }
        ],
        "purposes": {"personal_offers": {"roles": ["crm_offers"]}, "newsletter": {}},
    }
)
# Six in ten say yes to something: the bare table is given the same columns and masks, so that rows are as wide.
MASKS = """
SET ROLE trustcenter_follower;
UPDATE crm.customers SET trust_mask = (ARRAY[0, 0, 4, 8, 3, 3, 3, 1, 2, 7])[1 + abs(hashtext(customer_no)) % 10];
UPDATE trust.gate SET since = '-infinity', until = 'infinity';
RESET ROLE;
CREATE TABLE crm.bare AS TABLE crm.customers;
ALTER TABLE crm.bare ADD PRIMARY KEY (customer_no);
GRANT SELECT ON crm.bare TO crm_offers, trust_personal_offers;
GRANT USAGE ON SCHEMA crm TO crm_offers;
"""
BY_HAND = "crm.bare WHERE trust_mask & 3 <> 0"
# What is read, and as whom.
WAYS = {
    "bare table": ("crm.bare WHERE true", "crm_offers"),
    "floor: the test by hand": (BY_HAND, "crm_offers"),
    "row-level security": ("crm.customers WHERE true", "trust_personal_offers"),
    "masked view": ("trust_personal_offers.customers WHERE true", "crm_offers"),
}
# Two scans: one that does next to nothing with a row, so that every nanosecond of ours shows; one that reads it.
COUNT = "SELECT count(email), count(basket), sum(loyalty) FROM {}"
READ = "SELECT count(*), sum(length(email)), sum(length(basket)), sum(loyalty) FROM {}"
POINT = "SELECT email, basket, loyalty FROM {} AND customer_no = %s"
POINTS = 4_000


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.protect", description=__doc__)
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with postgres.running(durable=False) as url:
        address = url.replace("//trustcenter:", "//postgres:")
        with psycopg.connect(address, autocommit=True) as connection:
            prepare(connection, chosen.rows)
            found = measure(connection, chosen.rows, chosen.rounds)
    print(f"Machine: {machine()}; {chosen.rows:,} rows, {chosen.rounds} rounds, CPU of the backend, medians.\n")
    print(f"{'way':<26} {'count ms':>9} {'×':>6} {'read ms':>9} {'×':>6} {'point µs':>9} {'×':>6}")
    base = found["bare table"]
    for way, each in found.items():
        cells = zip(each, base, (1e6, 1e6, 1e3), strict=True)
        print(f"{way:<26}", *(f"{spent / unit:>9.1f} {spent / bare:>6.2f}" for spent, bare, unit in cells))


def prepare(connection: psycopg.Connection, rows: int) -> None:
    connection.execute(TABLES.format(rows=rows))
    apply(connection, MAPPING)
    connection.execute(MASKS)
    for table in ("crm.customers", "crm.bare"):
        connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.execute("SET jit = off")


def measure(connection: psycopg.Connection, rows: int, rounds: int) -> dict[str, tuple[float, ...]]:
    """Each way: the medians of both scans and of one look-up, in ns of the backend's CPU, after a round to warm up."""
    spent: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
    ways = list(WAYS)
    for _ in range(rounds + 1):
        random.shuffle(ways)
        for way in ways:
            source, role = WAYS[way]
            connection.execute(f"SET ROLE {role}")
            scans = [cpu(connection, partial(connection.execute, each.format(source))) for each in (COUNT, READ)]
            keys = [f"C-{random.randint(1, rows)}" for _ in range(POINTS)]
            point = cpu(connection, partial(look_up, connection, source, keys))
            connection.execute("RESET ROLE")
            spent[way].append((*scans, point / POINTS))
    return {way: tuple(map(statistics.median, zip(*each[1:], strict=True))) for way, each in spent.items()}


def look_up(connection: psycopg.Connection, source: str, keys: list[str]) -> None:
    query = POINT.format(source)
    for key in keys:
        connection.execute(query, [key], prepare=True)


def cpu(connection: psycopg.Connection, run: Callable[[], object]) -> float:
    """Nanoseconds that the backend was on a processor meanwhile."""
    place = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    before = int(place.read_text().split()[0])
    run()
    return int(place.read_text().split()[0]) - before


if __name__ == "__main__":
    main()
