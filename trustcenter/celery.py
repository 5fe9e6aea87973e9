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
        # expires: a worker that was away does a thing once, not once for each time it was missed.
        "verify the log": {"task": "audit.verify_log", "schedule": crontab(minute="*/10"), "options": {"expires": 600}},
        "sweep what ran out": {
            "task": "consent.sweep_expiry",
            "schedule": crontab(minute="*/5"),
            "options": {"expires": 300},
        },
        "prune the log": {
            "task": "consent.prune_log",
            "schedule": crontab(hour="3", minute="41"),
            "options": {"expires": 3600},
        },
        "forget old answers": {
            "task": "consent.forget_answers",
            "schedule": crontab(minute="7"),
            "options": {"expires": 3600},
        },
        # Often, for a customer waits for it. Web processes only write down who asked: they need no broker.
        "send codes to come in": {"task": "portal.send_codes", "schedule": 2.0, "options": {"expires": 2}},
        "send letters about changes": {
            "task": "portal.send_changes",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "send letters about cases": {"task": "portal.send_cases", "schedule": crontab(), "options": {"expires": 60}},
        "note what is late": {
            "task": "consent.note_late",
            "schedule": crontab(minute="11"),
            "options": {"expires": 3600},
        },
        "forget old letters about cases": {
            "task": "consent.forget_case_letters",
            "schedule": crontab(minute="31"),
            "options": {"expires": 3600},
        },
        "forget old letters": {
            "task": "consent.forget_letters",
            "schedule": crontab(minute="29"),
            "options": {"expires": 3600},
        },
        "forget old visits": {
            "task": "consent.forget_visits",
            "schedule": crontab(minute="19"),
            "options": {"expires": 3600},
        },
        "forget old codes": {
            "task": "consent.forget_codes",
            "schedule": crontab(minute="23"),
            "options": {"expires": 3600},
        },
        "forget old knocks": {
            "task": "consent.forget_knocks",
            "schedule": crontab(minute="29"),
            "options": {"expires": 3600},
        },
        "forget old drafts": {
            "task": "consent.forget_drafts",
            "schedule": crontab(minute="31"),
            "options": {"expires": 3600},
        },
        "forget old concerns": {
            "task": "consent.forget_concerns",
            "schedule": crontab(hour="3", minute="37"),
            "options": {"expires": 3600},
        },
        "forget old links": {
            "task": "consent.forget_links",
            "schedule": crontab(minute="17"),
            "options": {"expires": 3600},
        },
        "forget old questions": {
            "task": "consent.forget_questions",
            "schedule": crontab(minute="27"),
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks(["audit", "consent", "trustcenter"])
