"""Every door against every kind of caller: one table. A new address that is not in it fails the test.

Each row: method, address, body, scope, and what each caller gets. Callers: nobody, a key without the scope, a key with
it, a third party's key with it, an expired key, a revoked key, a customer's session, an officer's session.
"""

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from consent.services import keys, portal_links
from tests import world
from tests.callers import JSON, choice, question, subject
from tests.world import ALICE, BOB, CAROL, CUSTOMER, NOW, OPERATOR

CALLERS = ("nobody", "unscoped", "scoped", "third", "expired", "revoked", "customer", "officer")
LIMITS = {"purposes": ["personal_offers"], "namespaces": ["customer"]}
AT = "2026-05-14T11:00:00Z"
NUMBER = str(uuid.UUID(int=7))


@dataclass(frozen=True)
class Door:
    """One address: what is sent, the scope it needs, and the status for each caller."""

    route: str
    address: str
    scope: str = ""
    method: str = "GET"
    body: Any = None
    gets: dict[str, int | str] = field(default_factory=dict)


def machine(route: str, address: str, scope: str, good: int = 200, *, third: int = 403, **more: Any) -> Door:
    """A door for keys: 401 without one, 403 without the scope; people's sessions are no keys."""
    stranger = dict.fromkeys(("nobody", "expired", "revoked", "customer", "officer"), 401)
    unscoped = 403 if scope else good
    return Door(route, address, scope, gets=stranger | {"unscoped": unscoped, "scoped": good, "third": third}, **more)


def public(route: str, address: str, good: int = 200) -> Door:
    """A door for everybody: who calls makes no difference."""
    return Door(route, address, gets=dict.fromkeys(CALLERS, good))


def customers(route: str, address: str, good: int | str, **more: Any) -> Door:
    """A page for the customer whose session it is; everybody else is shown the way in."""
    return Door(route, address, gets=dict.fromkeys(CALLERS, "302 /welcome") | {"customer": good}, **more)


def officers_only(route: str, address: str, good: int | str, **more: Any) -> Door:
    """A page for officers; everybody else is asked to sign in."""
    return Door(route, address, gets=dict.fromkeys(CALLERS, "302 /console/sign-in") | {"officer": good}, **more)


def posted(route: str, scope: str, good: int, body: Any, *, third: int = 403) -> Door:
    return machine(route, f"/{route}", scope, good, third=third, method="POST", body=body)


_WHO = "api/v1/subjects/<str:namespace>/<path:id>"
_JOIN = {"subject": subject(ALICE), "reason": "One letter named both numbers."}
_MANDATE = {"kind": "representative", "subject": subject(ALICE), "by": subject(BOB), "verification": "A letter."}
_USE = {"subject": subject(ALICE), "purpose": "personal_offers", "at": AT}
_RIGHT = {"subject": subject(ALICE), "kind": "copy", "channel": "phone", "identity_checked": True}
_STEP = {"method": "POST", "body": {"step": "added", "words": "More."}}
DOORS = [
    # check
    posted("access/v1/evaluation", "decide", 200, question(ALICE), third=403),
    posted("access/v1/search/subject", "search", 200, {**question(ALICE), "subject": {"type": "system"}}, third=200),
    posted("access/v1/search/resource", "search", 200, question(ALICE), third=403),
    posted("access/v1/search/action", "search", 200, question(ALICE), third=403),
    posted("access/v1/evaluations", "decide", 200, question(ALICE), third=403),
    public(".well-known/authzen-configuration", "/.well-known/authzen-configuration"),
    machine(
        "api/v1/audience",
        "/api/v1/audience?purpose=personal_offers",
        "decide",
        method="POST",
        third=200,
        body=["C-1001"],
    ),
    # record and read
    posted("api/v1/subjects", "consents:write", 200, {"identifiers": [subject(ALICE)]}),
    posted("api/v1/subjects/link", "consents:write", 200, _JOIN | {"other": subject(BOB)}),
    posted("api/v1/subjects/unlink", "consents:write", 409, _JOIN),
    posted("api/v1/subjects/erase", "rights", 200, {"subject": subject(BOB), "why": "withdrawn"}),
    posted("api/v1/subjects/suppress", "consents:write", 200, {"subject": subject(ALICE)}),
    machine(_WHO, "/api/v1/subjects/customer/C-1001", "consents:read"),
    machine(f"{_WHO}/history", "/api/v1/subjects/customer/C-1001/history", "consents:read"),
    machine(
        f"{_WHO}/scans",
        "/api/v1/subjects/customer/C-1001/scans",
        "consents:write",
        201,
        method="POST",
        body=b"%PDF-1.7",
    ),
    machine(f"{_WHO}/uses", "/api/v1/subjects/customer/C-1001/uses", "consents:read"),
    machine(f"{_WHO}/mandates", "/api/v1/subjects/customer/C-1001/mandates", "consents:read"),
    posted("api/v1/mandates", "consents:write", 201, _MANDATE),
    machine(
        "api/v1/mandates/<uuid:id>/end",
        f"/api/v1/mandates/{NUMBER}/end",
        "consents:write",
        404,
        method="POST",
        body={},
    ),
    posted("api/v1/consents", "consents:write", 201, choice(ALICE), third=201),
    posted("api/v1/consents/batch", "consents:write", 200, {"consents": [choice(ALICE)]}, third=200),
    machine("api/v1/purposes", "/api/v1/purposes", "", third=200),
    machine("api/v1/purposes/<str:key>", "/api/v1/purposes/personal_offers", "", third=200),
    machine(
        "api/v1/purposes/<str:key>/versions/<int:number>", "/api/v1/purposes/personal_offers/versions/1", "", third=200
    ),
    machine("api/v1/purposes/<str:key>/counts", "/api/v1/purposes/personal_offers/counts", "audit"),
    posted("api/v1/uses", "reports", 201, {"uses": [_USE | {"categories": ["contact.email"]}]}),
    posted("api/v1/benefits", "reports", 201, {"benefits": [_USE | {"words": {"en": "10 % off"}}]}),
    machine("api/v1/snapshot", "/api/v1/snapshot", "feed", third=200),
    machine("api/v1/changes", "/api/v1/changes?after=0&wait=0", "feed", third=200),
    machine("api/v1/changes/ack", "/api/v1/changes/ack", "feed", 400, method="POST", body={"position": 9}, third=400),
    posted("api/v1/signals", "consents:write", 201, {"subject": subject(ALICE), "signal": "gpc", "channel": "web"}),
    posted("api/v1/portal-links", "consents:write", 201, {"subject": subject(ALICE)}),
    posted(
        "api/v1/consent-requests",
        "consents:write",
        201,
        {"subject": subject(CAROL), "purpose": "personal_offers"},
    ),
    posted("api/v1/stop-links", "consents:write", 200, {"subject": subject(ALICE)}),
    posted("api/v1/stop-links/batch", "consents:write", 200, {"links": [{"subject": subject(ALICE)}]}),
    posted("api/v1/rights", "rights", 201, _RIGHT),
    posted("api/v1/concerns", "rights", 201, {"subject": subject(ALICE), "words": "Why?", "channel": "phone"}),
    machine("api/v1/rights/<str:reference>", "/api/v1/rights/R-0", "rights", 404),
    machine("api/v1/concerns/<str:reference>", "/api/v1/concerns/C-0", "rights", 404),
    machine("api/v1/rights/<str:reference>/steps", "/api/v1/rights/R-0/steps", "rights", 404, **_STEP),
    machine("api/v1/concerns/<str:reference>/steps", "/api/v1/concerns/C-0/steps", "rights", 404, **_STEP),
    machine("api/v1/receipts/<uuid:id>", f"/api/v1/receipts/{NUMBER}", "consents:read", 404),
    # the log
    machine("api/v1/log/entries", "/api/v1/log/entries", "audit"),
    public("log/checkpoint", "/log/checkpoint"),
    public("log/cosigned", "/log/cosigned", 404),
    public("log/tile/<path:path>", "/log/tile/0/000.p/1"),
    public("log/vkeys", "/log/vkeys"),
    public("log/entries/<int:seq>/proof", "/log/entries/0/proof"),
    machine("log/entries/<int:seq>", "/log/entries/0", "audit"),
    public(".well-known/jwks.json", "/.well-known/jwks.json"),
    public(".well-known/gpc.json", "/.well-known/gpc.json"),
    public(".well-known/security.txt", "/.well-known/security.txt"),
    # the brand's colours and logo; here are none
    public("theme.<str:digest>.css", "/theme.0123456789abcdef.css", 404),
    public("logo.<str:digest>.<str:kind>", "/logo.0123456789abcdef.svg", 404),
    # documentation
    public("api/openapi.yaml", "/api/openapi.yaml"),
    public("api/docs/", "/api/docs/"),
    public("api/docs/errors", "/api/docs/errors"),
    # operating; the test calls from loopback
    public("health/live", "/health/live"),
    public("health/ready", "/health/ready"),
    public("metrics", "/metrics"),
    # the portal
    customers("", "/", 200),
    customers("choices/everything", "/choices/everything", "302 /", method="POST"),
    customers("choices/<key:purpose>", "/choices/personal_offers", 400, method="POST"),
    customers("purposes/<key:key>", "/purposes/personal_offers", 200),
    customers("purposes/<key:key>/amount", "/purposes/personal_offers/amount", 200),
    customers("purposes/<key:key>/changed", "/purposes/personal_offers/changed", "302 /purposes/personal_offers"),
    Door("seen", "/seen", method="POST", gets=dict.fromkeys(CALLERS, "302 /")),
    customers("log", "/log", 200),
    customers("log.csv", "/log.csv", "302 /fresh"),  # carried away only after a fresh code
    customers("receipts", "/receipts", 200),
    customers("receipts/<uuid:number>", f"/receipts/{NUMBER}", 404),
    customers("receipts/<uuid:number>/proof.json", f"/receipts/{NUMBER}/proof.json", 404),
    customers("receipts/<uuid:number>/receipt.jws", f"/receipts/{NUMBER}/receipt.jws", 404),
    customers("acting", "/acting", 200),
    customers("acting/stop", "/acting/stop", "302 /", method="POST"),
    customers("acting/<uuid:number>", f"/acting/{NUMBER}", "302 /fresh", method="POST"),  # only after a fresh code
    customers("acting/<uuid:number>/end", f"/acting/{NUMBER}/end", 404, method="POST"),
    customers("ai", "/ai", 200),
    public("ai/principles", "/ai/principles"),
    public("ai/principles/<int:number>", "/ai/principles/1"),
    customers("copy-or-erase", "/copy-or-erase", 200),
    customers("copy-or-erase/<key:kind>", "/copy-or-erase/copy", "302 /fresh"),  # level 2
    customers("copy-or-erase/requests/<str:reference>", "/copy-or-erase/requests/R-0", 404),
    customers("copy-or-erase/requests/<str:reference>/add", "/copy-or-erase/requests/R-0/add", 404, method="POST"),
    customers(
        "copy-or-erase/requests/<str:reference>/withdraw", "/copy-or-erase/requests/R-0/withdraw", 404, method="POST"
    ),
    customers("copy-or-erase/requests/<str:reference>/file", "/copy-or-erase/requests/R-0/file", 404, method="POST"),
    public("concerns", "/concerns"),
    public("concerns/new", "/concerns/new"),
    public("concerns/read", "/concerns/read"),
    customers("concerns/<str:reference>", "/concerns/C-0", 404),
    customers("concerns/<str:reference>/add", "/concerns/C-0/add", 404, method="POST"),
    public("check", "/check"),
    public("welcome", "/welcome"),
    Door("welcome/code", "/welcome/code", gets=dict.fromkeys(CALLERS, "302 /welcome")),
    customers("fresh", "/fresh", 200),
    customers("stay", "/stay", 200, method="POST"),
    public("ask/<str:token>", "/ask/made-up", 410),
    public("stop/<str:token>", "/stop/made-up", 410),
    public("stop/<str:token>/now", "/stop/made-up/now", 410),
    public("enter/<str:token>", "/enter/spent", 410),
    public("confirm/<str:token>", "/confirm/spent", 410),
    Door("sign-out", "/sign-out", method="POST", gets=dict.fromkeys(CALLERS, "302 /welcome")),
    Door("language", "/language", method="POST", gets=dict.fromkeys(CALLERS, "302 /")),
    # the console
    Door("console/", "/console/", gets=dict.fromkeys(CALLERS, "302 /console/customers")),
    public("console/sign-in", "/console/sign-in"),
    Door("console/sign-out", "/console/sign-out", method="POST", gets=dict.fromkeys(CALLERS, "302 /console/sign-in")),
    Door("console/language", "/console/language", method="POST", gets=dict.fromkeys(CALLERS, "302 /")),
    officers_only("console/customers", "/console/customers", 200),
    officers_only("console/customers/open", "/console/customers/open", "302 /console/customers"),
    officers_only(
        "console/customers/open/proof", "/console/customers/open/proof", "302 /console/customers", method="POST"
    ),
    officers_only("console/customers/open/choice", "/console/customers/open/choice", "302 /console/customers"),
    officers_only(
        "console/customers/open/scans/<uuid:number>",
        f"/console/customers/open/scans/{NUMBER}",
        "302 /console/customers",
        method="POST",
    ),
    officers_only("console/customers/close", "/console/customers/close", "302 /console/customers", method="POST"),
    officers_only("console/findings", "/console/findings", 200),
    officers_only("console/audit", "/console/audit", 200),
    officers_only("console/audit/export", "/console/audit/export", 200, method="POST"),
    officers_only("console/audit/check", "/console/audit/check", "302 /console/audit", method="POST"),
    officers_only("console/audit/<uuid:number>", f"/console/audit/{NUMBER}", 404),
]


@pytest.fixture
def clients(cast):
    """A client for each caller, made for one door; the sealer has been."""

    def make(caller: str, scope: str) -> tuple[Client, dict[str, str]]:
        client = Client()
        if caller == "customer":
            link = portal_links.create(subject=ALICE, by=OPERATOR, now=NOW)
            client.cookies[settings.PORTAL_COOKIE_NAME] = portal_links.enter(
                token=link.token, by=CUSTOMER, now=NOW
            ).token
        elif caller == "officer":
            client.force_login(world.officer(NOW))
        secret = _secret(caller, scope)
        world.seal_all()
        return client, {"Authorization": f"Bearer {secret}"} if secret else {}

    return make


def _secret(caller: str, scope: str) -> str:
    every = [each for each in keys.SCOPES if each != "admin"]
    if caller in {"nobody", "customer", "officer"}:
        return ""
    if caller == "third":
        return world.key("adpartner", *every, **LIMITS)
    if caller == "unscoped":
        return world.key("mail-engine", *(each for each in every if each != scope))
    if caller == "expired":
        return world.key("mail-engine", *every, expires_at=NOW)
    secret = world.key("mail-engine", *(every if caller == "revoked" or not scope else [scope]))
    if caller == "revoked":
        keys.revoke(prefix=secret.split("_")[1], by=OPERATOR, now=NOW - timedelta(seconds=1))
    return secret


@pytest.mark.parametrize("door", DOORS, ids=[f"{each.method} {each.route}" for each in DOORS])
def test_it_opens_to_those_who_may(clients, door):
    raw = _raw(door.body)
    found = {}
    with time_machine.travel(NOW, tick=True):
        for caller in CALLERS:
            client, headers = clients(caller, door.scope)
            response = client.generic(door.method, door.address, raw, content_type=JSON, headers=headers)
            found[caller] = _answer(response)
    assert found == door.gets


def _raw(body: Any) -> bytes:
    """A file as it is, a body as JSON."""
    return body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()


def _answer(response: Any) -> int | str:
    """The status, and where a redirect leads."""
    if response.status_code != 302:
        return response.status_code
    return f"302 {urlsplit(response['Location']).path}"


def test_every_address_is_in_the_table():
    there = set(_routes(get_resolver()))
    assert there - {each.route for each in DOORS} == set(), "add a row for each, and say who may"
    assert {each.route for each in DOORS} - there == set(), "these are gone; take their rows away"


def _routes(resolver: URLResolver, before: str = ""):
    for each in resolver.url_patterns:
        here = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield here
        else:
            yield from _routes(each, here)
