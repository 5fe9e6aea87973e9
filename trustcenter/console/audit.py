"""The log: search it, see how it stands, check it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.services import entries, prove, verify
from consent.services import evidence
from trustcenter import access
from trustcenter.console import forms, lines
from trustcenter.console.frames import show

PAGE = 50


@access.officer_only
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Entries, newest first, and the state of the log."""
    form = forms.Search(request.GET)
    found = _search(form.cleaned_data) if form.is_valid() else []
    context = {
        "form": form,
        "rows": [lines.logged(each) for each in found[:PAGE]],
        "more": found[PAGE - 1].id if len(found) > PAGE else None,
        "later": bool(request.GET.get("before")),
        "log": _log(),
        "section": "audit",
    }
    return show(request, "audit", context, status=200 if form.is_valid() else 400)


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


def _search(sent: dict[str, Any]) -> list[Any]:
    exact = {name: sent[name] for name in ("purpose", "recipient", "outcome", "since", "before")}
    return entries.search(actions=[sent["action"]] if sent["action"] else (), limit=PAGE + 1, **exact)


def _log() -> dict[str, Any]:
    """The state of the log, with the key that signs it and how far each number goes."""
    state, keys = prove.state(), prove.vkeys()
    vkey = keys[-1] if keys else ""
    return {
        "state": state,
        "size": lines.grouped(state.size),
        "root": lines.short(state.root),
        "waiting": lines.grouped(state.waiting),
        "vkey": vkey,
        "key": vkey.rpartition("+")[0],
        "checked": lines.grouped(state.checked.size) if state.checked else "",
    }
