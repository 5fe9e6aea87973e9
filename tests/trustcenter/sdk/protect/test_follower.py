"""The follower against a feed that a test writes, and a real PostgreSQL."""

import pytest

from tests.trustcenter.sdk.protect.canned import KEY

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
BOTH = ["contact.email", "purchase_history"]


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
