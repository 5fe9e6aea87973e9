"""The protected table stands beside TrustCenter's own: a reduction counts in its own transaction."""

import contextlib
import fcntl
import tempfile
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

from consent.models import ConsentState
from consent.models import Identifier as IdentifierRow
from consent.services import links, subjects, suppressions
from consent.services.links import Why
from tests import world
from tests.shop import left
from tests.trustcenter.sdk.protect.in_process import Transport
from tests.world import ALICE, BOB, CAROL, NOW, SYSTEM, publish, say, seal_all
from trustcenter.sdk import pace
from trustcenter.sdk.protect import Follower, Mapping, apply, line, remove, verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.xdist_group("roles")]
MAPPING = Mapping.of(
    {
        "tables": [
            {
                "table": "shop.customers",
                "id": "number",
                "namespace": "customer",
                "columns": {"email": "contact.email", "basket": "purchase_history"},
            }
        ],
        "purposes": {"personal_offers": {"roles": ["shop_offers"]}, "ride_photos": {"roles": ["shop_photos"]}},
        "same_database": "public",
    }
)
SHOP = """
CREATE ROLE shop_offers; CREATE ROLE shop_photos; CREATE ROLE shop_owner; CREATE SCHEMA shop;
CREATE TABLE shop.customers (number text PRIMARY KEY, email text, basket text);
ALTER TABLE shop.customers OWNER TO shop_owner;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
INSERT INTO shop.customers SELECT 'C-100' || n, n || '@example.org', 'shoes' FROM generate_series(1, 4) AS n;
"""
# The service's role may not see the masks; the tests look into its own transaction by this.
LOOK = """
CREATE FUNCTION shop.mask_of(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
'SELECT trust_mask FROM shop.customers WHERE number = $1'
"""
DAY = timedelta(days=1)


class Shop:
    def __init__(self, admin, follower):
        self.admin, self.follower = admin, follower

    def offers(self, role="shop_offers", schema="trust_personal_offers", using=None):
        with (using or self.admin).transaction():
            (using or self.admin).execute(SQL("SET LOCAL ROLE {}").format(Identifier(role)))
            query = SQL("SELECT number FROM {}").format(Identifier(schema, "customers"))
            return sorted(number for (number,) in (using or self.admin).execute(query))

    def mask(self):
        """What this very transaction of the service's sees of Alice."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT shop.mask_of('C-1001')")
            return cursor.fetchone()[0]


@contextlib.contextmanager
def alone(port):
    """Roles are the whole server's: one test at a time has these, whichever process it runs in."""
    with (Path(tempfile.gettempdir()) / f"trustcenter-roles-{port}").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.fixture
def shop(cast, monkeypatch, settings):
    settings.FEED_LEASE = 600  # it does not end while a test looks
    monkeypatch.setattr(pace, "LONGEST_WAIT", 0)  # nobody holds a question here until something happens
    seal_all()
    given = connection.get_connection_params()
    place = {key: given[key] for key in ("host", "port", "password", "dbname")}
    address = psycopg.conninfo.make_conninfo(**place, user="postgres")
    http = httpx.Client(transport=Transport())
    with alone(given["port"]), psycopg.connect(address, autocommit=True) as admin:
        admin.execute(SHOP)
        apply(admin, MAPPING)
        key = world.key("mail-engine", "feed")
        follower = Follower(line("http://trust.example", key), address, MAPPING, http=http)
        try:
            follower.step()
            admin.execute(LOOK)
            yield Shop(admin, follower)
        finally:
            follower.close()
            left(admin)
            remove(admin)
            admin.execute(
                "DROP SCHEMA shop CASCADE; DROP ROLE shop_offers; DROP ROLE shop_photos; DROP ROLE shop_owner"
            )


def test_a_grant_comes_with_the_follower_and_a_withdrawal_at_once(shop):
    shop.admin.execute("DROP FUNCTION shop.mask_of")
    assert verify(shop.admin, MAPPING).findings == []
    assert shop.offers() == ["C-1001"]
    say(CAROL, "give")
    assert shop.offers() == ["C-1001"]
    shop.follower.step()
    assert shop.offers() == ["C-1001", "C-1003"]
    say(ALICE, "withdraw", now=NOW + DAY)
    assert shop.offers() == ["C-1003"]
    shop.follower.step()
    shop.follower.step()
    assert shop.offers() == ["C-1003"]
    say(ALICE, "give", now=NOW + 2 * DAY)
    shop.follower.step()
    assert shop.offers() == ["C-1001", "C-1003"]


REDUCTIONS = {
    "withdraw": lambda: say(ALICE, "withdraw", now=NOW + DAY),
    "refuse": lambda: say(ALICE, "refuse", now=NOW + DAY),
    "revoke": lambda: say(ALICE, "revoke", now=NOW + DAY, actor="staff"),
    "pause": lambda: say(ALICE, "pause", now=NOW + DAY, until=NOW + 30 * DAY),
    "fewer": lambda: say(ALICE, "give", now=NOW + DAY, categories=["contact.sms"]),
    "suppress": lambda: suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW + DAY),
    "link": lambda: links.link(subject=ALICE, other=BOB, why=Why("x"), by=SYSTEM, now=NOW + DAY),
    "child": lambda: subjects.register(identifiers=[ALICE], minor_until=(NOW + 900 * DAY).date(), by=SYSTEM, now=NOW),
    "state by hand": lambda: ConsentState.objects.update(status="withdrawn"),
    "identifier gone": lambda: IdentifierRow.objects.filter(subject__in=[subjects.find(ALICE)]).delete(),
}


def test_a_reduction_counts_in_its_own_transaction_and_not_when_that_is_rolled_back(shop):
    for name, reduce in REDUCTIONS.items():
        with transaction.atomic():
            before = shop.mask()
            reduce()
            assert (before, shop.mask()) == (3, 0), name
            assert shop.offers() == ["C-1001"], "others see it when it has committed"
            transaction.set_rollback(True)
        assert shop.mask() == 3, name


def test_the_follower_gives_nothing_back_that_is_gone(shop):
    say(CAROL, "give")
    shop.follower.step()
    assert shop.offers() == ["C-1001", "C-1003"]
    REDUCTIONS["link"]()
    suppressions.suppress(subject=CAROL, by=SYSTEM, now=NOW + DAY)
    assert shop.offers() == []
    for _ in range(3):
        shop.follower.step()
        assert shop.offers() == []


def test_a_new_version_closes_the_purpose_in_its_own_transaction(shop):
    publish(now=NOW, personal_offers={"retention": "P24M"})
    assert shop.offers() == []
    seal_all()
    shop.follower.step()
    shop.follower.step()
    open_ = "SELECT until > clock_timestamp() FROM trust.gate WHERE purpose = 'personal_offers'"
    assert shop.admin.execute(open_).fetchone() == (True,)
    assert shop.offers() == (["C-1001"] if world.ask(ALICE).decision.permitted else [])


def test_what_was_asked_for_before_a_withdrawal_does_not_undo_it(shop):
    """The follower has the old answer in its hands; the withdrawal commits; then the follower writes."""
    say(CAROL, "give")
    feed = shop.follower._feed
    changes = feed.changes

    def late(after, mark, wait):
        held = changes(after, mark, wait)

        class Held:
            def __enter__(self):
                sent, told = held.__enter__()
                lines = list(told)
                say(CAROL, "withdraw", now=NOW + DAY)
                say(ALICE, "withdraw", now=NOW + DAY)
                return sent, iter(lines)

            def __exit__(self, *exception):
                return held.__exit__(*exception)

        return Held()

    feed.changes = late
    shop.follower.step()
    assert shop.offers() == []
    feed.changes = changes
    shop.follower.step()
    assert shop.offers() == []


def test_a_snapshot_that_is_older_than_a_withdrawal_does_not_undo_it(shop):
    feed = shop.follower._feed
    snapshot = feed.snapshot
    said = []

    def late():
        held = snapshot()

        class Held:
            def __enter__(self):
                sent, told = held.__enter__()
                lines = list(told)
                if not said:
                    said.append(1)
                elif len(said) == 1:
                    said.append(2)
                    say(ALICE, "withdraw", now=NOW + DAY)
                return sent, iter(lines)

            def __exit__(self, *exception):
                return held.__exit__(*exception)

        return Held()

    feed.snapshot = late
    shop.admin.execute("UPDATE trust.gate SET stale = true")
    shop.follower.step()
    assert said == [1, 2]
    assert shop.offers() == []
    say(ALICE, "give", now=NOW + 2 * DAY)
    shop.follower.step()
    assert shop.offers() == ["C-1001"]


def test_a_withdrawal_goes_through_where_its_masks_cannot_be_taken_away_and_everything_closes(shop):
    shop.admin.execute("ALTER TABLE shop.customers RENAME COLUMN trust_mask TO broken")
    say(ALICE, "withdraw", now=NOW + DAY)
    assert shop.admin.execute("SELECT bool_or(until > now()) FROM trust.gate").fetchone() == (False,)
    shop.admin.execute("ALTER TABLE shop.customers RENAME COLUMN broken TO trust_mask")
    assert shop.offers() == []
