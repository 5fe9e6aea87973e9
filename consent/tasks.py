"""What the worker does for consent: each a door with one service call."""

from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings

from consent.services import (
    case_letters,
    concerns,
    consent_requests,
    expiry,
    idempotency,
    knocks,
    letters,
    portal_links,
    pruning,
    rights_drafts,
    sign_in_codes,
    visits,
)


@shared_task(name="consent.forget_answers", ignore_result=True)
def forget_answers() -> None:
    """Delete the answers kept for repeated requests, when their day is over."""
    idempotency.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_links", ignore_result=True)
def forget_links() -> None:
    """Delete portal links that are over."""
    portal_links.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_questions", ignore_result=True)
def forget_questions() -> None:
    """Delete questions to customers that are over."""
    consent_requests.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_visits", ignore_result=True)
def forget_visits() -> None:
    """Delete visits to the portal that are over."""
    visits.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_codes", ignore_result=True)
def forget_codes() -> None:
    """Delete requests for a code that count towards no limit any more."""
    sign_in_codes.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_knocks", ignore_result=True)
def forget_knocks() -> None:
    """Delete what counts visitors without a name, when their hour is over."""
    knocks.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_drafts", ignore_result=True)
def forget_drafts() -> None:
    """Delete what customers had typed and never sent, when its day is over."""
    rights_drafts.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_concerns", ignore_result=True)
def forget_concerns() -> None:
    """Destroy what concerns without a name said, two years after they were closed."""
    concerns.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_letters", ignore_result=True)
def forget_letters() -> None:
    """Delete the notes of letters that were sent and keep no further one back."""
    letters.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_case_letters", ignore_result=True)
def forget_case_letters() -> None:
    """The same of letters about requests and concerns."""
    case_letters.forget(now=datetime.now(UTC))


@shared_task(name="consent.note_late", ignore_result=True)
def note_late() -> None:
    """Note a letter about each request and concern that is late."""
    case_letters.note_late(now=datetime.now(UTC))


@shared_task(name="consent.sweep_expiry", ignore_result=True)
def sweep_expiry() -> None:
    """Write down every yes that ran out, and every reminder that is due."""
    expiry.sweep(now=datetime.now(UTC))


@shared_task(name="consent.prune_log", ignore_result=True)
def prune_log() -> None:
    """Delete what was declared the day before, and declare what is too old by now, where there is a policy."""
    if settings.LOG_KEEP_DAYS:
        pruning.run(keep_days=settings.LOG_KEEP_DAYS, by=pruning.TIMETABLE, now=datetime.now(UTC))
