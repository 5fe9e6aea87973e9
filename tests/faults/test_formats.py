"""Games with signatures, proofs, spellings and exports. The obvious reader plays each first, and loses."""

import base64
import hashlib
import io
import json
import random

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.proof import bundle, canonical, encoding, export, merkle, note, tiles
from audit.proof.errors import ProofError
from tests.audit.proof import naive
from tests.audit.proof.small_export import members, packed, plainly
from tests.audit.proof.small_log import Key, SmallLog

LOG = SmallLog(size=40)
KEY, OTHER = Key(1), Key(2)
pytestmark = pytest.mark.once


def refused(check, *given):
    with pytest.raises(ProofError):
        check(*given)
    return True


def opens_naively(signed, key):
    """Good as soon as one line below the text is a good signature, whatever else is there."""
    text, _, below = signed.rpartition("\n\n")
    for line in below.splitlines():
        raw = base64.b64decode(line.split()[-1] + "==")[4:]
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(raw, f"{text}\n".encode())
        except InvalidSignature:
            continue
        return True
    return False


def test_F9_games_with_signatures():
    good = LOG.checkpoint()
    line = good.splitlines()[-1]
    bad = f"— {KEY.name} {encoding.to_base64(note.key_id(KEY.name, KEY.public) + bytes(64))}"
    games = (
        good + f"{bad}\n",
        good + f"{line}\n" * 100,
        good.replace(line, line.rstrip("=")),
        good.replace("— ", "—  "),
        good[:-1],
        good.replace(KEY.name + " ", "somebody.else "),
    )
    assert all(opens_naively(game, KEY) for game in games), "the harm"
    assert all(refused(note.open_note, game, [KEY.vkey]) for game in games)
    assert note.open_note(good, [KEY.vkey])


def test_F8_a_key_that_is_exchanged_inside_the_file():
    """The file agrees with itself; whose it is, only a key from elsewhere says."""
    forged = SmallLog(size=40, key=Key(9)).bundle([4])
    assert bundle.verify_bundle(forged, None).pinned is False
    assert refused(bundle.verify_bundle, forged, [KEY.vkey])
    twin = note.vkey(KEY.name, OTHER.public)
    number = note.key_id(KEY.name, KEY.public).hex()
    same_number = twin.replace(note.key_id(KEY.name, OTHER.public).hex(), number)
    assert same_number.split("+")[1] == KEY.vkey.split("+")[1], "four bytes are no security"
    assert refused(note.parse_vkey, same_number)
    assert refused(note.open_note, LOG.checkpoint(), [twin])


def _by_the_book(size1, size2, proof, root1, root2):
    """RFC 9162, 2.1.4.2, as it is written, without asking what is being proven."""
    if size1 == size2:
        return root1 == root2 and not proof
    if size1 == 0:
        return not proof
    try:
        merkle.verify_consistency(size1, size2, proof, root1, root2)
    except ProofError:
        return False
    return True


def test_F10_games_with_proofs():
    other = SmallLog(size=7, key=OTHER)
    assert _by_the_book(0, 7, [], merkle.EMPTY_ROOT, b"anything at all"), "the harm: any log grew out of nothing"
    assert refused(merkle.verify_consistency, 0, 7, [], merkle.EMPTY_ROOT, other.root)
    chance = random.Random(3)
    for _ in range(300):
        index = chance.randrange(40)
        leaf = merkle.leaf_hash(LOG.leaves[index])
        proof = tiles.inclusion_proof(LOG.read_tile, index, 40)
        merkle.verify_inclusion(index, 40, leaf, proof, LOG.root)
        place, bit = chance.randrange(32 * len(proof)), 1 << chance.randrange(8)
        raw = bytearray(b"".join(proof))
        raw[place] ^= bit
        bent = [bytes(raw[at : at + 32]) for at in range(0, len(raw), 32)]
        for claim in ((index, 40, leaf, bent), (index ^ 1, 40, leaf, proof), (index, 40, leaf, proof[:-1])):
            assert refused(merkle.verify_inclusion, *claim, LOG.root)


def test_F10_proofs_of_large_trees_are_those_of_the_definition():
    size = random.Random(4).randrange(2_000, 3_000)
    hashes = [merkle.leaf_hash(b"%d" % place) for place in range(size)]
    tree = tiles.Regrown()
    tree.append(hashes)
    assert tree.root == merkle.root(hashes) == naive.mth(hashes)


def test_F25_games_with_spelling():
    """Two texts that a usual reader takes for the same, and one that two readers take for different things."""
    same = (b'{"a":1}', b'{"a":1.0}', b'{ "a":1}', b'{"\\u0061":1}', b'{"a":2,"a":1}')
    assert len({json.dumps(json.loads(each), sort_keys=True).replace(".0", "") for each in same}) == 1, "the harm"
    assert len({merkle.leaf_hash(each) for each in same}) == 5
    assert all(refused(canonical.loads, each) for each in same[1:])
    assert canonical.loads(same[0]) == {"a": 1}
    for value in ({"a": 2**53}, {"a": "e\u0301"}, {"a": "\ud800"}, {"a": 1.0}, {"a": None}, {"ä": 1}):
        assert refused(canonical.dumps, value)
    long = {"a": "x" * (65_535 - 8)}
    assert canonical.leaf(long) == rfc8785.dumps(long)
    assert refused(canonical.leaf, {"a": "x" * (65_535 - 7)})


def test_F26_a_leaf_that_is_the_two_halves_of_a_tree():
    def bare(*parts):
        return hashlib.sha256(b"".join(parts)).digest()

    left, right = bare(b"one"), bare(b"two")
    assert bare(left + right) == bare(left, right), "the harm: one entry, or two? The root is the same"
    left, right = merkle.leaf_hash(b"one"), merkle.leaf_hash(b"two")
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_F26_the_widths_at_which_tiles_begin_and_end(size):
    tree, kept = tiles.Regrown(), {}
    hashes = [hashlib.sha256(b"%d" % place).digest() for place in range(size)]
    for start in range(0, size, 5_000):
        kept |= tree.append(hashes[start : start + 5_000])
    kept |= tree.edge
    assert tree.root == merkle.root(hashes)
    assert sorted((*place, len(tile) // 32) for place, tile in kept.items()) == sorted(tiles.tiles_of(size))


def test_F28_an_export_with_a_line_less_and_every_sum_made_to_fit():
    whole = packed(LOG, range(40))
    files = members(whole)
    left = files["entries.jsonl"].split(b"\n", 1)[1]
    said = json.loads(files["manifest.json"])
    said["files"]["entries.jsonl"] = hashlib.sha256(left).hexdigest()
    said |= {"entries": 39, "first": 1}
    files |= {"entries.jsonl": left, "manifest.json": canonical.dumps(said)}
    sums = said["files"] | {"manifest.json": hashlib.sha256(files["manifest.json"]).hexdigest()}
    files["SHA256SUMS"] = export.sums({name: sums[name] for name in files if name != "SHA256SUMS"})
    assert all(hashlib.sha256(files[name]).hexdigest() == sums[name] for name in sums), "the harm: sums and counts fit"
    assert left.count(b"\n") == said["entries"]
    assert refused(lambda: export.verify(io.BytesIO(plainly(files)), [KEY.vkey]))
    assert export.verify(io.BytesIO(whole), [KEY.vkey]).count == 40
