"""docs/compliance.md and the tests say the same: no line of the law is met without a test that carries its name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
PAGE = ROOT.parent / "docs" / "compliance.md"
LAW = "test_regulation.py"
pytestmark = pytest.mark.once


def lines() -> dict[str, str]:
    """Each line of the law and its state."""
    form = r"^\| ([A-Z]+\d+) \| [^|]+ \| (met(?= \|)|part(?=: \w)|not yet(?=: \w))"
    rows = re.findall(form, PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a line stands twice"
    return dict(rows)


def carried() -> set[str]:
    """The lines that tests carry in their names, which may be several: test_G25_P13_….

    A… is also how the portal's own criteria are numbered, and F… the faults of docs/faults.md: of Canada's A… only the
    tests in test_regulation.py count.
    """
    found = set()
    for file in ROOT.rglob("test_*.py"):
        names = re.findall(r"def test_((?:[A-Z]+\d+_)+)", file.read_text("utf-8"))
        lines = {each for name in names for each in name.rstrip("_").split("_")}
        found |= {each for each in lines if each[0] != "F" and (file.name == LAW or not re.fullmatch(r"A\d+", each))}
    return found


def test_every_line_that_is_met_has_a_test_and_no_other():
    found = lines()
    assert len(found) > 90
    assert {line for line, state in found.items() if state != "not yet"} == carried()


def test_every_row_of_the_page_was_read():
    assert len(lines()) == len(re.findall(r"^\| [A-Z]+\d+ \|", PAGE.read_text("utf-8"), re.MULTILINE))
