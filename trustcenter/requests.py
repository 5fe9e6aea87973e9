"""What every request gets: an id of our own, the caller's id kept apart, safe headers, and one log line.

The log line names the route and never the path: a path may hold an identifier, and no personal data goes into logs.
"""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from consent.errors import TooLarge, TrustError
from consent.rules import scans
from consent.services import catalogue
from trustcenter import access, languages, metrics, problems, theme

log = structlog.get_logger("request")
_CORRELATION = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
BATCH = "/access/v1/evaluations"
# Where a scan may come in: the file, and room for the form around it.
_SCANS = re.compile(r"/api/v1/subjects/.+/scans|/console/customers/open/choice")
AUDIENCE = "/api/v1/audience"
SCAN_LIMIT = scans.LARGEST + 65_536


class RequestMiddleware:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        if not access.by_proxy(request):
            # Django believes it of anybody (SECURE_PROXY_SSL_HEADER).
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        request.trust_id = uuid.uuid4().hex  # type: ignore[attr-defined]
        sent = request.headers.get("X-Request-ID", "")
        request.correlation = sent if _CORRELATION.fullmatch(sent) else ""  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request=request.trust_id)  # type: ignore[attr-defined]
        try:
            response = self._answer(request)
        finally:
            structlog.contextvars.unbind_contextvars("request")
        response["X-Request-ID"] = sent if request.correlation else request.trust_id  # type: ignore[attr-defined]
        if not response.has_header("Cache-Control") and not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        _write_line(request, response, started)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A domain error from any plain view becomes an answer; DRF's views answer their own."""
        return problems.answer(request, error) if isinstance(error, TrustError) else None

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # A declared length is enough to refuse before reading; an undeclared one is cut off by Django while reading.
        length = request.META.get("CONTENT_LENGTH") or "0"
        most, detail = _limit(request)
        if length.isdigit() and int(length) > most:
            return problems.answer(request, TooLarge(detail))
        return self.get_response(request)


def frame(request: HttpRequest) -> dict[str, object]:
    """What every template may use of the house itself; read only when a page shows it.

    `brand` is the controller, `visitor` the customer who is in, and for whom they act.
    """
    return {
        "brand": SimpleLazyObject(catalogue.brand),
        "visitor": SimpleLazyObject(lambda: access.visitor(request)),
        "theme": theme.current(),
        "languages": languages.offered(request),
        "here": request.get_full_path(),
    }


def _limit(request: HttpRequest) -> tuple[int, str]:
    """How many bytes a body may have at an address, and the sentence for more."""
    if request.method == "POST" and _SCANS.fullmatch(request.path):
        return SCAN_LIMIT, scans.TOO_LARGE
    limits = {BATCH: settings.BATCH_BODY_LIMIT, AUDIENCE: settings.AUDIENCE_BYTES}
    most = limits.get(request.path, settings.BODY_LIMIT)
    return most, f"A body has at most {most:,} bytes here. Send it in parts."


def _write_line(request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    match = request.resolver_match
    route = match.route if match else "none"
    seconds = time.monotonic() - started
    metrics.observe(method=request.method or "", route=route, status=response.status_code, seconds=seconds)
    log.info(
        "request",
        method=request.method,
        route=route,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        request=request.trust_id,  # type: ignore[attr-defined]
    )
