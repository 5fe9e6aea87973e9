"""Who used my data: the page, and the same as a file."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from consent.services import log
from trustcenter import access
from trustcenter.portal import words
from trustcenter.portal.choices import language
from trustcenter.portal.drawing import bars
from trustcenter.portal.forms import ANSWERS, WHO, LogFilter
from trustcenter.portal.quoted import plain


@require_GET
@access.customer_only
def show(request: HttpRequest, subject: Any) -> HttpResponse:
    """Every use, look and refusal, newest first."""
    form = LogFilter(request.GET)
    chosen = form.chosen()
    before = form.cleaned_data.get("before")
    found = log.read(subject=subject, language=language(), chosen=chosen, before=before, now=access.clock())
    kept = {name: value for name, value in request.GET.items() if name in form.fields and name != "before" and value}
    shown = {
        "log": found,
        "bars": bars(found.months),
        "charted": found.titles.get(chosen.purpose, ""),
        "form": form,
        "chosen": chosen,
        "who": WHO,
        "answers": ANSWERS,
        "older": urlencode(kept | {"before": str(found.older)}) if found.older else "",
        "download": urlencode(kept),
        "section": "log",
    }
    return render(request, "portal/log.html", shown)


@require_GET
@access.customer_only
@access.fresh_only(back="portal:log")
def download(request: HttpRequest, subject: Any) -> HttpResponse:
    """The list as CSV, one use a line, for a spreadsheet."""
    lines = log.whole(subject=subject, language=language(), chosen=LogFilter(request.GET).chosen())
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_("When (UTC)"), _("Answer"), _("Who"), _("What they saw"), _("Why"), _("Entry of the log")])
    for line in lines:
        row = [
            line.at.isoformat(timespec="seconds"),
            words.answer(line),
            f"{plain(words.name(line))} ({plain(words.kind(line))})",
            plain(words.saw(line)),
            plain(words.why(line)),
            str(line.number),
        ]
        writer.writerow([_plain(cell) for cell in row])
    # The mark at the start tells a spreadsheet that this is UTF-8.
    content = "\ufeff" + file.getvalue()
    name = 'attachment; filename="who-used-my-data.csv"'
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a caller's own words may stand in it."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
