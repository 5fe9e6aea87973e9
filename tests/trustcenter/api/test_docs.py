"""The documentation: made from the code, complete, and without a script or an outside request."""

import re

import pytest
import yaml

from consent.errors import TrustError
from consent.rules import reasons
from tests.callers import get, post
from tests.test_shape_texts import Page
from tests.tree import ROOT
from trustcenter import openapi

pytestmark = pytest.mark.django_db


def test_the_document_is_openapi_3_1():
    response = get("/api/openapi.yaml")
    document = yaml.safe_load(response.content)
    assert document["openapi"].startswith("3.1")
    assert {"/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/consents"} <= set(document["paths"])


def test_the_kept_document_is_current():
    kept = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text("utf-8"))
    assert kept == yaml.safe_load(openapi.text()), "run `python manage.py spectacular --file docs/openapi.yaml`"


def test_every_operation_names_its_problems():
    document = openapi.document()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            for status, answer in operation["responses"].items():
                if status.startswith("4"):
                    assert set(answer["content"]) == {"application/problem+json"}, (path, status)


def test_every_reference_leads_somewhere():
    document = openapi.document()
    named = set(re.findall(r"#/components/schemas/(\w+)", openapi.text()))
    assert named <= set(document["components"]["schemas"])


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/errors"])
def test_a_page_holds_no_script_and_asks_nobody(path):
    response = get(path)
    assert response.status_code == 200
    assert "default-src 'none'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert Page(page).found == []
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_page_shows_every_operation():
    page = get("/api/docs/").content.decode()
    for path, methods in openapi.document()["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page
            assert f'id="{operation["operationId"]}"' in page


def test_every_error_and_reason_has_its_anchor():
    page = get("/api/docs/errors").content.decode()
    codes = {kind.code for kind in _kinds(TrustError)}
    assert {"invalid", "not_allowed", "wrong_method", "bad_request"} <= codes
    for code in codes:
        assert f'id="{code}"' in page
    for code in reasons.CODES:
        assert f'id="reason-{code}"' in page


def test_a_problem_leads_to_its_anchor(settings):
    problem = post("/api/v1/consents").json()
    assert problem["type"] == f"{settings.PUBLIC_URL}/api/docs/errors#not_authenticated"


def _kinds(base):
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
