"""What the worker does for the log."""

from datetime import UTC, datetime

from celery import shared_task

from audit.services import prove


@shared_task(name="audit.verify", ignore_result=True)
def verify() -> None:
    """Check the whole log against its signed head; console and doctor show the finding."""
    prove.verify(now=datetime.now(UTC))
