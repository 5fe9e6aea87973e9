"""Keys and receipts to try the verbs of the log with; they have commands, and are tried through them too."""

import pytest

from audit import keys
from audit.proof import jws
from consent.services import signed_receipts
from tests.trustcenter.commands.conftest import run  # noqa: F401
from tests.world import ALICE, NOW, say, sign_all


@pytest.fixture
def own_keys(settings, tmp_path):
    """Keys in a folder of the test's own."""
    settings.DATA_DIR = tmp_path
    keys.key.cache_clear()
    keys.make()
    yield
    keys.key.cache_clear()


class Receipts:
    """Choices that get their receipts, as files."""

    def make(self, act="give", now=NOW):
        event = say(ALICE, act, now=now).event
        sign_all(now)
        return signed_receipts.read(subject=None, number=event.entry_id).jws

    def kid(self, token):
        return jws.parse(token).kid


@pytest.fixture
def made(cast):
    return Receipts()
