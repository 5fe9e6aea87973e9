"""Scans come in as files, and a paper yes names one."""

import hashlib

import pytest

from consent.models import Scan
from tests import world
from tests.callers import about, call, choice, post
from tests.world import ALICE

FILE = b"%PDF-1.7\nsigned"
ADDRESS = "/api/v1/subjects/customer/C-1001/scans"
LARGEST = 5 * 1024 * 1024


@pytest.fixture
def key(cast):
    return world.key()


def send(key, content=FILE, address=ADDRESS, content_type="application/pdf", **headers):
    return call("POST", address, content, key=key, content_type=content_type, **headers)


def test_a_paper_yes_from_scan_to_state(key):
    answer = send(key)
    told = {"sha256": hashlib.sha256(FILE).hexdigest(), "size": len(FILE), "type": "application/pdf"}
    assert (answer.status_code, answer.json()) == (201, told)
    again = send(key, content_type="text/plain")
    assert (again.status_code, again.json()) == (200, told), "what it is, its bytes say"
    evidence = {"reason": "Form from the gate.", "scan_sha256": told["sha256"]}
    body = choice(ALICE, actor="staff", channel="paper", evidence=evidence)
    assert post("/api/v1/consents", body, key=key).status_code == 201
    about(post("/api/v1/consents", body | {"evidence": {"reason": "x"}}, key=key), 400, "/evidence/scan_sha256")
    unknown = {"evidence": evidence | {"scan_sha256": "0" * 64}}
    about(post("/api/v1/consents", body | unknown, key=key), 400, "/evidence/scan_sha256")


def test_more_than_a_mebibyte_comes_in_and_more_than_five_does_not(key):
    assert send(key, FILE.ljust(LARGEST, b"x")).status_code == 201
    about(send(key, FILE.ljust(LARGEST + 1, b"x")), 413)
    about(send(key, FILE.ljust(LARGEST + 100_000, b"x")), 413)
    assert Scan.objects.count() == 1
    about(call("POST", "/api/v1/consents", b" " * 1_100_000, key=key), 413)


def test_what_is_no_scan_is_refused(key):
    for content in (b"", b"{}", b"GIF89a", b"\0" * 100):
        about(send(key, content), 400, "")
    about(send(key, address="/api/v1/subjects/customer/C-9999/scans"), 404)
    assert not Scan.objects.exists()


def test_the_same_request_has_one_effect(key):
    first = send(key, Idempotency_Key="a")
    assert send(key, Idempotency_Key="a").content == first.content
    assert send(key, FILE + b"!", Idempotency_Key="a").status_code == 422
    assert Scan.objects.count() == 1


def test_each_proof_that_lacks_is_named_at_the_door(key):
    for actor, member in (("staff", "reason"), ("guardian", "guardian_verification"), ("representative", "mandate")):
        body = choice(ALICE, actor=actor, channel="phone")
        about(post("/api/v1/consents", body, key=key), 400, f"/evidence/{member}")
        about(
            post("/api/v1/consents/batch", {"consents": [body], "atomic": True}, key=key),
            400,
            f"/consents/0/evidence/{member}",
        )
        assert post("/api/v1/consents", body | {"act": "withdraw"}, key=key).status_code == 201
    for actor in ("system", "browser"):
        about(post("/api/v1/consents", choice(ALICE, actor=actor), key=key), 400, "/actor")
