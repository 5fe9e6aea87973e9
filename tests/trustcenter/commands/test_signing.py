"""Receipts beside the sealer: signed within moments, and their trouble is theirs alone."""

import threading

import pytest
import structlog

from consent.models import Receipt
from consent.services import signed_receipts
from tests.world import seal_all
from trustcenter.commands import signing


class Stop(threading.Event):
    """Stops at the second wait, and keeps how long each was to be."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) == 2:
            self.set()
        return self.is_set()


@pytest.fixture
def stop(cast, monkeypatch):
    # The test's own connection is the thread's here, and stays open.
    monkeypatch.setattr(signing.connection, "close", lambda: None)
    return Stop()


def test_it_signs_what_is_sealed_and_then_waits(stop, settings):
    seal_all()
    signing.until(stop)
    assert Receipt.objects.count() == 2
    assert stop.waits == [settings.SEAL_EVERY] * 2


def test_it_goes_on_at_once_while_it_is_behind(stop, monkeypatch):
    monkeypatch.setattr(signed_receipts, "BATCH", 1)
    seal_all()
    signing.until(stop)
    assert Receipt.objects.count() == 2
    assert stop.waits[0] == 0


def test_whatever_goes_wrong_is_told_and_tried_again_later(stop, monkeypatch):
    def broken(**_):
        raise ValueError("unforeseen")

    monkeypatch.setattr(signed_receipts, "sign_waiting", broken)
    with structlog.testing.capture_logs() as told:
        signing.until(stop)
    assert [each["event"] for each in told] == ["receipts cannot be signed"] * 2
    assert stop.waits == [10.0, 10.0]


def test_seal_once_signs_too(run, cast):
    run("seal", "--once")
    assert Receipt.objects.count() == 2
