"""What somebody typed outlives the visit in which they typed it (portal.md A36; WCAG 2.2, 2.2.5)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from consent.rules import acting
from consent.services import rights_drafts, visits
from consent.services.ledger import Actor
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
            if request.method == "POST" and where and (who := keep(request, where)):
                query = urlencode({"next": _way_back(who, resolve_url(back, name)), "kept": ""})
                return redirect(f"{reverse('portal:welcome')}?{query}")
            answer: HttpResponse = view(request, **named)
            return answer

        return guarded

    return guard


def keep(request: HttpRequest, place: str) -> Actor | None:
    """Keep what was sent after a visit was over, for whoever sent it; who that was, None where it was not kept."""
    token, typed, now = access.visit_token(request), Form(request.POST).typed(), access.clock()
    found = visits.was(token=token, by=access.customer_actor(request), now=now)
    if found is None or not any(typed.values()) or access.visitor(request):
        return None
    subject, by = found
    rights_drafts.keep(subject=subject, kind=place, typed=typed, by=by, now=now)
    return by


def _way_back(who: Actor, page: str) -> str:
    """Who acted for another comes in as themselves, and takes up acting first."""
    return f"{reverse('portal:acting')}?{urlencode({'next': page})}" if who.type in acting.BY_MANDATE else page
