"""The whole log from its tiles, and two heads of it."""

from pathlib import Path

import pytest

from audit.proof import bundle, encoding, tiles
from audit.proof.__main__ import main

from ..small_export import packed
from ..small_log import Key, SmallLog
from .test_witness import log_of, published

LOG = SmallLog(size=600)
VKEY = ["--vkey", Key(1).vkey]


@pytest.fixture
def folder(tmp_path):
    return published(LOG, tmp_path / "log")


def kept(log, tmp_path):
    file = tmp_path / f"head-{log.size}-{log.root.hex()[:8]}"
    file.write_text(log.checkpoint())
    return str(file)


def test_a_log_in_a_folder_is_checked_whole(folder, tmp_path, capsys):
    assert main(["log", folder, *VKEY, "--head", kept(SmallLog(size=70), tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "600 entries give the root" in said
    assert "that you kept: nothing was altered" in said
    assert main(["log", folder]) == 0
    assert "first use" in capsys.readouterr().out
    assert main(["log", folder, "--vkey", Key(9).vkey]) == 1
    assert main(["log", folder, "--vkey", Key(1, "other").vkey]) == 2
    assert main(["log", str(tmp_path / "nowhere")]) == 2


def test_any_changed_tile_is_found(folder, capsys):
    for file in sorted(Path(folder, "tile").rglob("*")):
        if file.is_file():
            true = file.read_bytes()
            for bent in (true[:-1] + bytes([true[-1] ^ 1]), true[:-32], true + bytes(32), b""):
                file.write_bytes(bent)
                assert main(["log", folder, *VKEY]) == 1
            file.write_bytes(true)
    assert main(["log", folder, *VKEY]) == 0


def test_a_log_that_lost_its_tail_or_was_rewritten_does_not_contain_the_head_that_was_kept(tmp_path, capsys):
    """Each is whole and validly signed: only who kept a head can tell."""
    head = kept(LOG, tmp_path)
    for other in (SmallLog(size=599), log_of(599, "a"), log_of(599, "a", "b")):
        folder = published(other, tmp_path / f"{other.size}-{other.root.hex()[:6]}")
        assert main(["log", folder, *VKEY]) == 0
        capsys.readouterr()
        assert main(["log", folder, *VKEY, "--head", head]) == 1
        said = capsys.readouterr().err
        assert "FORKED" in said
        assert encoding.to_base64(LOG.root) in said
        assert encoding.to_base64(other.root) in said


def test_two_heads_are_compared_by_the_tree_between_them(folder, tmp_path, capsys):
    old, new = kept(SmallLog(size=70), tmp_path), kept(LOG, tmp_path)
    for pair in ([old, new], [new, old]):
        assert main(["compare", *pair, "--log", folder, *VKEY]) == 0
        assert "600 entries grew out of that of 70" in capsys.readouterr().out
    assert main(["compare", new, new, *VKEY]) == 0


def test_or_by_a_consistency_proof(tmp_path, capsys):
    old, new, proof = kept(SmallLog(size=70), tmp_path), kept(LOG, tmp_path), tmp_path / "proof"
    hashes = [encoding.to_base64(each) for each in tiles.consistency_proof(LOG.read_tile, 70, 600)]
    proof.write_text("\n".join(hashes))
    assert main(["compare", old, new, "--proof", str(proof), *VKEY]) == 0
    proof.write_text("\n".join(hashes[1:]))
    assert main(["compare", old, new, "--proof", str(proof), *VKEY]) == 1


def test_without_either_it_cannot_tell(tmp_path, capsys):
    old, new = kept(SmallLog(size=70), tmp_path), kept(LOG, tmp_path)
    assert main(["compare", old, new, *VKEY]) == 2
    assert main(["compare", old, new, "--log", published(SmallLog(size=80), tmp_path / "short"), *VKEY]) == 2
    assert main(["compare", old, new]) == 2
    assert main(["compare", old, str(tmp_path / "nothing"), *VKEY]) == 2
    other = SmallLog(size=70, key=Key(1, "other.example"))
    assert main(["compare", new, kept(other, tmp_path), *VKEY]) == 2


def test_the_tree_of_another_log_proves_nothing_about_these_heads(tmp_path, capsys):
    """It begins with the smaller head, too; but the larger is not one of its own."""
    old, new = kept(SmallLog(size=70), tmp_path), kept(LOG, tmp_path)
    other = published(log_of(599, "a", "b"), tmp_path / "other")
    assert main(["compare", old, new, "--log", other, *VKEY]) == 2
    assert "Cannot" in capsys.readouterr().err  # its own partial tiles are of another width


def test_a_fork_prints_both_heads(folder, tmp_path, capsys):
    new = kept(LOG, tmp_path)
    for forked, words in ((log_of(599, "a"), []), (log_of(10, "a"), ["--log", folder])):
        assert main(["compare", kept(forked, tmp_path), new, *words, *VKEY]) == 1
        said = capsys.readouterr().err
        assert "FORKED" in said
        for head in (forked, LOG):
            assert all(line in said for line in head.checkpoint().splitlines())


def test_a_head_nobody_signed_proves_no_fork(tmp_path, capsys):
    new = kept(LOG, tmp_path)
    forged = tmp_path / "forged"
    forged.write_text(
        log_of(599, "a").checkpoint().replace("— ", "— ").replace("\n600\n", "\n600\n")[:-9] + "AAAAAAA=\n"
    )
    assert main(["compare", str(forged), new, *VKEY]) == 1
    assert "FORKED" not in capsys.readouterr().err


def test_exports_and_proofs_are_heads_too(tmp_path, capsys):
    zipped, proof = tmp_path / "a.zip", tmp_path / "b.json"
    zipped.write_bytes(packed(LOG, [5]))
    proof.write_bytes(bundle.dumps(log_of(599, "a").bundle([5])))
    assert main(["compare", str(zipped), kept(LOG, tmp_path)]) == 0
    assert main(["compare", str(zipped), str(proof)]) == 1
    assert "FORKED" in capsys.readouterr().err
