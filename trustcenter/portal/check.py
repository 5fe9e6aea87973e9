"""Check this receipt: open to anyone who holds one, signed in or not. Nothing that is sent is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from consent.services import receipt_checks


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The form, and under it what was found."""
    raw = _sent(request) if request.method == "POST" else b""
    shown = {"found": receipt_checks.check(raw) if raw else None, "nothing": request.method == "POST" and not raw}
    return render(request, "portal/check.html", shown, status=400 if shown["nothing"] else 200)


def _sent(request: HttpRequest) -> bytes:
    """The file byte for byte, or else the text without what pasting adds around it."""
    file = request.FILES.get("file")
    if file:
        content: bytes = file.read()
        return content
    return request.POST.get("text", "").strip().encode()
