"""Each customer sees the lists they were in, and the officer sees the same; nobody else's list is theirs."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from audit.models import Entry
from audit.services import verify
from consent.models import Asked
from consent.services import (
    asked,
    compiled,
    evidence,
    links,
    log,
    overview,
    pruning,
    records,
    subjects,
    suppressions,
    uses,
    whole_record,
)
from consent.services.audiences import Wanted
from consent.services.links import Why
from consent.services.subjects import Handle
from tests import world
from tests.consent.services.test_audiences import check
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, SYSTEM
from trustcenter.portal import words

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MAILING = Wanted("mail-engine", "personal_offers", "customer", ("contact.email",), "Spring mailing")


@pytest.fixture(autouse=True)
def _nothing_kept():
    compiled.forget()


def line(customer, **chosen):
    """What the portal shows of one customer's log."""
    chosen = log.Filter(**chosen)
    return log.read(subject=subjects.find(customer), language="en", chosen=chosen, before=None, now=NOW + 2 * SECOND)


@pytest.fixture
def mailed(cast):
    return check("C-1001", "C-1002", "C-9", wanted=MAILING)[1]


def test_each_customer_sees_that_they_were_in_a_list_and_what_was_answered(mailed):
    (alice,), (bob,) = line(ALICE).lines, line(BOB).lines
    assert (alice.number, alice.listed, alice.allowed, alice.name) == (mailed.entry, True, True, "Mail engine")
    assert (alice.categories, alice.reference) == (("Your e-mail address",), "Spring mailing")
    assert (bob.allowed, bob.reason, bob.listed) == (False, "consent_refused", True)
    assert "They checked a list of people, and you were in it." in words.why(bob)
    assert line(CAROL).lines == ()


def test_the_months_and_the_home_page_count_it(mailed):
    months = line(ALICE).months[-1], line(BOB).months[-1]
    assert [(each.allowed, each.refused) for each in months] == [(1, 0), (0, 1)]
    home = overview.of(subject=subjects.find(BOB), language="en", now=NOW + SECOND)
    offers = next(use for use in home.uses if use.key == "personal_offers")
    assert (offers.used, offers.refused) == (0, 1)


def test_filters_and_pages_go_over_lists_too(mailed):
    world.ask(ALICE, now=NOW + SECOND)
    alice = subjects.find(ALICE)
    assert len(line(ALICE).lines) == 2
    assert line(ALICE, refused=True).lines == () != line(BOB, refused=True).lines
    assert line(ALICE, purpose="improve_visit").lines == ()
    assert line(ALICE, who="people").lines == ()
    newest, oldest = uses.seen_by(subject=alice, limit=9)
    assert (newest.entry.action, oldest.entry.action) == ("decision.made", "audience.filtered")
    assert [each.entry.id for each in uses.seen_by(subject=alice, limit=1)] == [newest.entry.id]
    assert [each.entry.id for each in uses.seen_by(subject=alice, limit=1, before=newest.entry.id)] == [mailed.entry]
    assert uses.seen_by(subject=alice, limit=1, before=mailed.entry) == []
    assert uses.seen_by(subject=alice, limit=9, since=NOW + DAY) == []


def test_a_system_reads_it_and_the_officer_sees_it_in_its_place(mailed):
    (seen,) = records.used(customer=BOB, limit=9)
    assert (seen.entry.outcome, seen.entry.reason, seen.payload["reference"]) == (
        *("refused", "consent_refused"),
        "Spring mailing",
    )
    world.seal_all()
    found = evidence.line(subject=subjects.find(ALICE))
    assert [each.entry.action for each in found][:2] == ["audience.filtered", "consent.given"]
    assert found[0].seq is not None
    proof = evidence.export(subject=subjects.find(ALICE), found=found, by=OPERATOR, now=NOW + SECOND)
    assert len(proof["entries"]) == len(found)
    whole = whole_record.carry_away(customer=ALICE, by=OPERATOR, now=NOW + 2 * SECOND)
    (use,) = whole.uses
    assert (use.action, use.outcome, use.reason) == ("audience.filtered", "allowed", "permitted")


def test_a_list_is_not_the_line_of_one_customer_in_the_log_itself(mailed):
    entry = Entry.objects.get(id=mailed.entry)
    assert (entry.outcome, entry.reason, entry.subject) == ("allowed", "", "")


def test_all_records_of_a_customer_count(mailed):
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both numbers."), by=SYSTEM, now=NOW + SECOND)
    (one,) = asked.about(subject=subjects.find(BOB))
    assert (one.id, one.outcome) == (mailed.entry, "allowed"), "their data was used under one of the two"


def test_twice_in_a_list_is_once_in_the_log(cast):
    subjects.register(identifiers=[ALICE, Handle("customer", "C-77", verified=False)], by=SYSTEM, now=NOW)
    check("C-77", "C-1001", "C-1001", wanted=MAILING)
    (one,) = asked.about(subject=subjects.find(ALICE))
    assert one.reason == "permitted"


def test_whoever_is_left_alone_or_unknown_leaves_no_number(cast):
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    check("C-1001", MALLORY.id, wanted=MAILING)
    assert not Asked.objects.exists()


def test_numbers_far_apart_stand_in_parts_of_their_own(cast, monkeypatch):
    monkeypatch.setattr(Asked, "SIZE", 1)
    done = check("C-1001", "C-1002", "C-1003", wanted=MAILING)[1]
    assert Asked.objects.filter(entry_id=done.entry).count() == 3
    assert [asked.about(subject=subjects.find(who))[0].reason for who in (ALICE, BOB, CAROL)] == [
        *("permitted", "consent_refused"),
        "no_consent",
    ]


def test_who_was_in_a_list_is_forgotten_when_its_entry_is_pruned_and_not_before(mailed):
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        Asked.objects.all().delete()
    later = NOW + 40 * DAY
    world.seal_all(NOW + SECOND)
    pruning.run(keep_days=31, by=OPERATOR, now=later)
    assert line(ALICE).lines, "it is declared, and still there"
    world.seal_all(later)
    assert pruning.finish() == 1
    assert not Asked.objects.exists()
    assert line(ALICE).lines == ()
    assert verify.whole_log(now=later).good
