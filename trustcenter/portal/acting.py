"""Who may act for whom: begin to act for somebody else, stop, and end what somebody may do for you."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_GET, require_POST

from consent.services import mandates, visits
from trustcenter import access
from trustcenter.portal.entrance import begin


@require_GET
@access.customer_only
def index(request: HttpRequest, subject: Any) -> HttpResponse:  # noqa: ARG001  the visitor's own
    """For whom the visitor may act, and who may act for them."""
    own, now = access.own(request), access.clock()
    shown = {"held": mandates.held(by=own, now=now), "over": mandates.over(subject=own, now=now)}
    return render(request, "portal/acting.html", shown | {"next": access.way_on(request, "")})


@require_POST
@access.customer_only
@access.fresh_only(back="portal:acting")
def act(request: HttpRequest, subject: Any, number: UUID) -> HttpResponse:  # noqa: ARG001
    """Begin to act for somebody else, in a visit of its own: forms of pages that are still open are worth nothing."""
    token, by = access.visit_token(request), access.customer_actor(request)
    visit = visits.act_for(token=token, number=number, by=by, now=access.clock())
    return begin(request, visit, access.way_on(request, resolve_url("portal:home")))


@require_POST
@access.customer_only
def stop(request: HttpRequest, subject: Any) -> HttpResponse:  # noqa: ARG001
    """Go on as oneself."""
    visit = visits.stop_acting(token=access.visit_token(request), now=access.clock())
    return begin(request, visit, resolve_url("portal:home")) if visit else redirect("portal:welcome")


@require_POST
@access.customer_only
def end(request: HttpRequest, subject: Any, number: UUID) -> HttpResponse:  # noqa: ARG001
    """End what a representative may do for the visitor. It needs no code: to take something back never does."""
    by, now = access.customer_actor(request), access.clock()
    mandates.end(number=number, of=access.own(request), by=by, now=now)
    return redirect("portal:acting")
