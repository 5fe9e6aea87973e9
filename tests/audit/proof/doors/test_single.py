"""The verifier as one file: every check, with Python's standard library and nothing else."""

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest

from audit.proof import bundle, ed25519, export
from audit.proof.doors import single

from ..small_export import members, packed, plainly
from ..small_log import Key, SmallLog
from ..small_receipt import RECEIPT_KEY, signed
from ..test_policy import EXAMPLE, cosigned
from .test_witness import published

LOG = SmallLog(size=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with this one file in it."""
    found = tmp_path_factory.mktemp("alone")
    (found / "verify.py").write_bytes(single.source())
    return found


def run(folder, *words):
    command = [sys.executable, "-I", "-S", "-W", "error", "verify.py", *map(str, words)]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)


def test_it_is_made_of_the_modules_the_server_imports():
    found = {}
    for node in ast.parse(single.source()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            found[ast.literal_eval(node.targets[0].slice)] = ast.literal_eval(node.value)
    assert found["proof.merkle"] == Path(export.merkle.__file__).read_text("utf-8")
    assert {"proof", "proof.__main__", "proof.doors", "proof.doors.witness", "proof.export"} <= set(found)
    assert "proof.doors.single" not in found


def test_it_is_readable_text():
    assert single.source().startswith(b"#!/usr/bin/env python3\n")
    assert b"def verify_inclusion(" in single.source()


def test_every_kind_of_file_is_checked(folder, tmp_path):
    pinned = ["--vkey", LOG.key.vkey]
    (tmp_path / "export.zip").write_bytes(packed(LOG, range(3, 9), disclosed=True))
    (tmp_path / "proof.json").write_bytes(bundle.dumps(LOG.bundle([5])))
    (tmp_path / "receipt.jws").write_bytes(signed())
    for name, keys in (("export.zip", pinned), ("proof.json", pinned), ("receipt.jws", ["--vkey", RECEIPT_KEY.vkey])):
        done = run(folder, tmp_path / name, *keys)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert "real" in done.stdout
        assert "a key you gave" in done.stdout
    assert run(folder, "log", published(LOG, tmp_path / "log"), *pinned).returncode == 0
    assert run(folder, "compare", tmp_path / "export.zip", tmp_path / "proof.json", *pinned).returncode == 0
    assert run(folder, "--help").stdout.startswith("usage: python3 verify.py")
    assert run(folder, tmp_path / "nothing").returncode == 2


def test_a_changed_byte_fails(folder, tmp_path):
    """Here a few; tests/audit/proof/test_export.py takes every byte of every member."""
    files, chance = members(packed(LOG, [3, 4])), random.Random(5)
    for name, raw in files.items():
        place = chance.randrange(len(raw))
        bent = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        (tmp_path / "bent.zip").write_bytes(plainly(files | {name: bent}))
        done = run(folder, tmp_path / "bent.zip")
        assert done.returncode == 1, name
        assert "does NOT hold" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_policy_asks_for_witnesses(folder, tmp_path):
    log = SmallLog(size=3)
    (tmp_path / "policy").write_text(EXAMPLE)
    for names, code in (("X1 X2 Y1", 0), ("X1 Y1", 1), ("", 1)):
        (tmp_path / "export.zip").write_bytes(packed(log, [0, 1], signed=cosigned(*names.split())))
        done = run(folder, tmp_path / "export.zip", "--policy", tmp_path / "policy")
        assert done.returncode == code
        assert ("X1, X2, Y1" if code == 0 else "quorum-missing") in done.stdout + done.stderr
    (tmp_path / "policy").write_text("nonsense")
    assert run(folder, tmp_path / "export.zip", "--policy", tmp_path / "policy").returncode == 2
    assert run(folder, tmp_path / "export.zip", "--policy", tmp_path / "nothing").returncode == 2


def test_a_policy_for_another_log_leaves_it_open(folder, tmp_path):
    (tmp_path / "policy").write_text(f"log {Key(1, 'other.example').vkey}\nquorum none\n")
    (tmp_path / "export.zip").write_bytes(packed(LOG, [0]))
    assert run(folder, tmp_path / "export.zip", "--policy", tmp_path / "policy").returncode == 2
    (tmp_path / "policy").write_text(f"log {Key(9).vkey}\nquorum none\n")
    assert run(folder, tmp_path / "export.zip", "--policy", tmp_path / "policy").returncode == 1


def test_signing_without_any_package_is_the_same(folder):
    probe = (
        "import runpy, sys; sys.argv = ['x', '--help']\n"
        "try: runpy.run_path('verify.py', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "from proof import ed25519\n"
        "assert not ed25519.HAVE_CRYPTOGRAPHY\n"
        "print(ed25519.public_key(bytes([7]) * 32).hex(), ed25519.sign(bytes([7]) * 32, b'message').hex())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", probe], cwd=folder, env={}, capture_output=True, text=True, check=True
    )
    assert ed25519.HAVE_CRYPTOGRAPHY
    wanted = f"{ed25519.public_key(bytes([7]) * 32).hex()} {ed25519.sign(bytes([7]) * 32, b'message').hex()}"
    assert done.stdout.splitlines()[-1] == wanted
