"""A zip file in which every byte has a meaning.

Zip readers are forgiving: bytes may hide before, between and behind the members, names may be there twice, dates and
flags may say anything. Here the container has one spelling, so that no changed byte goes unnoticed; but for how a
content was compressed, of which only the content matters.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from .errors import ProofError

_VERSION, _UNIX, _DATE = 45, 3, (1980, 1, 1, 0, 0, 0)
_DOS_DATE = 1 << 5 | 1
_RIGHTS = 0o600 << 16
PIECE = 1 << 16
"""Bytes that are read, or unpacked, at once: of one packed byte a thousand can come."""
_LINE_LIMIT = 1024 * 1024


class Writer:
    """Writes members one after another, each little by little, and knows their hashes."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self.hashes: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one member."""
        info = zipfile.ZipInfo(name, _DATE)
        info.create_system, info.external_attr, info.compress_type = _UNIX, _RIGHTS, zipfile.ZIP_DEFLATED
        digest = hashlib.sha256()
        # Always in the long form: how large a member gets is not known when it begins.
        with self._zip.open(info, "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
        self.hashes[name] = digest.hexdigest()

    def close(self) -> None:
        """Write the list of members, with which a zip file ends."""
        self._zip.close()


class Reader:
    """Reads members of a file that a Writer wrote, and refuses every other.

    Raises:
        ProofError: `archive-bad` for a file that is not spelled as `Writer` spells it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            with zipfile.ZipFile(file) as listed:
                self._infos, at = listed.infolist(), listed.start_dir
            self.names = [info.filename for info in self._infos]
            self._check(at)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, struct.error, OSError, EOFError):
            raise _bad() from None

    def read(self, name: str, limit: int = 1024 * 1024) -> bytes:
        """Return a small member whole.

        Raises:
            ProofError: `bundle-missing`, `archive-bad`.
        """
        chunks = []
        for chunk in self.chunks(name):
            chunks.append(chunk)
            if (limit := limit - len(chunk)) < 0:
                raise ProofError("archive-bad", f"`{name}` is far larger than it can be.")
        return b"".join(chunks)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member piece by piece; raises as `read`, at the latest behind the last piece."""
        if name not in self.names:
            raise ProofError("bundle-missing", f"`{name}` is missing in the file.")
        info = self._infos[self.names.index(name)]
        unpacker, crc, size, packed = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0, b""
        at = info.header_offset + len(_local(info))
        end = at + info.compress_size
        while not unpacker.eof:
            if not packed:
                self._file.seek(at)  # another member may be read in between
                packed = self._file.read(min(PIECE, end - at))
                at += len(packed)
            chunk = _unpacked(unpacker, packed)
            packed, crc, size = unpacker.unconsumed_tail, zlib.crc32(chunk, crc), size + len(chunk)
            yield chunk
        # Nor may anything hide behind what was compressed.
        if at < end or unpacker.unused_data or not unpacker.eof or (crc, size) != (info.CRC, info.file_size):
            raise _bad()

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a member, each with its end; raises as `chunks`."""
        rest = b""
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            if max(map(len, [rest, *whole])) > _LINE_LIMIT:
                raise ProofError("archive-bad", f"A line of `{name}` is far longer than it can be.")
            for line in whole:
                yield line + b"\n"
        if rest:
            yield rest

    def _check(self, listed_at: int) -> None:
        """Refuse whatever `Writer` would not have written: member by member, then the list at the end."""
        at = 0
        if len(set(self.names)) != len(self.names):
            raise _bad()
        for info in self._infos:
            wanted = _local(info)
            self._file.seek(at)
            if info.header_offset != at or self._file.read(len(wanted)) != wanted:
                raise _bad()
            at += len(wanted) + info.compress_size
        self._file.seek(at)
        listed = b"".join(_listed(info) for info in self._infos)
        if at != listed_at or self._file.read() != listed + _end(len(self.names), len(listed), at):
            raise _bad()


def _unpacked(unpacker: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        chunk = unpacker.decompress(packed, PIECE)
    except zlib.error:
        raise _bad() from None
    if not (packed or chunk):
        raise _bad()  # it ends before its end
    return chunk


def _local(info: zipfile.ZipInfo) -> bytes:
    """Return what stands before a member (APPNOTE 4.3.7), with its sizes in the long form (4.5.3)."""
    name = info.filename.encode("ascii")
    long = struct.pack("<HHQQ", 1, 16, info.file_size, info.compress_size)
    sizes = (info.CRC, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(long))
    return struct.pack("<4s5H3L2H", b"PK\3\4", _VERSION, 0, 8, 0, _DOS_DATE, *sizes) + name + long


def _listed(info: zipfile.ZipInfo) -> bytes:
    """Return the line of a member in the list at the end (4.3.12); what is large stands behind it."""
    limit, name = zipfile.ZIP64_LIMIT, info.filename.encode("ascii")
    sizes, offset, large = (info.compress_size, info.file_size), info.header_offset, []
    if max(sizes) > limit:
        large, sizes = [info.file_size, info.compress_size], (0xFFFFFFFF, 0xFFFFFFFF)
    if offset > limit:
        large, offset = [*large, offset], 0xFFFFFFFF
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    fields = (_VERSION, _UNIX, _VERSION, 0, 0, 8, 0, _DOS_DATE, info.CRC, *sizes, len(name), len(extra), 0, 0, 0)
    return struct.pack("<4s4B4H3L5H2L", b"PK\1\2", *fields, _RIGHTS, offset) + name + extra


def _end(members: int, size: int, at: int) -> bytes:
    """Return the end of the file (4.3.16), and before it, for a large one, its long form (4.3.14, 4.3.15)."""
    long = b""
    if at > zipfile.ZIP64_LIMIT:
        long = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _VERSION, _VERSION, 0, 0, members, members, size, at)
        long += struct.pack("<4sLQL", b"PK\6\7", 0, at + size, 1)
        at = min(at, 0xFFFFFFFF)
    return long + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, members, members, size, at, 0)


def _bad() -> ProofError:
    return ProofError("archive-bad", "This zip file is damaged, or was packed anew. Take a fresh copy.")
