"""What the SDK's tests ask: this process's service (quick), or a real `serve` (with its own time and database)."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.db import connection

from tests.serving import command, copied, prepared, serving
from tests.world import key
from trustcenter.sdk import Client, Timeout
from trustcenter.wsgi import application

SCOPES = "decide,consents:read,consents:write,reports,feed"
PATIENT = Timeout(connect=10, read=30, total=60)  # the machine may be busy


@pytest.fixture
def here(monkeypatch):
    """The service of this process as a transport of httpx. The test's transaction outlives each of its requests."""
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    return lambda: httpx.WSGITransport(application)


@pytest.fixture
def client(cast, here):
    """A client of the mail engine, whose service runs in this process."""
    with Client("http://trust.example", key(), recipient="mail-engine", transport=here) as made:
        yield made


@dataclass
class Park:
    """A folder with the park's catalogue, and a key of its mail engine."""

    folder: Path
    key: str


@pytest.fixture(scope="session")  # the order is random: a package would be left and come back to
def park_folder(tmp_path_factory):
    folder = prepared(tmp_path_factory.mktemp("sdk"))
    made = command(folder, "create-key", "--recipient", "mail-engine", "--scopes", SCOPES)
    return Park(folder, made.stdout.strip())


@pytest.fixture(scope="session")
def served(park_folder, tmp_path_factory):
    """Where a real `serve` is, and a key of the mail engine."""
    with serving(copied(park_folder.folder, tmp_path_factory.mktemp("served")), FEED_LEASE="600") as tree:
        yield Served(tree.url, park_folder.key)


@dataclass
class Served:
    url: str
    key: str


@pytest.fixture
def online(served):
    """A client of the real `serve`, in which C-1001 said yes and C-1002 no."""
    with Client(served.url, served.key, recipient="mail-engine", timeout=PATIENT) as made:
        made.record("customer:C-1001", "personal_offers", "give", channel="web", method="button", language="en")
        made.record("customer:C-1002", "personal_offers", "refuse", channel="web", method="button")
        yield made
