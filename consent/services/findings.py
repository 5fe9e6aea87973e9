"""What an officer has to look at: what was found, and what would be refused if it were not only observed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from audit.models import FINDINGS, Entry
from audit.services import search
from audit.services.search import Filter, Found
from consent.models import Recipient
from consent.services.checks import OBSERVED

# How far back it is counted what would break, and how many of the newest are shown of each recipient.
SPAN = timedelta(days=30)
EXAMPLES = 5


@dataclass(frozen=True)
class Broken:
    """One purpose of a recipient that is only observed: how often it would have been refused, by reason."""

    purpose: str
    allowed: int
    refused: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Observed:
    """A recipient that is only observed. examples: the newest entries of what would have been refused."""

    recipient: Recipient
    purposes: tuple[Broken, ...]
    examples: tuple[Entry, ...]


def listed(*, before: UUID | None = None, limit: int) -> Found:
    """Facts that somebody has to look at, newest first; `before` is the entry where the page before ended."""
    return search.find(chosen=Filter(outcomes=FINDINGS), before=before, limit=limit)


def observed(*, now: datetime) -> list[Observed]:
    """What would break at each recipient that is only observed, were it held to the answers from now on."""
    return [_of(recipient, now) for recipient in Recipient.objects.filter(observe=True).order_by("key")]


def _of(recipient: Recipient, now: datetime) -> Observed:
    asked = Entry.objects.filter(action="decision.made", recipient=recipient.key, recorded_at__gt=now - SPAN)
    counts = asked.order_by().values_list("purpose", "outcome", "reason").annotate(Count("id"))
    allowed, refused = Counter[str](), Counter[tuple[str, str]]()
    for purpose, outcome, reason, number in counts:
        if outcome == OBSERVED:
            refused[purpose, reason] += number
        elif outcome == "allowed":
            allowed[purpose] += number
    named = sorted({purpose for purpose, _ in refused} | allowed.keys())
    newest = asked.filter(outcome=OBSERVED).order_by("-id").select_related("leaf_row")
    return Observed(recipient, tuple(_broken(each, allowed, refused) for each in named), tuple(newest[:EXAMPLES]))


def _broken(purpose: str, allowed: Counter[str], refused: Counter[tuple[str, str]]) -> Broken:
    reasons = [(reason, number) for (named, reason), number in refused.most_common() if named == purpose]
    return Broken(purpose, allowed[purpose], sum(number for _, number in reasons), tuple(reasons))
