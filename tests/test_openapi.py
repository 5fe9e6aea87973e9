"""Every operation against its own description: no 5xx, and no answer that the document does not name."""

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import world
from trustcenter.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
bounded = hypothesis.settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
schema = schemathesis.openapi.from_wsgi("/api/openapi.yaml", application)
# What a caller who means well would send, put in place of what was drawn at random.
KNOWN = {
    "subject": {"namespace": "customer", "id": "C-1001"},
    "purpose": "personal_offers",
    "language": "en",
    "at": "2026-05-14T12:00:00Z",
    "collected_at": "2026-05-14T12:00:00Z",
}
ASKS = {
    "subject": {"type": "system", "id": "mail-engine"},
    "action": {"name": "personal_offers"},
    "resource": {"type": "customer", "id": "C-1001"},
    "context": {},
}
PATH = {"namespace": "customer", "id": "C-1001", "key": "personal_offers", "number": 1, "seq": 0, "path": "0/000.p/1"}


@pytest.fixture(autouse=True)
def _one_connection():
    """The test's transaction outlives each request, as in Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(cast):
    world.seal_all()
    scopes = ("decide", "consents:read", "consents:write", "reports", "audit", "rights", "admin")
    return {"Authorization": f"Bearer {world.key('mail-engine', *scopes)}"}


@schema.parametrize()
@bounded
def test_it_answers_as_described(case, headers):
    case.call_and_validate(headers=headers, checks=CHECKS)


@schema.parametrize()
@bounded
def test_it_answers_as_described_when_aimed_well(case, headers):
    _aim(case.body)
    for name in case.path_parameters or {}:
        if name in PATH and "receipts" not in case.path:
            case.path_parameters[name] = PATH[name]
    case.call_and_validate(headers=headers, checks=CHECKS)


@schema.parametrize()
@bounded
def test_it_answers_strangers_as_described(case, cast):
    case.call_and_validate(checks=CHECKS)


def _aim(body):
    """Put what we know in place of what was drawn, however deep."""
    if isinstance(body, dict):
        known = ASKS if "action" in body else KNOWN
        for name in body:
            if name in known:
                body[name] = known[name]
            else:
                _aim(body[name])
    elif isinstance(body, list):
        for each in body:
            _aim(each)
