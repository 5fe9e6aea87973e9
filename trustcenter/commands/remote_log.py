"""Read the public log of a service over HTTP, and check it the way a stranger would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.request import Request, urlopen

from audit.proof import note, paths, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError

_TIMEOUT = 30
_LARGEST = 1_048_576


@dataclass(frozen=True)
class Found:
    """A log that holds: its name, size and root, and the keys it was opened with."""

    origin: str
    size: int
    root: bytes
    vkeys: list[str]


def verify(url: str, pinned: Sequence[str] | None, progress: Callable[[int, int], None]) -> Found:
    """Read checkpoint and all tiles, and check that the leaves give every other tile and the signed root.

    pinned: keys you trust; None takes those that the service itself hands out.
    Raises ProofError when the log does not hold, OSError when it cannot be read.
    """
    base = f"{url.rstrip('/').removesuffix('/log')}/log"
    vkeys = list(pinned) if pinned else _keys(_read(f"{base}/vkeys").decode())
    head = Checkpoint.parse(note.open_note(_read(f"{base}/checkpoint").decode(), vkeys))
    held = _tiles(base, head.size, progress)
    leaves = b"".join(held[place] for place in sorted(held) if place[0] == 0)
    hashes = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    grown, root = tiles.grow(lambda level, index: b"", 0, hashes)
    if root != head.root:
        raise ProofError("root", "The leaves of this log do not give the root that was signed.")
    if grown != held:
        raise ProofError("tile-bad", "A tile above the leaves is not what the leaves give.")
    return Found(head.origin, head.size, head.root, vkeys)


def _keys(text: str) -> list[str]:
    """The keys in a list of them, one a line, comments left out."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _tiles(base: str, size: int, progress: Callable[[int, int], None]) -> dict[tuple[int, int], bytes]:
    wanted = list(tiles.tiles_of(size))
    held = {}
    for done, (level, index, width) in enumerate(wanted, 1):
        tile = _read(f"{base}/tile/{paths.tile_path(level, index, width)}")
        if len(tile) != width * 32:
            raise ProofError("tile-short", f"Tile {level}/{index} has {len(tile)} bytes instead of {width * 32}.")
        held[level, index] = tile
        progress(done, len(wanted))
    return held


def _read(url: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise OSError("the address must begin with http:// or https://")
    # The scheme is checked above: no file is opened by an address somebody handed over.
    with urlopen(Request(url), timeout=_TIMEOUT) as answer:  # noqa: S310
        body: bytes = answer.read(_LARGEST + 1)
    if len(body) > _LARGEST:
        raise OSError(f"{url} answers more than 1 MiB")
    return body
