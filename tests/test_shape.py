"""The house keeps its shape: sizes, import contracts, names, and what lies at the top.

Nothing here looks at behaviour. It fails on the change that would make the code harder to find one's way in.
"""

import math
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree import PACKAGES, ROOT, code, files, functions, named, short

pytestmark = pytest.mark.once

TOP = {"trustcenter", "consent", "audit", "tests", "docs", "manage.py", "pyproject.toml", "README.md"}
TOP |= {"Makefile", "LICENSE", ".ci", ".gitignore", ".git"}
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "core", "manager", "managers"}
FLOORS = "Doors stand on rules, rules stand on evidence"


def over_budget(sizes: dict[str, int], *, median: int, p90: int, longest: int) -> list[str]:
    """What breaks the budget, in words; the biggest first."""
    ranked = sorted(sizes.items(), key=lambda item: -item[1])
    found = [f"{name}: {size} lines, at most {longest}" for name, size in ranked if size > longest]
    if not sizes:
        return found
    middle = statistics.median(sizes.values())
    ninth = sorted(sizes.values())[math.ceil(0.9 * len(sizes)) - 1]
    top = ", ".join(f"{name} ({size})" for name, size in ranked[:10])
    if middle > median:
        found.append(f"median {middle:g}, at most {median}; biggest: {top}")
    if ninth > p90:
        found.append(f"nine of ten within {ninth}, should be {p90}; biggest: {top}")
    return found


def complain(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def test_files_stay_short() -> None:
    sizes = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in code()}
    written = {name: size for name, size in sizes.items() if size}  # empty __init__.py would flatter the median
    complain(over_budget(written, median=100, p90=250, longest=400))


def test_functions_stay_short() -> None:
    sizes = {}
    for path in code():
        for number, (name, lines) in enumerate(functions(path.read_text(encoding="utf-8"))):
            sizes[f"{short(path)} {name} ({number})"] = lines
    complain(over_budget(sizes, median=10, p90=30, longest=50))


def test_budget_notices() -> None:
    assert over_budget({"a": 5, "b": 401}, median=300, p90=401, longest=400) == ["b: 401 lines, at most 400"]
    assert len(over_budget({"a": 101, "b": 251}, median=100, p90=250, longest=400)) == 2
    source = 'def short():\n    """Why.\n\n    Long.\n    """\n    return 1\ndef two():\n    a = 1\n    return a\n'
    assert dict(functions(source)) == {"short": 1, "two": 2}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of pyproject.toml on the packages in that folder."""
    call = "import importlinter.cli as cli; raise SystemExit(cli.lint_imports(no_cache=True, no_logo=True))"
    command = [sys.executable, "-c", call]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def need_packages() -> None:
    missing = [name for name in PACKAGES if not (ROOT / name / "__init__.py").exists()]
    if missing:
        pytest.skip(f"not written yet: {', '.join(missing)}")


def test_imports_go_down_only() -> None:
    need_packages()
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_import_is_caught(tmp_path: Path) -> None:
    need_packages()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "audit" / "planted.py").write_text("import consent\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert re.search(rf"{FLOORS}\s+BROKEN", done.stdout), done.stdout + done.stderr
    assert "audit.planted" in done.stdout


def empty_names(path: str, source: str = "") -> list[str]:
    """Names that say nothing about what is inside: of the path, and of the classes in it."""
    found = [part for part in Path(path).with_suffix("").parts if EMPTY_WORDS & set(re.split(r"[_\-.]", part.lower()))]
    for name in re.findall(r"^\s*class (\w+)", source, re.MULTILINE):
        words = {word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", name)}
        found += [f"class {name}"] if EMPTY_WORDS & words else []
    return [f"{path}: {name}" for name in found]


def test_names_say_something() -> None:
    complain([line for path in files() if path.suffix != ".py" for line in empty_names(short(path))])
    complain([line for path in named(".py") for line in empty_names(short(path), path.read_text(encoding="utf-8"))])


def test_empty_names_are_noticed() -> None:
    assert len(empty_names("consent/core/date_utils.py", "class ConsentManager:\n    pass\n")) == 3
    assert empty_names("manage.py", "class Managed(Score):\n    pass\n") == []


def test_top_level_is_known() -> None:
    complain(
        [
            f"{name}: not one of the known names at the top"
            for name in {f.relative_to(ROOT).parts[0] for f in files()} - TOP
        ]
    )


def test_migrations_say_what_they_do() -> None:
    names = [path for path in named(".py") if path.parent.name == "migrations" and path.name[:4].isdigit()]
    complain([short(path) for path in names if re.search(r"_auto_|_auto\.py$", path.name)])
