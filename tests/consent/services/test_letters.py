"""The letter about changes: due with the change, one a day, to their own address, and never twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from audit.models import Entry, Payload
from consent.models import ChangeLetter
from consent.services import erasures, letters, links, mailing, subjects, suppressions
from consent.services.letters import SETTLE
from consent.services.links import Why
from consent.services.mailing import DAY, STALE
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CAROL, NOW, SYSTEM, say

MAIL = Handle("email", "alice@example.org")
SOON = NOW + SETTLE


@pytest.fixture
def known(cast):
    """Alice has an address, and nothing of the cast's own story is due."""
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)
    ChangeLetter.objects.all().delete()


def post(now=SOON, *, goes_out: bool = True):
    """What the worker sends."""
    sent = []
    while letters.deliver(send=lambda letter: sent.append(letter) or goes_out, now=now):
        pass
    return sent


def told(letter):
    return [(each.act, each.title) for each in letter.changes]


def test_T3_a_change_is_told_once_to_their_own_address_in_their_language(known):
    say(ALICE, "withdraw", actor="staff", channel="phone", language="zh-hans")
    assert post(NOW) == [], "second thoughts come soon"
    (letter,) = post()
    assert (letter.address, letter.language) == (MAIL.id, "zh-hans")
    assert told(letter) == [("withdraw", "发送适合您的优惠")]
    assert (letter.changes[0].actor, letter.changes[0].channel) == ("staff", "phone")
    assert post() == post(SOON + 2 * DAY) == []


def test_one_a_day_and_the_next_one_tells_the_rest(known):
    say(ALICE, "withdraw")
    say(ALICE, "give", "improve_visit", now=NOW + timedelta(minutes=1))
    assert len(post()[0].changes) == 2
    say(ALICE, "give", now=SOON + timedelta(hours=1))
    say(ALICE, "withdraw", now=SOON + timedelta(hours=2))
    assert post(SOON + DAY - timedelta(seconds=1)) == []
    (letter,) = post(SOON + DAY)
    assert told(letter) == [("give", "Send you offers that fit"), ("withdraw", "Send you offers that fit")]


def test_what_changes_nothing_is_not_told(known):
    say(ALICE, "request", "improve_visit")
    say(ALICE, "defer", "improve_visit")
    say(ALICE, "give", "improve_visit", collected_at=NOW - timedelta(days=9), imported=True)
    assert not ChangeLetter.objects.exists()
    say(ALICE, "pause", until=NOW + timedelta(days=9))
    assert ChangeLetter.objects.count() == 1


def test_nobody_is_told_who_has_no_address_that_somebody_vouched_for_or_is_left_alone(known):
    subjects.register(identifiers=[BOB, Handle("email", "bob@example.org", verified=False)], by=SYSTEM, now=NOW)
    for who in (BOB, CAROL):
        say(who, "give", "improve_visit")
    suppressions.suppress(subject=CAROL, by=SYSTEM, now=NOW)
    assert post() == []
    assert not ChangeLetter.objects.exists()


def test_what_did_not_go_out_is_tried_again_under_its_number_and_news_that_are_old_are_dropped(known):
    say(ALICE, "withdraw")
    (lost,) = post(goes_out=False)
    assert not Entry.objects.filter(action="portal.changes_told").exists()
    assert post() == [], "while one worker sends, no other does"
    (again,) = post(SOON + mailing.LEASE, goes_out=False)
    assert again == lost
    assert post(SOON + STALE) == []
    assert not ChangeLetter.objects.exists()


def test_that_it_was_sent_stands_in_the_log_and_the_address_only_in_the_payload(known):
    say(ALICE, "withdraw")
    (letter,) = post()
    entry = Entry.objects.get(action="portal.changes_told")
    assert entry.subject == subjects.find(ALICE).pseudonym
    assert b"alice" not in bytes(entry.leaf)
    assert b"alice" not in bytes(Payload.objects.get(entry=entry).sealed)
    assert letters.forget(now=SOON + DAY) == 0
    assert letters.forget(now=SOON + DAY + timedelta(seconds=1)) == 1
    assert str(letter.number) != str(entry.id)


def test_of_joined_records_one_letter_goes_to_who_they_are(known):
    say(BOB, "give", "improve_visit")
    links.link(subject=ALICE, other=BOB, why=Why("One letter named both numbers."), by=SYSTEM, now=NOW)
    say(ALICE, "withdraw", now=NOW + timedelta(seconds=1))
    assert [letter.address for letter in post()] == [MAIL.id]
    assert [letter.address for letter in post(SOON + DAY)] == [MAIL.id]


def test_the_erased_are_written_no_letter(known):
    say(ALICE, "withdraw")
    erasures.erase(subject=ALICE, why="withdrawn", by=SYSTEM, now=NOW)
    assert not ChangeLetter.objects.exists()
    assert post() == []


def test_it_can_be_switched_off(known, settings):
    settings.CHANGE_MAIL = False
    say(ALICE, "withdraw")
    assert not ChangeLetter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_letter(known):
    say(ALICE, "withdraw")

    def work(_):
        try:
            return post()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(map(len, pool.map(work, range(4)))) == 1
