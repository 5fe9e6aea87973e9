import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import merkle, tiles
from audit.proof.errors import ProofError

from . import naive

LEAVES = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(2_000)]


class Store(dict):
    """Tiles in memory, which may only grow: what is stored stays the beginning of what replaces it."""

    size, root = 0, merkle.EMPTY_ROOT

    def read(self, level, index):
        return self.get((level, index), b"")

    def grow(self, leaves):
        grown, self.root = tiles.grow(self.read, self.size, leaves)
        for where, tile in grown.items():
            assert tile.startswith(self.read(*where))
            assert len(tile) > len(self.read(*where))
        self.update(grown)
        self.size += len(leaves)
        return self


def widths(store):
    return sorted((level, index, len(tile) // 32) for (level, index), tile in store.items())


def test_the_example_of_the_specification():
    assert [tile for tile in tiles.tiles_of(70_000) if tile[0] or tile[1] > 271] == [
        (0, 272, 256),
        (0, 273, 112),
        (1, 0, 256),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert list(tiles.tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles.tiles_of(0)) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_growing_in_any_batches_gives_the_same_tree(batches):
    store = Store()
    for batch in batches:
        store.grow(LEAVES[store.size : store.size + batch])
    assert store.root == merkle.root(LEAVES[: store.size])
    assert widths(store) == sorted(tiles.tiles_of(store.size))
    assert all(tiles.width_of(level, index, store.size) == width for level, index, width in widths(store))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_past_size_is_proven_from_todays_tiles(data):
    store = Store().grow(LEAVES)
    size2 = data.draw(st.integers(1, len(LEAVES)))
    size1 = data.draw(st.integers(1, size2))
    index = data.draw(st.integers(0, size2 - 1))
    root1, root2 = tiles.root_at(store.read, size1), tiles.root_at(store.read, size2)
    assert root2 == merkle.root(LEAVES[:size2])
    proof = tiles.inclusion_proof(store.read, index, size2)
    merkle.verify_inclusion(index, size2, LEAVES[index], proof, root2)
    merkle.verify_consistency(size1, size2, tiles.consistency_proof(store.read, size1, size2), root1, root2)


@pytest.mark.parametrize("size", [*range(1, 300, 23), 255, 256, 257, 300])
def test_proofs_from_tiles_are_those_of_the_definition(size):
    store = Store().grow(LEAVES[:size])
    for index in {0, size // 2, size - 1}:
        assert tiles.inclusion_proof(store.read, index, size) == naive.path(index, LEAVES[:size])
        assert tiles.consistency_proof(store.read, index + 1, size) == naive.proof(index + 1, LEAVES[:size])


def test_F26_the_seams_at_256_and_65536():
    many = LEAVES * 33
    store, frontier, roots = Store(), merkle.Frontier(), {}
    for size in (1, 255, 256, 257, 65_535, 65_536, 65_537):
        for leaf in many[store.size : size]:
            frontier.append(leaf)
        store.grow(many[store.size : size])
        roots[size] = store.root
        assert store.root == frontier.root()
        assert widths(store) == sorted(tiles.tiles_of(size))
    for size, root in roots.items():
        assert tiles.root_at(store.read, size) == root
        proof = tiles.inclusion_proof(store.read, size - 1, 65_537)
        merkle.verify_inclusion(size - 1, 65_537, many[size - 1], proof, store.root)
        proof = tiles.consistency_proof(store.read, size, 65_537)
        merkle.verify_consistency(size, 65_537, proof, root, store.root)


def test_growing_reads_the_right_edge_only():
    store = Store().grow(LEAVES)
    asked = []

    def read(level, index):
        asked.append((level, index))
        return store.read(level, index)

    tiles.grow(read, store.size, LEAVES[:1])
    assert set(asked) <= {(0, 7), (1, 0)}


def test_what_a_crash_left_behind_the_head_is_not_counted():
    """A tile longer than the recorded size holds hashes nobody signed: overwritten, not built upon."""
    store = Store().grow(LEAVES[:10])
    grown, root = tiles.grow(store.read, 7, LEAVES[100:103])
    assert root == merkle.root(LEAVES[:7] + LEAVES[100:103])
    assert grown[0, 0] == b"".join(LEAVES[:7] + LEAVES[100:103])


@pytest.mark.parametrize("lost", [(0, 0), (0, 7), (1, 0)])
def test_a_lost_tile_is_noticed(lost):
    store = Store().grow(LEAVES)
    store[lost] = store[lost][:-32]
    with pytest.raises(ProofError) as refused:
        tiles.inclusion_proof(store.read, lost[1] * 256, len(LEAVES))
    assert refused.value.code == "tile-short"
    assert f"{lost[0]}/{lost[1]}" in str(refused.value)


def test_a_lost_edge_stops_growth():
    store = Store().grow(LEAVES[:10])
    del store[0, 0]
    with pytest.raises(ProofError, match="mirror"):
        store.grow(LEAVES[10:11])


def test_a_changed_tile_changes_the_root():
    store = Store().grow(LEAVES)
    for where in [(0, 3), (0, 7), (1, 0)]:
        tile = store[where]
        store[where] = bytes([tile[0] ^ 1]) + tile[1:]
        changed = tiles.root_at(store.read, len(LEAVES)) != store.root
        # Tile (0, 3) is full: level 1 stands for it, and a full check compares the two.
        assert changed == (where != (0, 3))
        store[where] = tile


def test_it_refuses_a_leaf_hash_of_another_length():
    with pytest.raises(ProofError) as refused:
        tiles.grow(Store().read, 0, [b"short"])
    assert refused.value.code == "hash-length"
