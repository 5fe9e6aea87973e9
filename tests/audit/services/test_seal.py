"""From the outbox into the tree, under a signature anyone can check."""

from audit.models import Checkpoint, Entry, Pending
from audit.proof import bundle
from audit.services import prove, seal
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
    assert prove.verify(now=NOW).good
    _change_one_leaf()
    found = prove.verify(now=NOW)
    assert not found.good
    assert "changed" in found.finding


def test_a_damaged_entry_is_never_signed(cast):
    say(ALICE, "withdraw")
    _change_one_leaf()
    try:
        seal.seal(now=NOW)
    except seal.LogDamaged:
        return
    raise AssertionError("the sealer signed what was not written")


def _change_one_leaf() -> None:
    """As somebody with the rights of the database's owner would."""
    from django.db import connection

    from audit import guards

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with deferred checks cannot be altered
    guards.remove(connection)
    entry = Entry.objects.filter(action="consent.given").first()
    Entry.objects.filter(pk=entry.pk).update(leaf=bytes(entry.leaf).replace(b'"web"', b'"app"'))
    guards.install(connection)
