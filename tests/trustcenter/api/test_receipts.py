"""The receipt of one event by API, in each of its forms: it verifies without us."""

import base64
import hashlib
import re
import uuid
from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.html import escape

from audit.models import Entry, SubjectSecret
from audit.proof import __main__ as verifier
from audit.proof import bundle, receipt
from audit.services import prove
from consent.models import ConsentEvent, Receipt
from consent.services import catalogue
from tests.callers import about, choice, get, post
from tests.world import CAROL, NOW, damage, key, say, seal_all, sign_all


@pytest.fixture
def shop(cast):
    return key()


def test_the_bare_proof_is_there_once_it_is_sealed(shop, settings):
    url = post("/api/v1/consents", choice(CAROL, "withdraw"), key=shop).json()["receipt"]["url"]
    path = url.removeprefix(settings.PUBLIC_URL)
    waiting = get(f"{path}?format=proof", key=shop)
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    seal_all()
    waiting = get(path, key=shop)
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    found = get(f"{path}?format=proof", key=shop)
    assert found.status_code == 200
    report = bundle.verify_bundle(found.json(), prove.vkeys())
    assert report.pinned
    assert report.disclosed == 1
    assert report.entries[0].leaf["action"] == "consent.withdrawn"


@pytest.fixture
def yes(shop):
    """The address of a receipt of a yes, signed."""
    path = f"/api/v1/receipts/{post('/api/v1/consents', choice(CAROL), key=shop).json()['receipt']['id']}"
    sign_all()
    return path


@pytest.mark.parametrize("accept", ["application/jose", "application/json;q=0.5, application/jose"])
def test_the_signed_receipt_is_a_file_that_verifies_as_it_came(shop, yes, accept, tmp_path, capsys):
    found = get(yes, key=shop, Accept=accept)
    assert (found.status_code, found["Content-Type"]) == (200, "application/jose")
    assert "Accept" in found["Vary"].split(", ")
    (tmp_path / "receipt.jws").write_bytes(found.content)
    pinned = [part for each in get("/log/vkeys").content.decode().split() for part in ("--vkey", each)]
    assert verifier.main([str(tmp_path / "receipt.jws"), *pinned]) == 0
    assert "a key you gave" in capsys.readouterr().out
    other = b"-_" if found.content[-9:-7] != b"-_" else b"_-"
    (tmp_path / "receipt.jws").write_bytes(found.content[:-9] + other + found.content[-7:])
    assert verifier.main([str(tmp_path / "receipt.jws")]) == 1


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_it_is_taken_apart_for_who_asks_for_no_more(shop, yes, accept):
    found = get(yes, key=shop, **({"Accept": accept} if accept else {})).json()
    assert yes.endswith(found["id"])
    assert found["jws"] == get(yes, key=shop, Accept="application/jose").content.decode()
    assert found["receipt"] == receipt.verify_receipt(found["jws"].encode(), None).document
    assert found["profiles"]["iso-27560"] == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_is_a_page_for_a_person_with_nothing_to_load(shop, language):
    number = post("/api/v1/consents", choice(CAROL, language=language), key=shop).json()["receipt"]["id"]
    sign_all()
    found = get(f"/api/v1/receipts/{number}", key=shop, Accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    page = found.content.decode()
    assert found["Content-Type"].startswith("text/html")
    assert found["Content-Language"] == language
    assert gettext_of(language, "Receipt for your choice") in page
    notice = catalogue.texts(catalogue.purpose("personal_offers").current)[language]
    for each in (number, notice.digest, *notice.text.values(), "ISO/IEC TS 27560"):
        assert escape(each) in page, each
    assert "http" not in re.sub(r">[^<]*<", "><", page), "an address outside the words would be loaded"
    assert not re.search(r"<(script|link|img|iframe|form|a)\b|@import|url\(| on\w+=", page)
    style = re.search("<style>(.*)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        found["Content-Security-Policy"] == f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    )


def gettext_of(language, words):
    with translation.override(language):
        return translation.gettext(words)


def test_the_page_of_a_no_and_of_an_imported_yes_without_words(shop):
    for act, words in (("withdraw", "From then on, no one for this use"), ("give", "this receipt holds no words")):
        old = {"imported": True, "collected_at": NOW - timedelta(days=2000), "language": ""} if act == "give" else {}
        event = say(CAROL, act, **old).event
        sign_all()
        page = get(f"/api/v1/receipts/{event.entry_id}", key=shop, Accept="text/html").content.decode()
        assert words in page
        assert ("but not all of its fields" in page) == (act == "give")


def test_a_yes_can_be_had_in_kantaras_form_and_a_no_cannot(shop, yes):
    found = get(f"{yes}?format=kantara-1.1", key=shop).json()
    assert (found["version"], yes.endswith(found["consentReceiptID"])) == ("KI-CR-v1.1.0", True)
    no = post("/api/v1/consents", choice(CAROL, "withdraw"), key=shop).json()["receipt"]["id"]
    about(get(f"/api/v1/receipts/{no}?format=kantara-1.1", key=shop), 404)


def test_a_form_that_does_not_exist_is_refused(shop, yes):
    about(get(f"{yes}?format=pdf", key=shop), 400, "/format")


def test_an_unknown_receipt_is_404(shop):
    about(get(f"/api/v1/receipts/{uuid.uuid4()}", key=shop), 404)
    about(get("/api/v1/receipts/5", key=shop), 404)


def test_a_decision_has_no_receipt(shop):
    from tests.world import ALICE, ask

    about(get(f"/api/v1/receipts/{ask(ALICE).id}", key=shop), 404)


def test_of_whom_was_erased_and_of_what_is_damaged_it_says_so_instead_of_waiting(shop, yes):
    event = ConsentEvent.objects.latest("pk")
    entry = Entry.objects.get(id=event.entry_id)
    damage(Entry.objects.filter(id=entry.id), leaf=b"\xff" + bytes(entry.leaf))
    about(get(f"{yes}?format=proof", key=shop), 409)
    damage(Receipt.objects.filter(event=event), sealed=b"x" * 99)
    about(get(yes, key=shop), 410)
    assert get(yes, key=shop).json()["code"] == "receipt_gone"
    SubjectSecret.objects.filter(pseudonym=event.subject.pseudonym).delete()
    for form in ("", "?format=kantara-1.1"):
        gone = get(yes + form, key=shop)
        about(gone, 410)
        assert "erased" in gone.json()["detail"]


def test_it_needs_the_scope_and_stays_within_limits(shop):
    path = f"/api/v1/receipts/{post('/api/v1/consents', choice(CAROL), key=shop).json()['receipt']['id']}"
    about(get(path, key=key("mail-engine", "consents:write")), 403)
    about(get(path, key=key("mail-engine", "consents:read", purposes=["plan_staff"])), 403)
    about(get(path, key=key("mail-engine", "consents:read", namespaces=["loyalty"])), 403)
    assert get(path, key=key("mail-engine", "consents:read", namespaces=["customer"])).status_code == 202
    partner = key("adpartner", "consents:read", purposes=["personal_offers"], namespaces=["customer"])
    about(get(path, key=partner), 403)
