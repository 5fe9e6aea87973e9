"""A receipt is believed for what its key signed and its log holds, and for nothing else."""

import copy
import hashlib
import hmac
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.proof import bundle, canonical, encoding, jws, receipt
from audit.proof.__main__ import main
from audit.proof.errors import ProofError
from tests.audit.proof import small_receipt
from tests.audit.proof.small_log import ORIGIN, Key, SmallLog
from tests.audit.proof.small_receipt import RECEIPT_KEY, document, leaf, log, named, signed

pytestmark = pytest.mark.once
GOOD = signed()
KEYS = [RECEIPT_KEY.vkey, Key(1).vkey]


def refused(raw, keys=None):
    with pytest.raises(ProofError) as found:
        receipt.verify_receipt(raw, keys)
    return found.value.code


def token(header, payload, signature=None, key=RECEIPT_KEY):
    """A token with whatever header, signed properly all the same."""
    first = f"{encoding.to_base64url(header)}.{encoding.to_base64url(payload)}"
    signature = key.sign(first.encode()) if signature is None else signature(first.encode())
    return f"{first}.{encoding.to_base64url(signature)}".encode()


def header(**changed):
    return canonical.dumps({"alg": "Ed25519", "kid": jws.thumbprint(RECEIPT_KEY.public), "typ": jws.TYPE} | changed)


PAYLOAD = encoding.from_base64url(GOOD.decode().split(".")[1], "payload")


def test_a_good_receipt_is_read():
    report = receipt.verify_receipt(GOOD, KEYS)
    assert (report.pinned, report.origin, report.size, report.entry.index) == (True, ORIGIN, 9, 5)
    assert report.entry.leaf == leaf()
    assert not receipt.verify_receipt(GOOD, None).pinned


def test_the_thumbprint_is_that_of_the_rfc():
    """RFC 8037, appendix A.3."""
    x = encoding.from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "x")
    assert jws.thumbprint(x) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("bits", [0x01, 0x06, 0x20, 0x80])
def test_any_changed_byte_fails(bits):
    for place in range(len(GOOD)):
        bent = bytearray(GOOD)
        bent[place] ^= bits
        for keys in (None, KEYS):
            with pytest.raises(ProofError):
                receipt.verify_receipt(bytes(bent), keys)


@pytest.mark.parametrize("raw", [b"", GOOD[:-1], GOOD + b"\n", b" " + GOOD, GOOD + b"=", GOOD + b".", GOOD[1:], b".."])
def test_nothing_more_and_nothing_less_passes(raw):
    refused(raw)


@pytest.mark.parametrize("place", range(3))
def test_padding_is_refused(place):
    parts = GOOD.split(b".")
    parts[place] += b"=" * (-len(parts[place]) % 4 or 4)
    assert refused(b".".join(parts)) == "base64-bad"


def test_another_spelling_of_the_same_bytes_is_refused():
    """The last letter of 64 bytes carries four spare bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(chr(GOOD[-1]))
    assert last % 16 == 0
    assert refused(GOOD[:-1] + alphabet[last + 1].encode()) == "base64-bad"
    assert refused(GOOD.replace(b"-", b"+").replace(b"_", b"/")) == "base64-bad"


def test_no_signature_at_all_is_refused():
    assert refused(token(header(alg="none"), PAYLOAD, lambda _: b"")) == "jws-algorithm"
    assert refused(token(header(), PAYLOAD, lambda _: b"")) == "signature-bad"


def test_a_public_key_is_no_shared_secret():
    def mac(first):
        return hmac.digest(RECEIPT_KEY.public, first, hashlib.sha256)

    assert refused(token(header(alg="HS256"), PAYLOAD, mac)) == "jws-algorithm"
    assert refused(token(header(), PAYLOAD, mac)) == "signature-bad"


@pytest.mark.parametrize("name", ["EdDSA", "ed25519", "Ed25519ph", "ES256", "", "Ed25519 "])
def test_one_algorithm_under_one_name(name):
    assert refused(token(header(alg=name), PAYLOAD)) == "jws-algorithm"


@pytest.mark.parametrize(
    "more",
    [{"crit": ["b64"], "b64": False}, {"jwk": jws.jwk(RECEIPT_KEY.public)}, {"jku": "https://x"}, {"typ": "JWT"}],
    ids=lambda more: next(iter(more)),
)
def test_a_header_has_no_room_for_more(more):
    assert refused(token(header(**more), PAYLOAD)) == "jws-header"


def test_a_header_has_one_spelling():
    assert refused(token(header().replace(b",", b", "), PAYLOAD)) == "canonical-spelling"
    doubled = header().replace(b'{"alg"', b'{"alg":"none","alg"')
    assert refused(token(doubled, PAYLOAD)) == "canonical-duplicate"


def test_what_is_signed_has_one_spelling():
    assert refused(token(header(), PAYLOAD + b" ")) == "canonical-spelling"
    assert refused(token(header(), PAYLOAD.replace(b'{"@type"', b'{"iss":"x","@type"', 1))) == "canonical-duplicate"
    assert refused(token(header(), b"[]")) == "bundle-type"
    assert refused(token(header(), b"\xff")) == "canonical-syntax"


def test_another_key_is_refused():
    other = Key(9, RECEIPT_KEY.name)
    assert refused(GOOD, [other.vkey]) == "signature-unknown"
    assert refused(signed(key=other), KEYS) == "signature-unknown"
    assert refused(token(header(), PAYLOAD, other.sign)) == "signature-bad"
    assert refused(token(header(kid=jws.thumbprint(other.public)), PAYLOAD)) == "jws-kid"


def test_it_says_when_the_key_of_that_house_is_missing():
    assert refused(GOOD, [Key(1).vkey]) == "key-missing"
    assert refused(GOOD, [Key(7, "other.example/log/receipts").vkey]) == "key-missing"


def test_the_receipt_key_vouches_for_the_log_key_unless_that_is_given_too():
    assert receipt.verify_receipt(GOOD, [RECEIPT_KEY.vkey]).pinned
    assert refused(GOOD, [RECEIPT_KEY.vkey, Key(2).vkey]) == "signature-unknown"


def test_one_house_cannot_sign_for_another():
    elsewhere = SmallLog(size=5, key=Key(3, "other.example/log"))
    elsewhere.append([leaf()])
    assert refused(signed(proof=elsewhere.bundle([5], disclosed=False))) == "receipt-issuer"
    assert refused(signed(iss="other.example/log/receipts")) == "receipt-issuer"
    assert refused(signed(key=Key(1))) == "receipt-issuer"


def test_the_log_must_hold_the_entry():
    proof = log().bundle([5], disclosed=False)
    forged = copy.deepcopy(proof)
    forged["entries"][0]["leaf"] = forged["entries"][0]["leaf"].replace("consent.given", "consent.refused")
    assert refused(signed(proof=forged)) == "root-mismatch"
    assert refused(signed(proof=log().bundle([5, 6], disclosed=False))) == "receipt-entry"


def bend(path, value):
    doc = copy.deepcopy(document())
    node = doc["dpv:hasRecordOfActivity"][0]
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return doc


PROCESS, EVENT = ("dpv:hasProcess", 0), ("dpv:hasConsentStatus", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*EVENT, "tc:action"), "consent.refused"),
        ((*EVENT, "@type"), ["dpv:ConsentRefused"]),
        ((*EVENT, "@type"), ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]),
        ((*EVENT, "dct:date"), ["2025-05-14T12:00:00.000000Z"]),
        ((*EVENT, "tc:actor"), "guardian"),
        ((*EVENT, "tc:channel"), "paper"),
        ((*EVENT, "tc:recorded"), "2025-05-14T12:00:01.000000Z"),
        ((*PROCESS, "dpv:hasPurpose"), [named("sell_everything") | {"tc:version": 1}]),
        ((*PROCESS, "dpv:hasPurpose", 0, "tc:version"), 2),
        ((*PROCESS, "dpv:hasPurpose", 0, "tc:version"), True),
        ((*PROCESS, "dpv:hasPersonalData"), [named("contact.email")]),
        ((*PROCESS, "dpv:hasRecipient"), [named("mail-engine"), named("adpartner")]),
        (("dpv:hasDataSubject",), [named("s_2")]),
        (("dct:language",), ["fr"]),
        (("dpv:hasNotice", 0, "tc:words", "what"), "We look at nothing."),
        (("dpv:hasNotice", 0, "dct:language"), ["fr"]),
        (("dct:identifier",), ["019d8bdc-0000-7000-8018-b1fab2007dfb"]),
    ],
    ids=lambda value: str(value[-1]) if isinstance(value, tuple) else "",
)
def test_it_says_what_the_log_says(path, value):
    """Even under the right key: the house cannot hand out a receipt that its own log contradicts."""
    assert refused(signed(bend(path, value)), KEYS) in {"receipt-differs", "receipt-words", "receipt-form"}


def test_a_receipt_without_its_notice_is_refused():
    doc = document()
    del doc["dpv:hasRecordOfActivity"][0]["dpv:hasNotice"]
    assert refused(signed(doc)) == "receipt-differs"


def test_words_and_digest_changed_together_are_refused():
    words = {"title": "Nothing"}
    notice = named(small_receipt.digest(words)) | {"dct:language": ["en"], "tc:words": words}
    assert refused(signed(bend(("dpv:hasNotice",), [notice]))) == "receipt-differs"


def places(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


@pytest.mark.parametrize("junk", [[], {}, "", "x", 5, True, [[]], [{}], {"dct:identifier": []}], ids=repr)
def test_a_strange_shape_is_refused_and_never_breaks_the_verifier(junk):
    whole = document() | {"iss": RECEIPT_KEY.name, "tc:key": RECEIPT_KEY.vkey}
    whole |= {"tc:log": log().bundle([5], disclosed=False)}
    unread = 0
    for path in places(whole):
        if not path:
            continue
        doc = copy.deepcopy(whole)
        node = doc
        for step in path[:-1]:
            node = node[step]
        if node[path[-1]] == junk:
            continue
        node[path[-1]] = junk
        raw = jws.sign(canonical.dumps(doc), RECEIPT_KEY.public, RECEIPT_KEY.sign).encode()
        try:
            receipt.verify_receipt(raw, None)
        except ProofError:
            continue
        unread += 1
    # The classes of receipt and event, whole and one by one: told, and not in the entry. A false state is refused.
    assert unread <= 5


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "receipt.jws"
    path.write_bytes(GOOD)
    return path


def test_the_program_knows_a_receipt_by_its_content(file, capsys):
    assert main([str(file), *(each for key in KEYS for each in ("--vkey", key))]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "This receipt is real."
    assert "It is about personal_offers, version 1." in said
    assert said[-1] == "It was signed with a key you gave."
    assert main([str(file)]) == 0
    assert "The key came with the file" in capsys.readouterr().out


def test_its_exit_codes_are_those_of_proof_files(file, capsys):
    assert main([str(file), "--vkey", Key(1).vkey]) == 2
    assert main([str(file), "--vkey", Key(9, RECEIPT_KEY.name).vkey]) == 1
    file.write_bytes(GOOD.replace(GOOD[2000:2001], b"."))
    assert main([str(file)]) == 1
    file.write_bytes(GOOD + b"\n")
    assert main([str(file)]) == 1
    file.write_bytes(bundle.dumps(log().bundle([5], disclosed=False)))
    assert main([str(file)]) == 0
    capsys.readouterr()


ALONE = """
import importlib.util, runpy, sys
sys.path[:0] = [sys.argv.pop(1)]
assert not importlib.util.find_spec("cryptography") and not importlib.util.find_spec("audit")
runpy.run_module("proof", run_name="__main__", alter_sys=True)
"""


def test_the_folder_alone_with_nothing_installed_checks_a_receipt(file, tmp_path):
    """Isolated Python: no site packages, no folder of ours, no environment; only the folder and the public key."""
    package = Path(receipt.__file__).parent
    shutil.copytree(package, tmp_path / "proof", ignore=shutil.ignore_patterns("__pycache__"))

    def run(*arguments):
        command = [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", ALONE, str(tmp_path), *arguments]
        return subprocess.run(command, cwd="/", env={}, capture_output=True, check=False)

    done = run(str(file), "--vkey", RECEIPT_KEY.vkey)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"This receipt is real.")
    assert run(str(file), "--vkey", Key(9, RECEIPT_KEY.name).vkey).returncode == 1
    file.write_bytes(GOOD[:900] + bytes([GOOD[900] ^ 1]) + GOOD[901:])
    assert run(str(file)).returncode == 1
    assert run(str(tmp_path / "nothing.jws")).returncode == 2
