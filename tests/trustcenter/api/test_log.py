"""The log for strangers: checkpoint, tiles, proofs and keys, each checked with the offline verifier's own parts."""

import base64
import json
from datetime import timedelta

import pytest

from audit.models import Entry, Leaf
from audit.proof import jws, merkle, note, tlog_proof
from audit.proof.checkpoint import Checkpoint
from audit.services import order
from consent.services import pruning
from tests.callers import about, get, post, question
from tests.world import ALICE, BOB, NOW, OPERATOR, ask, key, lose, seal_all, sign_all


@pytest.fixture
def sealed(cast):
    seal_all()
    return Leaf.objects.count()


def head():
    keys = get("/log/vkeys").content.decode().splitlines()
    return Checkpoint.parse(note.open_note(get("/log/checkpoint").content.decode(), keys))


def test_the_checkpoint_is_signed_by_the_published_keys(sealed):
    response = get("/log/checkpoint")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=1"
    assert head().size == sealed


def test_before_the_first_seal_there_is_nothing(db):
    for path in ("/log/checkpoint", "/log/vkeys", "/log/tile/0/000", "/log/entries/0/proof"):
        about(get(path), 404)
    about(get("/log/entries/0", key=_auditor()), 404)


def test_a_partial_tile_holds_the_hashes_of_its_width(sealed):
    response = get(f"/log/tile/0/000.p/{sealed}")
    assert (response.status_code, response["Content-Type"]) == (200, "application/octet-stream")
    assert response["Cache-Control"] == "public, max-age=1"
    hashes = [merkle.leaf_hash(bytes(row.entry.leaf)) for row in Leaf.objects.order_by("seq").select_related("entry")]
    assert response.content == b"".join(hashes)
    assert get("/log/tile/0/000.p/1").content == hashes[0]


def test_a_full_tile_is_kept_for_ever(sealed):
    for _ in range(256 - sealed):
        ask(ALICE)
    seal_all()
    response = get("/log/tile/0/000")
    assert len(response.content) == 256 * 32
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    frontier = merkle.Frontier()
    for place in range(256):
        frontier.append(response.content[place * 32 : place * 32 + 32])
    assert frontier.root() == get("/log/tile/1/000.p/1").content


@pytest.mark.parametrize(
    "path",
    [
        *("0/000", "0/000.p/0", "0/000.p/256", "0/0", "0/x000/000.p/1", "1/000.p/1", "64/000.p/1", "0/001.p/1", "a"),
        *("0/000.p/01", "-1/000.p/1", "0/000.p/1/", "0/x999/x999/x999/x999/x999/999.p/1", "0/../0/000.p/1", "0/000%00"),
    ],
)
def test_other_addresses_are_404(sealed, path):
    about(get(f"/log/tile/{path}"), 404)


def test_a_proof_leads_from_the_entry_to_the_root(sealed):
    for seq in range(sealed):
        found = get(f"/log/entries/{seq}/proof").json()
        assert (found["index"], found["size"]) == (seq, sealed)
        leaf = get(f"/log/entries/{seq}", key=_auditor()).content
        hashes = [base64.b64decode(each) for each in found["hashes"]]
        merkle.verify_inclusion(seq, sealed, merkle.leaf_hash(leaf), hashes, head().root)


def test_the_proof_is_there_as_text_for_tools_of_other_logs(sealed, settings):
    keys = get("/log/vkeys").content.decode().splitlines()
    for seq in range(sealed):
        response = get(f"/log/entries/{seq}/proof?format=tlog-proof")
        assert (response["Content-Type"], response["Vary"][:6]) == ("text/plain; charset=utf-8", "Accept")
        assert response["Cache-Control"] == "public, max-age=1"
        assert get(f"/log/entries/{seq}/proof", Accept="text/plain").content == response.content
        leaf = get(f"/log/entries/{seq}", key=_auditor()).content
        assert b"extra" not in response.content, "the entry is not for everybody"
        report = tlog_proof.verify(response.content, leaf, keys)
        assert (report.origin, report.size, report.entries[0].leaf) == (settings.LOG_ORIGIN, sealed, json.loads(leaf))
    for accepted in ("*/*", "application/json", "text/plain;q=0.5, application/json", "image/png"):
        assert get("/log/entries/0/proof", Accept=accepted)["Content-Type"] == "application/json"
    about(get("/log/entries/0/proof?format=x"), 400, "/format")
    about(get(f"/log/entries/{sealed}/proof?format=tlog-proof"), 404)


def test_who_may_read_the_entry_gets_it_in_the_proof(sealed):
    alone = get("/log/entries/1?format=tlog-proof", key=_auditor())
    assert alone["Content-Type"] == "text/plain; charset=utf-8"
    report = tlog_proof.verify(alone.content, None, get("/log/vkeys").content.decode().splitlines())
    assert report.entries[0].leaf == get("/log/entries/1", key=_auditor()).json()
    about(get("/log/entries/1?format=tlog-proof"), 401)
    about(get("/log/entries/1?format=x", key=_auditor()), 400, "/format")
    about(get(f"/log/entries/{sealed}?format=tlog-proof", key=_auditor()), 404)


def test_an_entry_is_answered_as_it_was_hashed(sealed):
    response = get("/log/entries/0", key=_auditor())
    assert response["Content-Type"] == "application/json"
    assert response.content == bytes(Leaf.objects.get(seq=0).entry.leaf)
    assert response["Cache-Control"] == "no-store"
    about(get("/log/entries/0"), 401)
    about(get("/log/entries/0", key=key()), 403)


def test_a_pruned_entry_is_gone_for_good_and_its_proof_is_not(sealed):
    ask(ALICE)
    seal_all()
    place, head_before = sealed, head()
    leaf = get(f"/log/entries/{place}", key=_auditor()).content
    later = NOW + timedelta(days=40)
    pruning.run(keep_days=31, by=OPERATOR, now=later)
    seal_all(later)
    assert pruning.finish() == 1
    answer = get(f"/log/entries/{place}", key=_auditor())
    about(answer, 410)
    assert answer.json()["code"] == "pruned"
    found = get(f"/log/entries/{place}/proof").json()
    hashes = [base64.b64decode(each) for each in found["hashes"]]
    merkle.verify_inclusion(place, found["size"], merkle.leaf_hash(leaf), hashes, head().root)
    assert order.mark(head_before.size), "who followed the log goes on where they were"
    assert get("/log/entries/0", key=_auditor()).status_code == 200


def test_an_entry_that_somebody_deleted_is_not_called_pruned(sealed):
    lose(0)
    answer = get("/log/entries/0", key=_auditor())
    about(answer, 409)
    assert "missing" in answer.json()["detail"]


def test_a_third_party_does_not_learn_from_the_entry_why_it_was_refused(cast):
    partner = key("adpartner", "decide", "audit", purposes=["personal_offers"], namespaces=["customer"])
    body = question(BOB) | {"subject": {"type": "third_party", "id": "adpartner"}}
    assert post("/access/v1/evaluation", body, key=partner).json()["context"]["reason"] == "not_permitted"
    seal_all()
    about(get(f"/log/entries/{Leaf.objects.count() - 1}", key=partner), 403)


@pytest.mark.parametrize("seq", ["999", str(2**70), "9" * 5000, "-1", "x"])
def test_places_the_log_has_not_reached_are_404(sealed, seq):
    about(get(f"/log/entries/{seq}/proof"), 404)
    about(get(f"/log/entries/{seq}", key=_auditor()), 404)


def test_what_waits_is_not_shown(sealed):
    ask(ALICE)
    about(get(f"/log/entries/{sealed}/proof"), 404)
    about(get(f"/log/entries/{sealed}", key=_auditor()), 404)
    assert Entry.objects.count() > sealed


def test_the_same_keys_stand_in_the_jwks_those_of_the_log_first(sealed, settings):
    sign_all()
    key_set = get("/.well-known/jwks.json").json()["keys"]
    published = [note.parse_vkey(each) for each in get("/log/vkeys").content.decode().splitlines()]
    assert [each.name for each in published] == [settings.LOG_ORIGIN, f"{settings.LOG_ORIGIN}/receipts"]
    assert [base64.urlsafe_b64decode(each["x"] + "=") for each in key_set] == [each.public_key for each in published]
    assert (key_set[0]["kty"], key_set[0]["crv"], key_set[0]["alg"]) == ("OKP", "Ed25519", "Ed25519")


@pytest.mark.once
def test_a_key_is_named_by_its_thumbprint():
    # The example of RFC 8037, appendices A.2 and A.3.
    coded = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    made = jws.jwk(base64.urlsafe_b64decode(f"{coded}="))
    assert (made["x"], made["kid"]) == (coded, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")


def test_nothing_public_names_a_customer(sealed):
    for path in ("/log/checkpoint", "/log/vkeys", "/log/entries/0/proof", "/.well-known/jwks.json"):
        assert b"C-100" not in get(path).content
    leaves = [json.loads(bytes(row.leaf)) for row in Entry.objects.all()]
    assert not any("C-100" in json.dumps(leaf) for leaf in leaves)


def test_security_txt_names_whom_to_tell(park):
    response = get("/.well-known/security.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert lines["Contact"].startswith("mailto:")
    assert lines["Expires"] == "2026-11-10T00:00:00Z"


def test_security_txt_waits_for_a_controller(db):
    about(get("/.well-known/security.txt"), 404)


def _auditor():
    from consent.models import Recipient

    Recipient.objects.get_or_create(key="mail-engine", defaults={"kind": "system", "name": "x", "country": "GB"})
    return key("mail-engine", "audit")


@pytest.mark.parametrize("limits", [{"purposes": ["improve_visit"]}, {"namespaces": ["email"]}])
def test_a_limited_key_reads_no_entries_one_after_another(sealed, limits):
    """They are of every purpose and every customer, as the search of the log would not show them."""
    about(get("/log/entries/0", key=key("mail-engine", "audit", **limits)), 403)
