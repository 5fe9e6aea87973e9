"""Somebody with the database: rows changed, deleted, moved, put in. Guards lifted, as its owner can.

Each begins with what an ordinary audit table sees of it: nothing.
"""

import json
import random
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from audit import vault
from audit.models import Entry, Head, Leaf, Payload, Pending, SubjectSecret, Tile
from audit.proof import merkle, tiles
from audit.proof.doors import place as log_place
from audit.proof.errors import ProofError
from audit.services import beside, entries, erasures, prove, tree
from consent.services import ledger
from tests.faults.log import fill, finding, looks_good, rebuild
from tests.world import NOW, OPERATOR, seal_all

SIZE = 50


@pytest.fixture
def log(unguarded):
    fill(SIZE)
    assert finding() == ""
    assert looks_good()
    return list(Leaf.objects.select_related("entry").order_by("seq"))


def write(entry_id, leaf):
    Entry.objects.filter(pk=entry_id).update(leaf=leaf)


def test_F1_a_byte_of_any_row_that_is_changed_is_found(log):
    """Of each row some bytes in the database; then every byte of every row against the tree."""
    chance, root = random.Random(1), bytes(Head.objects.get().root)
    for row in log:
        leaf = bytes(row.entry.leaf)
        for place in chance.sample(range(len(leaf)), 2):
            write(row.entry_id, bent(leaf, place))
            assert re.search(rf"\bentry {row.seq}\b", finding(), re.IGNORECASE), place
        write(row.entry_id, leaf)
    for row in log:
        leaf, proof = bytes(row.entry.leaf), tiles.inclusion_proof(tree.read_tile, row.seq, SIZE)
        merkle.verify_inclusion(row.seq, SIZE, merkle.leaf_hash(leaf), proof, root)
        for place in range(len(leaf)):
            with pytest.raises(ProofError):
                merkle.verify_inclusion(row.seq, SIZE, merkle.leaf_hash(bent(leaf, place)), proof, root)
    assert finding() == ""


def bent(leaf, place):
    return leaf[:place] + bytes([leaf[place] ^ 1]) + leaf[place + 1 :]


def bytes_of_a_log(rows):
    """Each cell of bytes that a finding must name an entry for: the row, its column, and which entry at which byte."""
    for row in rows:
        yield row.entry, "leaf", lambda place, seq=row.seq: seq
        if hasattr(row.entry, "payload"):
            yield row.entry.payload, "sealed", lambda place, seq=row.seq: seq
    yield Tile.objects.get(level=0, index=0), "data", lambda place: place // merkle.HASH_SIZE
    yield SubjectSecret.objects.get(), "wrapped", lambda place: 0


@pytest.mark.once  # the check reads rows, and does not ask from where; those above are changed on both
def test_F1_every_byte_of_every_leaf_payload_and_tile_of_a_log_that_is_changed_is_found_and_named(told):
    """No sample: each byte once, the eight bits in turn, written to the database and looked for by our own check."""
    with transaction.atomic():
        ledger.record(ledger.Fact("use.reported", purpose="personal_offers", outcome="allowed"), by=OPERATOR, now=NOW)
    seal_all()
    rows, changed = list(Leaf.objects.select_related("entry__payload").order_by("seq")), []
    for row, column, entry_at in bytes_of_a_log(rows):
        cell, table = bytes(getattr(row, column)), type(row).objects.filter(pk=row.pk)
        for place in range(len(cell)):
            table.update(**{column: cell[:place] + bytes([cell[place] ^ 1 << place % 8]) + cell[place + 1 :]})
            assert named(finding()) == entry_at(place), (row, column, place)
        table.update(**{column: cell})
        changed.append((column, len(cell)))
    assert finding() == ""
    assert [column for column, _ in changed] == ["leaf", "sealed"] * 3 + ["data", "wrapped"]
    assert sum(size for _, size in changed) > 1_000


def named(said):
    """The entry that a finding names."""
    found = re.search(r"\bentry (\d+)\b", said, re.IGNORECASE)
    return found and int(found[1])


@pytest.mark.parametrize("column", [each.name for each in Entry._meta.concrete_fields if each.name != "leaf"])
def test_F1_every_column_beside_every_leaf_that_is_changed_is_found_and_named(told, column):
    """Whatever columns there are: a new one is compared, too, or this fails."""
    for row in Leaf.objects.select_related("entry").order_by("seq"):
        true, table = getattr(row.entry, column), Entry.objects.filter(leaf=bytes(row.entry.leaf))
        table.update(**{column: another(true)})
        assert looks_good() or column == "id", "of a number that leads nowhere the database itself would tell"
        assert named(finding()) == row.seq
        table.update(**{column: true})
    assert finding() == ""


def another(value):
    match value:
        case str():
            return f"{value}x"
        case UUID():
            return UUID(int=value.int ^ 1)
    return value + timedelta(microseconds=1)


def test_F1_a_row_rewritten_with_its_columns_so_that_all_fits_is_found(log):
    row = log[11]
    leaf = bytes(row.entry.leaf).replace(b'"outcome":"allowed"', b'"outcome":"refused"')
    assert leaf != bytes(row.entry.leaf)
    write(row.entry_id, leaf)
    Entry.objects.filter(pk=row.entry_id).update(outcome="refused")
    assert looks_good()
    assert row.entry_id in {each.id for each in Entry.objects.filter(outcome="refused")}, "it is what people are shown"
    assert "from entry 11 on" in finding()


def test_F1_a_payload_that_is_exchanged_does_not_open(log):
    """It is encrypted with the number of its entry: that of another does not open, and none is shown."""
    one, other = Payload.objects.filter(entry_id__in=[log[1].entry_id, log[2].entry_id])
    Payload.objects.filter(pk=one.pk).update(sealed=other.sealed)
    assert set(entries.payloads([log[1].entry, log[2].entry])) == {other.pk}


@pytest.fixture
def told(unguarded):
    """What staff wrote when they looked at a customer, and what the house keeps, in the log."""
    seal_all()
    with transaction.atomic():
        vault.create(WHO, now=NOW)
        for fact in (ledger.Fact("evidence.viewed", subject=WHO), ledger.Fact("key.revoked", object="key-1")):
            ledger.record(fact, by=OPERATOR, now=NOW, payload={"note": "A call."})
    seal_all()
    assert finding() == ""
    return Entry.objects.get(action="evidence.viewed")


WHO = "s_somebody"
HARM = {
    "exchanged": lambda one, other: Payload.objects.filter(pk=one.pk).update(sealed=other.sealed),
    "bent": lambda one, _: Payload.objects.filter(pk=one.pk).update(sealed=bent(bytes(one.sealed), 20)),
    "deleted": lambda one, _: one.delete(),
    "said to be nobody's": lambda one, _: Payload.objects.filter(pk=one.pk).update(subject=vault.NOBODY),
    "without its secret": lambda *_: SubjectSecret.objects.all().delete(),
    "its secret bent": lambda *_: SubjectSecret.objects.update(wrapped=bytes(60)),
    "both deleted": lambda *_: erasures.destroy([WHO]),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_F1_what_was_kept_beside_an_entry_does_not_vanish_unseen(told, db, harm):
    """Nothing of it is in the tree: what a customer said, or why staff looked, could be made to vanish."""
    harm(told.payload, Payload.objects.exclude(entry=told).latest("entry"))
    assert looks_good()
    assert entries.payloads([told]) == {}
    assert "kept beside entry" in finding()


def test_F1_a_house_payload_that_is_deleted_is_missed(told):
    Payload.objects.filter(subject="").first().delete()
    assert "kept beside entry" in finding()


@pytest.mark.once  # counted by SQLite itself, which is what was seen to be slow: 13 s for 8,000 entries
def test_F1_what_is_gone_is_looked_for_in_one_walk_over_the_log(db):
    def steps():
        count = iter(range(10**9))
        connection.connection.set_progress_handler(lambda: next(count) and 0, 100)
        beside.check_gone()
        connection.connection.set_progress_handler(None, 0)
        return next(count)

    fill(400)
    small = steps()
    fill(400)
    assert small > 5
    assert steps() < 3 * small, "twice the log is twice the work, and not four times"


@pytest.mark.parametrize("whole", [False, True], ids=["its place", "all of it"])
def test_F2_each_row_that_is_deleted_is_missed(log, whole):
    for row in log:
        Leaf.objects.filter(seq=row.seq)._raw_delete("default")
        if whole:
            payloads = Payload.objects.filter(entry_id=row.entry_id)
            kept = list(payloads)
            payloads._raw_delete("default")
            Entry.objects.filter(id=row.entry_id)._raw_delete("default")
        assert finding(), row.seq
        if whole:
            Entry.objects.bulk_create([row.entry])
            Payload.objects.bulk_create(kept)
        Leaf.objects.bulk_create([row])
    assert finding() == ""


@pytest.mark.parametrize("seq", [0, 20, SIZE - 1])
def test_F2_a_row_deleted_and_the_others_renumbered_is_missed(log, seq):
    """The tree is made anew, too; only the signature cannot be."""
    Leaf.objects.filter(seq=seq)._raw_delete("default")
    Payload.objects.filter(entry_id=log[seq].entry_id)._raw_delete("default")
    Entry.objects.filter(id=log[seq].entry_id)._raw_delete("default")
    for row in log[seq + 1 :]:
        Leaf.objects.filter(seq=row.seq).update(seq=row.seq - 1)
    rebuild(head=SIZE - 1)
    assert looks_good()
    assert f"{SIZE} were signed for" in finding()


def test_F4_rows_that_change_places_are_found(log):
    chance = random.Random(2)
    for _ in range(20):
        one, other = sorted(chance.sample(range(SIZE), 2))
        _put(log[other].entry_id, one, log[one].entry_id, other)
        assert looks_good()
        assert f"from entry {one} on" in finding()
        rebuild(head=SIZE)
        assert "do not give the signed root" in finding(), "nor with a tree to match"
        _put(log[one].entry_id, one, log[other].entry_id, other)
        rebuild(head=SIZE)
    assert finding() == ""


def _put(first, one, second, other):
    Leaf.objects.filter(seq__in=[one, other])._raw_delete("default")
    Leaf.objects.bulk_create([Leaf(seq=one, entry_id=first), Leaf(seq=other, entry_id=second)])


@pytest.mark.parametrize("seq", [0, 20, SIZE - 1])
def test_F5_a_row_put_in_afterwards_is_found(log, seq):
    new = _back_dated(log[3].entry)
    for row in reversed(log[seq:]):
        Leaf.objects.filter(seq=row.seq).update(seq=row.seq + 1)
    Leaf.objects.bulk_create([Leaf(seq=seq, entry=new)])
    rebuild(head=SIZE + 1)
    assert looks_good()
    assert finding()


def test_F5_a_row_handed_to_the_sealer_under_an_old_date_stands_at_its_true_place(log, served):
    """The time in an entry is what its writer says. Its place is not: no head of before has it."""
    kept = prove.checkpoint()
    new = _back_dated(log[3].entry)
    Pending.objects.create(entry=new, leaf_hash=merkle.leaf_hash(new.leaf))
    seal_all()
    assert looks_good()
    oldest = Entry.objects.order_by("recorded_at").first()
    assert oldest == new, "by its date it is the first of all"
    assert Leaf.objects.get(entry=new).seq == SIZE
    found = log_place.verify(log_place.reader(served()), None, lambda done, of: None, SIZE)
    assert found.head.size == SIZE + 1
    assert f"\n{SIZE}\n" in kept
    assert found.began == merkle.root([merkle.leaf_hash(bytes(row.entry.leaf)) for row in log])


def _back_dated(like):
    when = NOW - timedelta(days=90)
    number = entries.uuid7(when)
    leaf = json.loads(bytes(like.leaf)) | {"id": str(number), "at": entries.moment(when)}
    raw = json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
    columns = ("action", "actor_type", "actor_ref", "subject", "purpose", "recipient", "outcome", "reason")
    new = Entry(id=number, recorded_at=when, leaf=raw, **{name: getattr(like, name) for name in columns})
    new.save(force_insert=True)
    return new


def test_F1_a_tile_that_is_changed_or_gone_is_found(log):
    tile = Tile.objects.get(level=0, index=0)
    true = bytes(tile.data)
    Tile.objects.update(data=true[:700] + bytes([true[700] ^ 1]) + true[701:])
    assert looks_good()
    assert finding() == "Tile 0/0 of the stored tree does not fit its entries, from entry 21 on."
    Tile.objects.all()._raw_delete("default")
    assert finding() == "Tile 0/0 of the stored tree does not fit its entries, from entry 0 on."
