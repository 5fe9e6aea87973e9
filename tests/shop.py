"""A PostgreSQL server of our own, a fresh shop database in it for each test, and a feed that says what a test wants."""

import os
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests import postgres
from tests.canned_feed import CannedFeed
from tests.serving import until
from trustcenter.sdk.calls import Caller
from trustcenter.sdk.course import Timeout
from trustcenter.sdk.line import Line
from trustcenter.sdk.protect import Mapping, apply
from trustcenter.sdk.protect.follower import Follower

SHOP = """
CREATE ROLE crm_owner NOLOGIN;
CREATE ROLE crm_app LOGIN;
CREATE ROLE crm_offers LOGIN;
CREATE ROLE crm_news LOGIN;
CREATE ROLE crm_report LOGIN;
CREATE ROLE crm_follower LOGIN PASSWORD 'secret';
CREATE SCHEMA crm AUTHORIZATION crm_owner;
GRANT USAGE ON SCHEMA crm TO crm_app, crm_offers, crm_news, crm_report;
CREATE TABLE crm.customers (customer_no text PRIMARY KEY, email text, basket jsonb, loyalty int);
ALTER TABLE crm.customers OWNER TO crm_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customers TO crm_app;
GRANT SELECT ON crm.customers TO crm_report, crm_offers;
INSERT INTO crm.customers SELECT 'C-' || n, 'c' || n || '@example.org', '["shoes"]', n FROM generate_series(1, 5) AS n;
"""
MAPPING = {
    "tables": [
        {
            "table": "crm.customers",
            "id": "customer_no",
            "namespace": "customer",
            "columns": {"email": "contact.email", "basket": "purchase_history", "loyalty": None},
            "maintainers": ["crm_app"],
        }
    ],
    "purposes": {"personal_offers": {"roles": ["crm_offers"]}, "newsletter": {"roles": ["crm_news"]}},
    "follower": "crm_follower",
}


@pytest.fixture(scope="session")
def cluster():
    """The address of a server of our own, as its superuser."""
    try:
        with postgres.running(durable=False) as url:
            yield url.replace("//trustcenter:", "//postgres:").removesuffix("/trustcenter")
    except postgres.Unavailable as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(problem))


@dataclass
class Shop:
    """The database of a shop, and a superuser's connection to it."""

    url: str
    admin: psycopg.Connection

    def ask(self, role, query, *values):
        """What a role gets."""
        with self.admin.transaction():
            self.admin.execute(SQL("SET LOCAL ROLE {}").format(Identifier(role)))
            return self.admin.execute(query, values or None).fetchall()

    def offers(self):
        """What the offers see."""
        return self.ask("crm_offers", "SELECT * FROM trust_personal_offers.customers ORDER BY customer_no")

    def as_(self, role, password="secret"):
        """The address by which another role signs in."""
        return self.url.replace(self.url.split("//")[1].split("@")[0], f"{role}:{password}")


FOLLOWED = """SELECT FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'trustcenter protect follow'"""


def left(admin):
    """Wait until nobody follows in this database any more: the server may notice late that a connection is gone."""
    until(lambda: admin.execute(FOLLOWED).fetchone() is None)


OURS = "SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND rolname NOT IN ('postgres', 'trustcenter')"


@contextmanager
def shop_of(cluster, name):
    """A shop in a database of this name; nothing of it is left in the server."""
    with psycopg.connect(f"{cluster}/postgres", autocommit=True) as server:
        before = set(server.execute(OURS).fetchall())
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            with psycopg.connect(f"{cluster}/{name}", autocommit=True) as admin:
                yield Shop(f"{cluster}/{name}", admin)
        finally:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
            for (role,) in set(server.execute(OURS).fetchall()) - before:
                server.execute(SQL("DROP ROLE {}").format(Identifier(role)))


@pytest.fixture
def shop(cluster):
    with shop_of(cluster, "shop") as made:
        made.admin.execute(SHOP)
        yield made


@pytest.fixture
def mapping():
    return Mapping.of(MAPPING)


@pytest.fixture
def protected(shop, mapping):
    """The shop with its mapping in force, and nothing followed yet."""
    apply(shop.admin, mapping)
    return shop


@pytest.fixture
def feed():
    with CannedFeed() as made:
        yield made


@pytest.fixture
def follow(protected, mapping, feed):
    """Makes a follower that signs in as the shop's own role."""
    made = []

    def follow(**more):
        line = Line.to(feed.url, "tc_x_y", Caller("system", "mail-engine"), Timeout(read=5), None)
        made.append(Follower(line, protected.as_("crm_follower"), mapping, **more))
        return made[-1]

    yield follow
    for each in made:
        each.close()
