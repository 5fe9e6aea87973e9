import copy
import json
import random

import pytest

from audit.proof import bundle, encoding, merkle, note, tiles
from audit.proof.errors import ProofError

from .small_log import ORIGIN, SALT, Key, SmallLog, payload


@pytest.fixture(scope="module")
def log():
    return SmallLog(size=11)


def refusal(doc, vkeys=None):
    with pytest.raises(ProofError) as refused:
        bundle.verify_bundle(doc, vkeys)
    return refused.value


def test_a_receipt_proves_its_entry(log):
    report = bundle.verify_bundle(bundle.loads(bundle.dumps(log.bundle([7]))), [log.key.vkey])
    assert (report.origin, report.size, report.root) == (ORIGIN, 11, log.root)
    assert (report.pinned, report.complete, report.disclosed) == (True, False, 1)
    [entry] = report.entries
    assert (entry.index, entry.leaf["id"], entry.payload["number"]) == (7, "entry-7", 7)


def test_keys_from_the_file_are_reported_as_such(log):
    assert not bundle.verify_bundle(log.bundle([7]), None).pinned


def test_a_range_says_that_nothing_is_left_out(log):
    report = bundle.verify_bundle(log.bundle(range(3, 9), complete=True, disclosed=False), None)
    assert report.complete
    assert [entry.index for entry in report.entries] == [3, 4, 5, 6, 7, 8]
    assert report.disclosed == 0
    assert bundle.verify_bundle(log.bundle(range(11), complete=True), None).disclosed == 11


def test_a_filter_says_only_that_these_are_in(log):
    assert not bundle.verify_bundle(log.bundle([0, 4, 10]), None).complete


@pytest.mark.parametrize("complete", [True, False])
def test_no_changed_byte_goes_unnoticed(complete):
    """Every bit of a whole file, one after another: text, brackets, names, digits, hashes, keys."""
    log = SmallLog(size=3)
    raw = bundle.dumps(log.bundle([1], complete=complete))
    for where in range(len(raw)):
        for bit in range(8):
            bent = raw[:where] + bytes([raw[where] ^ 1 << bit]) + raw[where + 1 :]
            with pytest.raises(ProofError):
                bundle.verify_bundle(bundle.loads(bent), None)


def test_no_byte_can_be_lost_doubled_or_put_in():
    raw = bundle.dumps(SmallLog(size=2).bundle([0, 1], complete=True))
    chance = random.Random(5)
    for where in range(len(raw)):
        for bent in (
            raw[:where] + raw[where + 1 :],
            raw[:where] + bytes([chance.choice(b'0aA"{},:/=+\\')]) + raw[where:],
        ):
            if bent != raw:
                with pytest.raises(ProofError):
                    bundle.verify_bundle(bundle.loads(bent), None)


def change(doc, path, value):
    """Return a copy of `doc` with the member at `path` replaced, or removed if `value` is `change`."""
    doc = copy.deepcopy(doc)
    *way, last = path
    place = doc
    for step in way:
        place = place[step]
    if value is change:
        del place[last]
    else:
        place[last] = value
    return doc


PLACES = [
    *(
        ("kind",),
        ("origin",),
        ("checkpoint",),
        ("vkeys",),
        ("complete",),
        ("first",),
        ("last",),
        ("entries",),
    ),
    *(("entries", 0, name) for name in ("index", "leaf", "proof", "disclosure")),
    *(("entries", 0, "disclosure", name) for name in ("salt", "payload")),
    *(("vkeys", 0), ("entries", 0), ("entries", 0, "proof", 0)),
]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("value", [None, 1.0, 10**30, -1, "", "\ud800", "ключ", [], {}, [[]], True, change])
def test_a_wrong_or_missing_member_is_an_error_and_nothing_else(log, path, value):
    good = log.bundle([4, 5], complete=True)
    if path[-1] == "disclosure" and value is change:
        return  # showing the payload is a choice
    if path == ("complete",) and value is True:
        return
    refusal(change(good, path, value))


@pytest.mark.parametrize("path", PLACES)
def test_the_error_names_the_member(log, path):
    named = [step for step in path if isinstance(step, str)][-1]
    error = refusal(change(log.bundle([4, 5], complete=True), path, None))
    assert f"`{named}`" in str(error)
    assert error.code == "bundle-type"


@pytest.mark.parametrize("doc", [None, [], "text", 1])
def test_a_file_that_is_no_object_is_refused(doc):
    assert refusal(doc).code == "bundle-type"
    with pytest.raises(ProofError):
        bundle.loads(json.dumps(doc).encode())


@pytest.mark.parametrize("place", [(), ("entries", 0), ("entries", 0, "disclosure")])
def test_a_member_without_meaning_is_refused(log, place):
    error = refusal(change(log.bundle([4]), (*place, "comment"), "trust me"))
    assert error.code == "bundle-unknown"
    assert "comment" in str(error)


def test_a_member_named_twice_is_refused(log):
    raw = bundle.dumps(log.bundle([4]))
    with pytest.raises(ProofError, match="twice"):
        bundle.loads(raw[:-1] + b',"complete":false}')


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b"\xef\xbb\xbf{}", b"1" * 5000])
def test_a_file_that_is_not_json_is_refused(raw):
    with pytest.raises(ProofError) as refused:
        bundle.loads(raw)
    assert refused.value.code == "bundle-syntax"


def test_a_later_kind_is_not_guessed_at(log):
    assert refusal(change(log.bundle([4]), ("kind",), "trustcenter-proof/2")).code == "bundle-kind"


def test_a_filter_cannot_pass_for_a_range(log):
    gap = {**log.bundle([2, 3, 5]), "complete": True, "first": 2, "last": 5}
    assert refusal(gap).code == "bundle-range"
    whole = log.bundle([2, 3, 4, 5], complete=True)
    assert refusal(change(whole, ("last",), 6)).code == "bundle-range"
    assert refusal(change(whole, ("first",), 1)).code == "bundle-range"
    for position in range(4):
        assert refusal(change(whole, ("entries", position), change)).code == "bundle-range"
    assert refusal(change(whole, ("first",), change)).code == "bundle-missing"
    assert refusal(change(whole, ("complete",), False)).code == "bundle-unknown"


def test_entries_out_of_order_or_twice_are_refused(log):
    whole = log.bundle([2, 3, 4])
    swapped = change(whole, ("entries",), whole["entries"][::-1])
    twice = change(whole, ("entries",), [whole["entries"][0]] * 2)
    assert refusal(swapped).code == refusal(twice).code == "bundle-order"
    assert refusal(change(whole, ("entries",), [])).code == "bundle-range"


def test_an_entry_cannot_take_the_place_of_another(log):
    doc = log.bundle([2, 3])
    leaves = [entry["leaf"] for entry in doc["entries"]]
    assert refusal(change(doc, ("entries", 0, "leaf"), leaves[1])).code == "root-mismatch"
    assert refusal(change(doc, ("entries", 0, "index"), 1)).code == "root-mismatch"


def test_a_payload_of_another_entry_is_refused(log):
    doc = change(log.bundle([2]), ("entries", 0, "disclosure", "payload"), payload(3).decode())
    assert refusal(doc).code == "commitment-mismatch"


def test_a_leaf_that_says_two_things_is_refused_though_it_is_in_the_log():
    """The log's own operator could hash such a leaf in; two readers would then see two entries."""
    log = SmallLog(size=1)
    leaf = b'{"action":"a","action":"b"}'
    grown, log.root = tiles.grow(log.read_tile, 1, [merkle.leaf_hash(leaf)])
    log.tiles |= grown
    log.leaves.append(leaf)
    with pytest.raises(ProofError) as refused:
        log.bundle([1], disclosed=False)
    assert refused.value.code == "canonical-duplicate"


def test_F8_a_forger_with_another_key_is_seen_when_the_key_is_pinned(log):
    forged = SmallLog(size=11, key=Key(9)).bundle([4])
    assert bundle.verify_bundle(forged, None).pinned is False
    assert refusal(forged, [log.key.vkey]).code == "signature-unknown"


def test_F8_the_key_of_another_log_is_of_no_use(log):
    assert refusal(log.bundle([4]), [Key(1, "other.example").vkey]).code == "key-missing"
    assert refusal(log.bundle([4]), []).code == "key-missing"
    assert refusal(change(log.bundle([4]), ("vkeys",), [])).code == "key-missing"
    stranger = Key(9, "other.example")
    extra = change(log.bundle([4]), ("vkeys",), [log.key.vkey, stranger.vkey])
    assert refusal(extra).code == "bundle-origin"
    # A key may sign only for the log it is named after, even if that key is trusted.
    text = log.checkpoint().partition("\n\n")[0] + "\n"
    foreign = change(log.bundle([4]), ("checkpoint",), note.sign(text, stranger.name, stranger.public, stranger.sign))
    assert refusal(foreign, [log.key.vkey, stranger.vkey]).code == "signature-unknown"


def test_a_checkpoint_of_another_log_by_the_same_key_is_refused(log):
    text = log.checkpoint().partition("\n\n")[0].replace(ORIGIN, "other.example") + "\n"
    other = note.sign(text, ORIGIN, log.key.public, log.key.sign)
    assert refusal(change(log.bundle([4]), ("checkpoint",), other)).code == "bundle-origin"


def test_both_keys_open_a_proof_made_during_a_change_of_keys(log):
    new = Key(2)
    both = note.countersign(log.checkpoint(), new.name, new.public, new.sign)
    entries = [log.proven(4)]
    doc = bundle.make_bundle(checkpoint=both, vkeys=[log.key.vkey, new.vkey], entries=entries, complete=False)
    for keys in ([log.key.vkey], [new.vkey], None):
        assert bundle.verify_bundle(doc, keys).size == 11


def test_no_broken_proof_is_handed_out(log):
    wrong = bundle.Proven(4, log.leaves[5], log.proven(4).proof, None)
    with pytest.raises(ProofError):
        bundle.make_bundle(checkpoint=log.checkpoint(), vkeys=[log.key.vkey], entries=[wrong], complete=False)
    with pytest.raises(ProofError):
        log.bundle([], complete=True)


def test_a_salt_is_not_shown_in_a_traceback(log):
    assert repr(SALT) not in repr(log.proven(4))
    assert encoding.to_base64(SALT) in log.bundle([4])["entries"][0]["disclosure"].values()
