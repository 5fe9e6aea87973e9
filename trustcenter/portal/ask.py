"""The page that asks for one consent, which the brand opens, or frames on its own site. Holding the link is enough.

It works in a frame on another site, where a browser sends no cookie: so it keeps none and reads none. No form here
needs a token against forgery: whoever could forge one holds the link, and may answer. It is framed by the brand's own
sites only (BRAND_ORIGINS), so that nobody else lays it under a page of theirs and lets customers press its buttons.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.errors import Invalid, NoticeSuperseded, TooMany, TrustError
from consent.services import consent_requests
from consent.services.consent_requests import CodeWanted, Question
from trustcenter import access, languages, problems
from trustcenter.portal.choices import language
from trustcenter.portal.forms import Answer


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the brand's own sites frame what a view answers, be it an error, and let its forms lead back to them."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except TrustError as error:
            response = problems.answer(request, error)
        if settings.BRAND_ORIGINS:  # else nobody frames it, as all our other pages
            # As django-csp's own decorators leave it; they take settings when the code is read, not when it runs.
            response._csp_update = {"form-action": settings.BRAND_ORIGINS}  # type: ignore[attr-defined]
            response._csp_replace = {"frame-ancestors": settings.BRAND_ORIGINS}  # type: ignore[attr-defined]
        response["Referrer-Policy"] = "strict-origin"  # the token is in the address, and nobody else is told of it
        return response

    return guarded


@csrf_exempt
@require_http_methods(["GET", "POST"])
@framed
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question and changes nothing, for scanners open links before people do; POST answers it, once."""
    if request.method == "GET":
        return _page(request, token, _read(request, token))
    said = Answer(request.POST).read(request.POST.getlist("third"))
    by, where, spoken = access.customer_actor(request), access.network(request), _chosen(request) or language()
    try:
        done = consent_requests.answer(token=token, reply=said, chosen=spoken, network=where, by=by, now=access.clock())
    except NoticeSuperseded:
        return _page(request, token, _read(request, token), problem="changed", status=409)
    except TooMany:
        return _page(request, token, _read(request, token), problem="too_many", status=429)
    except Invalid as wrong:
        if any(field.code == "empty" for field in wrong.fields):
            return _page(request, token, _read(request, token), problem="nobody", status=400)
        raise
    if isinstance(done, CodeWanted):
        shown = {"wanted": done, "third": said.third}
        return _page(request, token, done.question, status=400 if done.wrong else 200, **shown)
    return redirect(done.back) if done.back else _page(request, token, done)


def _read(request: HttpRequest, token: str) -> Question:
    spoken = {"chosen": _chosen(request), "otherwise": language()}
    return consent_requests.read(token=token, **spoken, now=access.clock())


def _page(request: HttpRequest, token: str, question: Question, *, status: int = 200, **more: Any) -> HttpResponse:
    with translation.override(question.language):
        return render(request, "portal/ask.html", {"question": question, "token": token} | more, status=status)


def _chosen(request: HttpRequest) -> str:
    """The language that the reader picked on the page: it stands in the address, since there is no cookie."""
    return languages.known(request.GET.get("language", ""))
