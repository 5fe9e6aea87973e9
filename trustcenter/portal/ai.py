"""AI and you: what a computer guesses or decides about a customer, and the principles that it is held to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consent.services import ai
from consent.services import principles as published
from trustcenter import access
from trustcenter.portal.choices import language


@require_GET
@access.customer_only
def show(request: HttpRequest, subject: Any) -> HttpResponse:
    """Each use of AI: what it does, what goes in and comes out, who decides, and what it said about this customer."""
    found = ai.of(subject=subject, language=language(), now=access.clock())
    return render(request, "portal/ai.html", {"ai": found, "section": "ai"})


@require_GET
def principles(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The principles in force, or an earlier version; open to everyone. NotFound is answered as such."""
    notice = published.read(language=language(), number=number)
    return render(request, "portal/principles.html", {"notice": notice})
