"""How machine doors say no to what no door takes: other methods, and bodies that can be read in two ways."""

import json

import pytest
from django.test import Client

from tests.callers import post
from tests.world import key

PLAIN = (
    "/health/live",
    "/health/ready",
    "/metrics",
    "/.well-known/authzen-configuration",
    "/.well-known/security.txt",
    "/api/openapi.yaml",
    "/api/docs/",
    "/api/docs/errors",
)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
@pytest.mark.parametrize("path", PLAIN)
def test_a_plain_door_says_which_methods_it_takes_and_asks_for_no_token_of_a_form(cast, path, method):
    response = Client(enforce_csrf_checks=True).generic(method, path, b"{}", content_type="application/json")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "wrong_method"
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "body",
    [
        '{"identifiers": [], "identifiers": [{"namespace": "customer", "id": "C-1"}]}',
        '{"identifiers": [{"namespace": "customer", "id": "C-1", "id": "C-2"}]}',
        '{"identifiers": [{"namespace": "customer", "id": "C-1", "\\u0069d": "C-2"}]}',
    ],
)
def test_a_member_named_twice_is_an_error_wherever_it_stands(cast, body):
    secret = key("mail-engine", "consents:write")
    sent = Client().post(
        "/api/v1/subjects", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert sent.status_code == 400
    assert [each["code"] for each in sent.json()["errors"]] == ["repeated"]
    assert post("/api/v1/subjects", json.loads(body), key=secret).status_code == 201


def test_a_number_too_long_to_read_is_no_fault_of_ours(cast):
    secret = key("mail-engine", "consents:write")
    body = '{"minor_until": ' + "9" * 5000 + "}"
    sent = Client().post(
        "/api/v1/subjects", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert sent.status_code == 400
