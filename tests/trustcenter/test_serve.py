"""`serve` as people run it: real processes, a real port, real signals."""

import os
import re
import signal
import socket
import time

import pytest

from tests.serving import PATIENCE, command, copied, prepared, running, serving, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]


@pytest.fixture(scope="module")
def park_folder(tmp_path_factory):
    """Database, keys and catalogue, made once."""
    return prepared(tmp_path_factory.mktemp("park"))


@pytest.fixture
def folder(park_folder, tmp_path):
    return copied(park_folder, tmp_path / "data")


def log_size(tree):
    return int(float(re.search(rb"^trustcenter_log_size (\S+)", tree.get("/metrics")[1], re.MULTILINE)[1]))


def consent(act):
    return {
        "subject": {"namespace": "customer", "id": "C-1001"},
        "purpose": "personal_offers",
        "act": act,
        "language": "en",
        "channel": "web",
        "method": "button",
    }


QUESTION = {
    "subject": {"type": "system", "id": "mail-engine"},
    "action": {"name": "personal_offers"},
    "resource": {"type": "customer", "id": "C-1001"},
}


def test_it_serves_seals_and_ends_without_an_orphan(folder):
    with serving(folder) as tree:
        before = log_size(tree)
        command(folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide")
        until(lambda: log_size(tree) > before)
        assert len(running(folder)) >= 5  # serve, web and its two workers, sealer, worker
        assert tree.end() < 10
        assert tree.process.returncode == 0
        until(lambda: not running(folder))


def test_it_answers_a_check_over_http_and_seals_it(folder):
    key = command(
        folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide,consents:write"
    ).stdout.strip()
    with serving(folder) as tree:
        assert tree.post("/api/v1/consents?wait=proof", consent("give"), key)[0] == 201
        before = log_size(tree)
        status, answer = tree.post("/access/v1/evaluation", QUESTION, key)
        assert (status, answer["decision"]) == (200, True)
        until(lambda: log_size(tree) == before + 1)


def test_F15_an_acknowledged_write_survives_the_death_of_everything(folder):
    key = command(
        folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide,consents:write"
    ).stdout.strip()
    with serving(folder) as tree:
        assert tree.post("/api/v1/consents", consent("give"), key)[0] == 201
        assert tree.post("/api/v1/consents", consent("withdraw"), key)[0] == 201
        tree.kill()
    with serving(folder) as tree:
        status, answer = tree.post("/access/v1/evaluation", QUESTION, key)
        assert (status, answer["decision"], answer["context"]["reason"]) == (200, False, "consent_withdrawn")
        until(lambda: b"trustcenter_log_waiting 0.0" in tree.get("/metrics")[1])
    command(folder, "seal", "--once")
    command(folder, "export-audit", "--output", str(folder / "log.zip"))
    assert "none is left out" in command(folder, "verify", str(folder / "log.zip")).stdout


@pytest.mark.parametrize("delay", [0.0, 0.4, 1.0, 2.0])
def test_it_ends_during_start_up_too(folder, delay):
    with serving(folder, wait=False) as tree:
        until(lambda: tree.started("web"))
        time.sleep(delay)
        assert tree.end() < 10
        assert tree.process.returncode == 0
        until(lambda: not running(folder))


def test_ctrl_c_ends_it(folder):
    with serving(folder, wait=False) as tree:
        until(lambda: tree.started("worker"))
        assert tree.end(signal.SIGINT) < 10
        until(lambda: not running(folder))


def test_a_killed_part_is_started_again(folder):
    with serving(folder) as tree:
        until(lambda: tree.started("sealer") and tree.started("worker"))
        for part in ("sealer", "worker"):
            os.kill(tree.started(part)[0], signal.SIGKILL)
        until(lambda: len(tree.started("sealer")) == len(tree.started("worker")) == 2)
        before = log_size(tree)
        command(folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide")
        until(lambda: log_size(tree) > before)


def test_it_ends_as_a_failure_when_the_web_part_dies(folder):
    with serving(folder) as tree:
        os.kill(tree.started("web")[0], signal.SIGKILL)
        assert tree.process.wait(PATIENCE) == 1
        until(lambda: not running(folder))


def test_nothing_outlives_a_killed_main_process(folder):
    with serving(folder) as tree:
        tree.end(signal.SIGKILL)
        until(lambda: not running(folder))


def test_one_log_of_json_lines_without_the_key(folder):
    key = command(folder, "create-key", "--recipient", "mail-engine", "--scopes", "decide").stdout.strip()
    with serving(folder) as tree:
        assert tree.get(f"/no/such/{key}/mei@youjian.example")[0] == 404
        until(lambda: any(line.get("logger") == "request" and line["status"] == 404 for line in tree.lines()))
        text = (folder / "serve.log").read_text()
        assert key not in text
        assert "youjian" not in text
        assert {"serve", "sealer", "_granian", "request"} <= {line["logger"] for line in tree.lines()}


@pytest.mark.parametrize(
    ("bind", "settings", "sentence"),
    [
        ("127.0.0.1:1", {"DEBUG": "1"}, "DEBUG is on"),
        ("0.0.0.0:1", {}, "http is open to read"),
        ("127.0.0.1:1", {"TRUST_KEYS": "log:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "known example"),
    ],
)
def test_it_refuses_what_is_unsafe(folder, bind, settings, sentence):
    refused = command(folder, "serve", "--bind", bind, code=1, **settings)
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_it_refuses_a_database_that_is_behind(tmp_path):
    assert "trustcenter migrate" in command(tmp_path, "serve", code=1).stderr


def test_it_refuses_an_address_where_somebody_listens_already(folder):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as our own web server does
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        done = command(folder, "serve", "--bind", bind, code=1)
    assert f"Cannot listen at {bind}: Address already in use. Choose another address with --bind." in done.stderr
