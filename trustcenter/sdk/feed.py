"""The feed: what its lines say, and how they are read. Nothing here keeps anything."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Annotated, TypeAlias

import httpx
import msgspec
from msgspec import Meta, Struct

from .calls import Malformed, problem
from .clock import ServiceClock, ticks
from .course import retry_after
from .line import Line

LONGEST = 2**20  # bytes of a line
SLOWEST = 10.0  # seconds from one line to the next, within a stream that does not pause
Moment = Annotated[datetime, Meta(tz=True)]
Position = Annotated[int, Meta(ge=0)]


class Snapshot(Struct, tag="snapshot", tag_field="type"):
    position: Position
    mark: str
    recipient: str
    hash_key: str
    purposes: dict[str, tuple[str, ...]]


class GrantTold(Struct, rename={"start": "from", "end": "until"}, omit_defaults=True):
    purpose: str
    categories: tuple[str, ...]
    start: Moment | None = None
    end: Moment | None = None


class Identity(Struct):
    ids: tuple[str, ...]
    grants: tuple[GrantTold, ...]


class CustomerTold(Struct, tag="customer", tag_field="type"):
    customer: str
    identities: tuple[Identity, ...]


class End(Struct, tag="end", tag_field="type"):
    position: Position
    customers: int


class Reload(Struct, tag="reload", tag_field="type"):
    purposes: tuple[str, ...]


class Heartbeat(Struct, tag="heartbeat", tag_field="type"):
    position: Position
    mark: str
    lease: Annotated[float, Meta(ge=0, le=3600)]


Told: TypeAlias = Snapshot | CustomerTold | End | Reload | Heartbeat
Stream: TypeAlias = tuple[float, Iterator[Told]]  # the tick at which it was asked for, and its lines
DECODER: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


class Fault(Exception):
    """The feed brought nothing this time. after: how many seconds it asks to be left alone."""

    def __init__(self, detail: str, after: float | None = None) -> None:
        super().__init__(detail)
        self.after = after


class Gone(Fault):
    """The service no longer has the position that we follow from: what we hold may never have been so."""


def lines(chunks: Iterable[bytes]) -> Iterator[Told]:
    """Each line as soon as it is whole. Raises Malformed; Fault for a stream that drips."""
    rest, last = b"", ticks()
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for each in whole:
            yield decoded(each)
        if whole:
            last = ticks()
        if len(rest) > LONGEST or ticks() - last > SLOWEST:
            raise Fault("a line without an end")
    if rest:
        raise Fault("a line that was cut")


def decoded(line: bytes) -> Told:
    try:
        return DECODER.decode(line)
    except (ValueError, RecursionError):
        raise Malformed from None


class Feed:
    """The feed of one holder, over a connection of its own. clock: learns the service's time from each answer."""

    def __init__(self, line: Line, http: httpx.Client, clock: ServiceClock, holder: str) -> None:
        self._line, self._http, self._clock, self._holder = line, http, clock, holder

    def snapshot(self) -> AbstractContextManager[Stream]:
        """`with feed.snapshot() as (sent, lines)`"""
        return self._stream("/api/v1/snapshot", {}, self._line.timeout.read)

    def changes(self, after: int, mark: str, wait: int) -> AbstractContextManager[Stream]:
        """`with feed.changes(after, mark, wait) as (sent, lines)`; sent: from that tick a lease counts."""
        asked = {"after": str(after), "wait": str(wait)} | ({"mark": mark} if mark else {})  # an empty log has none
        return self._stream("/api/v1/changes", asked, wait + self._line.timeout.read)

    @contextmanager
    def _stream(self, path: str, asked: dict[str, str], read: float) -> Iterator[Stream]:
        limits = httpx.Timeout(read, connect=self._line.timeout.connect)
        headers = {"Authorization": f"Bearer {self._line.key}", "Accept": "application/x-ndjson"}
        params = asked | {"holder": self._holder}
        sent = ticks()
        with self._http.stream(
            "GET", self._line.url + path, params=params, headers=headers, timeout=limits
        ) as response:
            received = ticks()
            if response.status_code != 200:
                raise _fault(response)
            try:
                self._clock.heard(response.headers.get("date", ""), sent, received)
            except ValueError:
                raise Fault("an answer without a Date") from None
            yield sent, lines(response.iter_bytes())


def _fault(response: httpx.Response) -> Fault:
    """What an answer other than 200 says."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST:
            break
    told = problem(response.status_code, body)
    code = told.code if told else ""
    kind = Gone if (response.status_code, code) == (410, "position_gone") else Fault
    return kind(f"status {response.status_code} {code}".strip(), retry_after(response.headers))
