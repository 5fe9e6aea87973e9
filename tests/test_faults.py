"""docs/faults.md and the tests say the same: no fault is called caught without a test that carries its name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
PAGE = ROOT.parent / "docs" / "faults.md"
pytestmark = pytest.mark.once


def lines() -> dict[str, tuple[str, str]]:
    """Each fault: how it is caught, and the files it names."""
    rows = re.findall(r"^\| (F\d+) \| [^|]+ \| ([^|]+) \| ([^|]*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {name: (caught, files) for name, caught, files in rows}


def carried() -> dict[str, set[str]]:
    """The faults that tests carry in their names, each with the files they stand in."""
    found: dict[str, set[str]] = {}
    for file in ROOT.rglob("test_*.py"):
        for names in re.findall(r"def test_((?:[A-Z]+\d+_)+)", file.read_text("utf-8")):
            for name in re.findall(r"F\d+", names):
                found.setdefault(name, set()).add(f"tests/{file.relative_to(ROOT)}")
    return found


def test_the_thirty_faults_are_all_there():
    assert list(lines()) == [f"F{number}" for number in range(1, 31)]


def test_every_fault_that_is_caught_has_a_test_and_no_other():
    assert {name for name, (caught, _) in lines().items() if caught != "not yet"} == set(carried())


def test_the_tests_of_a_fault_stand_where_the_page_says():
    for name, files in carried().items():
        named = re.findall(r"`([^`]+)`", lines()[name][1])
        assert all(any(file.startswith(each) for each in named) for file in files), (name, files)
        assert all(any(file.startswith(each) for file in files) for each in named), (name, named)
