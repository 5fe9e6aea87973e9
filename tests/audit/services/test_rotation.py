"""Who signs the log: a key of ours, one elsewhere, two at once while one follows the other."""

import base64
import json
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured

from audit import keys
from audit.models import Entry, VerifierKey
from audit.proof import note
from audit.proof.__main__ import main
from audit.proof.errors import ProofError
from audit.services import mark, prove, receipts, rotation, verify
from consent.services import receipt_checks, signed_receipts
from tests import elsewhere
from tests.audit.services.test_mark import enter
from tests.world import ALICE, NOW, say, seal_all

pytestmark = pytest.mark.usefixtures("own_keys")


def opened_by(vkey):
    try:
        return bool(note.open_note(prove.checkpoint(), [vkey]))
    except ProofError as problem:
        return problem.code != "signature-unknown"


def test_both_keys_sign_while_they_overlap_and_then_only_the_new_one(db, run, client):
    enter(2)
    seal_all()
    (old,) = prove.vkeys()
    code, new, _ = run("rotate-keys")
    new = new.strip()
    assert code == 0
    assert stat.S_IMODE((keys.folder() / "log-next.key").stat().st_mode) == 0o600
    seal_all()
    assert (opened_by(old), opened_by(new)) == (True, True)
    assert run("rotate-keys")[0] == 1, "one at a time"
    assert run("rotate-keys", "--finish")[0] == 0
    enter()
    seal_all()
    assert (opened_by(old), opened_by(new)) == (False, True)
    assert run("rotate-keys", "--finish")[0] == 1
    assert mark.read([new]).head.size == 5
    assert verify.whole_log(now=NOW).good
    assert Entry.objects.filter(action="log.key_rotated").count() == 2
    assert client.get("/log/vkeys").content.decode().splitlines() == [
        *("# heads of more than 0 and at most 3 entries:", old),
        *("# heads of more than 2 entries:", new),
    ]
    of_old, of_new = receipts.jwks()["keys"]
    assert (of_old["tc:until"], of_new["tc:since"]) == (3, 2)


def test_a_key_that_nobody_announced_does_not_sign(db):
    enter()
    keys.make_next("log")
    seal_all()
    assert prove.checkpoint().count("— ") == 1
    assert prove.vkeys() == [rotation.vkey("log")]


def test_what_a_key_signed_cannot_be_said_otherwise_later(db):
    seal_all()
    rotation.retire(rotation.vkey("log"), at=0)
    with pytest.raises(Exception, match="append only"):
        VerifierKey.objects.update(until_size=9)


def test_a_signer_elsewhere_signs_without_its_key_coming_here(db, settings, run):
    settings.SIGNER = "tests.elsewhere.signer"
    (keys.folder() / "log.key").unlink()
    keys.key.cache_clear()
    assert keys.make() == [], "no key is made that nobody would use"
    enter()
    seal_all()
    assert note.parse_vkey(prove.vkeys()[0]).public_key == elsewhere.signer("log").public
    assert opened_by(prove.vkeys()[0])
    assert "good   keys" in run("doctor")[1]
    elsewhere.signer("log").end()
    elsewhere._one.cache_clear()


def test_a_web_process_cannot_read_what_signs(monkeypatch):
    monkeypatch.setenv(keys.PART, "web")
    for name in keys.PRIVATE:
        for ask in (keys.key, keys.signer):
            with pytest.raises(ImproperlyConfigured, match="cannot sign"):
                ask(name)
    assert keys.key("data")
    given = "log:a data:b log-next:c receipt:d receipt-next:f lookup:e"
    assert keys.without_private(given) == "data:b lookup:e"


def private_of(name):
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode((keys.folder() / f"{name}.key").read_text()))


def checked(token, tmp_path, client):
    """What the verifier says offline with the published key set, and what our own page does."""
    (tmp_path / "receipt.jws").write_text(token)
    (tmp_path / "jwks.json").write_bytes(client.get("/.well-known/jwks.json").content)
    code = main([str(tmp_path / "receipt.jws"), "--jwks", str(tmp_path / "jwks.json")])
    return code, receipt_checks.check(token.encode()).verdict


def test_the_next_receipt_key_is_published_before_it_signs_and_the_old_one_for_ever(
    made, run, client, tmp_path, capsys
):
    first = made.make()
    code, new, _ = run("rotate-keys", "--receipts")
    assert code == 0
    assert stat.S_IMODE((keys.folder() / "receipt-next.key").stat().st_mode) == 0o600
    assert run("rotate-keys", "--receipts")[0] == 1, "one at a time"
    old, named = receipts.vkeys()
    assert named == new.strip()
    second = made.make("withdraw")
    assert made.kid(second) == made.kid(first), "published, and does not sign yet"
    assert run("rotate-keys", "--receipts", "--finish")[0] == 0
    assert run("rotate-keys", "--receipts", "--finish")[0] == 1
    third = made.make()
    by_kid = {each["kid"]: each for each in receipts.jwks()["keys"]}
    assert [by_kid[made.kid(each)]["tc:vkey"] for each in (first, second, third)] == [old, old, named]
    ended = by_kid[made.kid(first)]["tc:until"]
    assert "tc:until" not in by_kid[made.kid(third)]
    assert client.get("/log/vkeys").content.decode().splitlines()[-3:] == [
        *(f"# receipts of entries before {ended}:", old),
        named,
    ]
    for token in (first, second, third):
        assert checked(token, tmp_path, client) == (0, "real")
    told = Entry.objects.filter(action="log.key_rotated").order_by("id")
    said = [json.loads(bytes(row.leaf))["details"] for row in told]
    assert said == [{"begins": named}, {"ends": old, "at": ended}]


def test_other_tools_open_old_receipts_with_the_key_set_that_is_published_now(made, run):
    first = made.make()
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    head, payload, signature = first.split(".")
    kid = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    (key,) = (each for each in receipts.jwks()["keys"] if each["kid"] == kid)
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
    public.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{payload}".encode())


def test_a_moment_to_come_is_no_moment_of_a_theft(made, run):
    assert run("rotate-keys", "--receipts", "--compromised", "--since", "2999-01-01T00:00:00Z")[0] == 1
    assert run("rotate-keys", "--compromised")[0] == 2
    assert run("rotate-keys", "--receipts", "--since", "2026-01-01T00:00:00Z")[0] == 2


def test_a_sealer_that_still_holds_the_ended_key_signs_with_the_next(made, run):
    """It has read its keys; another process ends one of them and puts the next in its place."""
    first = made.make()
    run("rotate-keys", "--receipts")
    held = keys.key("receipt")
    run("rotate-keys", "--receipts", "--finish")
    keys.key.cache_clear()
    given, keys._read = keys._read, lambda name: base64.b64encode(held).decode() if name == "receipt" else given(name)
    keys.key("receipt")
    keys._read = given
    assert keys.key("receipt") == held
    assert made.kid(made.make("withdraw")) != made.kid(first)


def test_nothing_is_signed_with_a_key_that_ended_and_was_left_in_its_place(made, run):
    made.make()
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    (keys.folder() / "receipt-old.key").replace(keys.folder() / "receipt.key")
    keys.key.cache_clear()
    say(ALICE, "withdraw")
    seal_all()
    with pytest.raises(ImproperlyConfigured, match="has ended"):
        signed_receipts.sign_waiting(now=NOW)
