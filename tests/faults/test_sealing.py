"""What can happen to the sealer and to what waits for it: each fault first without what stands against it."""

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from audit.models import Checkpoint as Signed
from audit.models import Entry, Head, Leaf, Pending
from audit.proof import tiles
from audit.services import mark, prove, seal, tree
from audit.services.refusals import LogDamaged
from consent.models import ConsentEvent
from consent.services import ledger
from tests.audit.services.killing import killed_at
from tests.audit.services.test_crashes import everything_holds
from tests.audit.services.test_mark import enter
from tests.audit.services.test_seal import bend
from tests.callers import choice as a_choice
from tests.callers import get, post
from tests.faults.log import finding, looks_good
from tests.world import ALICE, BOB, NOW, OPERATOR, cast, key, publish, say, seal_all

LATER = NOW + timedelta(minutes=2)


def notes():
    return set(Signed.objects.values_list("note", flat=True))


def test_F12_a_write_killed_at_any_step_leaves_the_choice_and_its_entry_or_neither(transactional_db):
    publish()
    cast()
    seal_all()
    with pytest.raises(RuntimeError, match="transaction"):
        ledger.record(ledger.Fact("key.revoked"), by=OPERATOR, now=NOW)  # outside one there could be half of it
    for place in range(1, 200):
        done = not killed_at(place, lambda: say(BOB, "give"))
        choices = ConsentEvent.objects.values_list("entry_id", flat=True)
        entered = Entry.objects.filter(action__in=["consent.given", "consent.refused"])
        assert set(choices) == set(entered.values_list("id", flat=True))
        assert not Entry.objects.filter(leaf_row=None, pending=None).exists()
        if done:
            break
    assert place > 12, "a choice has more steps than that"
    assert done
    seal_all()
    everything_holds(notes())


def test_F14_a_sealer_that_works_from_an_old_head_is_fenced_by_the_size(transactional_db):
    """Were the head read without its lock: two would give the same places to different entries."""
    enter(3)
    seal_all()
    old = Head.objects.get()
    enter(2)
    seal_all()
    enter(2)
    waiting = [(row.pk, row.leaf_hash, row.entry.leaf) for row in Pending.objects.order_by("id")]
    assert tiles.grow(tree.read_tile, old.size, [row[1] for row in waiting])[1] != bytes(Head.objects.get().root)
    with pytest.raises((LogDamaged, DatabaseError)), transaction.atomic():
        seal._extend(old, waiting)
    seal_all()
    everything_holds(notes())


@pytest.mark.postgres  # on SQLite whoever stands still with the file open keeps all others out
def test_F14_a_sealer_that_stood_still_while_another_took_over_does_nothing_more(transactional_db):
    enter(5)
    connection.close()
    child = os.fork()
    if child == 0:
        _stand_still_while_sealing()
    try:
        assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
        _cut_off(child)
        enter(3)
        seal_all()
        assert Head.objects.get().size == 8
        os.kill(child, signal.SIGCONT)
        assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7, "fenced: its connection is gone, and its work with it"
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    everything_holds(notes())


def _stand_still_while_sealing():
    """In the child: stopped with the tree grown and the head moved, before the entries get their places."""
    code = 1

    def stop(execute, sql, *more):
        if sql.startswith("INSERT INTO audit_leaf"):
            os.kill(os.getpid(), signal.SIGSTOP)
        return execute(sql, *more)

    try:
        connection.execute_wrappers.append(stop)
        connection.ensure_connection()
        seal.seal(now=NOW)
        code = 0
    except OperationalError:
        code = 7
    finally:
        os._exit(code)


def _cut_off(child):
    """What the network or the database server does to a client that does not answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
        )
        assert len(cursor.fetchall()) == 1


def test_F20_a_bit_that_flips_on_the_way_to_the_disk_is_not_signed(db, monkeypatch):
    enter(3)
    store, check = tree.store, tree.check_edge

    def flipping(grown, size):
        store({place: bytes([data[0] ^ 1]) + data[1:] for place, data in grown.items()}, size)

    monkeypatch.setattr(tree, "store", flipping)
    with monkeypatch.context() as patch:
        patch.setattr(tree, "check_edge", lambda head: None)
        sid = transaction.savepoint()
        seal_all()
        assert Signed.objects.filter(size=3).exists(), "the harm: a head is out that no proof will ever fit"
        assert finding() != ""
        transaction.savepoint_rollback(sid)
    mark.file().unlink()
    assert tree.check_edge is check
    with pytest.raises(LogDamaged, match="root"):
        seal_all()
    assert not Signed.objects.filter(size__gt=0).exists()


@pytest.mark.postgres  # on SQLite nobody writes while another's transaction is open
def test_F21_who_commits_late_and_who_never_does_is_neither_lost_nor_waited_for(transactional_db):
    begun, go_on = threading.Event(), threading.Event()
    late = threading.Thread(target=_held_open, args=(begun, go_on))
    late.start()
    assert begun.wait(60)
    with transaction.atomic():
        enter(2)
        transaction.set_rollback(True)
    enter(5)
    seen = Pending.objects.order_by("-id").values_list("id", flat=True).first()
    seal_all()
    assert Head.objects.get().size == 5, "nobody waits for it"
    go_on.set()
    late.join()
    assert not Pending.objects.filter(id__gt=seen).exists(), "the harm: who reads on from the last number misses it"
    seal_all()
    assert Head.objects.get().size == 6
    everything_holds(notes())


def _held_open(begun, go_on):
    try:
        with transaction.atomic():
            ledger.record(ledger.Fact("key.created"), by=OPERATOR, now=NOW)
            begun.set()
            go_on.wait(60)
    finally:
        connection.close()


def test_F22_an_entry_taken_out_of_the_outbox_is_missed_by_us_and_by_who_was_answered(cast):
    seal_all()
    told = post("/api/v1/consents", a_choice(ALICE, "withdraw"), key=key()).json()
    bend(lambda: Pending.objects.all()._raw_delete("default"))
    seal_all()
    assert looks_good()
    entry = ConsentEvent.objects.get(act="withdraw").entry_id
    assert prove.places([entry])[1] == {}
    assert "neither in the log nor among those that wait" in finding()
    answer = get(f"/api/v1/receipts/{told['receipt']['id']}", key=key())
    assert answer.status_code == 202, "promised, and never in the log: a receipt that stays away is the sign"


def test_F27_ten_times_as_many_as_usual_are_all_taken_in_and_who_watches_is_told(db, client, monkeypatch):
    number = 2_500
    monkeypatch.setattr(seal, "BATCH", 1_000)
    _flood(number)
    monkeypatch.setattr("trustcenter.access.clock", lambda: LATER)
    assert "has waited" in client.get("/health/ready").json()["parts"]["sealing"]
    passes = []
    while taken := seal.seal(now=LATER).taken:
        passes.append(taken)
    assert passes == [seal.BATCH, seal.BATCH, number - 2 * seal.BATCH], "a pass stays short, however many wait"
    assert client.get("/health/ready").json()["parts"]["sealing"] == "good"
    assert Leaf.objects.count() == Head.objects.get().size == number
    assert finding() == ""


def _flood(number):
    fact = ledger.Fact("use.reported", purpose="personal_offers", recipient="mail-engine", outcome="allowed")
    for _ in range(5):
        with transaction.atomic():
            ledger.record_many([ledger.Record(fact, {})] * (number // 5), by=OPERATOR, now=NOW)
