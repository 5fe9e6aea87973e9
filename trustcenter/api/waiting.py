"""Calls that may be held for a while: how many at once, and those that wait for the seal."""

import threading
import time
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from audit.services import prove
from consent.errors import Field, Invalid

# Of all calls that may be held; whoever comes above that is answered at once, so that waiting never stops a check.
HELD = threading.BoundedSemaphore(max(1, settings.WEB_THREADS - 2))
PATIENCE = 3.0  # seconds; a pass of the sealer takes half of one
LOOK_EVERY = 0.05
WAIT = OpenApiParameter(
    name="wait",
    enum=["proof"],
    description="`proof`: answer when it is sealed, after some seconds at most, and say where it stands in the log.",
    required=False,
    type=str,
)


class PlaceOutput(serializers.Serializer[Any]):
    """Where a recorded choice stands in the log; only with `wait=proof`."""

    sealed = serializers.BooleanField(help_text="False: it waits for the sealer longer than we held the call.")
    index = serializers.IntegerField(required=False, help_text="Its place, from 0.")
    size = serializers.IntegerField(required=False, help_text="Of the signed head that covers it.")
    url = serializers.URLField(required=False, help_text="The inclusion proof.")


def wanted(request: Request) -> bool:
    """Whether the caller waits for the seal. Raises Invalid for any other word."""
    asked = request.query_params.get("wait", "")
    if asked not in ("", "proof"):
        raise Invalid(Field("/wait", "choice", "`wait` can only be `proof`."))
    return bool(asked)


def with_places(answer: HttpResponse) -> HttpResponse:
    """The answer with the places of what it recorded, once all of it is sealed, or as far as it is after a while."""
    body = msgspec.json.decode(answer.content)
    told = [each for each in body.get("results", [body]) if "event" in each]
    numbers = [UUID(each["event"]["id"]) for each in told]
    size, places = _awaited(numbers)
    for each, number in zip(told, numbers, strict=True):
        each["proof"] = _place(places[number], size) if number in places else {"sealed": False}
    answer.content = msgspec.json.encode(body)
    return answer


def _awaited(numbers: list[UUID]) -> tuple[int, dict[UUID, int]]:
    size, places = prove.places(numbers)
    if len(places) < len(numbers) and HELD.acquire(blocking=False):
        until = time.monotonic() + PATIENCE
        try:
            while len(places) < len(numbers) and time.monotonic() < until:
                time.sleep(LOOK_EVERY)
                size, places = prove.places(numbers)
        finally:
            HELD.release()
    return size, places


def _place(index: int, size: int) -> dict[str, Any]:
    url = f"{settings.PUBLIC_URL}/log/entries/{index}/proof"
    return {"sealed": True, "index": index, "size": size, "url": url}
