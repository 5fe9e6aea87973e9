"""`demo` as people run it: filled once, kept, and with a tour that works."""

import json
import re
import stat
import subprocess
from contextlib import contextmanager

import pytest

from tests.serving import command, running, serving, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
CALL = ("demo",)


@contextmanager
def shown(folder):
    """The demo, running, and what it printed this time."""
    log = folder / "serve.log"
    log.unlink(missing_ok=True)
    with serving(folder, call=CALL) as tree:
        yield tree, log.read_text("utf-8")


def bash(script, folder):
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.stderr


def tour(text, folder):
    lines = text[text.index("call() {") : text.index("\n\nCtrl-C")]
    # The printed verifier is named from where the demo was started.
    return bash(re.sub(r"\S+ -m audit.proof", "true", lines), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


def test_the_demo_from_first_start_to_reset(folder):
    with shown(folder) as (tree, text):
        assert "235  imported" in text
        assert "The mapping does not say which purpose this is." in text
        assert re.search(r"name officer, password [0-9a-f]{4}(-[0-9a-f]{4}){3}\n", text)
        assert "granian" not in text  # what was printed stays the last thing on the screen
        first, second = (json.loads(line) for line in tour(text, folder)[0])
        assert first["decision"] is True
        assert (second["decision"], second["context"]["reason"]) == (False, "consent_withdrawn")
        assert "This proof is real." in command(folder, "verify", str(folder / "proof.json")).stdout
        link = re.search(r"http://\S+/enter/\S+", text)[0]
        assert tree.get(link.removeprefix(tree.url))[0] == 200
        question = re.search(r"http://\S+/ask/\S+", text)[0]
        assert tree.get(question.removeprefix(tree.url))[0] == 200
        assert tree.end() < 10
    until(lambda: not running(folder))
    assert stat.S_IMODE((folder / "demo.json").stat().st_mode) == 0o600
    kept = json.loads((folder / "demo.json").read_text())

    with shown(folder) as (_, again):
        assert "imported" not in again
        assert kept["password"] not in again
        assert kept["key"] in again
        assert re.search(r"http://\S+/enter/\S+", again)[0] != link
        assert '"C-1001"' not in again  # has said no; the tour asks about somebody who has not
        first, second = (json.loads(line) for line in tour(again, folder)[0])
        assert (first["decision"], second["decision"]) == (True, False)

    command(folder, "doctor")
    with serving(folder, call=("demo", "--reset")):
        text = (folder / "serve.log").read_text("utf-8")
        assert "Deleting the demo's database" in text
        assert kept["key"] not in text.split("Deleting")[1]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    command(tmp_path, "migrate")
    command(tmp_path, "catalogue", "apply", "trustcenter/demo/kestrel-park.yaml")
    for words in (["demo"], ["demo", "--reset"]):
        assert "was not made by the demo" in command(tmp_path, *words, code=1).stderr
    assert (tmp_path / "trustcenter.sqlite3").exists()
    assert (tmp_path / "keys" / "data.key").exists()


def test_it_is_served_on_loopback_only(tmp_path):
    assert "http is open to read" in command(tmp_path, "demo", "--bind", "0.0.0.0:1", code=1).stderr
