"""A key signs whatever its holder likes: by the sizes of the log between which it was ours a thief's work is told."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from audit import keys
from audit.models import Entry, Head, Leaf, VerifierKey
from audit.proof import canonical, jws, keyset, note
from audit.proof.__main__ import main
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.services import prove, receipts, rotation, seal
from consent.services import recovery, signed_receipts
from tests.audit.services.test_mark import enter
from tests.audit.services.test_rotation import checked, private_of
from tests.faults.log import published
from tests.world import ALICE, NOW, OPERATOR, say, seal_all, sign_all

pytestmark = pytest.mark.usefixtures("own_keys")


def stolen(token, private):
    """What a thief makes of a receipt with the key: the same words under another name of the controller, say."""
    parsed = jws.parse(token)
    document = canonical.loads(parsed.payload) | {"dct:title": ["Whatever they like"]}
    public = private.public_key().public_bytes_raw()
    key = note.vkey(document["iss"], public)
    return jws.sign(canonical.dumps(document | {"tc:key": key}), public, private.sign)


def signed_by(private, body):
    """A head of the log that this key alone has signed."""
    return note.sign(body, body.partition("\n")[0], private.public_key().public_bytes_raw(), private.sign)


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


def test_a_key_that_ended_and_is_found_stolen_later_is_believed_up_to_the_theft_only(
    made, run, client, tmp_path, capsys
):
    before, thief = made.make(now=NOW), private_of("receipt")
    (old,), theft = receipts.vkeys(), NOW + timedelta(hours=1)
    between = made.make("withdraw", now=NOW + timedelta(hours=2))
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    after = made.make(now=datetime.now(UTC))
    forged = stolen(between, thief)
    assert checked(forged, tmp_path, client) == (0, "real"), "the harm: it ended, and nobody knows of the theft"
    ended = VerifierKey.objects.get(vkey=old).until_size
    found = "--receipts", "--compromised", "--since"
    capsys.readouterr()
    code, out, err = run("rotate-keys", *found, f"{theft:%Y-%m-%dT%H:%M:%SZ}", "--key", old)
    assert (code, out) == (0, f"Believed of entries before {rotation.size_then(theft)} only: {old}\n"), err
    assert checked(forged, tmp_path, client) == (1, "ended")
    assert "Its entry is in the log; what the receipt says beside it is not proven. (key-ended)" in _err(capsys)
    assert checked(between, tmp_path, client) == (1, "ended"), "nobody can tell it from what the thief makes"
    assert [checked(each, tmp_path, client) for each in (before, after)] == [(0, "real")] * 2
    said = json.loads(bytes(Entry.objects.filter(action="log.key_rotated").order_by("id").last().leaf))["details"]
    assert said == {"ends": old, "at": rotation.size_then(theft), "because": "compromised"}
    assert rotation.size_then(theft) < ended
    for moment, key in (("2026-11-01T00:00:00Z", old), ("2026-01-01T00:00:00Z", receipts.vkeys()[1])):
        assert run("rotate-keys", *found, moment, "--key", key)[0] == 1, "never later again, and none that signs"
    assert run("rotate-keys", *found, "2999-01-01T00:00:00Z", "--key", old)[0] == 1
    assert run("rotate-keys", "--receipts", "--compromised", "--key", old)[0] == 2


def _err(capsys):
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("purpose", "at", "refused"),
    [("receipt", 4, False), ("receipt", 6, True), ("receipt", None, True), ("log", 4, True)],
)
def test_the_end_of_a_key_of_receipts_can_only_come_earlier_and_that_of_a_log_key_not_at_all(db, purpose, at, refused):
    VerifierKey.objects.create(vkey="a key", purpose=purpose, created_at=NOW, until_size=5)
    refusal = pytest.raises(DatabaseError, match="append only") if refused else contextlib.nullcontext()
    with refusal, transaction.atomic():
        VerifierKey.objects.filter(vkey="a key").update(until_size=at)


def test_a_receipt_that_a_key_signs_for_an_entry_from_before_it_was_announced_is_found_wrong(
    made, run, client, tmp_path, capsys
):
    first = made.make()
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    second, thief = made.make("withdraw"), private_of("receipt")
    forged = stolen(first, thief)
    assert checked(forged, tmp_path, client) == (1, "changed")
    assert "signs for later entries only" in _err(capsys)
    assert [checked(each, tmp_path, client)[0] for each in (first, second)] == [0, 0]


def test_receipts_that_waited_while_the_key_changed_are_good_under_the_next(made, run, client, tmp_path):
    """They are of entries from before it was announced: so it begins where the signing of receipts stood then."""
    made.make()
    waiting = say(ALICE, "withdraw").event
    seal_all()
    run("rotate-keys", "--receipts")
    run("rotate-keys", "--receipts", "--finish")
    sign_all(NOW)
    token = signed_receipts.read(subject=None, number=waiting.entry_id).jws
    old, new = receipts.keys_of_receipts()
    assert made.kid(token) == jws.jwk(note.parse_vkey(new.vkey).public_key)["kid"]
    assert 0 < new.since_size <= Leaf.objects.get(entry_id=waiting.entry_id).seq < old.until_size
    assert checked(token, tmp_path, client) == (0, "real")


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
    forged = signed_by(old, note.parse(prove.checkpoint())[0])
    with pytest.raises(ProofError) as refusal:
        known.check_head(forged)
    assert refusal.value.code == "key-ended"


def test_a_head_that_only_a_later_log_key_signed_is_found_wrong(db, run, client):
    enter(2)
    seal_all()
    kept = prove.checkpoint()
    run("rotate-keys")
    seal_all()
    known, thief = keyset.parse(client.get("/.well-known/jwks.json").content), private_of("log-next")
    known.check_head(kept)
    known.check_head(prove.checkpoint())
    alone = [signed_by(thief, note.parse(each)[0]) for each in (kept, prove.checkpoint())]
    known.check_head(alone[1])
    with pytest.raises(ProofError) as refusal:
        known.check_head(alone[0])
    assert refusal.value.code == "key-early"


def test_a_key_put_in_place_by_hand_begins_with_the_first_head_that_it_signs(db, client, settings):
    """A pass was cut off between the tree and its head; and a new log signs the entry that begins it."""
    enter(2)
    seal_all()
    enter()
    seal._grow()
    _new_log_key()
    seal_all()
    keyset.parse(client.get("/.well-known/jwks.json").content).check_head(prove.checkpoint())
    settings.LOG_ORIGIN += "/2"
    _new_log_key()
    recovery.new_log(because="renamed", by=OPERATOR, now=NOW)
    keyset.parse(client.get("/.well-known/jwks.json").content).check_head(prove.checkpoint())


def _new_log_key():
    (keys.folder() / "log.key").unlink()
    keys.key.cache_clear()
    keys.make()


def test_two_heads_are_compared_only_where_keys_signed_them_that_stood_then(db, run, client, tmp_path, capsys):
    """Whoever stole an ended key could make our log look forked."""
    old = private_of("log")
    enter(2)
    seal_all()
    run("rotate-keys")
    seal_all()
    run("rotate-keys", "--finish")
    enter()
    seal_all()
    true, size = prove.checkpoint(), Head.objects.get().size
    forged = signed_by(old, Checkpoint(note.parse_vkey(prove.vkeys()[0]).name, size, bytes(32)).body())
    for name, text in {"true": true, "forged": forged}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "jwks.json").write_bytes(client.get("/.well-known/jwks.json").content)
    known = "--jwks", str(tmp_path / "jwks.json")
    assert main(["compare", str(tmp_path / "true"), str(tmp_path / "true"), *known]) == 0
    assert main(["compare", str(tmp_path / "true"), str(tmp_path / "forged"), *known]) == 1
    assert "(key-ended)" in _err(capsys)
    assert main(["log", published(tmp_path / "log"), "--head", str(tmp_path / "true"), *known]) == 0
    assert main(["log", str(tmp_path / "log"), "--head", str(tmp_path / "forged"), *known]) == 1
    assert "(key-ended)" in _err(capsys)
