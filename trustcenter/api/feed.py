"""A copy for recipients that decide in their own house: take it, follow what changes, confirm how far."""

import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.rules import text
from consent.services import feed, holders
from consent.services.feed import Line, Reader, Since
from trustcenter import access
from trustcenter.api.answers import READ, operation
from trustcenter.api.doors import Input, read
from trustcenter.api.waiting import HELD

NDJSON = "application/x-ndjson"
WAIT, LONGEST = 5, 20  # seconds a call may be held while nothing happens
LOOK_EVERY = 0.2  # seconds between two looks
PATIENCE = 3.0  # seconds a copy waits for a purpose that was just published to be sealed
CHUNK = 65_536
HOLDER = "default"
LARGEST = 2**62


class HolderInput(Input):
    """Which process holds the copy."""

    holder = serializers.RegexField(
        text.KEY.pattern + r"\Z", default=HOLDER, help_text="Which process of yours, if it has several."
    )


class ChangesInput(HolderInput):
    """Since when, and how long to wait for a change."""

    after = serializers.IntegerField(min_value=0, max_value=LARGEST, help_text="The position that you hold.")
    mark = serializers.RegexField(
        r"[0-9a-f]{16}\Z", default="", help_text="The mark that came with it: so that a restored log is noticed."
    )
    wait = serializers.IntegerField(
        min_value=0, max_value=LONGEST, default=WAIT, help_text="Seconds to be held while nothing changes."
    )


class AckInput(HolderInput):
    """Up to where a holder acts."""

    position = serializers.IntegerField(min_value=0, max_value=LARGEST)


class AckOutput(serializers.Serializer[Any]):
    """The position that was confirmed."""

    position = serializers.IntegerField()


class ReadSnapshot(APIView):
    """GET /api/v1/snapshot"""

    scopes = {"GET": "feed"}

    @operation(
        "Copies",
        {(200, NDJSON): OpenApiTypes.STR},
        READ,
        parameters=[HolderInput],
        operation_id="read_snapshot",
        summary="All that you may use now, to decide in your own house",
        description=(
            "Lines of JSON: the first names your hash key and your purposes, then one customer a line, and a last line "
            "with their number; without the last line it is no copy. It may be used once `changes` gave a lease."
        ),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        caller: Any = request.user
        reader = _reader(caller, read(HolderInput, request.query_params.dict()))
        by = access.system_actor(request._request, caller)
        until = time.monotonic() + PATIENCE
        while feed.unsettled() and time.monotonic() < until:
            time.sleep(LOOK_EVERY)
        lines = feed.snapshot(reader=reader, by=by, now=access.clock())
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        answer = _stream(_gzipped(_chunks(lines)) if packed else _chunks(lines))
        answer["Vary"] = "Accept-Encoding"
        if packed:
            answer["Content-Encoding"] = "gzip"
        return answer


class ReadChanges(APIView):
    """GET /api/v1/changes"""

    scopes = {"GET": "feed"}

    @operation(
        "Copies",
        {(200, NDJSON): OpenApiTypes.STR},
        (*READ, 410),
        parameters=[ChangesInput],
        operation_id="read_changes",
        summary="What changed since then",
        description=(
            "Lines of JSON: `customer` (all that now stands for one), `reload` (these purposes changed: read a new "
            "snapshot), and last a `heartbeat` with the position and the lease: for how many seconds, from when you "
            "sent this request, your copy may be used. 0: we cannot say that it is fresh."
        ),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        arrived = time.monotonic()
        asked = read(ChangesInput, request.query_params.dict())
        since = Since(_reader(request.user, asked), asked["after"], asked["mark"])
        found = feed.changes(since=since, told=(), now=access.clock())
        return _stream(_chunks(_follow(since, asked["wait"], arrived, found), each=True))


class ConfirmChanges(APIView):
    """POST /api/v1/changes/ack"""

    scopes = {"POST": "feed"}

    @operation(
        "Copies",
        {200: AckOutput},
        request=AckInput,
        operation_id="confirm_changes",
        summary="Say up to where your copy acts",
        description="What customers and officers see as confirmed comes from it.",
    )
    def post(self, request: Request) -> Response:
        body = read(AckInput, request.data)
        caller: Any = request.user
        position = holders.confirm(
            recipient=caller.recipient, holder=body["holder"], position=body["position"], now=access.clock()
        )
        return Response(AckOutput({"position": position}).data)


def _follow(since: Since, wait: int, arrived: float, found: feed.Changes) -> Iterator[Line]:
    """Lines as they come, until the log has moved on or the caller has waited long enough, and then a heartbeat.

    What is still to be sealed is told at once; the answer ends when it is sealed, so that nobody comes back for it.
    """
    until, looked = arrived + wait, arrived
    told: set[UUID] = set()
    held = wait > 0 and HELD.acquire(blocking=False)
    try:
        while True:
            yield from found.lines
            told |= found.steps
            if found.position > since.position or not held or time.monotonic() + LOOK_EVERY >= until:
                break
            time.sleep(LOOK_EVERY)
            looked, found = time.monotonic(), feed.changes(since=since, told=told, now=access.clock())
    finally:
        if held:
            HELD.release()
    # The caller counts from when it sent the request; that was before it arrived here.
    lease = looked - arrived + settings.FEED_LEASE if found.current else 0.0
    relied = timedelta(seconds=settings.FEED_LEASE if lease else 0)
    feed.beat(reader=since.reader, position=found.position, lease=relied, now=access.clock())
    yield {"type": "heartbeat", "position": found.position, "mark": found.mark, "lease": round(lease, 3)}


def _reader(caller: Any, asked: dict[str, Any]) -> Reader:
    return Reader(caller.recipient, asked["holder"], caller.purposes, caller.namespaces)


def _chunks(lines: Iterable[Line], *, each: bool = False) -> Iterator[bytes]:
    """Lines as bytes, in pieces worth sending. each: every line by itself, since somebody waits for it."""
    waiting = bytearray()
    for line in lines:
        waiting += msgspec.json.encode(line) + b"\n"
        if each or len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(6, wbits=31)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _stream(chunks: Iterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks, content_type=NDJSON)
