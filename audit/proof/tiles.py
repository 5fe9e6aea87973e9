"""How the tree is stored: C2SP tlog-tiles, 256 hashes to a tile. Pure arithmetic over a reader callback.

Tile (level, index) holds, for i from 0 to 255, the hashes MTH(D[n * 256**level : (n + 1) * 256**level]) with
n = 256 * index + i, one after another. A partial tile is the beginning of the later full one, so a store
keeps one row a tile, lets it grow, and cuts it to width on reading; past sizes are proven from these rows.

A `ReadTile` returns what is stored of a tile (more than is needed does no harm) or b"" if there is none.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from . import merkle
from .errors import ProofError
from .merkle import HASH_SIZE, ReadNode

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_SIZE = WIDTH * HASH_SIZE

Coordinates = tuple[int, int]
ReadTile = Callable[[int, int], bytes]


def width_of(level: int, index: int, size: int) -> int:
    """Return how many hashes tile (level, index) has in a tree of `size` leaves; 0 if it does not exist."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (level, index, width) of every tile in a tree of `size` leaves, empty ones left out."""
    level = 0
    while size:
        for index in range((size + WIDTH - 1) // WIDTH):
            yield level, index, width_of(0, index, size)
        level, size = level + 1, size >> HEIGHT


def grow(read_tile: ReadTile, old_size: int, leaf_hashes: Sequence[bytes]) -> tuple[dict[Coordinates, bytes], bytes]:
    """Append leaves to a tree of `old_size`.

    Args:
        read_tile: reads the stored tiles; only the right edge is asked for.
        old_size: leaves already in the tree.
        leaf_hashes: the new ones, in order.

    Returns:
        Every tile that changed, whole (old bytes first, so each may only have grown), and the new root.

    Raises:
        ProofError: `hash-length` for a leaf hash that is not 32 bytes; `tile-short` if the store lost some.
    """
    if any(len(leaf) != HASH_SIZE for leaf in leaf_hashes):
        raise ProofError("hash-length", f"A leaf hash is {HASH_SIZE} bytes long.")
    grown: dict[Coordinates, bytes] = {}
    level, size, fresh = 0, old_size, b"".join(leaf_hashes)
    while fresh:
        touched = _extend(read_tile, level, size, fresh)
        grown.update(touched)
        # Only a full tile has a hash one level up, and it gets one exactly when it becomes full.
        fresh = b"".join(_fold(tile) for tile in touched.values() if len(tile) == TILE_SIZE)
        level, size = level + 1, size >> HEIGHT
    new_size = old_size + len(leaf_hashes)
    return grown, root_at(lambda level, index: grown.get((level, index)) or read_tile(level, index), new_size)


class Regrown:
    """A tree grown anew from its leaves in constant memory: of each level only the tile at the right edge is kept."""

    def __init__(self) -> None:
        self.size, self.root = 0, merkle.EMPTY_ROOT
        self.edge: dict[Coordinates, bytes] = {}

    def append(self, leaf_hashes: Sequence[bytes]) -> dict[Coordinates, bytes]:
        """Add leaves, and return the tiles that are full now and so will never change; raises as `grow`."""
        changed, self.root = grow(lambda level, index: self.edge.get((level, index), b""), self.size, leaf_hashes)
        self.size += len(leaf_hashes)
        full = {place: tile for place, tile in changed.items() if len(tile) == TILE_SIZE}
        self.edge = {place: tile for place, tile in (self.edge | changed).items() if place not in full}
        return full


def read_node(read_tile: ReadTile) -> ReadNode:
    """Return a reader of perfect subtrees over a reader of tiles; each tile is read once.

    The reader raises ProofError `tile-short` if a stored tile has fewer hashes than the tree needs.
    """
    remembered = cache(read_tile)

    def read(height: int, index: int) -> bytes:
        level, inner = divmod(height, HEIGHT)
        tile, place = divmod(index << inner, WIDTH)
        start = place * HASH_SIZE
        return _fold(_need(remembered(level, tile), level, tile, place + (1 << inner))[start:])

    return read


def root_at(read_tile: ReadTile, size: int) -> bytes:
    """Return the root of the first `size` leaves; raises as `merkle.root_at` and `tile-short`."""
    return merkle.root_at(read_node(read_tile), size)


def inclusion_proof(read_tile: ReadTile, index: int, size: int) -> list[bytes]:
    """Return the audit path of leaf `index` at `size`; raises as `merkle.inclusion_proof`, `tile-short`."""
    return merkle.inclusion_proof(read_node(read_tile), index, size)


def consistency_proof(read_tile: ReadTile, size1: int, size2: int) -> list[bytes]:
    """Return the proof from `size1` to `size2`; raises as `merkle.consistency_proof` and `tile-short`."""
    return merkle.consistency_proof(read_node(read_tile), size1, size2)


def _extend(read_tile: ReadTile, level: int, size: int, fresh: bytes) -> dict[Coordinates, bytes]:
    """Return the tiles of one level that change when `fresh` hashes follow the `size` there are."""
    first, width = divmod(size, WIDTH)
    stored = _need(read_tile(level, first), level, first, width) if width else b""
    data = stored + fresh
    cuts = range(0, len(data), TILE_SIZE)
    return {(level, first + cut // TILE_SIZE): data[cut : cut + TILE_SIZE] for cut in cuts}


def _need(tile: bytes, level: int, index: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile as read."""
    if len(tile) < width * HASH_SIZE:
        raise ProofError(
            "tile-short",
            f"Tile {level}/{index} holds {len(tile) // HASH_SIZE} hashes where the tree needs {width}. "
            "Restore it from a mirror of the log.",
        )
    return tile[: width * HASH_SIZE]


def _fold(hashes: bytes) -> bytes:
    """Return the root over a power of two of concatenated hashes: two neighbours are already side by side."""
    sha256 = hashlib.sha256
    while len(hashes) > HASH_SIZE:
        pairs = range(0, len(hashes), 2 * HASH_SIZE)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_SIZE]).digest() for at in pairs])
    return hashes
