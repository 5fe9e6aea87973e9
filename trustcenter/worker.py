"""The worker part of `serve`: tasks and timetable in one process.

`python -m trustcenter.worker`
"""

import logging
import os
import sys
import warnings
from typing import Any

import django
from celery import beat, signals
from celery.exceptions import SecurityWarning
from django.conf import settings

from trustcenter import processes


@signals.setup_logging.connect
def _keep_our_log(**_: Any) -> None:
    """Being connected is all: Celery then leaves logging as logs.py set it."""


def main() -> int:
    """Work until a signal; returns the exit code."""
    processes.end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustcenter.settings")
    django.setup()
    from trustcenter.celery import app

    logging.captureWarnings(capture=True)
    # Celery warns root of pickled messages; ours are JSON, and in a container root is usual.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # Letters lie in a folder where there is no mail server, and hold codes: they are their owner's alone to read.
    for folder in (settings.BROKER_FOLDER, settings.MAIL_FOLDER):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A thread, so that there is no child that could be orphaned; for the same reason the pool is solo.
    timetable: Any = beat.EmbeddedService(app, thread=True)
    signals.worker_ready.connect(lambda **_: timetable.start(), weak=False)
    worker = app.Worker(pool="solo", without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True)
    worker.start()
    code: int = worker.exitcode or 0
    return code


if __name__ == "__main__":
    sys.exit(main())
