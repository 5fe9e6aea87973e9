"""The console script: what it teaches, what it passes on, and its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMES = (
    *("demo", "serve", "migrate", "catalogue", "create-key", "list-keys", "revoke-key", "create-officer"),
    *("import-consents", "export-audit", "verify", "seal", "ask-witnesses", "doctor"),
)


@pytest.mark.once
def test_help_names_every_command_and_the_first_steps(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in NAMES:
        assert f"\n    {name}" in out
    assert "first steps:" in out


@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert out.startswith(f"usage: trustcenter {name}")
    assert "examples:" in out or name == "list-keys"


@pytest.mark.once
@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["--nonsense"], ["create-key"], ["serve", "--bind", "nowhere"], ["verify"]]
)
def test_wrong_use_is_2(run, words):
    code, _, err = run(*words)
    assert code == 2
    assert err or not words


@pytest.mark.once
def test_names_of_django_fall_through(run):
    code, out, _ = run("diffsettings", "--output", "unified")
    assert code == 0
    assert "ROOT_URLCONF" in out


@pytest.mark.once
def test_migrate_with_an_argument_is_djangos_own(run, db):
    code, out, _ = run("migrate", "--plan")
    assert code == 0
    assert "No planned migration operations." in out


@pytest.mark.once
@pytest.mark.parametrize("call", [["manage.py"], ["-m", "trustcenter.cli"]])
def test_both_ways_in_are_one(call):
    done = subprocess.run([sys.executable, *call, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: trustcenter")


@pytest.mark.once
def test_a_wrong_setting_is_a_sentence():
    call = [sys.executable, "manage.py", "doctor"]
    done = subprocess.run(
        call, cwd=ROOT, env={"SEAL_EVERY": "soon", "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "SEAL_EVERY" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.once
def test_a_folder_that_cannot_be_made_is_a_sentence(run, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / "file" / "data"
    code, _, err = run("migrate")
    assert code == 1
    assert err == f"{settings.DATA_DIR}: Not a directory.\n"
