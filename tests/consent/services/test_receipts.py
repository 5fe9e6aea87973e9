"""Every act gets a signed receipt, once the log holds it; anyone can check it, and erasure takes it away."""

import base64
import json
import shutil
import subprocess
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import DatabaseError, transaction

from audit import vault
from audit.models import Entry, Payload, SubjectSecret, VerifierKey
from audit.proof import receipt
from audit.services import prove
from audit.services import receipts as signing
from consent.errors import NotFound, ReceiptGone
from consent.models import ConsentEvent, Receipt, Revision
from consent.rules import profiles
from consent.services import catalogue, receipts, signed_receipts, subjects
from tests.world import (
    ALICE,
    BOB,
    CAROL,
    MALLORY,
    NOW,
    OPERATOR,
    ask,
    damage,
    document,
    publish,
    say,
    seal_all,
    sign_all,
)

SIGNED = NOW + timedelta(seconds=2)
BY = {"by": OPERATOR}


def file(event):
    return signed_receipts.read(subject=None, number=event.entry_id).jws


def record(event):
    report = receipt.verify_receipt(file(event).encode(), [*signing.vkeys(), *prove.vkeys()])
    assert report.pinned
    return report.document["dpv:hasRecordOfActivity"][0]


ACTS = [
    ("give", "personal_offers"),
    ("refuse", "personal_offers"),
    ("withdraw", "ride_photos"),
    ("object", "plan_staff"),
]


@pytest.mark.parametrize(("act", "purpose"), ACTS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_act_gets_one(park, act, purpose, language):
    event = say(MALLORY, act, purpose, language=language).event
    assert sign_all() == 1
    found = record(event)
    assert found["dct:language"] == [language]
    assert found["dpv:hasNotice"][0]["tc:words"] == event.notice.text
    assert found["dpv:hasProcess"][0]["dpv:hasPurpose"][0]["dct:identifier"] == [purpose]


def test_a_yes_tells_what_was_chosen_and_nothing_else(park):
    event = say(ALICE, "give", categories=["contact.email"], recipients=["mailbird", "adpartner"]).event
    sign_all()
    process = record(event)["dpv:hasProcess"][0]
    assert [row["dct:identifier"] for row in process["dpv:hasPersonalData"]] == [["contact.email"]]
    assert [row["dct:identifier"] for row in process["dpv:hasRecipient"]] == [["mailbird"], ["adpartner"]]


def test_a_yes_of_the_demo_meets_both_profiles(park):
    event = say(ALICE, "give", recipients=["mailbird", "adpartner"]).event
    sign_all()
    assert profiles.missing(record(event)) == {"iso-27560": [], "eu-gdpr": []}


def test_it_waits_until_the_log_is_sealed(park):
    event = say(ALICE, "give").event
    assert signed_receipts.sign_waiting(now=NOW) == 0
    assert signed_receipts.read(subject=event.subject, number=event.entry_id) is None
    seal_all()
    assert signed_receipts.read(subject=event.subject, number=event.entry_id) is None
    assert signed_receipts.sign_waiting(now=SIGNED) == 1
    found = signed_receipts.read(subject=event.subject, number=event.entry_id)
    assert found.signed_at == SIGNED


def test_it_can_be_shown_before_it_is_signed(park):
    event = say(ALICE, "give").event
    shown = signed_receipts.document(event, now=SIGNED)
    sign_all()
    signed = receipt.verify_receipt(file(event).encode(), None).document
    assert shown == {name: value for name, value in signed.items() if name not in ("iss", "tc:key", "tc:log")}
    assert signed_receipts.kantara(event)["consentReceiptID"] == str(event.entry_id)
    assert signed_receipts.kantara(say(ALICE, "withdraw").event) is None


def test_each_is_signed_once_and_stays_as_it_is(cast):
    assert sign_all() == 2
    first = {event.pk: file(event) for event in ConsentEvent.objects.all()}
    ask(ALICE)
    say(CAROL, "give")
    assert sign_all() == 1
    publish(now=NOW, personal_offers={"retention": "P24M"})
    assert sign_all() == 0
    assert {pk: file(ConsentEvent.objects.get(pk=pk)) for pk in first} == first
    assert Receipt.objects.count() == 3


def test_many_are_signed_in_passes(park, monkeypatch):
    monkeypatch.setattr(signed_receipts, "BATCH", 4)
    events = [say(who, act).event for who in (ALICE, BOB, CAROL) for act in ("give", "withdraw")]
    assert sign_all() == 6
    for event in events:
        record(event)


def test_a_large_import_keeps_nobody_waiting(park, monkeypatch):
    monkeypatch.setattr(signed_receipts, "BATCH", 1)
    monkeypatch.setattr(signed_receipts, "IMPORTED", 2)
    old = [say(who, "give", imported=True, collected_at=NOW - timedelta(days=9)).event for who in (ALICE, BOB, CAROL)]
    new = [say(MALLORY, act).event for act in ("give", "withdraw")]
    seal_all()
    there = set()
    while signed_receipts.waiting(now=SIGNED):
        signed_receipts.sign_waiting(now=SIGNED)
        there = set(Receipt.objects.values_list("event", flat=True))
        assert there >= {event.pk for event in new} or not there & {event.pk for event in old}
    assert there == {event.pk for event in old + new}


def test_of_two_who_sign_the_same_one_keeps_it(park, monkeypatch):
    say(ALICE, "give")
    seal_all()
    made, inner = signed_receipts._rows, []

    def meanwhile(leaves, now):
        monkeypatch.setattr(signed_receipts, "_rows", made)
        inner.append(signed_receipts.sign_waiting(now=now))
        return made(leaves, now)

    monkeypatch.setattr(signed_receipts, "_rows", meanwhile)
    assert (signed_receipts.sign_waiting(now=SIGNED), inner) == (0, [1])
    assert Receipt.objects.count() == 1


LEAVES = {"another year": lambda leaf: leaf.replace(b"2026", b"2025"), "no text at all": lambda leaf: b"\xff" + leaf}


@pytest.mark.parametrize("bend", LEAVES.values(), ids=LEAVES)
def test_what_its_entry_does_not_prove_gets_no_receipt_and_holds_up_no_one(cast, caplog, bend):
    bent, good = ConsentEvent.objects.order_by("pk")[:2]
    seal_all()
    entry = Entry.objects.get(id=bent.entry_id)
    damage(Entry.objects.filter(id=entry.id), leaf=bend(bytes(entry.leaf)))
    assert sign_all() == 1
    assert Receipt.objects.get().event == good
    assert str(bent.entry_id) in caplog.text


def test_of_what_is_damaged_it_says_that_there_will_be_no_receipt(cast, caplog):
    """Its payload before it was signed; or what was signed, afterwards."""
    first, second = ConsentEvent.objects.order_by("pk")[:2]
    seal_all()
    assert signed_receipts.standing(first) == "waiting"
    damage(Payload.objects.filter(entry_id=first.entry_id), sealed=b"x" * 99)
    assert sign_all() == 1
    assert str(first.entry_id) in caplog.text
    assert [signed_receipts.standing(each) for each in (first, second)] == ["damaged", "signed"]
    damage(Receipt.objects.filter(event=second), sealed=b"x" * 99)
    for event in (first, second):
        with pytest.raises(ReceiptGone, match="damaged"):
            file(event)
    with pytest.raises(ReceiptGone, match="damaged"):
        signed_receipts.kantara(first)


def test_an_imported_yes_without_words_says_what_it_lacks(park):
    old = NOW - timedelta(days=2000)
    event = say(ALICE, "give", imported=True, collected_at=old, language="").event
    assert event.notice is None
    sign_all()
    found = record(event)
    assert {"privacy_notice", "language", "event_type"} == set(profiles.missing(found)["iso-27560"])
    assert found["dpv:hasConsentStatus"][0]["tc:imported"] is True


def test_only_its_own_customer_reads_it(cast):
    sign_all()
    event = ConsentEvent.objects.get(act="give")
    assert signed_receipts.read(subject=subjects.find(ALICE), number=event.entry_id)
    with pytest.raises(NotFound):
        signed_receipts.read(subject=subjects.find(BOB), number=event.entry_id)
    other = Entry.objects.exclude(id__in=ConsentEvent.objects.values("entry_id")).first()
    with pytest.raises(NotFound):
        signed_receipts.read(subject=None, number=other.id)


def test_after_erasure_nobody_can_read_it(cast):
    sign_all()
    event = ConsentEvent.objects.get(act="give")
    row = Receipt.objects.get(event=event)
    SubjectSecret.objects.filter(pseudonym=event.subject.pseudonym).delete()
    for call in (lambda: file(event), lambda: signed_receipts.document(event, now=NOW)):
        with pytest.raises(ReceiptGone, match="erased"):
            call()
    with pytest.raises(vault.Unreadable):
        vault.house().open(bytes(row.sealed), f"receipt:{event.entry_id}")


def test_whoever_is_erased_before_it_is_signed_is_passed_over(cast):
    event = ConsentEvent.objects.get(act="give")
    SubjectSecret.objects.filter(pseudonym=event.subject.pseudonym).delete()
    assert sign_all() == 1
    assert not Receipt.objects.filter(event=event).exists()
    with pytest.raises(ReceiptGone, match="erased"):
        file(event)


def test_what_is_stored_tells_nothing_and_cannot_be_moved(cast):
    sign_all()
    alice, bob = (Receipt.objects.get(event__act=act) for act in ("give", "refuse"))
    assert alice.event.subject.pseudonym.encode() not in bytes(alice.sealed)
    box = vault.of(alice.event.subject.pseudonym)
    for row, place in ((bob, alice.event.entry_id), (alice, bob.event.entry_id)):
        with pytest.raises(vault.Unreadable):
            box.open(bytes(row.sealed), f"receipt:{place}")


@pytest.mark.parametrize("work", [lambda rows: rows.update(kid="x"), lambda rows: rows.delete()])
def test_a_receipt_cannot_be_changed(cast, work):
    sign_all()
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        work(Receipt.objects.all())


def test_no_identifier_stands_in_it(cast):
    event = say(CAROL, "give", evidence={"note": "spoke to carol@example.org"}).event
    sign_all()
    signed = receipt.verify_receipt(file(event).encode(), None).document
    told = json.dumps(signed)
    assert not [secret for secret in ("C-1003", "carol", "spoke to") if secret in told]


def test_the_keys_are_published_once_and_in_both_forms(cast):
    sign_all()
    say(ALICE, "withdraw")
    sign_all()
    assert list(VerifierKey.objects.order_by("id").values_list("purpose", flat=True)) == ["log", "receipt"]
    assert len(prove.vkeys()) == len(signing.vkeys()) == 1
    assert signing.vkeys()[0].startswith(f"{settings.LOG_ORIGIN}/receipts+")
    found = signing.jwks()["keys"]
    assert len({key["kid"] for key in found}) == 2
    assert all((key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "Ed25519") for key in found)


def decoded(part):
    """base64url by hand: nothing of the code under test."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = "".join(f"{alphabet.index(letter):06b}" for letter in part)
    return bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits) // 8 * 8, 8))


def test_a_second_implementation_agrees(cast):
    sign_all()
    first, second, third = file(ConsentEvent.objects.get(act="give")).split(".")
    header = json.loads(decoded(first))
    assert header["alg"] == "Ed25519"
    (jwk,) = [key for key in signing.jwks()["keys"] if key["kid"] == header["kid"]]
    public = Ed25519PublicKey.from_public_bytes(decoded(jwk["x"]))
    public.verify(decoded(third), f"{first}.{second}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(decoded(third), f"{first}.{second}x".encode())
    assert json.loads(decoded(second))["@type"] == ["dpv:ConsentReceipt"]


NODE = """
const crypto = require("crypto");
const {token, jwks} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const [header, payload, signature] = token.split(".");
const {kid, alg} = JSON.parse(Buffer.from(header, "base64url"));
const jwk = jwks.keys.find((each) => each.kid === kid);
const {alg: _, ...plain} = jwk;
const key = crypto.createPublicKey({key: plain, format: "jwk"});
const print = crypto.createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest("base64url");
const good = (text) => crypto.verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
console.log(alg, print === kid, good(`${header}.${payload}`), good(`${header}.${payload}A`));
"""


def test_node_agrees(cast):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine")
    sign_all()
    said = {"token": file(ConsentEvent.objects.get(act="give")), "jwks": signing.jwks()}
    done = subprocess.run([node, "-e", NODE], input=json.dumps(said), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Ed25519", "true", "true", "false"]


def test_the_notice_digest_can_be_computed_by_anyone(cast):
    import hashlib

    import rfc8785

    sign_all()
    found = record(ConsentEvent.objects.get(act="give"))
    notice, purpose = found["dpv:hasNotice"][0], found["dpv:hasProcess"][0]["dpv:hasPurpose"][0]
    words = {
        "purpose": purpose["dct:identifier"][0],
        "version": purpose["tc:version"],
        "language": notice["dct:language"][0],
        "text": notice["tc:words"],
    }
    assert hashlib.sha256(rfc8785.dumps(words)).hexdigest() == notice["dct:identifier"][0]


def test_what_is_signed_is_spelled_as_rfc_8785_asks(cast):
    import rfc8785

    sign_all()
    part = file(ConsentEvent.objects.get(act="give")).split(".")[1]
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    assert rfc8785.dumps(json.loads(raw)) == raw


def edit(now, **changed):
    """Publish the catalogue with rows edited in place: `mailbird={"address": …}`, by key."""
    plain = {
        kind: [row | changed.get(row["key"], {}) for row in document()[kind]] for kind in ("recipients", "categories")
    }
    owner = document()["controller"]
    catalogue.apply(document=document() | plain | {"controller": owner | changed.get(owner["key"], {})}, **BY, now=now)


def test_it_states_what_stood_when_the_choice_was_recorded_however_late_it_is_signed(park):
    old = say(ALICE, "give", recipients=["mailbird"]).event
    edit(
        NOW + timedelta(seconds=1),
        **{"mailbird": {"name": "Hawk", "address": "Elsewhere", "country": "US"}},
        **{"kestrel-park": {"address": "The new house"}, "contact.email": {"name": {"en": "Anything"}}},
    )
    new = say(ALICE, "give", recipients=["mailbird"], now=NOW + timedelta(seconds=2)).event
    sign_all(NOW + timedelta(days=9))
    told = {event: json.dumps(record(event), ensure_ascii=False) for event in (old, new)}
    for words in ("Hawk", "Elsewhere", "The new house", "Anything"):
        assert words not in told[old], words
        assert words in told[new], words
    assert record(old)["dpv:hasProcess"][0]["dpv:hasRecipient"][0]["dpv:hasLocation"] == ["loc:IE"]
    page = receipts.read(subject=old.subject, number=old.entry_id, language="en")
    assert (page.recipients[0].country, page.controller.address) == ("IE", document()["controller"]["address"])
    assert "Anything" not in page.categories


def test_of_edits_in_one_moment_the_last_counts_and_a_slow_clock_hides_none(park):
    for name, seconds in (("Hawk", 0), ("Kite", 0), ("Wren", -5)):
        edit(NOW + timedelta(seconds=seconds), mailbird={"name": name})
        event = say(ALICE, "give", recipients=["mailbird"]).event
        assert signed_receipts.document(event, now=NOW)["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"][0][
            "dpv:hasRecipient"
        ][0]["dpv:hasName"] == [name]


def test_a_revision_cannot_be_changed(park):
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        Revision.objects.update(since=NOW)
