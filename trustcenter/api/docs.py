"""The documentation, made from the OpenAPI document: plain pages, without a script or an outside request."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from consent.errors import TrustError
from consent.rules import reasons
from trustcenter import openapi as schema
from trustcenter import problems

# What somebody who integrates us looks for first; the other nouns follow in the order of their addresses.
_FIRST = ("Check", "Consents", "Customers", "Receipts")
_METHODS = ("get", "post", "put", "patch", "delete")


@problems.read_only
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """GET /api/openapi.yaml"""
    return HttpResponse(_text(), content_type="application/yaml")


@problems.read_only
def pages(request: HttpRequest) -> HttpResponse:
    """GET /api/docs/: every operation, grouped by noun."""
    return render(request, "api/docs.html", {"nouns": _nouns()})


@problems.read_only
def errors(request: HttpRequest) -> HttpResponse:
    """GET /api/docs/errors: every error code and every reason code, each at its own anchor."""
    found = sorted(_kinds(TrustError), key=lambda kind: (kind.status, kind.code))
    context = {"errors": found, "reasons": {code: reasons.sentence(code) for code in reasons.CODES}}
    return render(request, "api/errors.html", context)


@cache
def _text() -> str:
    return schema.text()


@cache
def _nouns() -> dict[str, list[dict[str, Any]]]:
    """Operations by heading: what is needed first, then the order of the addresses."""
    document = schema.document()
    nouns: dict[str, list[dict[str, Any]]] = {noun: [] for noun in _FIRST}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                found = methods[method]
                nouns.setdefault(found["tags"][0], []).append(_operation(method, path, found, document))
    return nouns


def _operation(method: str, path: str, found: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": _shown(found.get("summary", "")),
        "description": _shown(found.get("description", "")),
        "parameters": found.get("parameters", []),
        "members": list(_members(_content(found.get("requestBody", {})), document)),
        "good": [
            {"status": status, "members": list(_members(_content(answer), document))}
            for status, answer in found["responses"].items()
            if status.startswith("2")
        ],
        "bad": ", ".join(status for status in found["responses"] if not status.startswith("2")),
    }


def _shown(text: str) -> SafeString:
    """A text with what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if place % 2 else part,) for place, part in parts)
    )


def _content(answer: dict[str, Any]) -> dict[str, Any]:
    media: list[dict[str, Any]] = [*answer.get("content", {}).values()]
    found: dict[str, Any] = media[0].get("schema", {}) if media else {}
    return found


def _members(body: dict[str, Any], document: dict[str, Any], at: str = "") -> Iterator[dict[str, Any]]:
    """Every member of a body, with those inside it, as rows of a table."""
    whole = _resolved(body, document)
    for name, raw in whole.get("properties", {}).items():
        member = _resolved(raw, document)
        here = f"{at}{name}"
        yield {
            "name": here,
            "type": _type(member),
            "needed": name in whole.get("required", ()),
            "about": _shown(raw.get("description", "") or member.get("description", "")),
        }
        inner, ending = (member.get("items", {}), "[].") if member.get("type") == "array" else (member, ".")
        yield from _members(inner, document, here + ending)


def _resolved(body: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed; of a choice, the first."""
    for word in ("allOf", "anyOf", "oneOf"):
        if word in body:
            return _resolved(body[word][0], document)
    if "$ref" in body:
        found: dict[str, Any] = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
        return _resolved(found, document)
    return body


def _type(member: dict[str, Any]) -> str:
    found = member.get("type", "any")
    words = " or ".join(found) if isinstance(found, list) else str(found)
    if "enum" in member:
        return ", ".join(str(each) for each in member["enum"] if each is not None)
    return f"{words} ({member['format']})" if "format" in member else words


def _kinds(base: type[TrustError]) -> Iterator[type[TrustError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
