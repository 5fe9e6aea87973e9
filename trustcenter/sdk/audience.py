"""A long list of customers in one request: what is sent, and how the stream that comes back is read."""

import tempfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Self

import httpx

from .calls import problem
from .course import BUSY
from .errors import Rejected, Unreachable
from .line import Line
from .messages import keys

PATH = "/api/v1/audience"
BLOCK = 2**16
IN_MEMORY = 8 * 2**20  # of what is sent, packed: some two million identifiers
PATIENCE = 120.0  # seconds for the next bytes of an answer; a million identifiers take a few
COUNTS = ("asked", "allowed", "refused", "unknown")


@dataclass(frozen=True)
class List:
    """What is asked about a list. Raises ValueError."""

    purpose: str
    namespace: str
    categories: Sequence[str] | None
    reference: str

    def __post_init__(self) -> None:
        keys("categories", self.categories)
        if self.categories is not None and (not self.categories or any("," in each for each in self.categories)):
            raise ValueError("categories: at least one, each without a comma; None for those each customer chose.")

    def request(self, line: Line, size: int) -> dict[str, Any]:
        """What httpx sends, without the body, which has that many bytes."""
        params = {"purpose": self.purpose, "namespace": self.namespace, "reference": self.reference}
        if self.categories is not None:
            params["categories"] = ",".join(self.categories)
        headers = {
            "Authorization": f"Bearer {line.key}",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Encoding": "gzip",
            "Content-Length": str(size),
            "Accept": "text/plain",
        }
        limits = httpx.Timeout(max(line.timeout.read, PATIENCE), connect=line.timeout.connect)
        params = {name: value for name, value in params.items() if value}
        return {"method": "POST", "url": line.url + PATH, "params": params, "headers": headers, "timeout": limits}


def packed(ids: Iterable[str]) -> IO[bytes]:
    """The list as it is sent, in a file without a name once it is long. Raises ValueError before any is sent."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    try:
        packer, waiting = zlib.compressobj(1, wbits=31), bytearray()
        for each in ids:
            waiting += _line(each)
            if len(waiting) >= BLOCK:
                file.write(packer.compress(waiting))
                waiting.clear()
        file.write(packer.compress(waiting) + packer.flush())
    except BaseException:
        file.close()
        raise
    return file


def size_of(file: IO[bytes]) -> int:
    """Its bytes; it is read from its beginning next."""
    size = file.tell()
    file.seek(0)
    return size


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


async def blocks_later(file: IO[bytes]) -> AsyncIterator[bytes]:
    for block in blocks(file):
        yield block


def check(status: int, content: bytes) -> None:
    """Raises Rejected, Unreachable for what is no answer."""
    if status == 200:
        return
    told = None if status >= 500 or status in BUSY else problem(status, content)
    if told or status in (400, 401, 403):
        raise told or Rejected(status, "", "The answer does not say why.")
    raise unanswered(f"status {status}")


def unanswered(why: object) -> Unreachable:
    return Unreachable(f"No whole answer from {PATH}: {why}.")


class Told:
    """What is said before the list: id and token, as of a Decision, and how many were asked about.

    unknown: None for third parties, who learn of a refusal only. Reading to the end is what makes it whole.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.id = response.headers.get("trust-audit-id", "")
        self.token = response.headers.get("trust-token", "")
        parts = [each.strip().partition("=") for each in response.headers.get("trust-counts", "").split(",")]
        counts = {name: int(count) for name, _, count in parts if name in COUNTS and count.isdecimal()}
        if not (self.id and self.token and {"asked", "allowed", "refused"} <= set(counts)):
            raise unanswered("an answer that does not say what it counts")
        self.asked, self.allowed, self.refused = counts["asked"], counts["allowed"], counts["refused"]
        self.unknown = counts.get("unknown")
        self._rest, self._seen = b"", 0

    def _taken(self, chunk: bytes) -> list[str]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self._seen += len(whole)
        try:
            return [each.decode() for each in whole]
        except UnicodeDecodeError:
            raise unanswered("it is no text") from None

    def _ended(self) -> None:
        if self._rest or self._seen != self.allowed:
            raise unanswered(f"{self._seen} of {self.allowed} came")


class Audience(Told):
    """Who is allowed, in the order given: `with client.audience(…) as audience: for each in audience`.

    Iterating raises Unreachable where the answer is cut: what came by then is no audience.
    """

    def __iter__(self) -> Iterator[str]:
        try:
            for chunk in self._response.iter_bytes():
                yield from self._taken(chunk)
        except (httpx.HTTPError, httpx.StreamError, OSError) as fault:
            raise unanswered(type(fault).__name__) from None
        self._ended()

    def close(self) -> None:
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class AsyncAudience(Told):
    """As Audience: `async with await client.audience(…) as audience: async for each in audience`."""

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            async for chunk in self._response.aiter_bytes():
                for each in self._taken(chunk):
                    yield each
        except (httpx.HTTPError, httpx.StreamError, OSError) as fault:
            raise unanswered(type(fault).__name__) from None
        self._ended()

    async def close(self) -> None:
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()


def _line(value: str) -> bytes:
    if not isinstance(value, str) or not value or "\n" in value or "\r" in value:
        raise ValueError("ids: texts that are not empty and hold no end of a line.")
    return value.encode() + b"\n"
