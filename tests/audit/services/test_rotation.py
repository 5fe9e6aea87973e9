"""Who signs the log: a key of ours, one elsewhere, two at once while one follows the other."""

import base64
import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured

from audit import keys
from audit.models import Entry, VerifierKey
from audit.proof import canonical, jws, keyset, note
from audit.proof.__main__ import main
from audit.proof.errors import ProofError
from audit.services import mark, prove, receipts, rotation, verify
from consent.services import receipt_checks, signed_receipts
from tests import elsewhere
from tests.audit.services.test_mark import enter
from tests.world import ALICE, NOW, say, seal_all, sign_all


@pytest.fixture(autouse=True)
def _keys_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    keys.key.cache_clear()
    keys.make()
    yield
    keys.key.cache_clear()


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


class Receipts:
    """Choices that get their receipts, as files."""

    def make(self, act="give", now=NOW):
        event = say(ALICE, act, now=now).event
        sign_all(now)
        return signed_receipts.read(subject=None, number=event.entry_id).jws

    def kid(self, token):
        return jws.parse(token).kid


@pytest.fixture
def made(cast):
    return Receipts()


def stolen(token, private):
    """What a thief makes of a receipt with the key: the same words under another name of the controller, say."""
    parsed = jws.parse(token)
    document = canonical.loads(parsed.payload) | {"dct:title": ["Whatever they like"]}
    public = private.public_key().public_bytes_raw()
    key = note.vkey(document["iss"], public)
    return jws.sign(canonical.dumps(document | {"tc:key": key}), public, private.sign)


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
    said = [json.loads(bytes(row.leaf))["details"] for row in Entry.objects.filter(action="log.key_rotated")]
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


def test_a_receipt_that_an_ended_key_signs_for_a_later_entry_is_found_wrong(made, run, client, tmp_path, capsys):
    first, old = made.make(), private_of("receipt")
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    forged = stolen(made.make("withdraw"), old)
    vkeys = [part for vkey in [*prove.vkeys(), *receipts.vkeys()] for part in ("--vkey", vkey)]
    (tmp_path / "forged.jws").write_text(forged)
    assert main([str(tmp_path / "forged.jws"), *vkeys]) == 0, "who knows not that it ended cannot tell"
    assert checked(forged, tmp_path, client) == (1, "ended")
    assert "(key-ended)" in capsys.readouterr().err
    assert checked(first, tmp_path, client) == (0, "real")


def test_what_a_stolen_receipt_key_signs_is_good_only_for_entries_from_before_the_theft(made, run, client, tmp_path):
    """The inclusion proof tells: an entry that the log had sealed by then is from before."""
    before, old = made.make(now=NOW), private_of("receipt")
    theft = NOW + timedelta(hours=1)
    between = made.make("withdraw", now=NOW + timedelta(hours=2))
    code, out, err = run("rotate-keys", "--receipts", "--compromised", "--since", f"{theft:%Y-%m-%dT%H:%M:%SZ}")
    assert (code, out.split(": ")[0]) == (0, "No longer signs"), err
    after = made.make(now=datetime.now(UTC))
    assert made.kid(after) != made.kid(before)
    assert checked(before, tmp_path, client) == (0, "real")
    assert checked(between, tmp_path, client) == (1, "ended"), "nobody can tell it from what the thief makes"
    assert checked(stolen(after, old), tmp_path, client) == (1, "ended")
    assert checked(after, tmp_path, client) == (0, "real")
    ends = json.loads(bytes(Entry.objects.filter(action="log.key_rotated").order_by("id").last().leaf))["details"]
    assert (ends["because"], ends["at"]) == ("compromised", rotation.size_then(theft))


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


def test_a_head_that_only_an_ended_log_key_signed_is_found_wrong(db, run, client, tmp_path):
    old = private_of("log")
    enter(2)
    seal_all()
    kept = prove.checkpoint()
    run("rotate-keys")
    seal_all()
    run("rotate-keys", "--finish")
    enter()
    seal_all()
    known = keyset.parse(client.get("/.well-known/jwks.json").content)
    known.check_head(kept)
    known.check_head(prove.checkpoint())
    body = note.parse(prove.checkpoint())[0]
    forged = note.sign(body, note.parse_vkey(prove.vkeys()[0]).name, old.public_key().public_bytes_raw(), old.sign)
    with pytest.raises(ProofError) as refusal:
        known.check_head(forged)
    assert refusal.value.code == "key-ended"
