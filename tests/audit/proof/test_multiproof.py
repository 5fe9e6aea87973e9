import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import merkle, multiproof, tiles
from audit.proof.errors import ProofError

from .small_log import SmallLog

LOG = SmallLog(size=300)
HASHES = [merkle.leaf_hash(leaf) for leaf in LOG.leaves]
READ = tiles.read_node(LOG.read_tile)


def root_of(size):
    return merkle.root(HASHES[:size])


def leaves(chosen):
    return [(place, HASHES[place]) for place in chosen]


CHOSEN = st.integers(1, 300).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1).map(sorted))
)


@given(CHOSEN)
def test_the_chosen_leaves_and_the_hashes_between_them_give_the_root(case):
    size, chosen = case
    proof = list(multiproof.prove(READ, chosen, size))
    assert multiproof.root(leaves(chosen), proof, size) == root_of(size)


@given(CHOSEN, st.data())
def test_a_changed_lost_or_added_hash_or_leaf_does_not(case, data):
    size, chosen = case
    proof, shown = list(multiproof.prove(READ, chosen, size)), leaves(chosen)
    change = data.draw(st.sampled_from(["hash", "lost", "added", "leaf", "place", "dropped"]))
    if change in ("hash", "lost") and not proof:
        return
    if change == "hash":
        place = data.draw(st.integers(0, len(proof) - 1))
        proof[place] = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    elif change == "lost":
        del proof[data.draw(st.integers(0, len(proof) - 1))]
    elif change == "added":
        proof.insert(data.draw(st.integers(0, len(proof))), HASHES[0])
    elif change == "leaf":
        place = data.draw(st.integers(0, len(shown) - 1))
        shown[place] = (shown[place][0], bytes(32))
    elif change == "place":
        place = data.draw(st.integers(0, len(shown) - 1))
        shown[place] = (shown[place][0] + data.draw(st.sampled_from([-1, 1])), shown[place][1])
    else:
        del shown[data.draw(st.integers(0, len(shown) - 1))]
    try:
        found = multiproof.root(shown, proof, size)
    except ProofError:
        return
    assert found != root_of(size)


@given(st.integers(1, 300), st.data())
def test_a_range_takes_at_most_two_hashes_a_level(size, data):
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size - 1))
    proof = list(multiproof.prove(READ, range(first, last + 1), size))
    assert len(proof) <= 2 * math.ceil(math.log2(size)) if size > 1 else not proof


@pytest.mark.parametrize("index", [0, 1, 128, 255, 256, 299])
def test_for_one_leaf_it_is_the_audit_path_in_another_order(index):
    proof = list(multiproof.prove(READ, [index], 300))
    assert sorted(proof) == sorted(tiles.inclusion_proof(LOG.read_tile, index, 300))


@pytest.mark.parametrize("chosen", [[], [-1], [300], [0, 300]])
def test_places_that_are_not_there_are_refused(chosen):
    with pytest.raises(ProofError):
        multiproof.prove(READ, chosen, 300)


@pytest.mark.parametrize(
    "shown",
    [
        [],
        [(0, b"")],
        [(0, bytes(31))],
        [(300, bytes(32))],
        [(301, bytes(32))],
        [(2, bytes(32)), (2, bytes(32))],
        [(-1, bytes(32))],
    ],
)
def test_leaves_that_cannot_be_are_refused(shown):
    with pytest.raises(ProofError):
        multiproof.root(shown, [bytes(32)] * 9, 300)


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_log_proves_nothing(size):
    with pytest.raises(ProofError):
        multiproof.root([], [], size)
    with pytest.raises(ProofError):
        multiproof.root([(0, bytes(32))], [], size)


@settings(max_examples=20)
@given(st.sampled_from([b"", b"x", bytes(31), bytes(33)]))
def test_short_and_long_hashes_are_refused(wrong):
    proof = list(multiproof.prove(READ, [5], 300))
    for place in range(len(proof)):
        with pytest.raises(ProofError):
            multiproof.root(leaves([5]), [*proof[:place], wrong, *proof[place + 1 :]], 300)
