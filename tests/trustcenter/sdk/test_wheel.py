"""The wheel `trustcenter-sdk`, installed where there is nothing else, against a real `serve`."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.serving import ROOT

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
SDK = ROOT / "trustcenter" / "sdk"
GUARDS = {
    "django": {"django"},
    "rest_framework": {"rest_framework"},
    "fastapi": {"fastapi"},
    "celery": {"celery"},
    "dataframes": {"narwhals"},
    "protect": {"psycopg"},
}
PROGRAM = """
import sys
from trustcenter_sdk import Client, LocalChecker, NotPermitted, Timeout, allowed

client = Client(sys.argv[1], sys.argv[2], recipient="mail-engine", timeout=Timeout(10, 30, 60))
yes, no = (client.check("personal_offers", f"customer:C-100{n}", ["contact.email"]) for n in (1, 2))
print(yes.allowed, yes.reason, no.allowed, no.reason)
try:
    with allowed(client, purpose="personal_offers", customer="customer:C-1002"):
        print("wrong")
except NotPermitted as refused:
    print(refused)
with LocalChecker(sys.argv[1], sys.argv[2], recipient="mail-engine", report=False) as local:
    print(local.wait_ready(60), [local.check("personal_offers", f"customer:C-100{n}").reason for n in (1, 2)])
print(sorted(name for name in ("django", "rest_framework", "trustcenter", "narwhals") if name in sys.modules))
"""


def run(*call, **more):
    return subprocess.run([str(each) for each in call], capture_output=True, text=True, check=False, **more)


def pip(python, *call):
    """Our own pip, for the packages of another environment."""
    return run(sys.executable, "-m", "pip", "--python", python, *call)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A bare environment with nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SDK, folder / "sdk", ignore=shutil.ignore_patterns("__pycache__"))
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder / "dist", folder / "sdk")
    if built.returncode:
        pytest.skip(f"pip cannot build a wheel here: {built.stderr.strip().splitlines()[-1]}")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "bare")
    python = folder / "bare" / "bin" / "python"
    installed = pip(python, "install", *(folder / "dist").glob("trustcenter_sdk-*.whl"))
    if installed.returncode:
        pytest.skip(f"pip cannot install from its index here: {installed.stderr.strip().splitlines()[-1]}")
    return python


def test_the_wheel_asks_a_real_service_from_a_bare_environment(python, served, online, tmp_path):
    done = run(python, "-c", PROGRAM, served.url, served.key, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "True permitted False consent_refused",
        "Not permitted: consent_refused.",
        "True ['permitted', 'refused_by_copy']",
        "[]",
    ], done.stderr


def test_the_wheel_says_that_it_is_typed_and_brings_no_more_than_it_needs(python, tmp_path):
    show = (
        "import trustcenter_sdk, pathlib; print(*map(str, pathlib.Path(trustcenter_sdk.__file__).parent.glob('*.*')))"
    )
    files = run(python, "-c", show, cwd=tmp_path).stdout.split()
    files = [Path(each).name for each in files]
    assert "py.typed" in files
    assert {f"{name}.py" for name in GUARDS if name != "protect"} < set(files)
    packages = {line.split("==")[0].lower() for line in pip(python, "freeze").stdout.splitlines()}
    assert {"httpx", "msgspec"} < packages
    assert not packages & {"django", "celery", "fastapi", "narwhals", "pandas"}


def test_a_guard_says_what_it_lacks(python, tmp_path):
    for name, needs in GUARDS.items():
        done = run(python, "-c", f"import trustcenter_sdk.{name}", cwd=tmp_path)
        assert f"No module named '{needs.copy().pop()}'" in done.stderr


def test_the_sdk_has_the_version_of_the_service():
    versions = [tomllib.loads((place / "pyproject.toml").read_text())["project"]["version"] for place in (ROOT, SDK)]
    assert versions[0] == versions[1]


@pytest.mark.parametrize("path", sorted(SDK.rglob("*.py")), ids=lambda path: str(path.relative_to(SDK)))
def test_the_sdk_imports_nothing_of_ours_and_a_framework_in_its_guard_only(path: Path):
    place = path.relative_to(SDK)
    own = GUARDS.get(path.stem, set()) if len(place.parts) == 1 else GUARDS[place.parts[0]]
    known = sys.stdlib_module_names | {"httpx", "msgspec"} | own
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(place.parts)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            assert {name.split(".")[0] for name in names} <= known
