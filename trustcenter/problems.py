"""Domain errors as answers: RFC 9457 problem+json for machines, a plain page for people."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from consent.errors import NotAuthenticated, NotFound, TooMany, TrustError

MACHINES = ("/api/", "/access/", "/log/", "/health/", "/metrics", "/.well-known/")


class Forged(TrustError):
    """A form came without the token that we put into it."""

    code = "form_expired"
    status = 403
    title = "This form is too old or came from another site. Go back, load the page again, and send it again."


def document(error: TrustError, request: HttpRequest) -> dict[str, Any]:
    """The members of RFC 9457, with our `code`, `errors` and `request_id`."""
    found = {
        "type": f"{settings.PUBLIC_URL}/api/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": getattr(request, "trust_id", ""),
    }
    errors = [{"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in error.fields]
    return found | ({"errors": errors} if errors else {})


def answer(request: HttpRequest, error: TrustError) -> HttpResponse:
    """The answer to give for a domain error."""
    if request.path.startswith(MACHINES):
        body = msgspec.json.encode(document(error, request))
        response = HttpResponse(body, status=error.status, content_type="application/problem+json")
    else:
        response = render(request, "problem.html", {"error": error}, status=error.status)
    if isinstance(error, NotAuthenticated):
        response["WWW-Authenticate"] = 'Bearer realm="trustcenter"'
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


class WrongMethod(TrustError):
    code = "wrong_method"
    status = 405
    title = "This address does not take this method."


def wrong_method(request: HttpRequest, allowed: Iterable[str]) -> HttpResponse:
    """The answer to a method that an address does not take, with those that it takes (RFC 9110, 15.5.6)."""
    response = answer(request, WrongMethod())
    response["Allow"] = ", ".join(allowed)
    return response


def read_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A plain door for machines that takes GET and HEAD; every other method is told so, before any look for a token."""

    @csrf_exempt  # nothing here changes anything, and a machine has no form that could be too old
    @wraps(view)
    def door(request: HttpRequest) -> HttpResponse:
        return view(request) if request.method in ("GET", "HEAD") else wrong_method(request, ["GET", "HEAD"])

    return door


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    return answer(request, Forged())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return answer(request, NotFound())


class _Broken(TrustError):
    code = "internal"
    status = 500
    title = "Something broke on our side. Nothing was half-written. Send us the request id."


def broken(request: HttpRequest) -> HttpResponse:
    return answer(request, _Broken())


class _Bad(TrustError):
    code = "bad_request"
    status = 400
    title = "This request cannot be read."


def bad(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return answer(request, _Bad())
