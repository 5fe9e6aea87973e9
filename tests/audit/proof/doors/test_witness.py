"""The witness, over real HTTP and as a program of its own."""

import base64
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from audit.proof import cosignature, merkle, note, paths, tiles, witness
from audit.proof.__main__ import main
from audit.proof.checkpoint import Checkpoint
from audit.proof.doors import place, single, witness_key
from audit.proof.doors.heads_file import Heads
from audit.proof.doors.witness import Witness, server
from audit.proof.errors import ProofError

from ..small_log import ORIGIN, Key, SmallLog, entry


@pytest.fixture
def key(tmp_path):
    witness_key.make("witness.example/w1", tmp_path / "witness.key")
    return witness_key.read(tmp_path / "witness.key")


@pytest.fixture
def own(key, tmp_path):
    return Witness(key, Heads(tmp_path / "heads.sqlite3"), {ORIGIN: [Key(1).vkey]})


@contextmanager
def listening(own):
    with server(own, "127.0.0.1:0") as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.server_port}"
        finally:
            door.shutdown()
            thread.join()


@pytest.fixture
def url(own):
    with listening(own) as address:
        yield address


def log_of(size, *more):
    log = SmallLog(size=size)
    log.append([entry(f"other-{each}") for each in more])
    return log


def request(log, old, proof=None, signed=None):
    if proof is None:
        proof = tiles.consistency_proof(log.read_tile, old, log.size) if 0 < old <= log.size else []
    return witness.make_request(witness.Request(old, proof, signed or log.checkpoint()))


def post(url, body):
    return place.post(f"{url}/add-checkpoint", body)


def test_it_cosigns_a_head_that_grew_out_of_the_last_one(url, key):
    for old, size in [(0, 3), (3, 3), (3, 300), (300, 301)]:
        log = SmallLog(size=size)
        status, answer = post(url, request(log, old))
        assert status == 200
        [time] = cosignature.times(log.checkpoint() + answer.decode(), key.public)
        assert time > 1_700_000_000


def test_a_wrong_old_size_is_answered_with_the_known_one(url):
    post(url, request(SmallLog(size=5), 0))
    for old in (0, 3, 6):
        asked = urllib.request.Request(f"{url}/add-checkpoint", data=request(SmallLog(size=9), old))
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(asked)
        assert (answer.value.code, answer.value.read()) == (409, b"5\n")
        assert answer.value.headers["Content-Type"] == "text/x.tlog.size"
        answer.value.close()


def test_a_fork_is_refused_however_it_is_asked_for(url):
    post(url, request(SmallLog(size=5), 0))
    fork = log_of(4, "a", "b", "c")
    for body in (
        request(fork, 5),
        request(fork, 5, []),
        request(SmallLog(size=9), 5, [bytes(32)] * 4),
        request(SmallLog(size=9), 5, tiles.consistency_proof(SmallLog(size=9).read_tile, 5, 9)[:-1]),
        request(log_of(4, "a"), 5),
    ):
        assert post(url, body)[0] == 422
    assert post(url, request(SmallLog(size=9), 5))[0] == 200


def test_a_first_request_needs_no_proof_and_may_not_bring_one(url):
    assert post(url, request(SmallLog(size=5), 0, [bytes(32)]))[0] == 422


def test_an_old_size_above_the_head_is_no_request(url):
    assert post(url, request(SmallLog(size=5), 6))[0] == 400


def test_unknown_logs_and_keys(url):
    other = SmallLog(size=5, key=Key(1, "other.example"))
    assert post(url, request(other, 0))[0] == 404
    stranger = SmallLog(size=5, key=Key(9))
    assert post(url, request(stranger, 0))[0] == 403
    log = SmallLog(size=5)
    moved = log.checkpoint().partition("\n\n")[2]
    wrong = Checkpoint(ORIGIN, 5, bytes(32)).body() + "\n" + moved
    assert post(url, request(log, 0, signed=wrong))[0] == 403
    both = note.countersign(stranger.checkpoint(), ORIGIN, Key(1).public, Key(1).sign)
    assert post(url, request(stranger, 0, signed=both))[0] == 200


def test_a_head_of_size_zero_must_have_the_root_of_nothing(url):
    text = f"{ORIGIN}\n0\n{base64.b64encode(bytes(32)).decode()}\n"
    bad = note.sign(text, ORIGIN, Key(1).public, Key(1).sign)
    assert post(url, request(SmallLog(size=1), 0, signed=bad))[0] == 422
    text = Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT).body()
    good = note.sign(text, ORIGIN, Key(1).public, Key(1).sign)
    assert post(url, request(SmallLog(size=1), 0, signed=good))[0] == 200
    assert post(url, request(SmallLog(size=4), 0))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 5\n",
        b"old 05\n\n",
        b"old -1\n\nx",
        b"old 0 \n\nx",
        b"size 0\n\nx\n",
        b"old 0\nnot base64\n\nx\n1\ny\n",
        b"old 0\n\nno note at all\n",
    ],
)
def test_what_is_no_request_is_answered_so(url, body):
    assert post(url, body)[0] == 400


def test_a_proof_of_more_hashes_than_a_log_can_need_is_no_request(url):
    assert post(url, request(SmallLog(size=3), 0, [bytes(32)] * 64))[0] == 400
    assert post(url, request(SmallLog(size=3), 0, [bytes(32)] * 63))[0] == 422


def test_other_addresses_and_lengths(url):
    assert place.post(f"{url}/elsewhere", b"x")[0] == 404
    assert post(url, bytes(70_000))[0] == 400


def test_the_newest_head_can_be_read(url, key):
    log = SmallLog(size=5)
    address = f"{url}/{__import__('hashlib').sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    with pytest.raises(urllib.error.HTTPError) as answer:
        place.fetch(address)
    answer.value.close()
    # Lines of others were not checked, so they are not handed on.
    stranger = note.countersign(log.checkpoint(), "stranger.example", Key(5).public, Key(5).sign)
    post(url, request(log, 0, signed=stranger))
    shown = place.fetch(address).decode()
    assert note.open_note(shown, [Key(1).vkey])
    assert cosignature.times(shown, key.public)
    assert "stranger" not in shown


def test_of_many_at_once_none_takes_the_head_back(own, tmp_path):
    """Two servers on one file; a shorter head that was checked earlier must not overwrite a longer one."""
    second = Witness(own.key, Heads(tmp_path / "heads.sqlite3"), own.vkeys)
    own.cosign(witness.parse_request(request(SmallLog(size=1), 0)), now=1)
    logs = [SmallLog(size=size) for size in range(2, 26)]
    bodies = [request(log, 1) for log in logs]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: (second, own)[one[0] % 2].add_checkpoint(one[1], now=2), enumerate(bodies)))
    won = [log.size for log, answer in zip(logs, answers, strict=True) if answer.status == 200]
    assert len(won) == 1
    assert own.size(ORIGIN) == won[0]
    assert {answer.status for answer in answers} == {200, 409}


def test_a_head_is_checked_and_stored_in_one_step(own, tmp_path):
    """As in litewitness' race: another comes while a head is being judged. It must wait, and then know of it."""
    own.cosign(witness.parse_request(request(SmallLog(size=1), 0)), now=1)
    second, met = Heads(tmp_path / "heads.sqlite3"), []

    def later(known):
        met.append(known.size)
        raise ProofError("witness-size", "x")

    def other():
        with pytest.raises(ProofError):
            second.advance(ORIGIN, later)

    waiting = threading.Thread(target=other)

    def slow(known):
        waiting.start()
        waiting.join(0.5)
        assert met == []
        log = SmallLog(size=3)
        return Checkpoint(ORIGIN, 3, log.root), log.checkpoint(), 2

    own.heads.advance(ORIGIN, slow)
    waiting.join()
    assert met == [3]


def test_a_file_of_heads_that_cannot_be_used_cosigns_nothing(own, tmp_path, capsys):
    (tmp_path / "heads.sqlite3").write_bytes(b"this is no database" * 100)
    assert own.add_checkpoint(request(SmallLog(size=3), 0), now=1).status == 503
    assert "Nothing is cosigned" in capsys.readouterr().err
    words = ["--key", str(tmp_path / "witness.key"), "--state", str(tmp_path / "heads.sqlite3")]
    assert main(["witness", "pull", published(SmallLog(size=3), tmp_path / "log"), *words]) == 2


def test_nothing_is_answered_that_is_not_stored(own, monkeypatch):
    monkeypatch.setattr(cosignature, "sign", lambda *_, **__: (_ for _ in ()).throw(ProofError("signature-bad", "x")))
    assert own.add_checkpoint(request(SmallLog(size=3), 0), now=1).status == 403
    assert own.heads.newest(ORIGIN) is None


def test_the_key_file_is_private_and_never_overwritten(tmp_path):
    file = tmp_path / "w.key"
    vkey = witness_key.make("w.example", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cosignature.vkey("w.example", witness_key.read(file).public.public_key) == vkey
    with pytest.raises(FileExistsError):
        witness_key.make("w.example", file)
    for bent in (file.read_text().replace("PRIVATE", "PUBLIC"), file.read_text()[:-5], Key(1).vkey, ""):
        (tmp_path / "bent.key").write_text(bent)
        with pytest.raises(ProofError):
            witness_key.read(tmp_path / "bent.key")


def published(log, folder):
    """The log as a folder of files, as C2SP tlog-tiles lays them out."""
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint").write_text(log.checkpoint())
    (folder / "vkeys").write_text(f"{log.key.vkey}\n")
    for level, index, width in tiles.tiles_of(log.size):
        file = folder / "tile" / paths.tile_path(level, index, width)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(log.tiles[level, index])
    return str(folder)


def test_pull_fetches_checks_keeps_and_prints(tmp_path, capsys):
    words = ["--key", str(tmp_path / "w.key"), "--state", str(tmp_path / "heads")]
    assert main(["witness", "keygen", "--name", "w.example", "--key", str(tmp_path / "w.key")]) == 0
    vkey = capsys.readouterr().out.strip()
    for size in (300, 300, 700):
        folder = published(SmallLog(size=size), tmp_path / str(size))
        assert main(["witness", "pull", folder, "--vkey", Key(1).vkey, *words]) == 0
        said = capsys.readouterr()
        assert cosignature.times(said.out, cosignature.parse_vkey(vkey))
        assert said.err == ""
    assert main(["witness", "pull", folder, *words]) == 0
    assert "pin it with --vkey" in capsys.readouterr().err
    assert main(["witness", "pull", folder, "--vkey", Key(9).vkey, *words]) == 1
    assert main(["witness", "pull", str(tmp_path / "nowhere"), *words]) == 2
    capsys.readouterr()
    for forked in (log_of(699, "a"), log_of(5, *range(800)), SmallLog(size=699)):
        folder = published(forked, tmp_path / f"fork-{forked.size}")
        assert main(["witness", "pull", folder, "--vkey", Key(1).vkey, *words]) == 1
        said = capsys.readouterr().err
        assert "FORKED" in said
        assert said.count(ORIGIN) >= 4  # both heads, whole
    assert main(["witness", "pull", published(SmallLog(size=701), tmp_path / "true"), *words]) == 0


def test_the_single_file_is_a_witness_too(tmp_path):
    """As a regulator runs it: one file, nothing installed, over HTTP."""
    (tmp_path / "verify.py").write_bytes(single.source())

    def run(*words, **more):
        command = [sys.executable, "-I", "-S", "verify.py", "witness", *words]
        return subprocess.Popen(command, cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True, **more)

    with run("keygen", "--name", "w.example", "--key", "w.key") as made:
        vkey = made.stdout.read().strip()
    serving = run("serve", "--bind", "127.0.0.1:0", "--key", "w.key", "--state", "heads", "--vkey", Key(1).vkey)
    with serving:
        try:
            address = serving.stdout.readline().split()[-1].removesuffix("/add-checkpoint")
            log = SmallLog(size=5)
            status, answer = post(address, request(log, 0))
        finally:
            serving.kill()
    assert status == 200
    assert cosignature.times(log.checkpoint() + answer.decode(), cosignature.parse_vkey(vkey))
