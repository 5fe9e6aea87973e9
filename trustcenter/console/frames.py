"""The frame of every console page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trustcenter import access


def show(request: HttpRequest, page: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One page of the console, with the moment at which an idle officer is signed out."""
    ends = access.clock() + settings.CONSOLE_IDLE
    return render(request, f"console/{page}.html", {"ends": ends} | context, status=status)
