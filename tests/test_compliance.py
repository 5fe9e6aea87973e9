"""docs/compliance.md and the tests say the same: no line of the law is met without a test that carries its name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
PAGE = ROOT.parent / "docs" / "compliance.md"
pytestmark = pytest.mark.once


def lines() -> dict[str, str]:
    """Each line of the law and its state."""
    rows = re.findall(r"^\| ([A-Z]+\d+) \| [^|]+ \| (met|part|not yet)\b", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a line stands twice"
    return dict(rows)


def carried() -> set[str]:
    """The lines that tests carry in their names."""
    texts = [file.read_text("utf-8") for file in ROOT.rglob("test_*.py")]
    return {name for text in texts for name in re.findall(r"def test_([A-Z]+\d+)_", text)}


def test_every_line_that_is_met_has_a_test_and_no_other():
    found = lines()
    assert len(found) > 90
    assert {line for line, state in found.items() if state != "not yet"} == carried() & found.keys()
    # A… is also how the portal's own criteria are numbered, of which there are more. F…: docs/faults.md.
    assert {each for each in carried() if each[0] not in "AF"} <= found.keys()
