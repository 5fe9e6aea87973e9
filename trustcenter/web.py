"""The web part of `serve`: granian with a few threads a worker, since whoever follows the feed holds one meanwhile.

`python -m trustcenter.web ADDRESS PORT WORKERS`
"""

import gc
import os
import sys
from typing import Any

import django
from django.conf import settings
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from audit import keys
from trustcenter import logs, processes, stalls


def load(target: str) -> Any:  # noqa: ARG001  granian's signature; there is one application
    """The application, in a worker of its own that must not outlive the main process."""
    processes.end_with_parent()
    stalls.guard(settings.WEB_THREADS)
    from trustcenter.wsgi import application

    # What is loaded now stays, so the collector need not go through it again: a tenth of the price of a large batch.
    gc.freeze()
    return application


def main(address: str, port: int, workers: int) -> None:
    """Serve until a signal."""
    processes.end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustcenter.settings")
    django.setup()
    keys.withhold()
    server = Server(
        "trustcenter.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=settings.WEB_THREADS,
        websockets=False,
        workers_kill_timeout=4,
        respawn_failed_workers=True,
        log_level=LogLevels(settings.LOG_LEVEL.lower()),
        log_dictconfig=logs.configuration(text=settings.LOG_TEXT, level=settings.LOG_LEVEL),
    )
    server.serve(target_loader=load)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
