"""Tile addresses: `0/x001/x234/067.p/12` (C2SP tlog-tiles, "Merkle Tree")."""

import re

from .errors import ProofError
from .tiles import WIDTH

_PATH = re.compile(r"(0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the address of a tile, below `tile/`; `width` under 256 makes it a partial one."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *outer, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    partial = "" if width == WIDTH else f".p/{width}"
    return f"{level}/" + "".join(f"x{part}/" for part in outer) + last + partial


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """Return (level, index, width) of the tile at `path`.

    Raises:
        ProofError: `path-bad` for anything `tile_path` would not write: one tile has one address.
    """
    found = _PATH.fullmatch(path)
    if found and len(path) < 64:
        level, index = int(found[1]), int(found[2].replace("/", "").replace("x", ""))
        width = int(found[3] or WIDTH)
        if level < 64 and tile_path(level, index, width) == path:
            return level, index, width
    raise ProofError("path-bad", "This is not the address of a tile.")
