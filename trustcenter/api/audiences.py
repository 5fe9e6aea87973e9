"""Which of a long list of customers may we use the data of? The list and the answer are streams.

Unlike all other doors, this one reads its body itself, in blocks, and bounds the time that takes.
"""

import time
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.errors import Field, Invalid, TooSlow
from consent.services import audiences, decisions
from consent.services.audiences import Filtered, Wanted
from trustcenter import access, lists
from trustcenter.api.answers import operation
from trustcenter.api.doors import Input, PlainText, read
from trustcenter.api.fields import KEY_LENGTH, LIST_LENGTH
from trustcenter.lists import BLOCK, FORMS, Ids, Lines, Listed
from trustcenter.stalls import Hold

REFERENCE_LENGTH = 200
JSON_MOST = 2**20
# What leaves in one piece holds no thread while it is taken; what is longer does.
ONE_PIECE = 2**24
# A body may take so many seconds, and one more for so many bytes. It is read in parts, between which that is looked at;
# who sends nothing at all within a part is cut off a little later.
PATIENCE, PACE, PART, GRACE = 10.0, 64 * 1024, 64 * 1024, 5.0
PROBLEMS = (400, 401, 403, 408, 413, 429)


class AudienceInput(Input):
    """What a list is checked for."""

    purpose = PlainText(max_length=KEY_LENGTH, help_text="What for.")
    namespace = PlainText(max_length=KEY_LENGTH, default="customer", help_text="Of every identifier in the list.")
    categories = PlainText(
        max_length=(KEY_LENGTH + 1) * LIST_LENGTH,
        required=False,
        help_text="Which data, parted by commas; without it, those each customer chose.",
    )
    recipient = PlainText(
        max_length=KEY_LENGTH, required=False, help_text="Who would use it; the key's own, another needs `admin`."
    )
    reference = PlainText(
        max_length=REFERENCE_LENGTH, default="", allow_blank=True, help_text="The occasion, shown to each customer."
    )


class AnswerOutput(serializers.Serializer[Any]):
    """One line of `application/x-ndjson`. The last line holds `audit_id`, `token` and `counts` instead."""

    id = serializers.CharField()
    decision = serializers.BooleanField()
    reason = serializers.CharField(help_text="A third party that is refused learns `not_permitted` and no more.")


class FilterAudience(APIView):
    """POST /api/v1/audience"""

    scopes = {"POST": "decide"}

    @operation(
        "Check",
        {
            (200, "text/plain"): str,
            (200, "application/x-ndjson"): AnswerOutput,
            (200, "application/octet-stream"): bytes,
        },
        PROBLEMS,
        request={"text/plain": str, "application/json": {"type": "array", "items": {"type": "string"}}},
        parameters=[AudienceInput],
        operation_id="filter_audience",
        summary="Which of a list of customers may we use the data of?",
        description="The body is one identifier a line (UTF-8, LF or CRLF), perhaps with `Content-Encoding: gzip`, or "
        "a short JSON list. `Accept` chooses the answer: `text/plain`, those who are allowed, in the order given; "
        "`application/x-ndjson`, a line for each with its reason; `application/octet-stream`, a bit for each. What was "
        "counted is in the header `Trust-Counts`, the entry of the log in `Trust-Audit-Id` and `Trust-Token`.",
    )
    def post(self, request: Request) -> HttpResponseBase:
        key: Any = request.user
        wanted, form = _wanted(request), _form(request)
        with lists.spool() as incoming:
            listed = _listed(request, incoming)
            answer = form(lists.spool())
            try:
                by, now = access.system_actor(request._request, key), access.clock()
                done = audiences.check(
                    wanted=wanted,
                    blocks=listed.blocks(),
                    asked=listed.asked,
                    tell=answer.tell,
                    key=key,
                    by=by,
                    now=now,
                )
                answer.end(done)
            except BaseException:
                answer.file.close()
                raise
        return _response(answer, done)


def _wanted(request: Request) -> Wanted:
    """What is asked, if this key may ask it. Raises Invalid, NotAllowed."""
    key: Any = request.user
    found = read(AudienceInput, request.query_params.dict())
    recipient = found.get("recipient", key.recipient.key)
    access.speak_for(key, kind=key.recipient.kind, recipient=recipient)
    access.limit(key, purpose=found["purpose"], namespace=found["namespace"])
    return Wanted(
        recipient=recipient,
        purpose=found["purpose"],
        namespace=found["namespace"],
        categories=tuple(found["categories"].split(",")) if "categories" in found else None,
        reference=found["reference"],
        hidden=key.recipient.third_party,
    )


def _form(request: Request) -> type[Ids]:
    """The form of the answer: the first that is accepted, whatever weight it is given."""
    accepted = [each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "*/*").split(",")]
    for each in accepted:
        if each in FORMS:
            return FORMS[each]
        if each in ("*/*", "text/*", ""):
            return Ids
    raise Invalid(Field("", "accept", f"Accept one of {', '.join(FORMS)}."))


def _listed(request: Request, file: IO[bytes]) -> Lines | Listed:
    """The list that was sent. Raises Invalid, TooLarge, TooSlow."""
    kind, _, rest = request.content_type.partition(";")
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        raise Invalid(Field("", "content_encoding", "Send the list as it is, or with Content-Encoding: gzip."))
    charset = rest.replace(" ", "").replace('"', "").lower()
    plain = kind.strip().lower() == "text/plain" and charset in ("", "charset=utf-8")
    if not plain and kind.strip().lower() != "application/json":
        raise Invalid(Field("", "content_type", "Send text/plain; charset=utf-8, or a short list as application/json."))
    most = settings.AUDIENCE_BYTES if plain else JSON_MOST
    blocks = lists.received(_in_time(_source(request)), most=most, packed=packing == "gzip")
    return Lines(blocks, file) if plain else Listed(blocks)


def _source(request: Request) -> Callable[[int], bytes]:
    """What reads the body. One that came without its length is ended by the server, where the server says so."""
    environment = request._request.META
    ended = environment.get("wsgi.input_terminated") and not environment.get("CONTENT_LENGTH")
    source: Callable[[int], bytes] = environment["wsgi.input"].read if ended else request._request.read
    return source


def _in_time(source: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same, of a sender who keeps pace: only the time that we wait for them counts. Raises TooSlow."""
    waited, size, hold = 0.0, 0, Hold()

    def give(most: int) -> bytes:
        nonlocal waited, size
        left = PATIENCE + size / PACE - waited
        if left < 0:
            raise TooSlow
        hold.give(left + GRACE)
        begun = time.monotonic()
        try:
            block = source(min(most, PART))
        finally:
            hold.end()
        waited += time.monotonic() - begun
        size += len(block)
        return block

    return give


def _response(answer: Ids, done: Filtered) -> HttpResponseBase:
    size = answer.file.tell()
    answer.file.seek(0)
    response: HttpResponseBase
    if size <= ONE_PIECE:
        with answer.file:
            response = HttpResponse(answer.file.read(), content_type=answer.type)
    else:
        response = StreamingHttpResponse(_streamed(answer.file), content_type=answer.type)
    response["Content-Length"] = str(size)
    response["Trust-Audit-Id"] = str(done.entry)
    response["Trust-Token"] = decisions.token(done.entry)
    if not done.enforced:
        response["Trust-Enforced"] = "false"
    response["Trust-Counts"] = ", ".join(f"{name}={count}" for name, count in lists.counts(done).items())
    return response


def _streamed(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file; it is gone when this ends, also where the reader stops."""
    hold = Hold()
    try:
        with file:
            while block := file.read(BLOCK):
                hold.give(PATIENCE)
                yield block
    finally:
        hold.end()
