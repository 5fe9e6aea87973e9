"""The Merkle tree of RFC 6962, section 2.1: hashes, proofs, and how to refuse a bad one.

Sizes and indices count leaves from 0. A proof is a list of 32-byte hashes, lowest first. A `ReadNode` gives
the hash of a perfect subtree: `read(height, index)` covers leaves [index << height, (index + 1) << height).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from .errors import ProofError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

ReadNode = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf's bytes. The 0x00 keeps a leaf from posing as a node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours. The 0x01 keeps a node from posing as a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the Merkle tree hash over all `leaf_hashes`, in constant memory (RFC 6962, 2.1).

    Raises:
        ProofError: `hash-length` if one is not 32 bytes.
    """
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


class Frontier:
    """The right edge of a growing tree: one hash for each 1 in the binary form of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash.

        Raises:
            ProofError: `hash-length` if it is not 32 bytes.
        """
        _check_hashes((leaf,))
        node, carry = leaf, self.size
        while carry & 1:
            node = node_hash(self._peaks.pop(), node)
            carry >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return _join(self._peaks)


def root_at(read: ReadNode, size: int) -> bytes:
    """Return the root of the first `size` leaves.

    Raises:
        ProofError: `size-bad` below 0; whatever `read` raises.
    """
    if size < 0:
        raise ProofError("size-bad", f"A log of {size} entries cannot be.")
    return range_hash(read, 0, size)


def inclusion_proof(read: ReadNode, index: int, size: int) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1).

    Raises:
        ProofError: `index-bad` unless 0 <= index < size; whatever `read` raises.
    """
    _check_index(index, size)
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(range_hash(read, middle, end))
            end = middle
        else:
            proof.append(range_hash(read, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(read: ReadNode, size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of `size1` is a beginning of the tree of `size2` (RFC 6962, 2.1.2).

    Raises:
        ProofError: `size-bad` unless 1 <= size1 <= size2; whatever `read` raises.
    """
    _check_sizes(size1, size2)
    proof, start, end = [], 0, size2
    while size1 != end:
        middle = start + split(end - start)
        if size1 <= middle:
            proof.append(range_hash(read, middle, end))
            end = middle
        else:
            proof.append(range_hash(read, start, middle))
            start = middle
    if start:  # otherwise what remains is the old tree itself, whose root the verifier holds
        proof.append(range_hash(read, start, end))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return if `leaf` (a hash) is leaf `index` of the tree with this size and root (RFC 9162, 2.1.3.2).

    Raises:
        ProofError: `index-bad`, `hash-length`, `proof-length` or `root-mismatch`.
    """
    _check_index(index, size)
    _check_hashes((leaf, root, *proof))
    node, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if not last:
            raise _wrong_length()
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            node, last = _climb(node, last)
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise _wrong_length()
    if computed != root:
        raise ProofError("root-mismatch", f"Entry {index} is not in this log as it is shown here.")


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Return if the tree (size2, root2) begins with the tree (size1, root1) (RFC 9162, 2.1.4.2).

    Size 0 is refused: every tree begins with nothing, so such a proof would say nothing yet look like one.

    Raises:
        ProofError: `size-bad`, `hash-length`, `proof-length` or `root-mismatch`.
    """
    _check_sizes(size1, size2)
    _check_hashes((root1, root2, *proof))
    if bool(proof) != (size1 < size2):
        raise _wrong_length()
    roots = _replay(size1, size2, proof, root1) if proof else (root1, root1)
    if roots != (root1, root2):
        raise ProofError("root-mismatch", f"The log of {size2} entries does not begin with that of {size1}.")


def _replay(size1: int, size2: int, proof: Sequence[bytes], root1: bytes) -> tuple[bytes, bytes]:
    """Return the old and the new root that a consistency proof leads to."""
    # A perfect old tree is itself the first node of the path, so the proof leaves it out.
    old, *path = proof if size1 & (size1 - 1) else (root1, *proof)
    new, node, last = old, size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    for sibling in path:
        if not last:
            raise _wrong_length()
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _climb(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise _wrong_length()
    return old, new


def _climb(node: int, last: int) -> tuple[int, int]:
    """Skip the levels where the right edge has no sibling: RFC 6962 lifts such a node up unhashed."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 6962, 2.1: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(read: ReadNode, start: int, end: int) -> bytes:
    """Return MTH(D[start:end]) from perfect subtrees. `start` must be aligned, as every RFC 6962 split is."""
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        peaks.append(read(height, start >> height))
        start += 1 << height
    return _join(peaks)


def _join(peaks: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    computed = peaks[-1]
    for peak in reversed(peaks[:-1]):
        computed = node_hash(peak, computed)
    return computed


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ProofError("index-bad", f"There is no entry {index} in a log of {size} entries.")


def _check_sizes(size1: int, size2: int) -> None:
    if not 1 <= size1 <= size2:
        raise ProofError(
            "size-bad", f"A log cannot grow from {size1} to {size2} entries in a way that proves anything."
        )


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(item) != HASH_SIZE for item in hashes):
        raise ProofError("hash-length", f"A hash in this proof is not {HASH_SIZE} bytes long.")


def _wrong_length() -> ProofError:
    return ProofError("proof-length", "The proof has too few or too many hashes for these sizes.")
