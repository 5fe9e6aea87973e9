"""From the outbox into the tree, under a signature anyone can check."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from audit import guards
from audit.models import Checkpoint, Entry, Head, Leaf, Pending, Tile
from audit.proof import bundle, merkle
from audit.services import prove, seal, verify
from audit.services.refusals import LogDamaged
from tests.world import ALICE, NOW, ask, say, seal_all


def test_it_seals_what_waits_and_the_proof_verifies(cast):
    waiting = Pending.objects.count()
    done = seal.seal(now=NOW)
    assert (done.taken, done.size, Pending.objects.count()) == (waiting, waiting, 0)
    found = list(Entry.objects.filter(action="consent.given"))
    report = bundle.verify_bundle(prove.bundle_of(found, disclose=True), prove.vkeys())
    assert report.pinned
    assert report.disclosed == len(found)


def test_it_says_when_an_entry_is_not_sealed_yet(cast):
    assert prove.bundle_of([Entry.objects.first()], disclose=False) is None


def test_a_second_pass_without_news_changes_nothing(cast):
    seal_all()
    heads = Checkpoint.objects.count()
    assert seal.seal(now=NOW).taken == 0
    assert Checkpoint.objects.count() == heads


def test_the_whole_log_verifies_and_a_changed_leaf_is_found(cast):
    ask(ALICE)
    seal_all()
    assert verify.whole_log(now=NOW).good
    _change_one_leaf()
    found = verify.whole_log(now=NOW)
    assert not found.good
    assert "changed" in found.finding


def test_F20_a_damaged_entry_is_never_signed(cast):
    say(ALICE, "withdraw")
    _change_one_leaf()
    with pytest.raises(LogDamaged):
        seal.seal(now=NOW)


def test_an_entry_that_waits_for_a_second_place_is_told(cast):
    seal_all()
    sealed = Leaf.objects.select_related("entry").first().entry
    Pending.objects.create(entry=sealed, leaf_hash=merkle.leaf_hash(bytes(sealed.leaf)))
    with pytest.raises(LogDamaged, match="somebody wrote to the outbox"):
        seal.seal(now=NOW)


def test_a_tile_that_does_not_fit_its_entries_is_found_and_not_built_on(cast):
    seal_all()
    bend(lambda: Tile.objects.update(data=bytes(Tile.objects.get().data)[::-1]))
    assert "Tile" in verify.whole_log(now=NOW).finding
    say(ALICE, "withdraw")
    with pytest.raises(LogDamaged):
        seal.seal(now=NOW)


def test_a_deleted_entry_is_found(cast):
    seal_all()
    bend(lambda: Leaf.objects.filter(seq=3)._raw_delete("default"))
    assert not verify.whole_log(now=NOW).good


def test_a_column_that_differs_from_its_leaf_is_found(cast):
    seal_all()
    bend(lambda: Entry.objects.filter(outcome="").update(outcome="allowed"))
    assert "column" in verify.whole_log(now=NOW).finding


@pytest.mark.parametrize("change", [{"recorded_at": NOW - timedelta(days=9)}, {"actor_ref": "somebody-else"}])
def test_a_changed_time_or_actor_is_found(cast, change):
    seal_all()
    bend(lambda: Entry.objects.filter(action="consent.given").update(**change))
    assert "column" in verify.whole_log(now=NOW).finding


@pytest.mark.parametrize("model", [Checkpoint, Head])
def test_a_log_without_its_signed_head_is_not_taken_for_an_empty_one(cast, model):
    seal_all()
    bend(lambda: model.objects.all()._raw_delete("default"))
    assert "missing" in verify.whole_log(now=NOW).finding


def test_an_entry_put_beside_the_log_is_found(cast):
    """It would be shown to customer and officer as one that waits for its seal."""
    seal_all()
    entry = Entry.objects.filter(action="consent.given").first()
    entry.id = uuid4()
    entry.save(force_insert=True)
    assert "neither" in verify.whole_log(now=NOW).finding


def _change_one_leaf():
    entry = Entry.objects.filter(action="consent.given").first()
    leaf = bytes(entry.leaf).replace(b'"web"', b'"app"')
    bend(lambda: Entry.objects.filter(pk=entry.pk).update(leaf=leaf))


def bend(change):
    """Do what only the owner of the database could do: lift the guards first."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with deferred checks cannot be altered
    guards.remove(connection)
    change()
    guards.install(connection)
