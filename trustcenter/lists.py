"""Long lists of identifiers, and the answers to them: read and written in blocks, whatever their length.

A list is one identifier a line: UTF-8, ended by LF or CRLF, the last end optional. It is spooled before it is read, and
so are the answers, which may leave only when they are in the log. What is spooled has no name, and goes with its file.
"""

import codecs
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import compress
from typing import IO, Any, cast

import msgspec
import numpy as np
from django.conf import settings

from consent.errors import Field, Invalid, TooLarge
from consent.services import decisions
from consent.services.audiences import Block, Filtered, Judged

BLOCK = 2**18
LINE, LINES = 4096, 20_000_000
_IN_MEMORY = 2**20
_GZIP = 31  # zlib's word for a gzip header and trailer


def spool() -> IO[bytes]:
    """A file without a name, in the data folder once it is large."""
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(settings.DATA_DIR)))


def received(read: Callable[[int], bytes], *, most: int, packed: bool = False) -> Iterator[bytes]:
    """What `read` gives, which takes a number of bytes and gives none at the end, in blocks; packed: with gzip.

    Raises TooLarge as soon as it is more than `most`, unpacked; Invalid where it is no gzip.
    """
    size = 0
    for block in _unpacked(read) if packed else iter(lambda: read(BLOCK), b""):
        size += len(block)
        if size > most:
            raise TooLarge(f"Such a list has at most {most:,} bytes{', unpacked' if packed else ''}. Send it in parts.")
        yield block


class Lines:
    """A list of lines, spooled. asked: how many identifiers there are.

    Raises Invalid naming the first line that is too long or no UTF-8, TooLarge for too many, as soon as that is seen.
    """

    def __init__(self, blocks: Iterable[bytes], file: IO[bytes]) -> None:
        self.asked, self._open, self._file = 0, 0, file
        self._text = codecs.getincrementaldecoder("utf-8")()
        for block in blocks:
            self._take(block)
        self._check_text(b"", final=True)
        self.asked += bool(self._open)

    def blocks(self) -> Iterator[Block]:
        """The identifiers in order, without the ends of their lines."""
        self._file.seek(0)
        block = self._file.read(BLOCK).removeprefix(codecs.BOM_UTF8)
        while block:
            block += self._file.readline()
            found = block.removesuffix(b"\n").split(b"\n")
            yield [line.removesuffix(b"\r") for line in found] if b"\r" in block else found
            block = self._file.read(BLOCK)

    def _take(self, block: bytes) -> None:
        self._check_text(block)
        lengths = [len(line) for line in block.split(b"\n")]
        lengths[0] += self._open
        if max(lengths) > LINE:
            place = next(place for place, length in enumerate(lengths) if length > LINE)
            raise _wrong(self.asked + place + 1, "is longer than 4 KiB. Send one identifier a line.")
        self.asked += len(lengths) - 1
        if self.asked > LINES:
            raise TooLarge(f"A list has at most {LINES:,} lines. Send it in parts.")
        self._open = lengths[-1]
        self._file.write(block)

    def _check_text(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._text.decode(block, final)
        except UnicodeDecodeError as error:
            place = bytes(error.object[: error.start]).count(b"\n")
            raise _wrong(self.asked + place + 1, "is not UTF-8.") from None


class Listed:
    """A short list, as JSON. Raises Invalid."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        try:
            found = msgspec.json.decode(b"".join(blocks), type=list[str])
        except (ValueError, RecursionError):
            raise Invalid(Field("", "json", "A JSON list of texts, in UTF-8.")) from None
        self.asked, self._lines = len(found), [each.encode() for each in found]

    def blocks(self) -> Iterator[Block]:
        """The identifiers in order."""
        yield self._lines


class Ids:
    """The identifiers that are allowed, one a line, in the order in which they came."""

    type = "text/plain; charset=utf-8"

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def tell(self, block: Block, judged: Judged) -> None:
        allowed = list(compress(block, judged.permitted.tolist()))
        self.file.write(b"\n".join([*allowed, b""]))

    def end(self, done: Filtered) -> None:
        """Write what stands at the end."""


class Reasons(Ids):
    """One JSON object a line: each identifier, its decision and its reason. The last says what was counted."""

    type = "application/x-ndjson"

    def tell(self, block: Block, judged: Judged) -> None:
        write, ends = msgspec.json.Encoder().encode, [_end(reason, judged) for reason in judged.reasons]
        self.file.writelines(
            b'{"id":' + write(line.decode()) + ends[reason]
            for line, reason in zip(block, judged.reason.tolist(), strict=True)
        )

    def end(self, done: Filtered) -> None:
        document = {"audit_id": str(done.entry), "token": decisions.token(done.entry), "counts": counts(done)}
        self.file.write(msgspec.json.encode(document) + b"\n")


class Bits(Ids):
    """One bit for each place: the first is the most significant bit of the first byte, 1 is allowed."""

    type = "application/octet-stream"

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.open = np.zeros(0, bool)

    def tell(self, block: Block, judged: Judged) -> None:  # noqa: ARG002
        bits = np.concatenate([self.open, judged.permitted])
        whole = len(bits) - len(bits) % 8
        self.file.write(np.packbits(bits[:whole]).tobytes())
        self.open = bits[whole:]

    def end(self, done: Filtered) -> None:  # noqa: ARG002
        self.file.write(np.packbits(self.open).tobytes())


FORMS: dict[str, type[Ids]] = {form.type.partition(";")[0]: form for form in (Ids, Reasons, Bits)}


def counts(done: Filtered) -> dict[str, int]:
    """What was counted, as the caller may know it: a third party is not told who is unknown."""
    found = {"asked": done.asked, "allowed": done.allowed, "refused": done.refused, "unknown": done.unknown}
    if done.hidden:
        found["refused"] += found.pop("unknown")
    return found


def _end(reason: str, judged: Judged) -> bytes:
    permitted = reason == "permitted"
    told = "not_permitted" if judged.hidden and not permitted else reason
    return f',"decision":{str(permitted).lower()},"reason":"{told}"}}\n'.encode()


def _unpacked(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """What was packed with gzip, in parts of a bounded size, whatever is packed."""
    opened, waiting = zlib.decompressobj(_GZIP), b""
    while waiting := waiting or read(BLOCK):
        if opened.eof:  # another member follows
            opened = zlib.decompressobj(_GZIP)
        yield from _parts(opened, waiting)
        waiting = opened.unused_data
    if not opened.eof:
        raise Invalid(Field("", "gzip", "The body is not gzip, or its end is missing."))


def _parts(opened: Any, waiting: bytes) -> Iterator[bytes]:
    while True:
        try:
            part = opened.decompress(waiting, BLOCK)
        except zlib.error:
            raise Invalid(Field("", "gzip", "The body is not gzip, or its end is missing.")) from None
        if part:
            yield part
        waiting = opened.unconsumed_tail
        if opened.eof or not (waiting or part):
            return


def _wrong(line: int, what: str) -> Invalid:
    return Invalid(Field(f"/{line - 1}", "line", f"Line {line:,} {what}"))
