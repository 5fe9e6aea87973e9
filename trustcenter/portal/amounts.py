"""How much is shared for one use: a page of its own, one form, one save."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from consent.errors import CodeNeeded, Invalid, NoticeSuperseded
from consent.services import amounts
from trustcenter import access
from trustcenter.portal import choices
from trustcenter.portal.forms import OWN, AmountForm


@require_http_methods(["GET", "POST"])
@access.customer_only
def amount(request: HttpRequest, subject: Any, key: str) -> HttpResponse:
    """GET shows what may be chosen, and what is; POST saves it."""
    if request.method == "GET":
        return _page(request, subject, key)
    form = AmountForm(request.POST)
    wanted = form.read()
    if wanted is None:
        return _page(request, subject, key, wrong="level")
    words, fresh, by = form.cleaned_data["notice"], access.is_fresh(request), access.customer_actor(request)
    what = {"subject": subject, "purpose": key, "wanted": wanted, "notice_digest": words}
    try:
        done = amounts.choose(**what, fresh=fresh, by=by, now=access.clock())
    except CodeNeeded:
        return access.ask_for_code(reverse("portal:amount", args=[key]))
    except NoticeSuperseded:
        return choices.superseded(key)
    except Invalid as wrong:
        if any(field.code == "empty" for field in wrong.fields):
            return _page(request, subject, key, wrong="nothing")
        raise
    return choices.saved([done])


def _page(request: HttpRequest, subject: Any, key: str, wrong: str = "") -> HttpResponse:
    found = amounts.read(subject=subject, key=key, language=choices.language(), now=access.clock())
    shown = {"amount": found, "use": found.use, "own": OWN, "wrong": wrong, "section": "choices"}
    return render(request, "portal/amount.html", shown, status=400 if wrong else 200)
