"""A whole log in memory: it appends, signs and hands out bundles. Tests then play the attacker."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.proof import bundle, canonical, commitment, merkle, note, tiles
from audit.proof.checkpoint import Checkpoint

ORIGIN = "kestrel.example/log"
SALT = bytes(range(32))


class Key:
    """A signing key; its private half shows only as a function, as in the sealer."""

    def __init__(self, seed, name=ORIGIN):
        private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.name, self.sign = name, private.sign
        self.public = private.public_key().public_bytes_raw()
        self.vkey = note.vkey(name, self.public)


class SmallLog:
    def __init__(self, size=0, key=None):
        self.key = key or Key(1)
        self.leaves, self.tiles, self.root = [], {}, merkle.EMPTY_ROOT
        self.append([entry(number) for number in range(size)])

    @property
    def size(self):
        return len(self.leaves)

    def read_tile(self, level, index):
        return self.tiles.get((level, index), b"")

    def append(self, values):
        leaves = [canonical.leaf(value) for value in values]
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        grown, self.root = tiles.grow(self.read_tile, self.size, hashes)
        self.tiles |= grown
        self.leaves += leaves

    def checkpoint(self):
        body = Checkpoint(self.key.name, self.size, self.root).body()
        return note.sign(body, self.key.name, self.key.public, self.key.sign)

    def proven(self, index, disclosed=True):
        proof = tiles.inclusion_proof(self.read_tile, index, self.size)
        shown = (SALT, payload(index)) if disclosed else None
        return bundle.Proven(index, self.leaves[index], proof, shown)

    def bundle(self, indices, *, complete=False, disclosed=True):
        return bundle.make_bundle(
            checkpoint=self.checkpoint(),
            vkeys=[self.key.vkey],
            entries=[self.proven(index, disclosed) for index in indices],
            complete=complete,
        )


def payload(number):
    return canonical.dumps({"purpose": "Grüße, 你好", "number": number})


def entry(number):
    return {
        "action": "consent.granted",
        "id": f"entry-{number}",
        "outcome": "allowed",
        "commitment": commitment.commit(SALT, payload(number)),
        "at": "2026-11-22T09:00:00.000000Z",
        "v": 1,
    }
