"""The tiles of the tree as they are stored."""

from collections.abc import Mapping

from audit import rows
from audit.models import Head, Tile
from audit.proof import merkle, tiles
from audit.proof.errors import ProofError
from audit.rows import Lines
from audit.services.refusals import LogDamaged


def read_tile(level: int, index: int) -> bytes:
    """The stored hashes of one tile, full or partial; none of a tile that is not there."""
    return b"".join(map(bytes, Tile.objects.filter(level=level, index=index).values_list("data", flat=True)))


def leaf_hash(place: int, read: tiles.ReadTile = read_tile) -> bytes:
    """The hash of the entry at a place, whether or not the entry is still there; b"" where the tree has none."""
    index, inside = divmod(place, tiles.WIDTH)
    return read(0, index)[inside * merkle.HASH_SIZE : (inside + 1) * merkle.HASH_SIZE]


def root_at(size: int) -> bytes:
    """The root that the stored tiles give the first `size` entries. Raises LogDamaged when they do not hold them."""
    try:
        return tiles.root_at(read_tile, size)
    except ProofError as problem:
        raise LogDamaged(str(problem)) from None


def check_edge(head: Head) -> None:
    """Raises LogDamaged when the stored tiles do not give the root of this head."""
    if root_at(head.size) != bytes(head.root):
        raise LogDamaged("The stored tree does not give its own root.")


def store(grown: Mapping[tuple[int, int], bytes], size: int) -> None:
    """Keep the tiles that grew on a tree of `size` leaves: of each level, all but the first are new."""
    new = []
    for (level, index), data in grown.items():
        if not tiles.width_of(level, index, size):
            new.append((level, index, data))
        elif Tile.objects.filter(level=level, index=index).update(data=data) != 1:
            raise LogDamaged(f"Tile {level}/{index} of the stored tree is gone.")
    rows.write_many(Lines(Tile, ("level", "index", "data"), new))
