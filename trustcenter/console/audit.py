"""The log: search it, see how it stands, check it."""

from io import BytesIO
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.proof import export
from audit.proof.errors import ProofError
from audit.services import prove, verify
from consent.errors import Conflict
from consent.services import entries, evidence, exports
from consent.services.entries import Page
from trustcenter import access
from trustcenter.console import forms, lines
from trustcenter.console.frames import show

PAGE = 50


@access.officer_only
@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: HttpRequest) -> HttpResponse:
    """Entries, newest first, and the state of the log.

    Who names a customer sends the form; in the addresses of the pages after that stands the customer's name in the log.
    """
    sent = request.method == "POST"
    form = forms.Search(request.POST if sent else request.GET)
    if not form.is_valid():
        return _show(request, form, None)
    wanted = form.wanted()
    if sent and wanted.customer is None:
        return redirect(f"{reverse('console:audit')}?{urlencode(form.kept(wanted.pseudonym))}#found")
    before, by = form.cleaned_data["before"], access.officer_actor(request)
    page = entries.search(wanted=wanted, before=before, limit=PAGE, by=by, now=access.clock())
    if wanted.named and page.subject is None:
        form.add_error("value", _("We know no such customer. That you looked is in the log."))
        return _show(request, form, None)
    return _show(request, form, page)


@access.officer_only
@require_POST
def carry_away(request: HttpRequest) -> HttpResponse:
    """The sealed entries that a search finds, as the zip file that verifies offline, without personal data."""
    form = forms.Search(request.POST)
    if not form.is_valid():
        return _show(request, form, None)
    by = access.officer_actor(request)
    ready = exports.run(found=form.wanted(), most=exports.AT_ONCE, by=by, now=access.clock())
    file = BytesIO()  # of so few entries it is a megabyte or two
    try:
        ready.write(file)
        export.verify(file, ready.keys)  # nobody is handed a proof that does not hold
    except ProofError as problem:
        raise Conflict(f"There is no proof to carry away: {problem}") from None
    headers = {"Content-Disposition": 'attachment; filename="log.zip"'}
    return HttpResponse(file.getvalue(), content_type="application/zip", headers=headers)


@access.officer_only
@require_POST
def check(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  every view takes it
    """Check the whole log, and show the finding."""
    verify.whole_log(now=access.clock())
    return redirect(f"{reverse('console:audit')}#log")


@access.officer_only
@require_safe
def entry(request: HttpRequest, number: UUID) -> HttpResponse:
    """One entry as the log holds it. What concerns a customer is opened in that customer's file only."""
    found = evidence.entry(number=number)
    node, word, rest = lines.proof_words(prove.holds(found.entry))
    context = {
        "row": lines.logged(found.entry),
        "entry": found.entry,
        "leaf": bytes(found.entry.leaf).decode("utf-8", "replace"),
        "payload": found.payload,
        "proof": {"node": node, "word": word, "rest": rest},
        "section": "audit",
    }
    return show(request, "entry", context)


def _show(request: HttpRequest, form: forms.Search, page: Page | None) -> HttpResponse:
    kept = form.kept(page.subject.pseudonym if page.subject else "") if page else {}
    rows = [lines.logged(each) for each in page.entries] if page else []
    places = [row.place for row in rows if row.place]
    context = {
        "form": form,
        "rows": rows,
        "page": page,
        "kept": kept,
        "subject": lines.short(kept.get("subject", "")),
        "everybody": urlencode({name: value for name, value in kept.items() if name != "subject"}),
        "older": urlencode(kept | {"before": str(page.after)}) if page and page.after else "",
        "newest": urlencode(kept) if page and form.cleaned_data["before"] else None,
        "first": places[0] if places else "",
        "last": places[-1] if places else "",
        "log": _log(),
        "section": "audit",
    }
    return show(request, "audit", context, status=200 if page else 400)


def _log() -> dict[str, Any]:
    """The state of the log, with the key that signs it and how far each number goes."""
    state, keys = prove.state(), prove.vkeys()
    vkey = keys[-1] if keys else ""
    return {
        "state": state,
        "size": lines.grouped(state.size),
        "last": lines.grouped(state.checked.size - 1) if state.checked and state.checked.size else "",
        "root": lines.short(state.root),
        "waiting": lines.grouped(state.waiting),
        "vkey": vkey,
        "key": vkey.rpartition("+")[0],
    }
