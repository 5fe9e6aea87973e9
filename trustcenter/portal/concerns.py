"""Raise a concern, with one's name or without; read what was answered, and write again."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.errors import Field, Invalid, NotFound, OutOfTurn, TooMany
from consent.rules import case_numbers, deadlines
from consent.services import concerns, log, rights_drafts, versions
from consent.services.concerns import DRAFT, Said
from trustcenter import access
from trustcenter.portal import case_words, late
from trustcenter.portal.choices import language
from trustcenter.portal.forms import Request as Form

CHANNEL = "portal"
_RESULT = ("new", "added", "late")
_UNNAMED = Field("/name", "required", "With a name or without.")


@require_GET
@access.customer_or_anyone
def index(request: HttpRequest, subject: Any) -> HttpResponse:
    """One's own concerns, and the way to raise one; without a session, the ways that need none."""
    own = concerns.of(subject=subject) if subject else []
    return render(request, "portal/concerns.html", {"concerns": own, "inside": subject, "section": "concerns"})


@sensitive_post_parameters("words", "contact")
@require_http_methods(["GET", "POST"])
@access.customer_or_anyone
def new(request: HttpRequest, subject: Any) -> HttpResponse:
    """One text box. Who is in chooses if we may know it; who is not has a number and a secret to read the answer."""
    typed = Form(request.POST if request.method == "POST" else request.GET).typed()
    if request.method == "GET":
        return _form(request, subject, typed if any(typed.values()) else typed | _draft(request, subject, DRAFT))
    if typed["name"] == "yes" and subject is None:
        late.keep(request, DRAFT)
        return _form(request, None, typed, left=True)
    try:
        return _raise(request, subject, typed)
    except Invalid as problem:
        return _form(request, subject, typed, wrong=case_words.wrong(problem.fields, "concern"))
    except TooMany:
        return _form(request, subject, typed, too_many=True)


@require_GET
@access.customer_only
def follow(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """One's own concern with all that was written."""
    return _thread(request, concerns.follow(reference=reference, who=subject), inside=subject)


@sensitive_post_parameters("words")
@require_POST
@late.typed(lambda reference: case_numbers.read(concerns.LETTER, reference), back="portal:concern")
@access.customer_only
def add(request: HttpRequest, subject: Any, reference: str) -> HttpResponse:
    """Write again."""
    words = request.POST.get("words", "").replace("\r\n", "\n")
    try:
        concerns.add(
            reference=reference, who=subject, words=words, by=access.customer_actor(request), now=access.clock()
        )
    except Invalid as problem:
        found = concerns.follow(reference=reference, who=subject)
        wrong = case_words.wrong(problem.fields, "add")
        return _thread(request, found, inside=subject, wrong=wrong, typed={"words": words})
    except OutOfTurn:
        return _to(reference, "late")
    return _to(reference, "added")


@sensitive_post_parameters("secret", "words")
@require_http_methods(["GET", "POST"])
def read(request: HttpRequest) -> HttpResponse:
    """By number and secret: what was answered to a concern without a name; `words` writes again.

    Both are sent, never in an address: what stands there is kept by browsers and proxies.
    """
    if request.method == "GET":
        return render(request, "portal/concern_read.html", {"section": "concerns"})
    reference, secret = request.POST.get("reference", ""), request.POST.get("secret", "")
    missing = [Field(f"/{name}", "required", "") for name in ("reference", "secret") if not request.POST.get(name)]
    if missing:
        return _unread(request, reference, wrong=case_words.wrong(tuple(missing), "concern"))
    now, network = access.clock(), access.network(request)
    try:
        found = concerns.follow_without_name(reference=reference, secret=secret, network=network, now=now)
        if "words" not in request.POST:
            return _thread(request, found, secret=secret)
        return _write_again(request, found, secret)
    except NotFound:
        return _unread(request, reference, unknown=True)
    except TooMany:
        return _unread(request, reference, too_many=True)


def _raise(request: HttpRequest, subject: Any, typed: dict[str, str]) -> HttpResponse:
    if subject and typed["name"] not in ("yes", "no"):
        raise Invalid(*_problems(typed), _UNNAMED)
    named = subject is not None and typed["name"] == "yes"
    about = UUID(typed["entry"]) if typed["entry"] and named else None
    said = Said(typed["words"], CHANNEL, typed["purpose"], about, typed["contact"])
    now = access.clock()
    if named:
        done = concerns.open(subject=subject, said=said, by=access.customer_actor(request), now=now)
        return _to(done.concern.reference, "new")
    by = access.unnamed_actor(request)
    done = concerns.open_without_name(said=said, network=access.network(request), by=by, now=now)
    # The secret is shown here and nowhere else: so no other address is led to.
    shown = {"case": done.concern, "secret": done.secret, "inside": subject, "section": "concerns"}
    return render(request, "portal/concern_sent.html", shown)


def _problems(typed: dict[str, str]) -> list[Field]:
    return [] if typed["words"].strip() else [Field("/words", "required", "")]


def _form(request: HttpRequest, subject: Any, typed: dict[str, str], **more: Any) -> HttpResponse:
    about = UUID(typed["entry"]) if typed["entry"] and subject else None
    line = log.one(subject=subject, number=about, language=language()) if about else None
    if line is None:
        typed = typed | {"entry": ""}
    shown = {
        "typed": typed,
        "line": line,
        "titles": versions.titles(language()),
        "inside": subject,
        "due": deadlines.working_days(access.clock().date(), deadlines.CONCERN_DAYS),
        "days": deadlines.CONCERN_DAYS,
        "section": "concerns",
    }
    status = 429 if more.get("too_many") else 400 if more else 200
    response = render(request, "portal/concern_new.html", shown | more, status=status)
    if more.get("too_many"):
        response["Retry-After"] = "3600"
    return response


def _thread(request: HttpRequest, found: Any, *, inside: Any = None, secret: str = "", **more: Any) -> HttpResponse:
    done = request.GET.get("done", "")
    shown = {
        "found": found,
        "case": found.concern,
        "title": versions.titles(language()).get(found.concern.purpose, ""),
        "line": _line(found.concern, inside),
        "inside": inside,
        "secret": secret,
        "section": "concerns",
        "done": done if done in _RESULT else "",
        "typed": _draft(request, inside, found.concern.reference),
    }
    return render(request, "portal/concern.html", shown | more, status=400 if more.get("wrong") else 200)


def _draft(request: HttpRequest, subject: Any, place: str) -> dict[str, Any]:
    """What they typed when their visit was over."""
    if subject is None:
        return {}
    return rights_drafts.read(subject=subject, kind=place, by=access.customer_actor(request), now=access.clock())


def _line(concern: Any, subject: Any) -> Any:
    if subject is None or concern.about is None:
        return None
    return log.one(subject=subject, number=concern.about, language=language())


def _write_again(request: HttpRequest, found: Any, secret: str) -> HttpResponse:
    words, reference = request.POST.get("words", "").replace("\r\n", "\n"), found.concern.reference
    by, now = access.unnamed_actor(request), access.clock()
    try:
        concerns.add(reference=reference, who=secret, words=words, by=by, now=now)
    except Invalid as problem:
        wrong = case_words.wrong(problem.fields, "add")
        return _thread(request, found, secret=secret, wrong=wrong, typed={"words": words})
    except OutOfTurn:
        return _thread(request, found, secret=secret, done="late")
    return _thread(request, concerns.follow(reference=reference, who=secret), secret=secret, done="added")


def _unread(request: HttpRequest, reference: str, **more: Any) -> HttpResponse:
    status = 429 if more.get("too_many") else 404 if more.get("unknown") else 400
    shown = {"reference": reference, "section": "concerns"}
    return render(request, "portal/concern_read.html", shown | more, status=status)


def _to(reference: str, done: str) -> HttpResponseRedirect:
    """The page of a concern, where the note takes the focus."""
    found: HttpResponseRedirect = redirect(f"{reverse('portal:concern', args=[reference])}?done={done}#done")
    return found
