"""Copy or erase: ask for a right one question at a time, follow what comes of it, add to it, take it back."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.errors import CodeNeeded, Conflict, Invalid, NotFound, OutOfTurn
from consent.rules import case_numbers
from consent.rules import whole_record as documents
from consent.rules.rights import KINDS, NAMEABLE, NEEDS_FRESH
from consent.services import rights, rights_drafts, whole_record
from consent.services.rights import Wanted
from trustcenter import access
from trustcenter.portal import case_words, late
from trustcenter.portal.choices import language
from trustcenter.portal.forms import Request as Form

CHANNEL = "portal"
_RESULT = ("new", "added", "back", "late")


@require_GET
@access.customer_only
def index(request: HttpRequest, subject: Any) -> HttpResponse:
    """What one can ask for, and what one asked for before."""
    shown = {"kinds": [(code, case_words.ABOUT[code]) for code in KINDS], "requests": rights.of(subject=subject)}
    return render(request, "portal/rights.html", shown | {"section": "rights"})


@sensitive_post_parameters("words")
@require_http_methods(["GET", "POST"])
@late.typed(lambda kind: kind if kind in KINDS else "", back="portal:rights-ask")
@access.customer_only
def ask(request: HttpRequest, subject: Any, kind: str) -> HttpResponse:
    """One question, then the answers to check, then it is sent. What was typed survives a fresh code."""
    if kind not in KINDS:
        raise NotFound
    if request.method == "GET":
        return _begin(request, subject, kind)
    typed = Form(request.POST).typed()
    wanted = _wanted(kind, typed)
    try:
        rights.check(subject=subject, wanted=wanted)
        if request.POST.get("step") == "send":
            return _send(request, subject, wanted)
    except CodeNeeded:
        by, now = access.customer_actor(request), access.clock()
        rights_drafts.keep(subject=subject, kind=kind, typed=typed, by=by, now=now)
        return access.ask_for_code(reverse("portal:rights-ask", args=[kind]))
    except Invalid as problem:
        return _question(request, subject, kind, typed, wrong=case_words.wrong(problem.fields, kind))
    except Conflict:
        return _question(request, subject, kind, typed, already=True)
    if request.POST.get("step") == "change":
        return _question(request, subject, kind, typed)
    return _page(request, subject, kind, typed, "portal/rights_check.html")


@require_GET
@access.customer_only
def follow(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """One request: how it stands, what happened, what comes next."""
    return _follow(request, subject, reference)


@sensitive_post_parameters("words")
@require_POST
@late.typed(lambda reference: case_numbers.read(rights.LETTER, reference), back="portal:rights-follow")
@access.customer_only
def add(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """Add to an open request."""
    words, by, now = request.POST.get("words", "").replace("\r\n", "\n"), access.customer_actor(request), access.clock()
    try:
        rights.add(reference=reference, subject=subject, words=words, by=by, now=now)
    except Invalid as problem:
        wrong = case_words.wrong(problem.fields, "add")
        return _follow(request, subject, reference, wrong=wrong, typed={"words": words})
    except OutOfTurn:
        return _to(reference, "late")
    return _to(reference, "added")


@require_POST
@access.customer_only
def withdraw(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """Take a request back."""
    try:
        by, now = access.customer_actor(request), access.clock()
        rights.withdraw(reference=reference, subject=subject, by=by, now=now)
    except OutOfTurn:
        return _to(reference, "late")
    return _to(reference, "back")


@require_POST
@access.customer_only
def file(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """All that this service itself holds about the customer, as a file; after a fresh code."""
    rights.follow(reference=reference, subject=subject)  # one's own, or nothing is here
    if not access.is_fresh(request):
        return access.ask_for_code(reverse("portal:rights-follow", args=[reference]))
    whole = whole_record.carry_away(customer=subject, by=access.customer_actor(request), now=access.clock())
    content = json.dumps(documents.document(whole), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="my-data.jsonld"'}
    return HttpResponse(content, content_type="application/ld+json; charset=utf-8", headers=headers)


def _begin(request: HttpRequest, subject: Any, kind: str) -> HttpResponse:
    if kind in NEEDS_FRESH and not access.is_fresh(request):
        return access.ask_for_code(request.get_full_path())
    by = access.customer_actor(request)
    kept = rights_drafts.read(subject=subject, kind=kind, by=by, now=access.clock())
    if kept:
        return _page(request, subject, kind, kept, "portal/rights_check.html")
    return _question(request, subject, kind, Form(request.GET).typed())


def _send(request: HttpRequest, subject: Any, wanted: Wanted) -> HttpResponse:
    by, fresh = access.customer_actor(request), access.is_fresh(request)
    opened = rights.open(subject=subject, wanted=wanted, checked=fresh, by=by, now=access.clock())
    return _to(opened.reference, "new")


def _wanted(kind: str, typed: dict[str, str]) -> Wanted:
    about = UUID(typed["entry"]) if typed["entry"] and kind == "human_review" else None
    return Wanted(kind, CHANNEL, typed["words"], typed["purpose"] if kind in NAMEABLE else "", about)


def _question(request: HttpRequest, subject: Any, kind: str, typed: dict[str, str], **more: Any) -> HttpResponse:
    if more.get("already"):
        own = (each for each in rights.of(subject=subject) if each.request.kind == kind)
        standing = [each for each in own if each.request.purpose in ("", typed["purpose"])]
        more["standing"] = standing[0].request if standing else None
    return _page(request, subject, kind, typed, "portal/rights_ask.html", **more)


def _page(
    request: HttpRequest, subject: Any, kind: str, typed: dict[str, str], template: str, **more: Any
) -> HttpResponse:
    about = UUID(typed["entry"]) if typed["entry"] else None
    offer = rights.offer(subject=subject, kind=kind, about=about, language=language(), now=access.clock())
    if about and offer.line is None:  # another's, or no use at all
        typed = typed | {"entry": ""}
    if typed["purpose"] not in offer.titles:
        typed = typed | {"purpose": ""}
    shown = {"kind": kind, "offer": offer, "typed": typed, "section": "rights", "optional": kind != "correct"}
    status = 409 if more.get("already") else 400 if more.get("wrong") else 200
    return render(request, template, shown | more, status=status)


def _follow(request: HttpRequest, subject: Any, reference: str, **more: Any) -> HttpResponse:
    found = rights.follow(reference=reference, subject=subject, language=language())
    result = request.GET.get("done", "")
    by, now = access.customer_actor(request), access.clock()
    kept = rights_drafts.read(subject=subject, kind=found.request.reference, by=by, now=now)
    shown = {"found": found, "case": found.request, "section": "rights", "done": result if result in _RESULT else ""}
    shown["typed"] = kept
    return render(request, "portal/rights_follow.html", shown | more, status=400 if more.get("wrong") else 200)


def _to(reference: str, done: str) -> HttpResponseRedirect:
    """The page of a request, where the note takes the focus."""
    found: HttpResponseRedirect = redirect(f"{reverse('portal:rights-follow', args=[reference])}?done={done}#done")
    return found
