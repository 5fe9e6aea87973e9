"""Every decision case that rows can express, through the feed and into PostgreSQL: a row and a column show exactly
where the server permits."""

import httpx
import psycopg
import pytest
import time_machine
from psycopg.sql import SQL, Identifier

from tests import decision_cases as cases
from tests import decision_rows as rows
from tests import world
from tests.shop import left, shop_of
from tests.trustcenter.sdk.protect.in_process import Transport
from trustcenter.sdk.protect import Follower, Mapping, apply, line

# Once: what is compared is PostgreSQL's side; the server's answers are compared on both databases elsewhere.
pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
# A row is hidden before its permission ends, by at most the lease; never later.
EARLY = {"one_second_before_the_end"}
VERSIONS = [version for case in cases.cases() for version in (case["given"]["purpose"] or {}).get("versions", ())]
CATEGORIES = sorted({category for version in VERSIONS for category in version["categories"]})
PURPOSES = sorted({case["given"]["purpose"]["key"] for case in cases.cases() if case["given"]["purpose"]})
MAPPING = Mapping.of(
    {
        "tables": [
            {
                "table": "crm.cases",
                "id": "customer_no",
                "namespace": "customer",
                "columns": {category: category for category in CATEGORIES},
            }
        ],
        "purposes": {purpose: {} for purpose in PURPOSES},
    }
)


@pytest.fixture(scope="module")
def table(cluster):
    """A table with a column for each category, and one row."""
    with shop_of(cluster, "cases") as shop:
        columns = SQL(", ").join(SQL("{} text DEFAULT 'x'").format(Identifier(each)) for each in CATEGORIES)
        shop.admin.execute("CREATE SCHEMA crm")
        shop.admin.execute(SQL("CREATE TABLE crm.cases (customer_no text PRIMARY KEY, {})").format(columns))
        shop.admin.execute("INSERT INTO crm.cases VALUES (%s)", [rows.WHO.id])
        apply(shop.admin, MAPPING)
        yield shop


def shown(table, purpose):
    """The categories of the row that the role of a purpose sees."""
    with table.admin.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute(SQL("SELECT * FROM {}").format(Identifier(f"trust_{purpose}", "cases"))).fetchall()
    assert all(row["customer_no"] == rows.WHO.id for row in found)
    return {name for row in found for name, value in row.items() if value == "x"}


@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_it_shows_where_the_server_permits(db, here, table, case):
    given, asked, wanted = case["given"], case["ask"], case["answer"]
    rows.store(given, asked["recipient"])
    table.admin.execute("UPDATE trust.gate SET stale = true, until = '-infinity'")
    if asked["recipient"] != "nobody":  # who is not in the catalogue has no key, and nothing to follow
        with time_machine.travel(cases.moment(given["now"]), tick=False):
            limits = {"purposes": PURPOSES, "namespaces": ["customer"]}
            key = world.key(asked["recipient"], "feed", **limits)
            http = httpx.Client(transport=Transport())
            follower = Follower(line("http://trust.example", key), table.url, MAPPING, http=http)
            try:
                follower.step()
            finally:
                follower.close()
                left(table.admin)
    found = {purpose: shown(table, purpose) for purpose in PURPOSES}
    purpose = given["purpose"]["key"] if given["purpose"] else ""
    mine = found.pop(purpose, set())
    assert not any(found.values()), case["says"]
    if case["case"] in EARLY:
        assert not mine
        return
    wishes = set(asked.get("categories") or ()) or mine
    assert (bool(wishes) and wishes <= mine) == wanted["decision"], case["says"]
    if wanted["decision"] and "categories" not in asked:
        assert mine == set(wanted["allowed"]), case["says"]
