"""The project's own files, as the shape tests see them."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("trustcenter", "consent", "audit")
NOT_OURS = {".git", ".venv", "var", "build", "dist", "__pycache__"}


@cache
def files() -> tuple[Path, ...]:
    """What is committed or could be: all that git does not ignore; without git, all but the leavings."""
    if shutil.which("git") and (ROOT / ".git").exists():
        asked = [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        return tuple(ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file())
    return tuple(sorted(path for path in ROOT.rglob("*") if path.is_file() and not _leavings(path)))


def _leavings(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in NOT_OURS or part.endswith((".egg-info", "_cache")) for part in parts)


def named(*endings: str) -> list[Path]:
    """Files whose names end so."""
    return [path for path in files() if path.name.endswith(endings)]


def code() -> list[Path]:
    """Python that runs in production: no tests, no migrations."""
    skipped = {"tests", "migrations"}
    return [path for path in named(".py") if not skipped.intersection(path.relative_to(ROOT).parts)]


def short(path: Path) -> str:
    """The name a person uses."""
    return str(path.relative_to(ROOT))


def text(path: Path) -> str | None:
    """What it says, or nothing when it is a picture or a font."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function with the lines of its body; the docstring is not counted, it is there to be read."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
