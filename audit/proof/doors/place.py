"""Where a public log is read: at an address, or in a folder that was copied from one (C2SP tlog-tiles)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .. import bundle, merkle, note, paths, tiles
from ..checkpoint import Checkpoint
from ..errors import ProofError

_TIMEOUT = 30
_LARGEST = 1_048_576
Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Found:
    """A log that holds: its head, the note it stands in, the keys it was opened with, and the root of its beginning."""

    head: Checkpoint
    signed: str
    vkeys: list[str]
    began: bytes | None


def reader(place: str) -> Read:
    """Return what reads the files of the log at an address, or in a folder; each reading may raise OSError."""
    if Path(place).is_dir():
        return lambda path: (Path(place) / path).read_bytes()
    base = f"{place.rstrip('/').removesuffix('/log')}/log"
    return lambda path: fetch(f"{base}/{path}")


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """Return status and text of the answer to a POST, whatever the status is. Raises OSError without an answer."""
    try:
        return 200, fetch(url, body)
    except HTTPError as answer:
        with answer:
            return answer.code, answer.read(_LARGEST)


def fetch(url: str, body: bytes | None = None) -> bytes:
    """Return what an address answers; with a body, to a POST. Raises OSError, HTTPError among them."""
    if not url.startswith(("http://", "https://")):
        raise OSError("the address must begin with http:// or https://")
    # The scheme is checked above: no file is opened by an address somebody handed over.
    with urlopen(Request(url, data=body), timeout=_TIMEOUT) as answer:  # noqa: S310
        found: bytes = answer.read(_LARGEST + 1)
    if len(found) > _LARGEST:
        raise OSError(f"{url} answers more than 1 MiB")
    return found


def keys(read: Read) -> list[str]:
    """Return the keys a log hands out itself; raises ProofError `unicode-bad`, OSError."""
    lines = _text(read("vkeys")).splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def head(read: Read, vkeys: Sequence[str]) -> tuple[Checkpoint, str]:
    """Return the newest head of a log, and the note it stands in; raises as `bundle.open_head`, and OSError."""
    signed = _text(read("checkpoint"))
    return bundle.open_head(signed, note.parse(signed)[0].partition("\n")[0], vkeys), signed


def tile_reader(read: Read, size: int) -> tiles.ReadTile:
    """Return a reader of the tiles in a tree of `size`; raises ProofError `tile-short`, OSError."""

    def read_tile(level: int, index: int) -> bytes:
        width = tiles.width_of(level, index, size)
        tile = read(f"tile/{paths.tile_path(level, index, width)}")
        if len(tile) != width * merkle.HASH_SIZE:
            raise ProofError("tile-short", f"Tile {level}/{index} is {len(tile)} bytes long, not {width} hashes.")
        return tile

    return read_tile


def verify(
    read: Read, pinned: Sequence[str] | None, progress: Callable[[int, int], None], beginning: int | None = None
) -> Found:
    """Read head and all tiles, and check that the leaves give every other tile and the signed root.

    In constant memory, however long the log is. pinned: keys you trust; None takes those that the log itself hands out.
    beginning: also compute the root of its first so many entries, if it has them.
    Raises ProofError when the log does not hold, OSError when it cannot be read.
    """
    vkeys = list(pinned) if pinned else keys(read)
    newest, signed = head(read, vkeys) if pinned else _own_head(read, vkeys)
    read_tile, tree, began = tile_reader(read, newest.size), tiles.Regrown(), None
    count = (newest.size + tiles.WIDTH - 1) // tiles.WIDTH
    for index in range(count):
        hashes = _parted(read_tile(0, index))
        # A head that was kept may end within this tile: its root is that of the tree up to there.
        cut = min(max(0, (beginning or 0) - tree.size), len(hashes))
        for some in (hashes[:cut], hashes[cut:]):
            _compare(tree.append(some), read_tile)
            began = tree.root if tree.size == beginning else began
        progress(index + 1, count)
    _compare(tree.edge, read_tile)
    if tree.root != newest.root:
        raise ProofError("root-mismatch", "The leaves of this log do not give the root that was signed.")
    return Found(newest, signed, vkeys, began)


def _parted(tile: bytes) -> list[bytes]:
    return [tile[at : at + merkle.HASH_SIZE] for at in range(0, len(tile), merkle.HASH_SIZE)]


def _compare(grown: Mapping[tuple[int, int], bytes], read_tile: tiles.ReadTile) -> None:
    for (level, index), tile in grown.items():
        if level and read_tile(level, index) != tile:
            raise ProofError("tile-bad", "A tile above the leaves is not what the leaves give.")


def _own_head(read: Read, vkeys: list[str]) -> tuple[Checkpoint, str]:
    try:
        return head(read, vkeys)
    except ProofError as problem:
        if problem.code != "key-missing":
            raise
        # We do not lack a key here: the log hands out keys, and none of them speaks for the head it shows.
        raise ProofError("bundle-origin", "The keys this log hands out are not those of the head it shows.") from None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProofError("unicode-bad", "What the log answers is not text in UTF-8.") from None
