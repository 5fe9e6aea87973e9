"""The proof of one entry as C2SP tlog-proof: written, read back, refused, and opened from the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.proof import bundle, cosignature, encoding, note, tiles, tlog_proof
from audit.proof.__main__ import main
from audit.proof.errors import ProofError
from audit.proof.tlog_proof import Parsed

from .small_log import Key, SmallLog
from .test_cosignature import KEY, VKEY, sign

LOG = SmallLog(size=11)
SIGNED = LOG.checkpoint()
VKEYS = [Key(1).vkey]

# The example of C2SP tlog-proof; the signatures are cut short there, and one stands here in their place.
C2SP = """\
c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJwAA
"""


def proof(index=5, *, log=LOG, extra=None, signed=None):
    hashes = tiles.inclusion_proof(log.read_tile, index, log.size)
    return tlog_proof.dumps(Parsed(index, hashes, signed or log.checkpoint(), extra))


def code(call):
    with pytest.raises(ProofError) as refusal:
        call()
    return refusal.value.code


def test_the_form_is_that_of_the_format():
    hashes = [encoding.to_base64(each) for each in tiles.inclusion_proof(LOG.read_tile, 5, 11)]
    assert proof().decode() == "\n".join(["c2sp.org/tlog-proof@v1", "index 5", *hashes, "", SIGNED])
    with_entry = proof(extra=LOG.leaves[5]).decode().splitlines()
    assert with_entry[1] == f"extra {encoding.to_base64(LOG.leaves[5])}"
    assert with_entry[2] == "index 5"


def test_the_example_of_the_format_is_read():
    found = tlog_proof.parse(C2SP.encode())
    assert (found.index, len(found.hashes)) == (73894, 5)
    assert found.extra.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert found.signed.startswith("example.com/fancylog\n109482\n")
    assert tlog_proof.dumps(found) == C2SP.encode()
    cut_short = C2SP.replace("hI2DJwAA", "hI2DJw[...]1roloI=")
    assert code(lambda: tlog_proof.parse(cut_short.encode())) == "base64-bad"


@given(st.integers(1, 70), st.data())
def test_each_entry_of_a_log_of_any_size_is_proven(size, data):
    log, index = SmallLog(size), data.draw(st.integers(0, size - 1))
    report = tlog_proof.verify(proof(index, log=log), log.leaves[index], VKEYS)
    assert (report.size, report.root, report.entries[0].index) == (size, log.root, index)
    alone = proof(index, log=log, extra=log.leaves[index])
    assert tlog_proof.verify(alone, None, VKEYS).entries == report.entries
    assert tlog_proof.dumps(tlog_proof.parse(alone)) == alone
    other = log.leaves[index - 1] if size > 1 else b"{}"
    assert code(lambda: tlog_proof.verify(proof(index, log=log), other, VKEYS)) == "root-mismatch"


def test_what_is_not_there_cannot_be_told():
    assert code(lambda: tlog_proof.verify(proof(), None, VKEYS)) == "entry-missing"
    assert code(lambda: tlog_proof.verify(proof(), LOG.leaves[5], None)) == "key-missing"
    assert code(lambda: tlog_proof.verify(proof(), LOG.leaves[5], [Key(1, "other").vkey])) == "key-missing"
    assert code(lambda: tlog_proof.verify(proof(), LOG.leaves[5], [Key(2).vkey])) == "signature-unknown"


def test_extra_data_is_believed_as_little_as_anything_else():
    """It is the entry, or it is refused: neither another one, nor one beside another."""
    assert code(lambda: tlog_proof.verify(proof(extra=LOG.leaves[4]), None, VKEYS)) == "root-mismatch"
    assert code(lambda: tlog_proof.verify(proof(extra=LOG.leaves[4]), LOG.leaves[5], VKEYS)) == "entry-other"
    assert tlog_proof.verify(proof(extra=LOG.leaves[5]), LOG.leaves[5], VKEYS)


REFUSED = {
    "bytes behind the end": lambda text: text + "\n",
    "a letter behind the end": lambda text: text + "x",
    "the end missing": lambda text: text[:-1],
    "a leading zero": lambda text: text.replace("index 5", "index 05"),
    "a sign": lambda text: text.replace("index 5", "index +5"),
    "another digit": lambda text: text.replace("index 5", "index ٥"),
    "another index": lambda text: text.replace("index 5", "index 4"),
    "an index beyond the end": lambda text: text.replace("index 5", "index 11"),
    "no index": lambda text: text.replace("index 5\n", ""),
    "two indices": lambda text: text.replace("index 5\n", "index 5\nindex 5\n"),
    "empty extra data": lambda text: text.replace("index 5", "extra \nindex 5"),
    "extra data twice": lambda text: text.replace("index 5", "extra e30=\nextra e30=\nindex 5"),
    "extra data behind the index": lambda text: text.replace("index 5\n", "index 5\nextra e30=\n"),
    "another version": lambda text: text.replace("@v1", "@v2"),
    "other line ends": lambda text: text.replace("\n", "\r\n"),
    "a hash too few": lambda text: text.replace(text.splitlines()[2] + "\n", ""),
    "a hash twice": lambda text: text.replace("index 5\n", f"index 5\n{text.splitlines()[2]}\n"),
    "an empty line more": lambda text: text.replace("\n\n", "\n\n\n", 1),
    "no head": lambda text: text.partition("\n\n")[0] + "\n\n",
    "another size": lambda text: text.replace("\n11\n", "\n12\n"),
    "size 0": lambda text: text.replace("\n11\n", "\n0\n"),
    "base64 in another spelling": lambda text: text.replace("=\n", "\n", 1),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_there_is_one_spelling(kind):
    raw = REFUSED[kind](proof().decode()).encode()
    assert raw != proof()
    assert code(lambda: tlog_proof.verify(raw, LOG.leaves[5], VKEYS))


def test_spare_bits_and_short_hashes_are_refused():
    lines = proof().decode().split("\n")
    loose = lines[2][:-2] + chr(ord(lines[2][-2]) + 1) + "="
    short = encoding.to_base64(encoding.from_base64(lines[2], "x")[:-1])
    for bent, said in ((loose, "base64-bad"), (short, "hash-length")):
        raw = "\n".join([*lines[:2], bent, *lines[3:]]).encode()
        assert code(lambda raw=raw: tlog_proof.parse(raw)) == said
    empty = proof().replace(b"index 5", b"extra \nindex 5")
    assert code(lambda: tlog_proof.parse(empty)) == "tlog-proof-form"


def test_an_entry_that_is_no_leaf_of_ours_is_refused():
    """A log may hold anything; what our verifier says of an entry, it must have read."""
    log = SmallLog()
    log.leaves = [b"\xff\xfe"]
    grown, log.root = tiles.grow(log.read_tile, 0, [tlog_proof.merkle.leaf_hash(b"\xff\xfe")])
    log.tiles |= grown
    assert code(lambda: tlog_proof.verify(proof(0, log=log), b"\xff\xfe", VKEYS)).startswith("canonical")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "5.tlog-proof").write_bytes(proof())
    (tmp_path / "5.json").write_bytes(LOG.leaves[5])
    (tmp_path / "4.json").write_bytes(LOG.leaves[4])
    return tmp_path


def test_the_verifier_takes_it_with_the_entry_beside_it(files, capsys):
    words, key = [str(files / "5.tlog-proof"), "--entry", str(files / "5.json")], ["--vkey", *VKEYS]
    assert main([*words, *key]) == 0
    said = capsys.readouterr().out
    assert "Entry 5 is in the log: consent.granted" in said
    assert "signed with a key you gave" in said
    assert main([*words[:2], str(files / "4.json"), *key]) == 1
    assert main(words) == 2, "no key"
    assert main([*words[:1], *key]) == 2, "no entry"
    assert main([*words[:2], str(files / "3.json"), *key]) == 2
    assert "3.json" in capsys.readouterr().err


def test_witnesses_are_named_and_a_quorum_is_asked_for(files, capsys):
    line = cosignature.sign(note.parse(SIGNED)[0], KEY, sign, time=5)
    (files / "seen").write_bytes(proof(signed=SIGNED + line, extra=LOG.leaves[5]))
    (files / "alone").write_bytes(proof(extra=LOG.leaves[5]))
    (files / "policy").write_text(f"log {VKEYS[0]}\nwitness w1 {VKEY}\nquorum w1\n")
    policy = ["--policy", str(files / "policy")]
    assert main([str(files / "seen"), *policy]) == 0
    assert "have seen this head: w1." in capsys.readouterr().out
    assert main([str(files / "alone"), *policy]) == 1
    assert "(quorum-missing)" in capsys.readouterr().err
    assert main([str(files / "seen"), "--vkey", *VKEYS]) == 0, "unknown signatures are passed over"


def test_its_head_can_be_compared_with_another(files, capsys):
    (files / "head").write_text(SIGNED)
    assert main(["compare", str(files / "head"), str(files / "5.tlog-proof"), "--vkey", *VKEYS]) == 0
    assert "same head" in capsys.readouterr().out


def test_a_file_is_known_by_its_first_line():
    assert tlog_proof.is_proof(proof())
    assert not tlog_proof.is_proof(bundle.dumps(LOG.bundle([3])))
    assert not tlog_proof.is_proof(b"c2sp.org/tlog-proof@v2\n")
