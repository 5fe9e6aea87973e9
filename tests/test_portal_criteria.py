"""docs/portal.md and the tests say the same: no criterion is met without a test that carries its number."""

import re

import pytest

from tests.test_compliance import ROOT

PAGE = ROOT.parent / "docs" / "portal.md"
pytestmark = pytest.mark.once


def criteria() -> dict[str, str]:
    """Each criterion and its state."""
    rows = re.findall(r"^\| (A\d+) \| [^|]+ \| (met|part: \w|not yet: \w)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a criterion stands twice"
    return dict(rows)


def carried() -> set[str]:
    """The criteria that tests carry in their names, which may be several: test_A1_A35_…."""
    texts = [file.read_text("utf-8") for file in ROOT.rglob("test_*.py")]
    names = [name for text in texts for name in re.findall(r"def test_((?:[A-Z]+\d+_)+)", text)]
    return {each for name in names for each in name.split("_") if re.fullmatch(r"A\d+", each)}


def test_every_criterion_that_is_met_has_a_test_and_no_other():
    found = criteria()
    assert list(found) == [f"A{number}" for number in range(1, 43)]
    assert {each for each, state in found.items() if not state.startswith("not yet")} == carried() & found.keys()


def test_every_picture_is_there():
    named = set(re.findall(r"\((pictures/[\w-]+\.webp)\)", PAGE.read_text("utf-8")))
    assert named == {f"pictures/{file.name}" for file in (PAGE.parent / "pictures").iterdir()}
    assert all((PAGE.parent / name).stat().st_size <= 70_000 for name in named)
