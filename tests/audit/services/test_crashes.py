"""Killed at any step of a pass, the log goes on: nothing lost, nothing twice, nothing published that is not kept."""

import contextlib
import os
import threading
import time

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection

from audit import rows
from audit.models import Checkpoint as Published
from audit.models import Entry, Head, Leaf, Pending, Tile
from audit.proof import note
from audit.proof.checkpoint import Checkpoint
from audit.services import heads, mark, prove, seal, tree, verify
from audit.services.turn import Turn
from tests.audit.services.killing import killed_at
from tests.audit.services.test_mark import enter
from tests.serving import until
from tests.world import NOW, seal_all

STEPS = 400  # more than a pass has


def nothing_is_published_that_the_mark_does_not_know():
    published = Published.objects.order_by("-size").values_list("size", flat=True).first()
    known = mark.read(prove.vkeys())
    assert published is None or known.head.size >= published, "published too early"
    assert known is None or known.head.size <= Head.objects.get().size


def everything_holds(seen):
    """All entries stand in the log once, and every head that anyone may have seen is a beginning of it."""
    assert not Pending.objects.exists()
    assert sorted(Leaf.objects.values_list("seq", flat=True)) == list(range(Entry.objects.count()))
    assert Head.objects.get().size == Entry.objects.count() == mark.read(prove.vkeys()).head.size
    for text in seen:
        head = Checkpoint.parse(note.open_note(text, prove.vkeys()))
        assert tree.root_at(head.size) == head.root
    assert verify.whole_log(now=NOW).good


def test_F12_killed_before_or_after_any_statement_commit_or_file(transactional_db):
    seen = set()
    for place in range(1, STEPS):
        enter(2)
        done = not killed_at(place, seal_all)
        nothing_is_published_that_the_mark_does_not_know()
        seen |= set(Published.objects.values_list("note", flat=True))
        known = mark.read(prove.vkeys())
        seen |= {known.note} if known else set()
        if done:
            break
        if place % 3:  # otherwise the next is killed on top of what this one left behind
            seal_all()
    assert place > 40, "a pass has more steps than that"
    assert done, "and fewer than this"
    seal_all()
    everything_holds(seen)


def test_F12_a_head_that_is_published_before_the_mark_is_moved_can_be_forgotten(transactional_db, monkeypatch):
    """What the order is for: the other way round, a crash in between publishes what the mark does not know."""

    def too_early(head, newest, signed_at):
        found = Checkpoint(settings.LOG_ORIGIN, head.size, bytes(head.root))
        text = heads._sign(found)
        Published.objects.get_or_create(size=head.size, defaults={"root": head.root, "note": text, "signed_at": NOW})
        mark.write(text, head=found, signed_at=signed_at)

    seal_all()
    monkeypatch.setattr(heads, "_publish", too_early)
    with pytest.raises(AssertionError, match="published"):
        _kill_at_each_step()


def _kill_at_each_step():
    for place in range(1, STEPS):
        enter()
        assert killed_at(place, seal_all)
        nothing_is_published_that_the_mark_does_not_know()


def test_F14_two_sealers_at_once_take_each_entry_once(transactional_db):
    enter(300)
    children = [_fork(_race) for _ in range(3)]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    seal_all()
    everything_holds(set(Published.objects.values_list("note", flat=True)))


def test_F14_one_seals_the_others_stand_by_and_the_next_goes_on_when_it_is_killed(transactional_db, tmp_path):
    sign = tmp_path / "has the turn"
    child = _fork(lambda: _take_turn(sign))
    until(sign.exists)
    mine = Turn()
    assert not mine.mine()
    assert not mine.mine(), "still not"
    os.kill(child, 9)
    os.waitpid(child, 0)
    until(mine.mine)
    assert mine.mine()
    mine.end()


@pytest.mark.postgres
def test_a_sealer_that_lost_its_connection_has_no_turn_any_more(transactional_db):
    first, second = Turn(), Turn()
    assert first.mine()
    other = threading.Thread(target=lambda: (connection.close(), found.append(second.mine()), connection.close()))
    found = []
    connection.close()
    other.start()
    other.join()
    assert found == [True]
    assert first.mine(), "the other's ended with its connection"


@contextlib.contextmanager
def full_disk(*, room=0):
    """SQLite's own limit: the file may grow by so many pages, and no further."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages that an earlier test left free would be room as well
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + room}")
        with pytest.raises(OperationalError, match="full"):
            yield
        cursor.execute("PRAGMA max_page_count = 1073741823")


@pytest.mark.once
def test_F16_were_a_pass_not_one_transaction_a_full_disk_would_end_the_log_for_good(transactional_db):
    """What it wrote before there was no more room stays, and the next pass cannot write it again."""
    enter(3)
    seal_all()
    enter(2000)
    for room in range(200):
        with full_disk(room=room):
            seal._extend(Head.objects.get(), rows.read(seal._WAITING, [seal.BATCH]))  # each statement commits by itself
        if Tile.objects.count() > 1:
            break
    assert (Head.objects.get().size, Pending.objects.count()) == (3, 2000)
    for _ in range(2):
        with pytest.raises(IntegrityError, match="audit_tile"):
            seal_all()
    assert Published.objects.latest("size").size == 3, "the harm: there is room again, and nothing is signed any more"


@pytest.mark.once  # a disk of PostgreSQL: tests/faults/test_disks.py
def test_F16_a_full_disk_stops_the_log_whole_and_it_goes_on_when_there_is_room(transactional_db):
    """At whatever step of the pass the room is used up."""
    enter(3)
    seal_all()
    enter(2000)
    for room in (0, 5, 10, 15, 20):
        with full_disk(room=room):
            seal.seal(now=NOW)
        assert (Head.objects.get().size, Leaf.objects.count(), Pending.objects.count()) == (3, 3, 2000)
        nothing_is_published_that_the_mark_does_not_know()
    seal_all()
    everything_holds(set(Published.objects.values_list("note", flat=True)))


def _race():
    seal.BATCH = 7
    while Pending.objects.exists():
        seal_all()


def _take_turn(sign):
    turn = Turn()
    if turn.mine():
        sign.touch()
        time.sleep(600)  # longer than anybody here waits for what it has


def _fork(work):
    connection.close()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)
