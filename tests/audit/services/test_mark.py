"""The high-water mark: what was published is never contradicted, whatever becomes of the database.

The first test shows what happens without it: a restored backup is signed on, and the same log says two things.
"""

import contextlib
import json
from datetime import timedelta

import pytest
from django.db import transaction

from audit.models import Checkpoint as Published
from audit.models import Entry, Head, Leaf, Pending, Refusal
from audit.proof import note, tiles
from audit.proof.checkpoint import Checkpoint
from audit.services import heads, mark, prove, seal, tree, verify
from audit.services.refusals import MENDING, Refused
from consent.services import ledger, recovery
from tests.restoring import backup
from tests.world import NOW, OPERATOR, damage, seal_all

LATER = NOW + timedelta(minutes=1)


def enter(number=1, action="key.revoked"):
    with transaction.atomic():
        for _ in range(number):
            ledger.record(ledger.Fact(action), by=OPERATOR, now=NOW)


def read(text):
    return Checkpoint.parse(note.open_note(text, prove.vkeys()))


def refusal(now=LATER):
    with pytest.raises(Refused) as found:
        seal.seal(now=now)
    assert found.value.mending == MENDING[found.value.code]
    return found.value.code


@pytest.fixture
def restored(transactional_db, tmp_path):
    """A log of which 5 entries were published, in a database restored to when there were 3, and the head of the 5."""
    enter(3)
    seal_all()
    kept = mark.file().read_bytes()
    with backup(tmp_path) as restore:
        enter(2)
        seal_all()
        published = prove.checkpoint()
        restore()
    yield published, kept
    # The next test's database may be made from this one's connection.
    assert Head.objects.exists()


def test_F18_a_mark_that_is_restored_with_the_database_does_not_keep_it_from_a_fork(restored):
    """What the mark is against: it was copied with the database, which is as if there were none."""
    published, kept = restored
    mark.file().write_bytes(kept)
    enter(2)
    seal_all(LATER)
    one, other = read(published), read(prove.checkpoint())
    assert (one.origin, one.size) == (other.origin, other.size)
    assert one.root != other.root, "two heads of one size, both validly signed"


def test_F18_a_database_restored_from_an_older_backup_signs_nothing(restored):
    published, _ = restored
    enter(2)
    assert refusal() == "database_behind"
    assert (Head.objects.get().size, Pending.objects.count()) == (3, 2), "nor does the tree grow"
    assert read(prove.checkpoint()).size == 3
    assert mark.read(prove.vkeys()).note == published


def test_that_nothing_is_signed_is_said_everywhere_at_once(restored, client, run):
    refusal()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "database_behind" in answer.json()["parts"]["sealing"]
    assert 'trustcenter_log_refusing{code="database_behind"} 1.0' in client.get("/metrics").content.decode()
    code, said, _ = run("doctor")
    assert code == 1
    assert "it holds 3 of 5 entries" in said
    assert "recover-log new-origin" in said
    code, _, said = run("seal", "--once")
    assert code == 1
    assert "Restore a newer copy" in said


def test_the_newer_copy_mends_it(transactional_db, tmp_path):
    enter(3)
    seal_all()
    with backup(tmp_path) as older:
        enter(2)
        seal_all()
        with backup(tmp_path) as newer:
            older()
            refusal()
            newer()
            enter()
            seal_all(LATER)
    assert read(prove.checkpoint()).size == 6
    assert verify.whole_log(now=LATER).good
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("more", [2, 3])
def test_a_tree_that_is_not_what_was_published_is_a_fork_whatever_its_size(restored, more):
    _, kept = restored
    true = mark.file().read_bytes()
    mark.file().write_bytes(kept)
    enter(more)
    seal_all(LATER)
    mark.file().write_bytes(true)
    assert refusal() == "forked"


def test_a_lost_database_is_not_taken_for_a_new_log(db):
    enter()
    sid = transaction.savepoint()
    seal_all()
    transaction.savepoint_rollback(sid)
    assert refusal() == "database_behind"


def test_a_lost_mark_is_not_made_anew_in_silence(db, run):
    enter(3)
    seal_all()
    mark.file().unlink()
    assert refusal() == "mark_missing"
    assert run("recover-log", "mark")[0] == 0
    seal_all(LATER)
    assert mark.read(prove.vkeys()).head.size == read(prove.checkpoint()).size == 4
    assert Entry.objects.filter(action="log.mark_accepted").count() == 1


def test_a_mark_with_any_byte_changed_is_never_relied_on_wrongly(db):
    enter(3)
    seal_all()
    true, head = mark.file().read_bytes(), mark.read(prove.vkeys()).head
    for place in range(len(true)):
        mark.file().write_bytes(true[:place] + bytes([true[place] ^ 1]) + true[place + 1 :])
        with contextlib.suppress(Refused):
            assert mark.read(prove.vkeys()).head == head
    mark.file().write_bytes(true[:40])
    assert refusal() == "mark_unreadable"


def test_a_mark_that_cannot_be_written_publishes_nothing(db, settings, tmp_path):
    settings.OUTSIDE_DIR = tmp_path / "a file"
    settings.OUTSIDE_DIR.write_text("")
    enter()
    assert refusal() == "mark_unwritable"
    assert not Published.objects.exists()
    settings.OUTSIDE_DIR = tmp_path / "a folder"
    seal_all()
    assert prove.state().size == 1


def test_an_older_mark_that_fits_is_brought_up_to_what_was_published(db):
    enter()
    seal_all()
    older = mark.file().read_bytes()
    enter()
    seal_all()
    mark.file().write_bytes(older)
    seal_all()
    assert mark.read(prove.vkeys()).head.size == 2


def test_F11_a_clock_that_went_back_signs_nothing_until_it_is_right_or_accepted(db, run, monkeypatch):
    enter()
    seal_all(NOW + timedelta(days=3650))
    assert refusal(now=LATER) == "clock_back"
    monkeypatch.setattr("trustcenter.access.clock", lambda: LATER)
    assert "recover-log clock" in run("doctor")[1]
    assert run("recover-log", "mark")[0] == 1, "another trouble's mending mends nothing"
    assert run("recover-log", "clock")[0] == 0
    seal_all(LATER)
    assert Published.objects.order_by("size").last().signed_at == LATER
    assert Entry.objects.filter(action="log.clock_accepted").count() == 1
    assert run("recover-log", "clock")[0] == 1, "there is nothing to mend any more"


def test_a_clock_set_right_by_a_few_seconds_never_signs_an_earlier_time(db):
    enter()
    seal_all(LATER)
    enter()
    seal_all(LATER - timedelta(seconds=4))
    assert [each.signed_at for each in Published.objects.order_by("size")][-2:] == [LATER, LATER]
    assert refusal(now=LATER - timedelta(seconds=6)) == "clock_back"


def test_another_name_is_refused_and_not_taken_for_another_log(db, settings):
    enter()
    seal_all()
    settings.LOG_ORIGIN = "elsewhere.example/log"
    assert refusal() == "origin_changed"


def test_a_stored_tree_that_does_not_give_its_root_is_not_published(db):
    enter(3)
    seal_all()
    damage(Head.objects.all(), size=4)
    assert refusal() == "damaged"
    assert read(prove.checkpoint()).size == 3


class TestNewLog:
    """The old log ends as it was published, and the new one says so."""

    def test_after_a_loss(self, restored, run, settings, monkeypatch):
        published, _ = restored
        monkeypatch.setattr("trustcenter.access.clock", lambda: LATER)
        old = settings.LOG_ORIGIN
        assert run("recover-log", "new-origin")[0] == 2
        code, _, said = run("recover-log", "new-origin", "--because", "restored")
        assert code == 1
        assert "new" in said, "the name must change"
        settings.LOG_ORIGIN = f"{old}/2"
        code, said, _ = run("recover-log", "new-origin", "--because", "restored")
        assert code == 0, said
        assert "Entry 3 says" in said
        genesis = Leaf.objects.get(seq=3).entry
        details = _details(genesis)
        assert details["lost"] == 2
        assert details["held"]["size"] == 3
        assert read(details["old"]["checkpoint"]) == read(published)
        enter()
        seal_all(LATER)
        head = read(prove.checkpoint())
        assert (head.origin, head.size) == (f"{old}/2", 5)
        assert verify.whole_log(now=LATER).good
        assert not Refusal.objects.exists()
        settings.LOG_ORIGIN = old
        assert refusal() == "origin_changed", "nobody goes back to the old name by mistake"

    def test_after_a_compromise_with_a_new_key_and_nothing_lost(self, db, run, settings, monkeypatch):
        enter(5)
        seal_all()
        before = read(prove.checkpoint())
        settings.LOG_ORIGIN += "/2"
        assert run("recover-log", "new-origin", "--because", "compromised")[0] == 1, "the same key"
        own = heads.keys.key
        monkeypatch.setattr(heads.keys, "key", lambda name: bytes(range(32)) if name == "log" else own(name))
        assert run("recover-log", "new-origin", "--because", "compromised")[0] == 0
        after = read(prove.checkpoint())
        assert after.size == 6
        assert tiles.root_at(tree.read_tile, before.size) == before.root, "whoever kept the old head can compare"
        with pytest.raises(Exception, match="None of the keys"):
            note.open_note(prove.checkpoint(), prove.vkeys()[:1])

    def test_when_it_was_stopped_half_way_it_goes_on(self, db, settings, monkeypatch):
        enter(2)
        seal_all()
        settings.LOG_ORIGIN += "/2"
        facts = {"because": "renamed", "by": OPERATOR, "now": NOW}
        with monkeypatch.context() as patch:
            patch.setattr(heads, "restart", lambda now: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                recovery.new_log(**facts)
        assert refusal() == "origin_changed"
        assert recovery.new_log(**facts) == 2
        assert Entry.objects.filter(action="log.genesis").count() == 1
        assert read(prove.checkpoint()).size == 3


def _details(entry):
    return json.loads(bytes(entry.leaf))["details"]
