"""A witness and a verifier that others wrote, of the same standards (C2SP): theirs read ours, and ours theirs.

`aics-tlog` and `aics-witness` of PyPI, in an environment of their own since they want another Python; TRUST_FOREIGN
names its `bin`. They are no dependency of ours, so where they are absent these tests say so and skip.
"""

import os
import subprocess
from pathlib import Path

import pytest

from audit.proof import cosignature, policy
from audit.proof.doors import place
from tests.ports import free_port
from tests.serving import until

from ..small_log import ORIGIN, Key, SmallLog, entry
from .test_witness import log_of, published, request

FOREIGN = Path(os.environ.get("TRUST_FOREIGN", "/nowhere"))
absent = not (FOREIGN / "aics-witness").exists()
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(absent, reason="no foreign witness here (TRUST_FOREIGN: a bin with aics-tlog and aics-witness)"),
]


def program(name, *words, code=0):
    done = subprocess.run([FOREIGN / name, *map(str, words)], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is (code == 0), done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def witness(tmp_path):
    """Theirs, listening, for our log; its address and its key."""
    config, port = tmp_path / "witness.json", free_port()
    program("aics-witness", "init", "-c", config, "--name", "foreign.example/w1", "--listen", f"127.0.0.1:{port}")
    program("aics-witness", "add-log", "-c", config, "--origin", ORIGIN, "--vkey", Key(1).vkey)
    said = program("aics-witness", "status", "-c", config)
    vkey = next(word.strip('",') for word in said.split() if word.strip('"').startswith("foreign.example/w1+"))
    process = subprocess.Popen(
        [FOREIGN / "aics-witness", "serve", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}", vkey
    finally:
        process.terminate()
        process.wait(20)


def test_a_foreign_witness_cosigns_ours_and_refuses_a_fork(witness):
    url, vkey = witness
    log = SmallLog(size=11)
    until(lambda: _answers(url, request(log, 0)))
    log.append([entry(f"more-{number}") for number in range(300)])
    status, line = place.post(f"{url}/add-checkpoint", request(log, 11))
    assert status == 200, line
    key = cosignature.parse_vkey(vkey)
    assert cosignature.times(log.checkpoint() + line.decode(), key)
    text = f"log {Key(1).vkey}\nwitness w1 {vkey}\nquorum w1\n"
    policy.parse(text.encode()).check(log.checkpoint() + line.decode())
    forked = log_of(310, "a")
    assert place.post(f"{url}/add-checkpoint", request(forked, 311, proof=[]))[0] in (409, 422)
    assert place.post(f"{url}/add-checkpoint", request(log, 11))[0] == 409, "it remembers"


def _answers(url, body):
    try:
        return place.post(f"{url}/add-checkpoint", body)[0] == 200
    except OSError:
        return False


def test_a_foreign_verifier_reads_our_tiles_and_heads(tmp_path):
    log = SmallLog(size=700)
    folder = published(log, tmp_path / "log")
    key, leaf, head = tmp_path / "vkey", tmp_path / "leaf", Path(folder) / "checkpoint"
    key.write_text(f"{Key(1).vkey}\n")
    leaf.write_bytes(log.leaves[513])
    given = ("--vkey-file", key, "--checkpoint", head, "--origin", ORIGIN)
    program("aics-tlog", "verify-checkpoint", *given[:2], "--note", head, "--origin", ORIGIN)
    program("aics-tlog", "verify-inclusion", *given, "--tiles", folder, "--index", 513, "--leaf", leaf)
    program("aics-tlog", "verify-inclusion", *given, "--tiles", folder, "--index", 512, "--leaf", leaf, code=1)
