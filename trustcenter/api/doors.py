"""What every machine door shares: the key, the scope, strict JSON in, problem+json out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import (
    authentication,
    exceptions,
    negotiation,
    parsers,
    permissions,
    renderers,
    serializers,
)
from rest_framework.request import Request

from audit import vault
from consent.errors import Field, Invalid, NotAllowed, NotAuthenticated, NotFound, TooLarge, TrustError
from consent.rules import text
from consent.services import idempotency
from consent.services.handles import Handle
from trustcenter import access, problems

DEADLOCK = "40P01"  # PostgreSQL's code
TRIES = 3


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer tc_…`; the key is the caller."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        return access.system(request._request, access.clock()), None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF's signature
        return 'Bearer realm="trustcenter"'


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names the key."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "tc_<prefix>_<secret>"}


class HasScope(permissions.BasePermission):
    """A view names its scope by method: `scopes = {"GET": "consents:read"}`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        # HEAD tells of existence what GET tells, so it needs the same scope.
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "scopes", {}).get(method)
        if scope:
            access.require(request.user, scope)  # type: ignore[arg-type]
        return True


class StrictJSONParser(parsers.BaseParser):
    """JSON that leaves nothing to argue about: UTF-8, no NaN, bounded depth, no member named twice."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:  # noqa: ARG002
        return read_json(stream.read())


class JSONRenderer(renderers.BaseRenderer):
    """Compact JSON in UTF-8."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:  # noqa: ARG002
        return b"" if data is None else msgspec.json.encode(data)


class AlwaysJSON(negotiation.BaseContentNegotiation):
    """One form in, one form out: what a caller says it accepts changes nothing."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        return renderers[0], renderers[0].media_type


class PlainText(serializers.CharField):
    """A bounded text without control characters or characters that turn the direction of writing."""

    def __init__(self, *, max_length: int = text.IDENTIFIER_LENGTH, **kwargs: Any) -> None:
        shortest = None if kwargs.get("allow_blank") else 1
        super().__init__(max_length=max_length, min_length=shortest, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("A text.", code="type")
        problem = text.problem(data, length=self.max_length or text.IDENTIFIER_LENGTH)
        if problem:
            raise serializers.ValidationError(problem, code="text")
        return data


class OneOf(serializers.ChoiceField):
    """One of some words; who sends another is told which there are."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = f"One of {', '.join(self.choices)}."


class Input(serializers.Serializer[Any]):
    """The body of one operation. Members we do not know are errors: a misspelt member must not be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        members = data if isinstance(data, Mapping) else {}
        wrong: dict[str, Any] = {
            name: [exceptions.ErrorDetail("Not a member of this body.", code="unknown")]
            for name in members
            if name not in self.fields
        }
        found: Any = None
        try:
            found = super().to_internal_value(data)
        except serializers.ValidationError as error:
            wrong |= error.detail  # type: ignore[arg-type]
        if wrong:
            raise serializers.ValidationError(wrong)
        return found


class ProblemOutput(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors: Any = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), required=False)


def read(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """The validated body; raises Invalid naming every wrong member by JSON pointer."""
    form = serializer(data=data)
    if not form.is_valid():
        raise Invalid(*_pointers(form.errors, ""))
    found: dict[str, Any] = form.validated_data
    return found


def read_json(raw: bytes) -> Any:
    """The value of a JSON body; raises Invalid."""
    try:
        value = msgspec.json.decode(raw)
        json.loads(raw, object_pairs_hook=_named_once)
    except (ValueError, RecursionError):
        # ValueError: both msgspec's own errors and bytes that are not UTF-8.
        raise Invalid(Field("", "json", "The body is not JSON in UTF-8.")) from None
    if not isinstance(value, dict):
        raise Invalid(Field("", "type", "The body is a JSON object."))
    return value


def _named_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 7493, 2.3: of two members with one name nobody can say which was meant, and readers take different ones."""
    found = dict(members)
    if len(found) < len(members):
        raise Invalid(Field("", "repeated", "An object names each member once."))
    return found


def once(request: Request, work: Any) -> HttpResponse:
    """Do `work` (→ status, body), once for each Idempotency-Key, and answer.

    Where two wait for each other, the database ends one of them, and nothing of it is left: that one begins again.
    So does what found a customer who was erased before it could write.
    """
    for _ in range(TRIES - 1):
        try:
            return _once(request, work)
        except vault.Unreadable:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
    return _once(request, work)


def _once(request: Request, work: Any) -> HttpResponse:
    name = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if not name:
        status, body = work()
        return _answer(status, msgspec.json.encode(body))
    if len(name) > text.IDENTIFIER_LENGTH:
        raise Invalid(Field("", "header", "An Idempotency-Key has at most 512 characters."))

    def encoded() -> tuple[int, bytes]:
        done, body = work()
        return done, msgspec.json.encode(body)

    asked = b"\0".join([str(request.method).encode(), request.path.encode(), request._request.body])
    key: Any = request.user
    about = _named([request.parser_context["kwargs"], _sent(request)])
    status, body = idempotency.once(key=key, name=name, request=asked, work=encoded, about=about, now=access.clock())
    return _answer(status, body)


def _sent(request: Request) -> Any:
    """The body as JSON; nothing for a file."""
    with suppress(ValueError, RecursionError):
        return msgspec.json.decode(request._request.body)


def _named(sent: Any) -> Iterator[Handle]:
    """Every customer that a body or an address names, wherever in it."""
    waiting = [sent]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            namespace, value = each.get("namespace"), each.get("id")
            if isinstance(namespace, str) and isinstance(value, str):
                yield Handle(namespace, value)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def answer_problem(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler: every error leaves as problem+json."""
    request: HttpRequest = context["request"]._request
    if isinstance(error, exceptions.MethodNotAllowed):
        return problems.wrong_method(request, context["view"].allowed_methods)
    return problems.answer(request, found) if (found := _as_domain(error)) else None


def _as_domain(error: Exception) -> TrustError | None:
    if isinstance(error, TrustError):
        return error
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return NotAuthenticated()
    if isinstance(error, exceptions.PermissionDenied):
        return NotAllowed()
    if isinstance(error, exceptions.ParseError | exceptions.UnsupportedMediaType):
        return Invalid(Field("", "json", "Send JSON with Content-Type: application/json."))
    return None


def _answer(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")


def _pointers(errors: Any, at: str) -> list[Field]:
    """DRF's nested errors as JSON pointers."""
    if isinstance(errors, dict):
        return [
            found
            for name, inner in errors.items()
            for found in _pointers(inner, at if name == "non_field_errors" else f"{at}/{_escape(str(name))}")
        ]
    found = []
    for place, each in enumerate(errors):
        if isinstance(each, dict | list):
            found += _pointers(each, f"{at}/{place}" if each else at)
        else:
            found.append(Field(at, getattr(each, "code", "invalid"), str(each)))
    return found


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:80]
