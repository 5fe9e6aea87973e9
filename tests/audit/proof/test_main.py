import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.proof import bundle
from audit.proof.__main__ import main

from .small_log import Key, SmallLog

PACKAGE = Path(bundle.__file__).parent


@pytest.fixture(scope="module")
def log():
    return SmallLog(size=340)


@pytest.fixture
def receipt(log, tmp_path):
    path = tmp_path / "receipt.json"
    path.write_bytes(bundle.dumps(log.bundle([12])))
    return path


@pytest.fixture
def bent(receipt):
    path = receipt.with_name("bent.json")
    path.write_bytes(receipt.read_bytes().replace(b"consent.granted", b"consent.refused"))
    return path


def test_it_says_in_plain_sentences_what_is_proven(receipt, capsys):
    assert main([str(receipt)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "This proof is real.",
        "Log kestrel.example/log held 340 entries when it was signed.",
        f"Its root hash was {SmallLog(size=340).root.hex()}.",
        "Entry 12 is in the log: consent.granted, at 2026-11-22T09:00:00.000000Z, outcome allowed.",
        "There may be others: this file proves that these are in the log, not that these are all.",
        "The words and data shown match what was recorded, in 1 entry.",
        "The key came with the file, so this does not show whose log it is. "
        "To be sure, get the log's key from its owner and give it with --vkey.",
    ]


def test_it_says_so_when_the_key_was_given(receipt, log, capsys):
    assert main(["bundle", str(receipt), "--vkey", log.key.vkey]) == 0
    assert "signed with a key you gave" in capsys.readouterr().out


def test_it_lists_the_first_of_many_and_says_that_none_is_left_out(log, tmp_path, capsys):
    path = tmp_path / "export.json"
    path.write_bytes(bundle.dumps(log.bundle(range(300), complete=True, disclosed=False)))
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    assert said.count("is in the log:") == 20
    assert "… and 280 entries more, up to entry 299." in said
    assert "These are all entries from 0 to 299: none is left out." in said


def test_a_changed_file_is_wrong(bent, capsys):
    assert main([str(bent)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("This proof does NOT hold. Do not rely on it.\n")
    assert "(root-mismatch)" in said.err


def test_another_signer_is_wrong(receipt, capsys):
    assert main([str(receipt), "--vkey", Key(9).vkey]) == 1
    assert "(signature-unknown)" in capsys.readouterr().err


def test_a_file_that_is_not_json_is_wrong(tmp_path, capsys):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    assert main([str(path)]) == 1
    assert "(bundle-syntax)" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["kind", "key"])
def test_it_admits_when_it_cannot_tell(kind, receipt, capsys):
    options = []
    if kind == "kind":
        doc = json.loads(receipt.read_bytes())
        receipt.write_bytes(bundle.dumps({**doc, "kind": "trustcenter-proof/2"}))
    else:
        options = ["--vkey", Key(1, "other.example").vkey]
    assert main([str(receipt), *options]) == 2
    assert capsys.readouterr().err.startswith("Cannot tell")


def test_wrong_use_is_neither_real_nor_wrong(receipt, tmp_path, capsys):
    assert main([str(tmp_path / "nothing.json")]) == 2
    assert main([str(tmp_path)]) == 2
    assert main([str(receipt), "--vkey", "misspelt"]) == 2
    for arguments in ([], ["--vkey"], ["--nonsense", "x"], [str(receipt), "more"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_quiet_prints_nothing(receipt, bent, capsys):
    assert main(["--quiet", str(receipt)]) == 0
    assert main(["--quiet", str(bent)]) == 1
    assert capsys.readouterr() == ("", "")


def test_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    assert "python -m audit.proof receipt.jws" in capsys.readouterr().out


def test_an_entry_cannot_steer_the_terminal(tmp_path, capsys):
    log = SmallLog()
    log.append([{"action": "\x1b[2Jall is well\nThis proof is real.", "outcome": ["a"], "at": 5}])
    path = tmp_path / "evil.json"
    path.write_bytes(bundle.dumps(log.bundle([0], disclosed=False)))
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert said.count("\nThis proof is real.") == 0


def test_the_folder_alone_with_nothing_installed_is_the_verifier(receipt, bent, log, tmp_path):
    """Only Python: no site packages, so `cryptography` cannot be found and the own arithmetic works."""
    shutil.copytree(PACKAGE, tmp_path / "elsewhere" / "proof", ignore=shutil.ignore_patterns("__pycache__"))

    def run(*arguments, encoding="utf-8"):
        command = [sys.executable, "-S", "-B", "-W", "error", "-m", "proof", *arguments]
        environment = {"PYTHONIOENCODING": encoding}
        return subprocess.run(command, cwd=tmp_path / "elsewhere", env=environment, capture_output=True, check=False)

    good = run(str(receipt), "--vkey", log.key.vkey, encoding="ascii")
    assert (good.returncode, good.stderr) == (0, b"")
    assert good.stdout.startswith(b"This proof is real.")
    assert run(str(bent)).returncode == 1
    assert run("--help").stdout.startswith(b"usage: python -m proof")
    probe = "import sys, proof.ed25519 as e; sys.exit(e.HAVE_CRYPTOGRAPHY)"
    alone = subprocess.run([sys.executable, "-S", "-B", "-c", probe], cwd=tmp_path / "elsewhere", env={}, check=False)
    assert alone.returncode == 0


def test_it_runs_from_a_checkout_and_reads_standard_input(receipt):
    command = [sys.executable, "-B", "-m", "audit.proof", "-", "--quiet"]
    with receipt.open("rb") as file:
        ran = subprocess.run(command, cwd=PACKAGE.parents[1], stdin=file, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
