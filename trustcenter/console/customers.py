"""One customer's record: find it for a reason, look for a quarter of an hour, carry away proof."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.proof import bundle
from audit.services import prove
from consent.errors import Invalid, NotFound
from consent.rules import signals
from consent.services import evidence, families, holders, scans
from consent.services.decisions import Standing
from consent.services.evidence import Line, Visit
from consent.services.holders import Receiver
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.console import forms, lines, words
from trustcenter.console.frames import show

# After this an officer says again why they look, and the customer sees it again.
OPEN_FOR = timedelta(minutes=15)
PAGE = 50


@access.officer_only
@require_http_methods(["GET", "HEAD", "POST"])
def customers(request: HttpRequest) -> HttpResponse:
    """Find a customer and say why; the customer sees it."""
    form = forms.Find(request.POST or None, initial={"namespace": "customer"})
    if form.is_valid():
        sent, now, by = form.cleaned_data, access.clock(), access.officer_actor(request)
        handle = Handle(sent["namespace"], sent["value"])
        try:
            subject = evidence.view(handle=handle, why=sent["why"], note=sent["note"], by=by, now=now)
        except Invalid as wrong:
            form.take(wrong)
        except NotFound:
            form.add_error("value", _("We know no such customer. Nothing was written down."))
        else:
            request.session["file"] = {"subject": subject.pk, "opened": now.isoformat()}
            return redirect("console:customer")
    context = {"form": form, "section": "customers", "file": open_file(request), "closed": "closed" in request.GET}
    return show(request, "customers", context, status=400 if form.is_bound else 200)


@access.officer_only
@require_safe
def customer(request: HttpRequest) -> HttpResponse:
    """The open file: how each purpose stood, the line of what happened, and one choice in full."""
    visit = open_file(request)
    if visit is None:
        return shown_out()
    form = forms.Look(request.GET)
    sent = form.cleaned_data if form.is_valid() else {}
    moment = sent.get("on") or access.clock()
    told = evidence.line(subject=visit.subject, before=sent.get("before"), limit=PAGE + 1)
    chosen = _chosen(visit, told, sent.get("entry"))
    number = chosen.entry.id if chosen else None
    titles = lines.titles()
    context = {
        "visit": visit,
        "pseudonym": lines.short(visit.subject.pseudonym),
        "why": words.WHY.get(visit.why, ""),
        "form": form,
        "moment": moment,
        "states": [
            lines.stood(each, event, titles, _heard(each, event, moment) if not sent.get("on") else ())
            for each, event in evidence.stood(subject=visit.subject, moment=moment)
        ],
        "runs": lines.runs([lines.told(each, titles, number) for each in told[:PAGE]]),
        "more": told[PAGE - 1].entry.id if len(told) > PAGE else None,
        "shown": _in_full(chosen, titles) if chosen else None,
        "scans": scans.of(subject=visit.subject),
        "honoured": any(map(signals.binds, families.places(visit.subject))),
        "section": "customers",
    }
    return show(request, "customer", context, status=200 if form.is_valid() else 400)


@access.officer_only
@require_POST
def proof(request: HttpRequest) -> HttpResponse:
    """Carry away the proof of one choice, or of the page of entries in view."""
    visit = open_file(request)
    if visit is None:
        return shown_out()
    form = forms.Look(request.POST)
    if not form.is_valid():
        raise NotFound
    number, before = form.cleaned_data["entry"], form.cleaned_data["before"]
    if number:
        found = [evidence.receipt(subject=visit.subject, number=number)]
    else:
        found = evidence.line(subject=visit.subject, before=before, limit=PAGE)
    by = access.officer_actor(request)
    document = evidence.export(subject=visit.subject, found=found, by=by, now=access.clock())
    answer = HttpResponse(bundle.dumps(document), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="proof-{number or "record"}.json"'
    return answer


@access.officer_only
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close the open file."""
    request.session.pop("file", None)
    return redirect("console:customers")


def open_file(request: HttpRequest) -> Visit | None:
    """The file this officer has open. The session holds a row number and a time; the reason is read from the log."""
    held = request.session.get("file")
    if held is None:
        return None
    opened_at = datetime.fromisoformat(held["opened"])
    visit = None
    if access.clock() - opened_at < OPEN_FOR:
        by = access.officer_actor(request)
        visit = evidence.visit(subject_id=held["subject"], opened_at=opened_at, by=by)
    if visit is None:
        del request.session["file"]
    return visit


def shown_out() -> HttpResponse:
    answer = redirect("console:customers")
    answer["Location"] += "?closed"
    return answer


def _chosen(visit: Visit, told: list[Line], number: Any) -> Line | None:
    """The choice to show in full: the one asked for, or the newest in view."""
    if number:
        return evidence.receipt(subject=visit.subject, number=number)
    return next((each for each in told[:PAGE] if each.event), None)


def _heard(standing: Standing, event: Any, now: datetime) -> tuple[Receiver, ...]:
    return holders.receivers(of=standing.version, choice=event.entry_id, now=now) if event else ()


def _in_full(line: Line, titles: dict[str, str]) -> dict[str, Any]:
    """Everything about one choice: the words, the way, the people, and whether its proof holds."""
    event: Any = line.event
    text = event.notice.text if event.notice else {}
    kept = line.payload.get("evidence") or {}
    node, word, rest = lines.proof_words(prove.holds(line.entry))
    return {
        "row": lines.told(line, titles, None),
        "event": event,
        "title": text.get("title", ""),
        "text": [text[name] for name in words.PARTS if text.get(name)],
        "actor": words.ACTORS.get(event.actor, event.actor),
        "method": line.payload.get("method", ""),
        "level": line.payload.get("level", ""),
        "evidence": [(words.PROOFS.get(name, name), _told(value)) for name, value in kept.items()],
        "proof": {"node": node, "word": word, "rest": rest},
        "sealed": line.seq is not None,
    }


def _told(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
