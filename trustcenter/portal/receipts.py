"""Receipts: the list, the sheet, and what to carry away."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consent.services import receipts, signed_receipts
from trustcenter import access
from trustcenter.portal.choices import language


@require_GET
@access.customer_only
def index(request: HttpRequest, subject: Any) -> HttpResponse:
    """Every choice of this customer, newest first."""
    asked = request.GET.get("page", "1")
    number = int(asked) if re.fullmatch("[1-9][0-9]{0,5}", asked) else 1
    page = receipts.page(subject=subject, language=language(), number=number)
    return render(request, "portal/receipts.html", {"page": page, "section": "receipts"})


@require_GET
@access.customer_only
def show(request: HttpRequest, subject: Any, number: UUID) -> HttpResponse:
    """One receipt as a sheet to print."""
    found = receipts.read(subject=subject, number=number, language=language())
    return render(request, "portal/receipt.html", {"receipt": found, "section": "receipts"})


@require_GET
@access.customer_only
def proof(request: HttpRequest, subject: Any, number: UUID) -> HttpResponse:  # noqa: ARG001  the decorator's signature
    """The proof as a file; 202 while the log is not sealed that far."""
    content = receipts.file(subject=subject, number=number)
    return _file(content, f"receipt-{number}.json", "application/json")


@require_GET
@access.customer_only
def signed(request: HttpRequest, subject: Any, number: UUID) -> HttpResponse:  # noqa: ARG001
    """The signed receipt as a file; 202 until it is signed."""
    found = signed_receipts.read(subject=subject, number=number)
    return _file(found.jws.encode() if found else None, f"receipt-{number}.jws", "application/jose")


def _file(content: bytes | None, name: str, kind: str) -> HttpResponse:
    if content is None:
        return HttpResponse(status=202, headers={"Retry-After": "2"})
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
