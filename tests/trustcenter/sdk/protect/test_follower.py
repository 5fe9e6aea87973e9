"""The follower against a feed that a test writes, and a real PostgreSQL."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import time_machine

from tests.canned_feed import KEY
from tests.serving import until
from tests.shop import MAPPING
from trustcenter.sdk.clock import ticks
from trustcenter.sdk.protect import Mapping, Refused, apply, masks, remove

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
BOTH = ["contact.email", "purchase_history"]
LONG = 600.0  # a lease that does not end while a test looks


def row(number, email=True, basket=True):
    return (f"C-{number}", f"c{number}@example.org" if email else None, ["shoes"] if basket else None, number)


def test_rows_and_columns_show_as_they_are_granted(follow, feed, shop):
    feed.grant("C-1", BOTH)
    feed.grant("C-2", ["contact.email"])
    follower = follow()
    assert shop.offers() == []
    follower.step()
    assert shop.offers() == [row(1), row(2, basket=False)]
    assert shop.ask("crm_news", "SELECT * FROM trust_newsletter.customers") == []
    feed.withdraw("C-1")
    feed.grant("C-3", ["purchase_history"])
    follower.step()
    assert shop.offers() == [row(2, basket=False), row(3, email=False)]
    assert feed.acks[-1] == len(feed.log)


def test_a_second_round_changes_nothing_and_a_late_one_finds_rows_hidden(follow, feed, shop):
    feed.grant("C-1", BOTH)
    follower = follow()
    follower.step()
    follower.step()
    assert shop.offers() == [row(1)]
    feed.lease = 1.0
    follower.step()
    until(lambda: shop.offers() == [])
    feed.lease = LONG
    follower.step()
    assert shop.offers() == [row(1)]


def test_a_transaction_that_stays_open_sees_nothing_once_its_own_lease_is_over(follow, feed, shop):
    """What a snapshot of the database shows is as old as the gate in it."""
    feed.lease = 1.0
    feed.grant("C-1", BOTH)
    follower = follow()
    with psycopg.connect(shop.url) as old:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        query = "SELECT count(*) FROM trust_personal_offers.customers"

        def begun_within_the_lease():
            follower.step()
            old.rollback()
            old.execute("SET ROLE crm_offers")
            return old.execute(query).fetchone() == (1,)

        until(begun_within_the_lease)
        feed.withdraw("C-1")
        time.sleep(1.1)
        follower.step()
        assert old.execute(query).fetchone() == (0,)


def test_no_lease_opens_nothing(follow, feed, shop):
    feed.lease = 0.0
    feed.grant("C-1", BOTH)
    follow().step()
    assert shop.offers() == []


@pytest.mark.parametrize("cut", ["snapshot", "changes"])
def test_an_answer_without_its_end_opens_nothing(follow, feed, shop, cut):
    feed.grant("C-1", BOTH)
    feed.cut = cut
    follower = follow()
    assert follower.turn() > 0
    assert shop.offers() == []
    feed.cut = None
    goes_on(follower)
    assert shop.offers() == [row(1)]


def test_lines_of_an_answer_that_is_cut_count_and_the_lease_does_not_move(follow, feed, shop):
    feed.grant("C-1", BOTH)
    feed.grant("C-2", BOTH)
    follower = follow()
    follower.step()
    opened = gates(shop)
    position = shop.admin.execute("SELECT position FROM trust.position").fetchone()
    feed.withdraw("C-1")
    feed.cut = "changes"
    assert follower.turn() > 0
    assert shop.offers() == [row(2)]
    assert gates(shop) == opened
    assert shop.admin.execute("SELECT position FROM trust.position").fetchone() == position


def test_the_lease_counts_from_when_it_was_asked_for(follow, feed, shop):
    feed.lease = 1.0
    feed.grant("C-1", BOTH)
    feed.before = lambda path: time.sleep(1.05 if path.endswith("changes") else 0)
    follow().step()
    assert shop.offers() == []


def test_a_republished_purpose_closes_at_once_and_opens_after_a_new_snapshot(follow, feed, shop):
    feed.grant("C-1", BOTH)
    feed.grant("C-1", ["contact.email"], purpose="newsletter")
    follower = follow()
    follower.step()
    feed.grant("C-1", [], purpose="personal_offers")  # what the snapshot will say
    feed.customers["C-1"]["identities"][0]["grants"] = [{"purpose": "newsletter", "categories": ["contact.email"]}]
    del feed.log[-1]
    feed.reload("personal_offers")
    feed.cut = "changes"
    follower.turn()
    news = "SELECT count(*) FROM trust_newsletter.customers"
    assert shop.offers() == []
    assert shop.ask("crm_news", news) == [(1,)]
    feed.cut, taken = None, feed.snapshots
    goes_on(follower)
    assert feed.snapshots == taken + 1
    assert shop.offers() == []
    assert shop.ask("crm_news", news) == [(1,)]
    feed.grant("C-2", BOTH)
    follower.step()
    assert shop.offers() == [row(2)]


def test_a_purpose_that_closed_stays_closed_over_a_restart(follow, feed, shop):
    feed.grant("C-1", BOTH)
    first = follow()
    first.step()
    feed.reload("personal_offers")
    first.step()
    assert shop.offers() == []
    first.close()
    feed.cut, taken = "snapshot", feed.snapshots
    second = follow()
    until(lambda: second.turn() > 0 and feed.snapshots == taken + 2)
    assert shop.offers() == []
    feed.cut = None
    goes_on(second)
    assert shop.offers() == [row(1)]


def test_changes_are_taken_in_while_a_snapshot_is_read(follow, feed, shop):
    """A withdrawal that comes while an older snapshot is still being read is not undone by it."""
    feed.grant("C-1", BOTH)
    feed.grant("C-2", BOTH)
    follower = follow()
    follower.step()
    feed.reload("newsletter")
    follower.step()
    feed.before = lambda path: feed.withdraw("C-1") if path.endswith("changes") else None
    held = feed.customers["C-1"]
    follower._lease, follower._ends = 1.0, ticks()  # it must ask for changes meanwhile
    lines = feed.lines

    def older(path, asked):
        for line in lines(path, asked):
            yield held if line.get("customer") == held["customer"] and path.endswith("snapshot") else line

    feed.lines = older
    follower.step()
    assert shop.offers() == [row(2)]


def test_an_end_that_comes_within_the_lease_is_taken_away_before_and_a_beginning_comes_when_it_is_due(
    follow, feed, shop
):
    now = datetime.now(UTC)
    feed.grant("C-1", BOTH, until=(now + timedelta(seconds=LONG)).isoformat())
    feed.grant("C-2", BOTH, until=(now + timedelta(days=1)).isoformat())
    feed.grant("C-3", BOTH, **{"from": (now + timedelta(days=1)).isoformat()})
    feed.grant("C-4", BOTH, until=(now + timedelta(days=1)).isoformat())
    feed.grant("C-4", BOTH, **{"from": (now + timedelta(days=2)).isoformat()})
    follower = follow()
    follower.step()
    assert shop.offers() == [row(2), row(4)]
    feed.clock = lambda: datetime.now(UTC) + timedelta(days=1, hours=1)
    follower.step()
    assert shop.offers() == [row(3)]
    feed.clock = lambda: datetime.now(UTC) + timedelta(days=3)
    follower.step()
    assert shop.offers() == [row(3), row(4)]


def test_whatever_the_clock_of_this_machine_says_the_service_s_counts(follow, feed, shop):
    feed.grant("C-1", BOTH, until=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    feed.grant("C-2", BOTH)
    begun, tick = datetime.now(UTC), ticks()
    feed.clock = lambda: begun + timedelta(seconds=ticks() - tick)
    follower = follow()
    follower.step()
    for days in (400, -400):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
            follower.step()
        assert shop.offers() == [row(1), row(2)]


def test_new_rows_are_hidden_until_they_are_seen_and_so_is_one_that_changes_hands(follow, feed, shop):
    feed.grant("C-1", BOTH)
    feed.grant("C-9", BOTH)
    follower = follow()
    follower.step()
    insert = "INSERT INTO crm.customers VALUES ('C-9', 'c9@example.org', '[\"shoes\"]', 9) RETURNING trust_mask"
    assert shop.ask("crm_app", insert) == [(0,)]
    shop.ask("crm_app", "UPDATE crm.customers SET customer_no = 'C-0' WHERE customer_no = 'C-1' RETURNING 1")
    assert shop.offers() == []
    follower.step()
    assert shop.offers() == [row(9)]
    shop.ask("crm_app", "UPDATE crm.customers SET customer_no = 'C-1' WHERE customer_no = 'C-0' RETURNING 1")
    follower.step()
    assert shop.offers() == [row(1), row(9)]


@pytest.mark.parametrize("type_", ["text", "bigint", "uuid"])
def test_many_rows_are_seen_a_few_at_a_time_whatever_their_ids_are(follow, feed, shop, mapping, monkeypatch, type_):
    monkeypatch.setattr(masks, "MANY", 3)
    remove(shop.admin)
    number = "('00000000-0000-0000-0000-0000000000' || (10 + n))::uuid" if type_ == "uuid" else f"n::{type_}"
    shop.admin.execute(
        f"ALTER TABLE crm.customers DROP customer_no; TRUNCATE crm.customers;"
        f"ALTER TABLE crm.customers ADD customer_no {type_};"
        f"INSERT INTO crm.customers (customer_no, loyalty) SELECT {number}, n FROM generate_series(1, 20) n;"
        f"INSERT INTO crm.customers (customer_no, loyalty) SELECT {number}, n"
        " FROM generate_series(7, 7) n, generate_series(1, 9)"
    )
    apply(shop.admin, mapping)
    ids = [
        each for (each,) in shop.admin.execute("SELECT customer_no::text FROM crm.customers WHERE loyalty IN (7, 20)")
    ]
    for each in set(ids):
        feed.grant(each, BOTH)
    follow().step()
    assert len(shop.offers()) == len(ids) == 11


def test_nobody_but_the_follower_sets_a_mask(follow, feed, shop):
    follow().step()
    written = "UPDATE crm.customers SET trust_mask = 3, trust_key = '\\x00', loyalty = 7 RETURNING trust_mask, loyalty"
    assert set(shop.ask("crm_app", written)) == {(0, 7)}
    assert set(shop.admin.execute(written).fetchall()) == {(0, 7)}
    shop.admin.execute("SET session_replication_role = replica")
    assert set(shop.admin.execute(written).fetchall()) == {(0, 7)}
    shop.admin.execute("RESET session_replication_role")
    shop.ask("crm_app", "INSERT INTO crm.customers (customer_no, trust_mask) VALUES ('C-8', 3) RETURNING 1")
    assert shop.offers() == []


def test_an_identifier_that_moved_belongs_to_whom_the_last_line_says(follow, feed, shop):
    feed.grant("C-1", BOTH)
    follower = follow()
    follower.step()
    (identity,) = feed.customers["C-1"]["identities"]
    feed.tell("survivor", [identity | {"grants": [{"purpose": "personal_offers", "categories": ["contact.email"]}]}])
    feed.tell("C-1", [])
    follower.step()
    assert shop.offers() == [row(1, basket=False)]


def test_a_log_that_lost_our_position_is_read_anew(follow, feed, shop):
    feed.grant("C-1", BOTH)
    follower = follow()
    follower.step()
    feed.customers.clear()
    feed.log.clear()  # a restored backup from before, which grew again
    feed.grant("C-4", BOTH)
    follower.turn()
    assert shop.offers() == []
    feed.grant("C-2", BOTH)
    follower.turn()
    assert shop.offers() == [row(2), row(4)]


def test_another_hash_key_makes_every_row_unseen(follow, feed, shop):
    feed.grant("C-1", BOTH)
    follower = follow()
    follower.step()
    feed.key = bytes(reversed(KEY))
    feed.customers.clear()
    feed.grant("C-2", BOTH)
    feed.reload("personal_offers")
    follower.step()
    follower.step()
    assert shop.offers() == [row(2)]


def test_one_follower_at_a_time_and_the_next_takes_over(follow, feed, shop):
    feed.grant("C-1", BOTH)
    first, second = follow(), follow()
    first.step()
    assert second.turn() > 0
    first.close()
    feed.withdraw("C-1")
    goes_on(second)
    assert shop.offers() == []


def test_a_row_that_somebody_holds_delays_us_and_opens_nothing(follow, feed, shop):
    feed.grant("C-1", BOTH)
    follower = follow()
    follower.step()
    opened = gates(shop)
    feed.withdraw("C-1")
    with psycopg.connect(shop.url) as app:
        app.execute("SET ROLE crm_app")
        app.execute("UPDATE crm.customers SET loyalty = 8")
        assert follower.turn() > 0
        assert gates(shop) == opened
    goes_on(follower)
    assert shop.offers() == []


def test_a_mapping_that_is_not_in_force_is_not_followed(follow, feed, shop, mapping):
    follower = follow()
    follower._mapping = Mapping.of(MAPPING | {"purposes": {"personal_offers": {"roles": []}}})
    with pytest.raises(Refused, match="protect apply"):
        follower.turn()


def goes_on(follower):
    """A turn without a fault. The server may notice late that the connection before, which holds the lock, is gone."""
    until(lambda: follower.turn() == 0)


def gates(shop):
    return shop.admin.execute("SELECT purpose, until FROM trust.gate ORDER BY purpose").fetchall()
