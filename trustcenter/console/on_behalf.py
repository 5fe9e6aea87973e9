"""What staff write down for the customer whose file is open, and the scans of what that customer signed."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from consent.errors import TrustError
from consent.rules.scans import ENDINGS
from consent.services import on_behalf, scans
from consent.services.evidence import Visit
from trustcenter import access
from trustcenter.console import forms, lines, words
from trustcenter.console.customers import open_file, shown_out
from trustcenter.console.frames import show


@access.officer_only
@require_http_methods(["GET", "HEAD", "POST"])
def choice(request: HttpRequest) -> HttpResponse:
    """A choice of the customer that an officer writes down; afterwards it stands in the open file, in full."""
    visit = open_file(request)
    if visit is None or not visit.identifiers:
        return shown_out()
    posted = request.method == "POST"
    offered = on_behalf.offered(language=get_language() or "en", now=access.clock())
    form = forms.OnBehalf(request.POST if posted else None, request.FILES if posted else None, offered=offered)
    if form.is_valid():
        done = _record(request, visit, form)
        if done:
            return redirect(f"{reverse('console:customer')}?entry={done}#shown")
    pseudonym = lines.short(visit.subject.pseudonym)
    texts = [text for row in offered for text in row.texts]
    context = {
        "form": form,
        "visit": visit,
        "pseudonym": pseudonym,
        "texts": [(text, [text.text[name] for name in words.PARTS if text.text.get(name)]) for text in texts],
        "section": "customers",
    }
    return show(request, "choice", context, status=400 if posted else 200)


@access.officer_only
@require_POST
def scan(request: HttpRequest, number: UUID) -> HttpResponse:
    """Carry away one scan of the customer whose file is open."""
    visit = open_file(request)
    if visit is None:
        return shown_out()
    by, now = access.officer_actor(request), access.clock()
    row, content = scans.export(subject=visit.subject, number=number, by=by, now=now)
    answer = HttpResponse(content, content_type=row.type)
    answer["Content-Disposition"] = f'attachment; filename="scan-{row.digest[:8]}.{ENDINGS[row.type]}"'
    return answer


def _record(request: HttpRequest, visit: Visit, form: Any) -> UUID | None:
    """The number of what was recorded; None when the form now says what is wrong."""
    sent = form.cleaned_data
    try:
        done = on_behalf.record(
            subject=visit.subject,
            purpose=sent["purpose"],
            yes=sent["answer"] == "yes",
            channel=sent["channel"],
            language=sent["language"],
            reason=sent["reason"],
            scan=sent["scan"].read() if sent["scan"] else None,
            by=access.officer_actor(request),
            now=access.clock(),
        )
    except TrustError as wrong:
        form.take(wrong)
        return None
    return done.event.entry_id
