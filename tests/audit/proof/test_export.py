import hashlib
import io
import json
import random
import tracemalloc
import zipfile

import pytest

from audit.proof import archive, canonical, export, merkle, note
from audit.proof.checkpoint import Checkpoint
from audit.proof.doors import single
from audit.proof.errors import ProofError

from .small_export import members, packed, plainly, repacked, verify
from .small_log import Key, SmallLog, entry


@pytest.fixture(scope="module")
def log():
    return SmallLog(size=40)


@pytest.fixture(autouse=True)
def small_verifier(monkeypatch):
    """These tests are about the rest; the real file is tested in doors/."""
    monkeypatch.setattr(single, "source", lambda: b"print('verified')\n")


def refusal(raw, vkeys=None):
    with pytest.raises(ProofError) as refused:
        verify(raw, vkeys)
    return refused.value


def test_a_range_proves_that_nothing_is_left_out(log):
    report = verify(packed(log, range(3, 30)), [log.key.vkey])
    assert (report.complete, report.pinned, report.first, report.last, report.count) == (True, True, 3, 29, 27)
    assert (report.origin, report.size, report.root) == (log.key.name, 40, log.root)
    assert [each.index for each in report.entries] == list(range(3, 23))


def test_chosen_entries_prove_that_they_are_in_and_no_more(log):
    report = verify(packed(log, [0, 7, 8, 39], complete=False, disclosed=True))
    assert (report.complete, report.pinned, report.count, report.disclosed) == (False, False, 4, 4)
    assert report.entries[1].payload["number"] == 7
    assert report.filter == {"action": ["consent.granted"]}


def test_every_byte_of_the_file_counts():
    """Each byte of the container, too. The same content can be compressed in two ways: only that says nothing."""
    raw = packed(SmallLog(size=2), range(2), disclosed=True)
    content, chance, same = members(raw), random.Random(3), []
    for place in range(len(raw)):
        bent = raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(8)]) + raw[place + 1 :]
        try:
            verify(bent)
        except ProofError:
            continue
        same.append(place)
        assert members(bent) == content, place
    assert len(same) < 20


@pytest.mark.parametrize("name", [*export.NAMES, *export.EARLIER, *export.LAST])
def test_every_byte_of_every_member_counts(name):
    """As if somebody had unpacked it, changed one byte, and packed it again in just our way."""
    log = SmallLog(size=2)
    earlier = log.checkpoint()
    log.append([entry(2)])
    files = members(packed(log, [1], complete=False, disclosed=True, earlier=earlier))
    chance = random.Random(7)
    for place in range(len(files[name])):
        bent = bytearray(files[name])
        bent[place] ^= 1 << chance.randrange(8)
        refusal(plainly(files | {name: bytes(bent)}))
    refusal(plainly(files | {name: files[name] + b"\n"}))
    refusal(plainly(files | {name: files[name][:-1]}))
    refusal(plainly({other: raw for other, raw in files.items() if other != name}))


@pytest.mark.parametrize("name", ["entries.jsonl", "proof", "checkpoint", "vkeys"])
def test_a_changed_byte_is_found_without_the_hashes_too(log, name):
    """The liar makes the hashes fit: then the proof itself must tell."""
    true = members(packed(log, [4, 5, 9], complete=False, disclosed=True))[name]
    chance = random.Random(11)
    for place in range(len(true)):
        bent = bytearray(true)
        bent[place] ^= 1 << chance.randrange(8)
        refusal(packed(log, [4, 5, 9], complete=False, disclosed=True, **{name: bytes(bent)}))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"kind": "trustcenter-export/2"}, "bundle-kind"),
        ({"origin": "other.example"}, "bundle-origin"),
        ({"size": 41}, "export-counts"),
        ({"entries": 26}, "export-counts"),
        ({"disclosed": 1}, "export-counts"),
        ({"first": 4}, "bundle-range"),
        ({"last": 30}, "bundle-range"),
        ({"proves": "these are most"}, "bundle-missing"),
        ({"proves": True}, "bundle-missing"),
        ({"comment": "trust me"}, "bundle-unknown"),
        ({"entries": "27"}, "bundle-type"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(log, said, code):
    assert refusal(packed(log, range(3, 30), said=said)).code == code


def test_a_manifest_with_the_hash_of_another_file_is_refused(log):
    """Though SHA256SUMS is right: whoever reads only one of the two must not be told otherwise."""
    files = members(packed(log, [4]))
    said = json.loads(files["manifest.json"])
    true = dict(said["files"])
    said["files"]["verify.py"] = "0" * 64
    files["manifest.json"] = canonical.dumps(said)
    names = [name for name in files if name not in export.LAST]
    hashes = {name: true[name] for name in names}
    hashes["manifest.json"] = hashlib.sha256(files["manifest.json"]).hexdigest()
    files["SHA256SUMS"] = export.sums(hashes)
    error = refusal(plainly(files))
    assert error.code == "export-hash"
    assert "verify.py" in str(error)


def test_F28_a_line_that_is_missing_is_missed_though_everything_else_was_made_to_fit(log):
    lines = members(packed(log, range(3, 30)))["entries.jsonl"].splitlines(keepends=True)
    for gone in (0, 5, 26):
        left = b"".join(line for place, line in enumerate(lines) if place != gone)
        refusal(packed(log, range(3, 30), **{"entries.jsonl": left, "said": {"entries": 26}}))
    refusal(packed(log, range(3, 30), **{"entries.jsonl": b"".join(lines + lines[-1:])}))
    refusal(packed(log, range(3, 30), **{"entries.jsonl": b"".join(lines[::-1])}))


def test_F28_chosen_entries_cannot_pass_for_a_range(log):
    assert refusal(packed(log, [3, 4, 6])).code == "bundle-range"
    assert refusal(packed(log, [3, 4, 6], said={"last": 5})).code == "bundle-range"


def test_an_entry_that_the_filter_does_not_ask_for_is_refused(log):
    for chosen in ({"action": ["consent.refused"]}, {"subject": ["x"]}, {"since": "2027"}, {"before": "2026"}):
        assert refusal(packed(log, [3, 4], complete=False, chosen_by=chosen)).code == "export-filter"
    assert verify(packed(log, [3, 4], complete=False, chosen_by={"since": "2026", "before": "2027"})).count == 2
    for chosen in ({"colour": ["x"]}, {"action": "consent.granted"}, {"since": 5}, {"action": [5]}):
        refusal(packed(log, [3, 4], complete=False, chosen_by=chosen))


def test_a_payload_of_another_entry_is_refused(log):
    lines = members(packed(log, [3, 4], disclosed=True))["entries.jsonl"].splitlines(keepends=True)
    one, other = (json.loads(line) for line in lines)
    one["payload"] = other["payload"]
    bent = json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" + lines[1]
    assert refusal(packed(log, [3, 4], disclosed=True, **{"entries.jsonl": bent})).code == "commitment-mismatch"


@pytest.mark.parametrize(
    "line",
    [
        b'{"seq":3}\n',
        b'{"leaf":"{}","seq":3}\n',
        b'{"seq":3,"leaf":"{}","seq":3}\n',
        b'{"seq":3, "leaf":"{}"}\n',
        b'{"seq":3.0,"leaf":"{}"}\n',
        b'{"seq":true,"leaf":"{}"}\n',
        b'{"seq":3,"leaf":"{}","salt":"AA=="}\n',
        b'{"seq":3,"leaf":"{\\"a\\":1,\\"a\\":2}"}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\n",
        b"\n",
    ],
)
def test_a_line_in_another_spelling_is_refused(log, line):
    refusal(packed(log, [3], **{"entries.jsonl": line}))


def test_a_line_has_one_spelling_though_it_says_the_same(log):
    [line] = members(packed(log, [3], disclosed=True))["entries.jsonl"].splitlines(keepends=True)
    other = [
        line.replace(b'"seq":3', b'"seq": 3'),
        line.replace(b'"seq":3', b'"seq":3,"seq":3'),
        line.replace("你".encode(), b"\\u4f60"),
        line[:-1],
        line[:-1] + b"\r\n",
        b" " + line,
        json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":"), ensure_ascii=False).encode()
        + b"\n",
    ]
    assert line not in other
    for bent in other:
        raw = packed(log, [3], disclosed=True, **{"entries.jsonl": bent})
        assert refusal(raw).code == "bundle-spelling"


def test_a_head_the_reader_kept_must_be_a_beginning():
    log = SmallLog(size=5)
    earlier = log.checkpoint()
    log.append([entry(number) for number in range(5, 9)])
    assert verify(packed(log, [7], earlier=earlier)).earlier == 5
    forged = SmallLog(size=4)
    forged.append([entry(99)])
    assert refusal(packed(log, [7], earlier=forged.checkpoint())).code == "root-mismatch"
    stranger = SmallLog(size=5, key=Key(9)).checkpoint()
    assert refusal(packed(log, [7], earlier=stranger)).code == "signature-unknown"


def test_a_forger_with_another_key_is_seen_when_the_key_is_pinned(log):
    forged = packed(SmallLog(size=40, key=Key(9)), [4])
    assert verify(forged).pinned is False
    assert refusal(forged, [log.key.vkey]).code == "signature-unknown"
    assert refusal(forged, [Key(1, "other.example").vkey]).code == "key-missing"


def test_a_head_of_no_entries_proves_nothing(log):
    text = Checkpoint(log.key.name, 0, merkle.EMPTY_ROOT).body()
    signed = note.sign(text, log.key.name, log.key.public, log.key.sign)
    refusal(packed(log, [4], signed=signed, said={"size": 0}))


def test_a_zip_that_others_packed_is_refused(log):
    files = members(packed(log, [4]))
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        for name, raw in files.items():
            file.writestr(name, raw)
    assert refusal(kept.getvalue()).code == "archive-bad"
    good = plainly(files)
    assert verify(good).count == 1
    for bent in (b"x" + good, good + b"x", good[:-1], good[:50] + b"x" + good[50:], b"PK\3\4", good[:30]):
        assert refusal(bent).code == "archive-bad"
    doubled = io.BytesIO()
    writer = archive.Writer(doubled)
    for name, raw in files.items():
        writer.add(name, [raw])
    with pytest.warns(UserWarning, match="Duplicate"):
        writer.add("proof", [files["proof"]])
    writer.close()
    assert refusal(doubled.getvalue()).code == "archive-bad"
    assert refusal(plainly(dict(reversed(files.items())))).code == "export-members"
    assert refusal(plainly(files | {"more.txt": b"x"})).code == "export-members"


def test_nothing_hides_behind_compressed_data(log, monkeypatch):
    """A stream of its own ends before the member does: zip readers stop there, and never look at the rest."""
    files = members(packed(log, [4]))

    class Padded:
        def __init__(self, packer):
            self.packer = packer

        def compress(self, raw):
            return self.packer.compress(raw)

        def flush(self):
            return self.packer.flush() + b"hidden"

    packer = zipfile._get_compressor
    monkeypatch.setattr(zipfile, "_get_compressor", lambda *kind: Padded(packer(*kind)))
    hiding = plainly(files)
    assert members(hiding) == files
    assert hiding.count(b"hidden") == len(files)
    assert refusal(hiding).code == "archive-bad"


def test_a_file_beyond_two_gigabytes_has_one_spelling_too(log, monkeypatch):
    """The long form begins at a limit of the standard library; here it begins at the second member."""
    files = members(packed(log, range(9)))
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 400)
    large = plainly(files)
    assert b"PK\6\6" in large
    assert verify(large).count == 9
    for place in range(len(large) - 200, len(large)):
        refusal(large[:place] + bytes([large[place] ^ 1]) + large[place + 1 :])


def test_memory_does_not_grow_with_the_export(log):
    """Nothing is kept of entries but the first few."""
    report = verify(packed(log, range(40)))
    assert len(report.entries) == export.SHOWN


def test_repacking_honestly_is_what_the_tests_above_do(log):
    files = members(packed(log, [4]))
    said = json.loads(files.pop("manifest.json"))
    files.pop("SHA256SUMS")
    said.pop("files")
    assert verify(repacked(files, said)).count == 1


HUGE = {"lines": b"\n" * 30_000_000, "one line": b"[" + b"{}," * 10_000_000 + b"{}]\n"}


@pytest.mark.parametrize("content", HUGE.values(), ids=HUGE)
def test_a_small_file_that_unpacks_to_a_huge_one_takes_no_memory(log, content):
    """A hundred kilobytes are enough for gigabytes of text, and for more of what is read out of it."""
    raw = packed(log, range(2), **{"entries.jsonl": content})
    assert len(raw) < 100_000
    tracemalloc.start()
    refusal(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * 1024 * 1024


def test_a_member_of_any_length_is_read_whatever_way_it_was_packed():
    """What is unpacked comes in pieces, and the last of them may wait behind a packed text that is used up."""
    for length in (0, 1, archive.PIECE - 1, archive.PIECE, archive.PIECE + 1, 3 * archive.PIECE):
        for text in (b"x" * length, random.Random(4).randbytes(length)):
            file = io.BytesIO()
            writer = archive.Writer(file)
            writer.add("a", [text])
            writer.close()
            assert b"".join(archive.Reader(file).chunks("a")) == text
