"""Docs under test: what exists is written down, and what is written down exists."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

import trustcenter.api.doors
import trustcenter.problems  # noqa: F401
from consent.errors import TrustError
from consent.rules.actions import ACTIONS
from consent.rules.reasons import CODES
from consent.services.keys import SCOPES
from trustcenter import cli

pytestmark = pytest.mark.once
ROOT = Path(__file__).parent.parent
SERVICES = ROOT / "consent" / "services"
API, OPERATE = ROOT / "docs" / "api.md", ROOT / "docs" / "operate.md"


def rows(file: Path, heading: str) -> set[str]:
    """The code words in the first column of the tables under a heading."""
    text = file.read_text("utf-8")
    part = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], flags=re.M)[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("|")]
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def errors(of: type[TrustError] = TrustError) -> set[str]:
    return {of.code} | {code for child in of.__subclasses__() for code in errors(child)}


def test_every_error_code_is_documented():
    assert rows(API, "Errors") == errors() - {TrustError.code}


def test_every_reason_is_documented():
    assert rows(API, "Reasons") == set(CODES)


def test_every_scope_is_documented():
    assert rows(API, "Keys") == set(SCOPES)


def test_every_fact_is_documented():
    assert rows(ROOT / "docs" / "architecture.md", "The log") == set(ACTIONS)


def test_every_setting_is_documented():
    source = (ROOT / "trustcenter" / "settings.py").read_text("utf-8")
    read = set(re.findall(r"""(?:env\.\w+|secret)\(\s*["']([A-Z_]+)["']""", source))
    assert rows(OPERATE, "Settings") == read


def test_every_command_is_documented():
    assert rows(OPERATE, "Commands") == set(cli._parser()[1])


def test_of_every_table_it_is_said_what_erasure_does_with_it():
    """A new table is not in this list: look at what it holds of a person, erase that, and write it down."""
    there = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert rows(OPERATE, "Erasure") == there


def test_every_machine_address_is_documented():
    text = API.read_text("utf-8") + OPERATE.read_text("utf-8")
    missing = [
        route
        for route in routes()
        if route.startswith(("api/", "access/", "log/", ".well-known/", "health/", "metrics"))
        and _written(route) not in text
    ]
    assert missing == []


def test_every_service_has_its_place_on_the_map():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    part = text.split("## The rooms of `consent/services/`\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[2] for line in part.splitlines() if line.startswith("|")]
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(file.stem for file in SERVICES.glob("*.py") if file.stem != "__init__")


def test_every_decision_record_has_a_number_of_its_own():
    files = sorted((ROOT / "docs" / "adr").glob("*.md"))
    titles = [file.read_text("utf-8").splitlines()[0] for file in files]
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    assert [title.split(".")[0] for title in titles] == [f"# {number}" for number in range(1, len(files) + 1)]


def test_links_between_the_docs_lead_somewhere():
    broken = [
        f"{file.name}: {target}"
        for file in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text("utf-8"))
        if not (file.parent / target).exists()
    ]
    assert broken == []


def routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> list[str]:
    """Every address of the service, as its pattern."""
    found = []
    for each in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(each.pattern)
        found += routes(each.url_patterns, here) if isinstance(each, URLResolver) else [here]
    return found


def _written(route: str) -> str:
    """`api/v1/purposes/<str:key>` as the docs write it: `/api/v1/purposes/{key}`."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
