"""What the worker does for the log."""

from datetime import UTC, datetime

from celery import shared_task

from audit.services import verify


@shared_task(name="audit.verify_log", ignore_result=True)
def verify_log() -> None:
    """Check the whole log against its signed head; console and doctor show the finding."""
    verify.whole_log(now=datetime.now(UTC))
