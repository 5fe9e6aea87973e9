"""What the worker does for consent: each a door with one service call."""

from datetime import UTC, datetime

from celery import shared_task

from consent.services import expiry, idempotency, portal_links


@shared_task(name="consent.forget_answers", ignore_result=True)
def forget_answers() -> None:
    """Delete the answers kept for repeated requests, when their day is over."""
    idempotency.forget(now=datetime.now(UTC))


@shared_task(name="consent.forget_links", ignore_result=True)
def forget_links() -> None:
    """Delete portal links and sessions that are over."""
    portal_links.forget(now=datetime.now(UTC))


@shared_task(name="consent.sweep_expiry", ignore_result=True)
def sweep_expiry() -> None:
    """Write down every yes that ran out, and every reminder that is due."""
    expiry.sweep(now=datetime.now(UTC))
