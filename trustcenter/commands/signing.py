"""Receipts are signed beside the sealer, in a thread of their own: neither waits for the other, each may fail alone."""

import threading

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection

from consent.services import signed_receipts
from trustcenter import access

# Seconds until the next try when receipts cannot be signed; sealing goes on meanwhile.
_AGAIN = 10.0


def all_waiting() -> None:
    """Sign every receipt that waits."""
    while signed_receipts.waiting(now=access.clock()):
        signed_receipts.sign_waiting(now=access.clock())


def until(stop: threading.Event) -> None:
    """Sign what is sealed, again and again, until told to stop."""
    log = structlog.get_logger("receipts")
    try:
        while not stop.is_set():
            stop.wait(_pass(log))
    finally:
        connection.close()


def _pass(log: structlog.stdlib.BoundLogger) -> float:
    """One batch; seconds until the next."""
    try:
        signed = signed_receipts.sign_waiting(now=access.clock())
        behind = signed_receipts.waiting(now=access.clock())
    except OperationalError as problem:
        log.warning("database away", problem=str(problem))
        close_old_connections()
        return settings.SEAL_EVERY
    except Exception:
        # Whatever it is, it must not end the sealer, and a person must read of it.
        log.exception("receipts cannot be signed")
        return _AGAIN
    if signed:
        log.info("signed", receipts=signed, behind=behind)
    return 0 if behind else settings.SEAL_EVERY
