"""What the SDK's tests ask: this process's service (quick), or a real `serve` (with its own time and database)."""

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.serving import command, prepared, serving
from tests.world import key
from trustcenter.sdk import Client
from trustcenter.wsgi import application

SCOPES = "decide,consents:read,consents:write,reports"


@pytest.fixture
def here():
    """The service of this process as a transport of httpx. As Django's own test client, it keeps the test's connection."""
    for each in (request_started, request_finished):
        each.disconnect(close_old_connections)
    yield lambda: httpx.WSGITransport(application)
    for each in (request_started, request_finished):
        each.connect(close_old_connections)


@pytest.fixture
def client(cast, here):
    """A client of the mail engine, whose service runs in this process."""
    with Client(
        "http://trust.example", key(), recipient="mail-engine", transport=here
    ) as made:
        yield made


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """A real `serve` with the park's catalogue, and a key of the mail engine in `served.key`."""
    folder = prepared(tmp_path_factory.mktemp("sdk"))
    secret = command(folder, "create-key", "--recipient", "mail-engine", "--scopes", SCOPES).stdout.strip()
    with serving(folder) as tree:
        tree.key = secret
        yield tree


@pytest.fixture
def online(served):
    """A client of the real `serve`, in which C-1001 said yes and C-1002 no."""
    with Client(served.url, served.key, recipient="mail-engine") as made:
        made.record("customer:C-1001", "personal_offers", "give", channel="web", method="button", language="en")
        made.record("customer:C-1002", "personal_offers", "refuse", channel="web", method="button")
        yield made
