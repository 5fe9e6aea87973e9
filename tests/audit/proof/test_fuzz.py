"""Whatever is shown to a parser: it answers, or it raises ProofError. Nothing else, ever."""

import base64
import hashlib
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.proof import (
    bundle,
    canonical,
    cosignature,
    ed25519,
    encoding,
    export,
    jws,
    keyset,
    merkle,
    note,
    paths,
    policy,
    receipt,
    tiles,
    tlog_proof,
    witness,
)
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError

from .small_export import members, packed, plainly
from .small_log import Key, SmallLog, entry
from .small_receipt import signed
from .test_cosignature import KEY, VKEY, sign
from .test_policy import EXAMPLE
from .test_tlog_proof import proof

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LOG = SmallLog(size=11)
SIGNED = LOG.checkpoint() + cosignature.sign(note.parse(LOG.checkpoint())[0], KEY, sign, time=5)
REQUEST = witness.make_request(witness.Request(7, tiles.consistency_proof(LOG.read_tile, 7, 11), LOG.checkpoint()))


KEY_SET = json.dumps(
    {"keys": [jws.jwk(Key(1).public) | {"tc:vkey": Key(1).vkey, "tc:since": 3, "tc:until": 7}]}
).encode()

SHORT = {"verify.py": b"print('a verifier of fewer bytes')\n"}


def earlier():
    log = SmallLog(size=5)
    kept = log.checkpoint()
    log.append([entry(number) for number in range(5, 9)])
    return packed(log, [0, 6], complete=False, disclosed=True, earlier=kept, **SHORT)


EXPORT, CHOSEN = packed(LOG, range(3, 9), disclosed=True, **SHORT), earlier()


def text_of(raw):
    """Bytes that are no text never reach a reader of text; halves of a character may."""
    return raw.decode("utf-8", "surrogateescape")


def read_export(raw):
    return export.verify(io.BytesIO(raw), None)


READERS = {
    "note": (lambda raw: note.open_note(text_of(raw), [Key(1).vkey]), SIGNED.encode()),
    "cosignature": (lambda raw: cosignature.times(text_of(raw), KEY), SIGNED.encode()),
    "cosignature line": (
        lambda raw: cosignature.check(note.parse(SIGNED)[0], text_of(raw), KEY),
        SIGNED.splitlines(keepends=True)[-1].encode(),
    ),
    "vkey": (lambda raw: note.parse_vkey(text_of(raw)), Key(1).vkey.encode()),
    "witness vkey": (lambda raw: cosignature.parse_vkey(text_of(raw)), VKEY.encode()),
    "checkpoint": (lambda raw: Checkpoint.parse(text_of(raw)), note.parse(SIGNED)[0].encode()),
    "policy": (policy.parse, EXAMPLE.encode()),
    "request": (witness.parse_request, REQUEST),
    "judge": (lambda raw: witness.judge(witness.parse_request(raw), [Key(1).vkey], None), REQUEST),
    "leaf": (canonical.loads, LOG.leaves[3]),
    "proof": (lambda raw: bundle.verify_bundle(bundle.loads(raw), None), bundle.dumps(LOG.bundle([3, 4]))),
    "tlog-proof": (
        lambda raw: tlog_proof.verify(raw, LOG.leaves[5], [Key(1).vkey]),
        proof(signed=SIGNED),
    ),
    "tlog-proof alone": (
        lambda raw: tlog_proof.verify(raw, None, [Key(1).vkey]),
        proof(extra=LOG.leaves[5]),
    ),
    "key set": (keyset.parse, KEY_SET),
    "receipt": (lambda raw: receipt.verify_receipt(raw, None), signed()),
    "token": (lambda raw: jws.parse(text_of(raw)), signed()),
    "tile address": (lambda raw: paths.parse_tile_path(text_of(raw)), b"0/x001/x234/067.p/12"),
    "export": (read_export, EXPORT),
    "chosen export": (read_export, CHOSEN),
}


def answers(read, raw):
    """Return what a reader says, or its refusal; any other exception fails the test."""
    try:
        return read(raw)
    except ProofError as refusal:
        return refusal


@st.composite
def bent(draw, good):
    """A good file, changed in one to three places: bytes changed, cut, put in, doubled, moved."""
    raw = bytearray(good)
    for _ in range(draw(st.integers(1, 3))):
        place, length = draw(st.integers(0, len(raw))), draw(st.integers(1, 40))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "double", "end"]))
        if kind == "flip" and place < len(raw):
            raw[place] ^= draw(st.integers(1, 255))
        elif kind == "cut":
            del raw[place : place + length]
        elif kind == "insert":
            raw[place:place] = draw(
                st.sampled_from([b"\n", b" ", b"0", b"=", b"\0", b"\xff", b"\xed\xa0\x80", b"null", b"1e9", b"[" * 99])
                | st.binary(min_size=1, max_size=20)
            )
        elif kind == "double":
            raw[place:place] = raw[place : place + length]
        else:
            raw = raw[:place]
    return bytes(raw)


@pytest.mark.parametrize("name", READERS)
@MANY
@given(data=st.data())
def test_a_bent_file_is_refused_in_words(name, data):
    read, good = READERS[name]
    raw = data.draw(bent(good))
    found = answers(read, raw)
    signed_or_hashed = {"proof", "receipt", "tlog-proof alone"}
    if name in signed_or_hashed and raw != good:
        assert isinstance(found, ProofError)
    if name in ("export", "chosen export") and not isinstance(found, ProofError):
        assert members(raw) == members(good)


@pytest.mark.parametrize("name", READERS)
@MANY
@given(raw=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_nonsense_is_refused_in_words(name, raw):
    answers(READERS[name][0], raw)


@pytest.mark.parametrize("member", [*export.NAMES[2:], *export.EARLIER, *export.LAST])
@MANY
@given(data=st.data())
def test_a_bent_member_of_an_export_is_refused_in_words(member, data):
    """Packed again in our own way, hashes and all, so that the parser of that member is what must refuse."""
    files = members(CHOSEN)
    raw = data.draw(bent(files[member]))
    said = json.loads(files["manifest.json"])
    if member not in export.LAST:
        said["files"][member] = hashlib.sha256(raw).hexdigest()
        files["manifest.json"] = canonical.dumps(said)
        hashes = said["files"] | {"manifest.json": hashlib.sha256(files["manifest.json"]).hexdigest()}
        files["SHA256SUMS"] = export.sums({name: hashes[name] for name in files if name != "SHA256SUMS"})
    changed = raw != files[member]
    found = answers(read_export, plainly(files | {member: raw}))
    if changed:
        assert isinstance(found, ProofError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@MANY
@given(JSON)
def test_any_json_is_refused_in_words(value):
    raw = json.dumps(value).encode()
    answers(lambda raw: bundle.verify_bundle(bundle.loads(raw), None), raw)
    answers(canonical.loads, raw)
    files = members(CHOSEN)
    answers(read_export, plainly(files | {"manifest.json": raw}))


@MANY
@given(JSON)
def test_fast_and_slow_reading_of_a_leaf_agree(value):
    """Whatever the fast reader accepts, is exactly what RFC 8785 in our part of it allows."""
    raw = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        slow = canonical.loads(raw, strict=False)
        slow = slow if canonical.dumps(slow) == raw else ProofError
    except ProofError:
        slow = ProofError
    try:
        fast = canonical.loads(raw)
    except ProofError:
        fast = ProofError
    assert fast == slow


@MANY
@given(
    st.integers(-2, 20),
    st.integers(-2, 20),
    st.lists(st.binary(max_size=40) | st.binary(min_size=32, max_size=32), max_size=9),
    st.binary(min_size=32, max_size=32),
)
def test_made_up_proofs_never_hold(one, other, hashes, root):
    for check in (
        lambda: merkle.verify_inclusion(one, other, LOG.root, hashes, root),
        lambda: merkle.verify_consistency(one, other, hashes, LOG.root, root),
    ):
        with pytest.raises(ProofError):
            check()


def test_the_refusals_that_must_never_be_forgotten():
    """Size 0, short hashes, base64 in two spellings, leading zeros, bytes behind the end, members twice."""
    root, key = LOG.root, Key(1)
    b64 = base64.b64encode(root).decode()
    loose = b64[:-2] + chr(ord(b64[-2]) + 1) + "="
    assert base64.b64decode(loose) == root
    for refused in (
        lambda: merkle.verify_consistency(0, 11, [], merkle.EMPTY_ROOT, root),
        lambda: merkle.verify_inclusion(0, 0, root, [], root),
        lambda: merkle.verify_inclusion(0, 1, root[:-1], [], root[:-1]),
        lambda: merkle.verify_inclusion(0, 2, root, [b""], root),
        lambda: Checkpoint.parse(f"{key.name}\n0\n{b64}\n"),
        lambda: Checkpoint.parse(f"{key.name}\n011\n{b64}\n"),
        lambda: Checkpoint.parse(f"{key.name}\n+11\n{b64}\n"),
        lambda: Checkpoint.parse(f"{key.name}\n١١\n{b64}\n"),
        lambda: Checkpoint.parse(f"{key.name}\n11\n{b64}\n\n"),
        lambda: Checkpoint.parse(f"{key.name}\n11\n{loose}\n"),
        lambda: Checkpoint.parse(f"{key.name}\n11\n{b64[:-1]}\n"),
        lambda: encoding.from_base64(f"{b64}\n", "x"),
        lambda: encoding.from_base64(loose, "x"),
        lambda: note.parse_vkey(f"{key.vkey}\n"),
        lambda: note.parse_vkey(f"{key.vkey} "),
        lambda: note.open_note(f"{SIGNED}\n", [key.vkey]),
        lambda: note.open_note(SIGNED[:-1], [key.vkey]),
        lambda: witness.parse_request(REQUEST.replace(b"old 7", b"old 07")),
        lambda: canonical.loads(b'{"a":1,"a":1}'),
        lambda: canonical.loads(b'{"a":1} '),
        lambda: canonical.loads(b'{"a":01}'),
        lambda: canonical.loads(b"\xef\xbb\xbf{}"),
        lambda: canonical.loads('{"a":1}'.encode("utf-16")),
        lambda: bundle.loads(bundle.dumps(LOG.bundle([3])) + b"\n"),
        lambda: receipt.verify_receipt(signed() + b"\n", None),
        lambda: read_export(EXPORT + b"\n"),
        lambda: tlog_proof.verify(proof() + b"\n", LOG.leaves[5], [key.vkey]),
        lambda: tlog_proof.verify(proof().replace(b"index 5", b"index 05"), LOG.leaves[5], [key.vkey]),
        lambda: ed25519.verify(key.public, b"", b"") or encoding.from_base64("=", "x"),
    ):
        with pytest.raises(ProofError):
            refused()
