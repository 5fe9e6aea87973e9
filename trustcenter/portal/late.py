"""What somebody typed outlives the visit in which they typed it (portal.md A36; WCAG 2.2, 2.2.5)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from consent.services import rights_drafts, visits
from trustcenter import access
from trustcenter.portal.forms import Request as Form


def typed(place: Callable[[str], str], back: str) -> Callable[[Any], Any]:
    """Above `access.customer_only`: what comes in after the end of a visit is kept, and the way in is shown.

    place: where a draft is kept for what the address names; "" for nothing of ours. back: the page to go on from.
    """

    def guard(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, **named: str) -> HttpResponse:
            (name,) = named.values()
            where = place(name)
            if request.method == "POST" and where and keep(request, where):
                query = urlencode({"next": resolve_url(back, name), "kept": ""})
                return redirect(f"{reverse('portal:welcome')}?{query}")
            answer: HttpResponse = view(request, **named)
            return answer

        return guarded

    return guard


def keep(request: HttpRequest, place: str) -> bool:
    """Keep what was sent after a visit was over, for whose visit it was; whether it was kept."""
    token, typed, now = access.visit_token(request), Form(request.POST).typed(), access.clock()
    who = visits.was(token=token)
    if who is None or not any(typed.values()) or access.visitor(request):
        return False
    rights_drafts.keep(subject=who, kind=place, typed=typed, now=now)
    return True
