"""Nothing leaves this machine: the service and its commands do their work where no network is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT, command, environment, prepared, serving

# Which database it is makes no difference to whom a process speaks.
pytestmark = pytest.mark.once
# Python reads a module of this name at its start. Whoever asks for a name or speaks to another machine ends there, and
# says so in a file: an error could be caught.
GUARD = """
import os, sys

def guard(event, given, told={told!r}):
    host = given[1][0] if event == "socket.connect" and isinstance(given[1], tuple) else None
    host = given[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else host
    if host not in (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1"):
        with open(told, "a") as file:
            print(event, host, file=file)
        os._exit(97)

sys.addaudithook(guard)
"""


@pytest.fixture
def alone(tmp_path) -> dict[str, str]:
    """The environment in which no Python process reaches another machine."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD.format(told=str(tmp_path / "spoken to")))
    return {"PYTHONPATH": str(tmp_path / "guard")}


def test_A42_the_service_works_without_a_network(tmp_path, alone):
    prepared(tmp_path, **alone)
    with serving(tmp_path, **alone) as tree:
        assert tree.get("/check")[0] == 200
        assert tree.get("/log/checkpoint")[0] == 200
    command(tmp_path, "count", **alone)
    assert not (tmp_path / "spoken to").exists(), (tmp_path / "spoken to").read_text()


@pytest.mark.parametrize("call", ["create_connection(('192.0.2.1', 443), 1)", "getaddrinfo('tower.example', 443)"])
def test_who_speaks_to_another_machine_is_found(tmp_path, alone, call):
    code = f"import socket; socket.{call}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(tmp_path, **alone), check=False)
    assert done.returncode == 97
    assert Path(tmp_path / "spoken to").exists()
