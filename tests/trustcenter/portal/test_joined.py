"""The customer is told that two records about them were joined, and what it changed."""

from datetime import timedelta

from consent.services import links
from consent.services.links import Why
from tests.world import ALICE, BOB, SYSTEM


def join(today, reason="Both <b>numbers</b> stood in one letter."):
    links.link(subject=ALICE, other=BOB, why=Why(reason), by=SYSTEM, now=today)


def test_the_first_page_tells_of_it_for_a_month(open_park, come_in, today):
    join(today)
    page = come_in(BOB).get("/").text
    assert "we joined two records about you" in page
    assert "Both &lt;b&gt;numbers&lt;/b&gt; stood in one letter." in page
    assert "The stricter choice of each won" in page


def test_after_a_month_it_stands_in_the_receipts_only(open_park, come_in, today):
    join(today - timedelta(days=30))
    assert "we joined two records about you" not in come_in(BOB).get("/").text.replace("when we joined", "")


def test_the_receipts_tell_of_it_for_ever(open_park, come_in, today):
    join(today)
    alice = come_in(ALICE)
    page = alice.get("/receipts").text
    assert page.count("We joined two records about you") == 2
    assert page.count("You turned it on") == 2, "both records are hers"
    numbers = [part.split('"')[0] for part in page.split('href="/receipts/')[1:]]
    assert {alice.get(f"/receipts/{number}").status_code for number in numbers} == {200}


def test_it_says_since_when_and_why_it_is_off(open_park, come_in, today):
    join(today)
    assert "when we joined two records about you" in come_in(ALICE).get("/").text


def test_nothing_is_said_where_nothing_was_joined(open_park, come_in):
    assert "joined two records" not in come_in(ALICE).get("/").text


def test_in_chinese_too(open_park, come_in, today):
    join(today)
    assert (
        "我们合并了关于您的两份档案" in come_in(ALICE, "zh-hans").get("/", headers={"Accept-Language": "zh-hans"}).text
    )
