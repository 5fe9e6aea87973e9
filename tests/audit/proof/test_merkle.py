import hashlib
import json
from base64 import b64decode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import merkle
from audit.proof.errors import ProofError

from . import naive, vectors

LEAVES = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(301)]
# The eight inputs and roots that Certificate Transparency implementations have shared since RFC 6962.
INPUTS = [bytes.fromhex(text) for text in ["", "00", "10", "2021", "3031", "40414243"]]
INPUTS += [bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def reader(hashes):
    """Read perfect subtrees of a list, by the naive definition."""
    return lambda height, index: naive.mth(hashes[index << height : (index + 1) << height])


def verifies_inclusion(*claim):
    return accepts(merkle.verify_inclusion, *claim)


def verifies_consistency(*claim):
    return accepts(merkle.verify_consistency, *claim)


def accepts(check, *claim):
    try:
        check(*claim)
    except ProofError:
        return False
    return True


def test_the_tree_every_rfc_6962_implementation_knows():
    assert merkle.root(map(merkle.leaf_hash, INPUTS)).hex() == ROOT_OF_EIGHT
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_the_example_of_rfc_6962_section_2_1_3():
    d = [merkle.leaf_hash(letter.encode()) for letter in "0123456"]
    a, b, c, d_, e, f, j = d
    g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d_), merkle.node_hash(e, f)
    k, el = merkle.node_hash(g, h), merkle.node_hash(i, j)
    read = reader(d)
    assert merkle.inclusion_proof(read, 0, 7) == [b, h, el]
    assert merkle.inclusion_proof(read, 3, 7) == [c, g, el]
    assert merkle.inclusion_proof(read, 4, 7) == [f, j, k]
    assert merkle.inclusion_proof(read, 6, 7) == [i, k]
    assert merkle.consistency_proof(read, 3, 7) == [c, d_, g, el]
    assert merkle.consistency_proof(read, 4, 7) == [el]
    assert merkle.consistency_proof(read, 6, 7) == [i, j, k]


def test_F26_a_leaf_cannot_pose_as_a_node():
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(b"\x01" + left + right) != merkle.root([left, right])
    assert merkle.EMPTY_ROOT != merkle.leaf_hash(b"") == hashlib.sha256(b"\x00").digest()


def test_roots_of_all_small_sizes_are_those_of_the_definition():
    frontier = merkle.Frontier()
    for size in range(301):
        expected = naive.mth(LEAVES[:size])
        assert frontier.root() == expected == merkle.root(LEAVES[:size])
        assert frontier.size == size
        if size < 300:
            frontier.append(LEAVES[size])


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 127, 128, 255, 256, 257, 300])
def test_inclusion_proofs_are_those_of_the_definition_and_verify(size):
    hashes = LEAVES[:size]
    root, read = merkle.root(hashes), reader(hashes)
    for index in range(0, size, 1 if size < 70 else 17):
        proof = merkle.inclusion_proof(read, index, size)
        assert proof == naive.path(index, hashes)
        merkle.verify_inclusion(index, size, hashes[index], proof, root)


@pytest.mark.parametrize("size2", [*range(1, 34), 64, 65, 128, 129, 255, 256, 257, 300])
def test_consistency_proofs_are_those_of_the_definition_and_verify(size2):
    hashes = LEAVES[:size2]
    root2, read = merkle.root(hashes), reader(hashes)
    for size1 in range(1, size2 + 1, 1 if size2 < 34 else 13):
        proof = merkle.consistency_proof(read, size1, size2)
        assert proof == naive.proof(size1, hashes)
        merkle.verify_consistency(size1, size2, proof, merkle.root(hashes[:size1]), root2)


@pytest.mark.parametrize("size", range(1, 10))
def test_an_inclusion_proof_holds_for_one_claim_only(size):
    """Not for another index, leaf or length. (A tree's size is not hashed; the checkpoint signs it.)"""
    hashes = LEAVES[:size]
    root = merkle.root(hashes)
    for index in range(size):
        proof = naive.path(index, hashes)
        for other in range(12):
            if other != index:
                assert not verifies_inclusion(other, size, hashes[index], proof, root)
        assert not verifies_inclusion(index, size, LEAVES[299], proof, root)
        assert not verifies_inclusion(index, size, hashes[index], [*proof, root], root)
        assert not verifies_inclusion(index, size, hashes[index], [root, *proof], root)
        if proof:
            assert not verifies_inclusion(index, size, hashes[index], proof[:-1], root)


@st.composite
def changed(draw, hashes):
    """A list of hashes with one of its bits flipped."""
    where = draw(st.integers(0, len(hashes) * 256 - 1))
    raw = bytearray(b"".join(hashes))
    raw[where // 8] ^= 1 << where % 8
    return [bytes(raw[at : at + 32]) for at in range(0, len(raw), 32)]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_F10_one_flipped_bit_spoils_an_inclusion_proof(data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    hashes = LEAVES[:size]
    proof = merkle.inclusion_proof(reader(hashes), index, size)
    leaf, root, *spoilt = data.draw(changed([hashes[index], merkle.root(hashes), *proof]))
    assert not verifies_inclusion(index, size, leaf, spoilt, root)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_one_flipped_bit_spoils_a_consistency_proof(data):
    size2 = data.draw(st.integers(1, 300))
    size1 = data.draw(st.integers(1, size2))
    hashes = LEAVES[:size2]
    proof = merkle.consistency_proof(reader(hashes), size1, size2)
    root1, root2, *spoilt = data.draw(changed([merkle.root(hashes[:size1]), merkle.root(hashes), *proof]))
    assert not verifies_consistency(size1, size2, spoilt, root1, root2)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_another_size_spoils_a_consistency_proof(data):
    size2 = data.draw(st.integers(2, 300))
    size1 = data.draw(st.integers(1, size2 - 1))
    hashes = LEAVES[:size2]
    roots = merkle.root(hashes[:size1]), merkle.root(hashes)
    proof = merkle.consistency_proof(reader(hashes), size1, size2)
    assert not verifies_consistency(size1, size2, [*proof, LEAVES[300]], *roots)
    assert not verifies_consistency(size1, size2, proof[:-1], *roots)
    assert not verifies_consistency(size2, size1, proof, *roots)
    assert not verifies_consistency(size2, size2, proof, *roots)
    other = data.draw(st.integers(1, 320).filter(lambda size: size != size1))
    assert not verifies_consistency(other, size2, proof, *roots)


@pytest.mark.parametrize(
    ("check", "claim", "code"),
    [
        (merkle.verify_consistency, (0, 1, [], merkle.EMPTY_ROOT, LEAVES[0]), "size-bad"),
        (merkle.verify_consistency, (0, 0, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT), "size-bad"),
        (merkle.verify_consistency, (-1, 1, [], LEAVES[0], LEAVES[0]), "size-bad"),
        (merkle.verify_consistency, (2, 1, [], LEAVES[0], LEAVES[0]), "size-bad"),
        (merkle.verify_consistency, (1, 1, [LEAVES[0]], LEAVES[0], LEAVES[0]), "proof-length"),
        (merkle.verify_consistency, (1, 2, [], LEAVES[0], LEAVES[0]), "proof-length"),
        (merkle.verify_consistency, (1, 2, LEAVES[:2], LEAVES[0], LEAVES[0]), "proof-length"),
        (merkle.verify_consistency, (1, 1, [], LEAVES[0], LEAVES[1]), "root-mismatch"),
        (merkle.verify_consistency, (1, 1, [], b"", b""), "hash-length"),
        (merkle.verify_inclusion, (0, 1, b"", [], b""), "hash-length"),
        (merkle.verify_inclusion, (0, 2, LEAVES[0], [b"short"], LEAVES[0]), "hash-length"),
        (merkle.verify_inclusion, (0, 0, LEAVES[0], [], LEAVES[0]), "index-bad"),
        (merkle.verify_inclusion, (1, 1, LEAVES[0], [], LEAVES[0]), "index-bad"),
        (merkle.verify_inclusion, (-1, 1, LEAVES[0], [], LEAVES[0]), "index-bad"),
        (merkle.verify_inclusion, (0, 2, LEAVES[0], [], LEAVES[0]), "proof-length"),
        (merkle.verify_inclusion, (0, 1, LEAVES[0], [LEAVES[0]], LEAVES[0]), "proof-length"),
        (merkle.verify_inclusion, (0, 1, LEAVES[0], [], LEAVES[1]), "root-mismatch"),
        (merkle.inclusion_proof, (reader(LEAVES), 1, 1), "index-bad"),
        (merkle.consistency_proof, (reader(LEAVES), 0, 1), "size-bad"),
        (merkle.root_at, (reader(LEAVES), -1), "size-bad"),
        (merkle.root, ([b"short"],), "hash-length"),
    ],
)
def test_F10_it_refuses_a_claim_that_proves_nothing(check, claim, code):
    with pytest.raises(ProofError) as refused:
        check(*claim)
    assert refused.value.code == code


@pytest.mark.parametrize("path", vectors.files("transparency-dev-merkle", "testdata/inclusion/*/*.json"))
def test_outside_inclusion_vectors(path):
    case = json.loads(path.read_bytes())
    proof = [b64decode(item) for item in case["proof"] or ()]
    claim = case["leafIdx"], case["treeSize"], b64decode(case["leafHash"]), proof, b64decode(case["root"])
    assert verifies_inclusion(*claim) != case["wantErr"]


@pytest.mark.parametrize("path", vectors.files("transparency-dev-merkle", "testdata/consistency/*/*.json"))
def test_outside_consistency_vectors(path):
    case = json.loads(path.read_bytes())
    proof = [b64decode(item) for item in case["proof"] or ()]
    roots = [b64decode(case[name] or "") for name in ("root1", "root2")]
    # One vector accepts two equal roots that are no hashes at all; a root is 32 bytes to us.
    refused = case["wantErr"] or any(len(root) != 32 for root in roots)
    assert verifies_consistency(case["size1"], case["size2"], proof, *roots) != refused
