"""What was found, and what would be refused if it were not only observed."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from consent.rules.reasons import sentence
from consent.services import findings as service
from consent.services.findings import Broken, Observed
from trustcenter import access
from trustcenter.console import lines
from trustcenter.console.frames import show

PAGE = 50


class Before(forms.Form):
    """Where the page begins."""

    before = forms.UUIDField(required=False)


@access.officer_only
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """Findings, newest first, and what each recipient that is only observed would meet."""
    form = Before(request.GET)
    before: UUID | None = form.cleaned_data["before"] if form.is_valid() else None
    found = service.listed(before=before, limit=PAGE)
    context = {
        "rows": [lines.logged(each) for each in found.entries],
        "more": found.after,
        "later": before is not None,
        "observed": [_observed(each) for each in service.observed(now=access.clock())],
        "section": "findings",
    }
    return show(request, "findings", context)


def _observed(each: Observed) -> dict[str, object]:
    return {
        "recipient": each.recipient,
        "purposes": [_broken(purpose) for purpose in each.purposes],
        "examples": [lines.logged(entry) for entry in each.examples],
    }


def _broken(each: Broken) -> dict[str, object]:
    """One row of the table; the reasons in sentences."""
    language = get_language() or "en"
    return {
        "purpose": each.purpose,
        "allowed": lines.grouped(each.allowed),
        "refused": lines.grouped(each.refused),
        "reasons": [(sentence(reason, language), lines.grouped(number)) for reason, number in each.reasons],
    }
