import ast
import re
import sys
from pathlib import Path

import pytest

from audit import proof

FOLDER = Path(proof.__file__).parent
PURE = sorted(path for path in FOLDER.glob("*.py") if path.name != "__main__.py")
DOORS = [FOLDER / "__main__.py", *sorted((FOLDER / "doors").glob("*.py"))]
FILES = [*PURE, *DOORS]
# What would let a clock, a network, a database or chance decide whether a proof holds.
IMPURE = {
    "time",
    "socket",
    "urllib",
    "http",
    "ssl",
    "sqlite3",
    "random",
    "secrets",
    "os",
    "subprocess",
}
# A date may be read and reckoned with; what day it is today, nobody may ask.
CLOCK = re.compile(r"\.(now|today|utcnow)\(")


def imports(path):
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_needs_python_and_nothing_else(path):
    needed = set(imports(path))
    optional = {"cryptography"} if path.name == "ed25519.py" else set()
    assert needed <= sys.stdlib_module_names | optional


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.name)
def test_no_clock_network_or_chance_decides_whether_a_proof_holds(path):
    assert not set(imports(path)) & IMPURE
    assert not CLOCK.search(path.read_text())
    assert "doors" not in path.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_stays_small_enough_to_read(path):
    functions = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.FunctionDef)]
    assert len(path.read_text().splitlines()) <= 300
    assert all(node.end_lineno - node.lineno < 50 for node in functions)
