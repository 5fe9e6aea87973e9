"""How tests call a machine door: a method, an address, a body, a key."""

import json
from typing import Any

from django.test import Client

from consent.services.subjects import Handle

JSON = "application/json"


def call(method: str, path: str, body: Any = None, *, key: str = "", content_type: str = JSON, **headers: str):
    """The response; bytes go as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes | str) else b"" if body is None else json.dumps(body).encode()
    known = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        known["Authorization"] = f"Bearer {key}"
    return Client().generic(method, path, raw, content_type=content_type, headers=known)


def post(path: str, body: Any = None, **more: Any):
    return call("POST", path, body, **more)


def get(path: str, **more: Any):
    return call("GET", path, **more)


def subject(who: Handle) -> dict[str, str]:
    return {"namespace": who.namespace, "id": who.id}


def choice(who: Handle, act: str = "give", **more: Any) -> dict[str, Any]:
    """The body of one choice, as a shop's system sends it."""
    usual = {"purpose": "personal_offers", "act": act, "language": "en", "channel": "web", "method": "button"}
    return {"subject": subject(who), **usual, **more}


def question(who: Handle, purpose: str = "personal_offers", **more: Any) -> dict[str, Any]:
    """The body of one check, as the mail engine sends it."""
    return {
        "subject": {"type": "system", "id": "mail-engine"},
        "action": {"name": purpose},
        "resource": {"type": who.namespace, "id": who.id},
        **more,
    }


def about(response: Any, status: int, *pointers: str) -> None:
    """Assert a problem+json answer that names exactly these members."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert {"type", "title", "detail", "code", "request_id"} <= set(document)
    if pointers:
        assert sorted(each["pointer"] for each in document["errors"]) == sorted(pointers), document
