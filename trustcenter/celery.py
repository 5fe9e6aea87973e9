"""The worker's tasks and their timetable. The broker only rings the bell: what must be done stands in the database."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustcenter.settings")


def transport() -> dict[str, Any]:
    """Options of the broker's transport; the file system takes folders, and is looked at five times a second."""
    if not settings.BROKER_URL.startswith("filesystem:"):
        return {}
    messages, control = settings.BROKER_FOLDER / "messages", settings.BROKER_FOLDER / "control"
    for folder in (messages, control):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }


# Task: when, and after how many seconds it is not worth doing: a worker that was away does a thing once, not once for
# each time it was missed.
TIMETABLE: dict[str, tuple[crontab | float, int]] = {
    "audit.verify_log": (crontab(minute="*/10"), 600),
    "consent.sweep_expiry": (crontab(minute="*/5"), 300),
    # Often, for a customer waits for it. Web processes only write down who asked: they need no broker.
    "portal.send_codes": (2.0, 2),
    "portal.send_changes": (crontab(), 60),
    "portal.send_cases": (crontab(), 60),
    "consent.note_late": (crontab(minute="11"), 3600),
    "consent.forget_answers": (crontab(minute="7"), 3600),
    "consent.forget_links": (crontab(minute="17"), 3600),
    "consent.forget_visits": (crontab(minute="19"), 3600),
    "consent.forget_codes": (crontab(minute="23"), 3600),
    "consent.forget_questions": (crontab(minute="27"), 3600),
    "consent.forget_letters": (crontab(minute="29"), 3600),
    "consent.forget_knocks": (crontab(minute="29"), 3600),
    "consent.forget_case_letters": (crontab(minute="31"), 3600),
    "consent.forget_drafts": (crontab(minute="31"), 3600),
    "consent.forget_concerns": (crontab(hour="3", minute="37"), 3600),
    "consent.prune_log": (crontab(hour="3", minute="41"), 3600),
}
app = Celery("trustcenter")
app.conf.update(
    broker_url="filesystem://localhost//" if settings.BROKER_URL == "filesystem://" else settings.BROKER_URL,
    broker_transport_options=transport(),
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_schedule_filename=str(settings.BROKER_FOLDER / "timetable"),
    beat_schedule={
        task: {"task": task, "schedule": when, "options": {"expires": expires}}
        for task, (when, expires) in TIMETABLE.items()
    },
)
app.autodiscover_tasks(["audit", "consent", "trustcenter"])
