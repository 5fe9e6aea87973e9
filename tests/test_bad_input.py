"""Bad input at every machine door: a 4xx problem that names the member, and not one row more or less afterwards.

Each door starts from a body that it accepts; each fault spoils one place of it.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings

from consent.models import PurposeVersion
from tests import world
from tests.callers import call, choice, question, subject
from tests.world import ALICE, CAROL, NOW
from trustcenter.requests import BATCH

AT, DAY, BORN = "2026-05-14T11:00:00Z", "2030-01-01", "2015-06-01"
MOMENTS = (
    *("2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z", "2026-05-14T24:00:01Z", "2026-05-14T12:00:00", "2026-5-14"),
    *("1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "+12026-05-14T12:00:00Z", "now"),
    *("2199-01-01T00:00:00Z", "2026-02-30"),
)
_USE = {"subject": subject(ALICE), "purpose": "personal_offers", "at": AT}
GOOD: dict[str, dict[str, Any]] = {
    "/access/v1/evaluation": question(ALICE) | {"context": {"as_of": AT, "reference": "x"}},
    "/access/v1/evaluations": question(ALICE) | {"context": {"as_of": AT, "reference": "x"}},
    "/api/v1/subjects": {"identifiers": [subject(CAROL)], "jurisdiction": "GB", "minor_until": DAY, "born": BORN},
    "/api/v1/consents": choice(CAROL, collected_at=AT, categories=["contact.email"], evidence={"page": "x"}),
    "/api/v1/consents/batch": {"consents": [choice(CAROL, collected_at=AT)], "atomic": True},
    "/api/v1/signals": {"subject": subject(ALICE), "signal": "gpc", "channel": "web"},
    "/api/v1/uses": {"uses": [_USE | {"categories": ["contact.email"]}]},
    "/api/v1/benefits": {"benefits": [_USE | {"words": {"en": "x"}}]},
    "/api/v1/portal-links": {"subject": subject(ALICE), "language": "en"},
}
OPTIONAL = {
    *("/context", "/context/as_of", "/context/reference", "/jurisdiction", "/minor_until", "/born", "/atomic"),
    *("/collected_at", "/categories", "/categories/0", "/evidence", "/evidence/page"),
    *("/consents/0/collected_at", "portal-links/language", "/benefits/0/words/en"),
}
# AuthZEN demands that what we do not know is passed over.
LENIENT = {"/access/v1/evaluation", "/access/v1/evaluations"}
TEXTS = {
    "10,000 characters": "x" * 10_000,
    "a null byte": "a\0b",
    "a right-to-left override": "a\u202eb",
    "a line break": "a\nb",
    "nothing": "",
}
OTHER_TYPES = {"number": 5, "null": None, "list": [[]], "object": {"x": {"y": []}}, "fraction": 1.5}


@pytest.fixture
def send(cast):
    """Send to a door with every scope; and afterwards see that nothing was written."""
    scopes = ("decide", "consents:read", "consents:write", "reports", "audit")
    key = world.key("mail-engine", *scopes)

    before: dict[str, int] = {}

    def sent(path: str, body: Any = None, *, method: str = "POST", **headers: str):
        with time_machine.travel(NOW, tick=True):
            if not before:
                _draft("dreams")
                call("GET", "/api/v1/purposes", key=key)  # the day of a key's use is noted with its first request
                before.update(_rows())
            return call(method, path, body, key=key, **headers)

    yield sent
    assert before, "nothing was sent"
    assert _rows() == before, "something was left behind"


def _rows() -> dict[str, int]:
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def _places(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every place of a body, as a pointer with what stands there."""
    if at:
        yield at, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from _places(each, f"{at}/{name}")


def _parent(body: Any, pointer: str) -> tuple[Any, Any]:
    *steps, last = pointer.split("/")[1:]
    for step in steps:
        body = body[int(step) if isinstance(body, list) else step]
    return body, int(last) if isinstance(body, list) else last


def _spoilt(path: str, pointer: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(GOOD[path])
    parent, last = _parent(body, pointer)
    parent[last] = value
    return body


def _names(response, pointer: str) -> None:
    """It is a problem, and it names the member or one inside it."""
    assert 400 <= response.status_code < 500, (response.status_code, response.content[:300])
    assert response["Content-Type"] == "application/problem+json"
    named = [each["pointer"] for each in response.json().get("errors", [])]
    assert any(each == pointer or each.startswith(f"{pointer}/") for each in named), (pointer, named)


FREE = {"/evidence/page": {"10,000 characters", "a line break", "nothing", "number"}, "/context/reference": {"nothing"}}
every_path = pytest.mark.parametrize("path", GOOD)


def with_a(kind):
    """The doors whose body has a place of this kind."""
    return pytest.mark.parametrize(
        "path", [path for path, body in GOOD.items() if any(kind(*each) for each in _places(body))]
    )


def _told(pointer: str) -> str:
    """Where a fault is named: evidence is judged as a whole."""
    return "/evidence" if pointer.startswith("/evidence") else pointer


@every_path
def test_the_good_body_is_good(cast, path):
    scopes = ("decide", "consents:write", "reports", "audit")
    with time_machine.travel(NOW, tick=True):
        response = call("POST", path, GOOD[path], key=world.key("mail-engine", *scopes))
    assert response.status_code in {200, 201}, response.content


@every_path
def test_a_text_that_may_not_come_in_is_named(send, path):
    for pointer, good in _places(GOOD[path]):
        for what, wrong in TEXTS.items():
            if isinstance(good, str) and what not in FREE.get(pointer, ()):
                _names(send(path, _spoilt(path, pointer, wrong)), _told(pointer))


@every_path
def test_another_type_is_named(send, path):
    for pointer, _ in _places(GOOD[path]):
        for what, wrong in OTHER_TYPES.items():
            # Any object is a context: what we do not know in it is passed over.
            if what not in FREE.get(pointer, ()) and (pointer, what) != ("/context", "object"):
                _names(send(path, _spoilt(path, pointer, wrong)), _told(pointer))


@every_path
def test_a_missing_member_is_named(send, path):
    for pointer, _ in _places(GOOD[path]):
        if pointer in OPTIONAL or f"{path.rpartition('/')[2]}{pointer}" in OPTIONAL:
            continue
        body = copy.deepcopy(GOOD[path])
        parent, last = _parent(body, pointer)
        del parent[last]
        _names(send(path, body), pointer.rpartition("/")[0] if isinstance(last, int) else pointer)


@pytest.mark.parametrize("path", sorted(GOOD.keys() - LENIENT))
def test_an_unknown_member_is_named(send, path):
    for pointer, value in [("", GOOD[path]), *_places(GOOD[path])]:
        if isinstance(value, dict) and not pointer.endswith(("/evidence", "/words")):
            _names(send(path, _spoilt(path, f"{pointer}/colour", "red")), f"{pointer}/colour")


@every_path
def test_malformed_json_is_refused(send, path):
    deep = [b"[" * 50_000, b'{"a":' * 50_000]
    for raw in [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b"\xff\xfe{}",
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        *deep,
    ]:
        response = send(path, raw)
        assert response.status_code == 400, (raw[:20], response.content)
        assert response["Content-Type"] == "application/problem+json"


@every_path
def test_a_lone_surrogate_is_refused(send, path):
    raw = json.dumps(GOOD[path])
    for place in ("C-1001", "C-1003", "mail-engine", "personal_offers"):
        if place in raw:
            response = send(path, raw.replace(place, "\\ud83d"))
            assert response.status_code == 400, response.content


@every_path
def test_more_than_its_limit_is_413(send, path):
    most = settings.BATCH_BODY_LIMIT if path == BATCH else settings.BODY_LIMIT
    response = send(path, json.dumps(GOOD[path]) + " " * most)
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


@with_a(lambda pointer, good: good in (AT, DAY, BORN))
def test_an_impossible_date_is_named(send, path):
    for pointer, good in _places(GOOD[path]):
        if good in (AT, DAY, BORN):
            for wrong in MOMENTS:
                _names(send(path, _spoilt(path, pointer, wrong)), pointer)


@with_a(lambda pointer, good: pointer.endswith("/purpose"))
def test_an_unknown_purpose_and_a_draft_are_named(send, path):
    for pointer, _ in _places(GOOD[path]):
        if pointer.endswith("/purpose"):
            for wrong in ("never_heard_of", "dreams", "Not A Key"):
                _names(send(path, _spoilt(path, pointer, wrong)), pointer)


def test_a_digest_that_was_never_published_is_named(send):
    other = world.digest("ride_photos")
    for path, at in (("/api/v1/consents", ""), ("/api/v1/consents/batch", "/consents/0")):
        for wrong in ("0" * 64, "abc", other, other.upper()):
            _names(send(path, _spoilt(path, f"{at}/notice_digest", wrong)), f"{at}/notice_digest")


@pytest.mark.parametrize("wrong", ["x" * 10_000, "a%00b", "%E2%80%AEa", "%FF%FE", "9" * 600, "a%0Ab", "%ED%A0%80"])
def test_an_address_that_makes_no_sense_is_4xx(send, wrong):
    customer = "/api/v1/subjects/customer"
    for path in (
        *(f"{customer}/{wrong}", f"{customer}/{wrong}/history", f"{customer}/{wrong}/uses"),
        *(f"{customer}/C-1001/history?cursor={wrong}", f"{customer}/C-1001/uses?limit={wrong}"),
        *(f"/api/v1/subjects/{wrong}/C-1001", f"/api/v1/purposes/{wrong}", f"/api/v1/purposes/{wrong}/versions/1"),
        *(f"/api/v1/purposes/personal_offers/versions/{wrong}", f"/api/v1/receipts/{wrong}"),
        *(f"/log/tile/{wrong}", f"/log/entries/{wrong}", f"/log/entries/{wrong}/proof"),
    ):
        response = send(path, method="GET")
        assert response.status_code in {400, 404}, (path[:80], response.content)
        assert response["Content-Type"] == "application/problem+json"


def test_a_name_for_a_request_has_an_end(send):
    response = send("/api/v1/consents", GOOD["/api/v1/consents"], Idempotency_Key="x" * 10_000)
    assert response.status_code == 400


def _draft(purpose: str) -> None:
    """A purpose whose only version was never published."""
    current = PurposeVersion.objects.get(purpose__key="personal_offers")
    row = type(current.purpose).objects.create(key=purpose, controller=current.purpose.controller, position=99)
    PurposeVersion.objects.create(
        purpose=row,
        controller=row.controller,
        number=1,
        legal_basis="consent",
        retention="P1M",
        material=True,
        material_number=1,
        digest="d" * 64,
    )
