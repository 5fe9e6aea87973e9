"""What the worker does for a door: what a person reads is written here, and not below."""

from celery import shared_task

from trustcenter.portal import mails


@shared_task(name="portal.send_codes", ignore_result=True)
def send_codes() -> None:
    """Send every code that was asked for."""
    mails.send_codes()


@shared_task(name="portal.send_changes", ignore_result=True)
def send_changes() -> None:
    """Send every letter about changes that is due."""
    mails.send_changes()


@shared_task(name="portal.send_cases", ignore_result=True)
def send_cases() -> None:
    """Send every letter about a request or a concern that is due."""
    mails.send_cases()
