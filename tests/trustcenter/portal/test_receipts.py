"""Receipts: what was said, in which words, and a proof that needs nobody."""

import json
import re
import uuid
from datetime import timedelta

import pytest

from audit.models import Entry, Payload
from audit.proof import bundle, receipt
from audit.proof.errors import ProofError
from consent.models import ConsentEvent
from tests import world
from tests.world import ALICE, digest, say
from trustcenter.portal.drawing import rosette


def newest() -> ConsentEvent:
    return ConsentEvent.objects.filter(subject__events__isnull=False).latest("id")


@pytest.fixture
def choice(alice, today):
    """Alice turned offers off on the page, and the log is sealed."""
    alice.post("/choices/personal_offers", {"act": "off", "notice": digest("personal_offers")})
    world.seal_all(today)
    return newest()


def test_the_sheet_holds_the_exact_words_and_their_digest(alice, today):
    say(ALICE, "give", notice_digest=digest("personal_offers", "zh-hans"), language="zh-hans", now=today)
    world.seal_all(today)
    page = alice.get(f"/receipts/{newest().entry_id}").text
    words = world.document()["purposes"][1]["texts"]["zh-hans"]
    for name in ("title", "what", "why", "benefit", "if_no", "ai"):
        assert words[name].strip() in page, name
    assert digest("personal_offers", "zh-hans") in page
    assert 'lang="zh-Hans"' in page
    assert "The exact words you saw" in page


def test_words_that_nobody_vouched_for_are_called_so(alice, today):
    say(ALICE, "give", now=today)
    assert "The words in force then" in alice.get(f"/receipts/{newest().entry_id}").text


def test_a_choice_from_elsewhere_says_so(alice, today):
    say(ALICE, "give", imported=True, now=today)
    assert "Taken over from an earlier system on" in alice.get(f"/receipts/{newest().entry_id}").text


def test_it_says_real_and_unchanged_once_it_is_sealed(alice, choice):
    page = alice.get(f"/receipts/{choice.entry_id}").text
    assert "Real and unchanged" in page
    assert "UTC" in page
    assert str(choice.entry_id) in page


def test_before_that_it_says_that_the_signature_follows(alice):
    alice.post("/choices/personal_offers", {"act": "off", "notice": digest("personal_offers")})
    number = newest().entry_id
    assert "Recorded, not signed yet" in alice.get(f"/receipts/{number}").text
    waiting = alice.get(f"/receipts/{number}/proof.json")
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "2")


def test_the_proof_verifies_without_us_and_any_changed_byte_is_found(alice, choice):
    answer = alice.get(f"/receipts/{choice.entry_id}/proof.json")
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{choice.entry_id}.json"'
    report = bundle.verify_bundle(bundle.loads(answer.content), None)
    (entry,) = report.entries
    assert entry.leaf["id"] == str(choice.entry_id)
    assert entry.leaf["details"]["notice"] == digest("personal_offers")
    assert entry.leaf["details"]["language"] == "en"
    changed = answer.content.replace(b"consent.withdrawn", b"consent.withdrawm")
    assert changed != answer.content
    with pytest.raises(ProofError):
        bundle.verify_bundle(bundle.loads(changed), None)


def test_the_signed_receipt_can_be_carried_away_a_moment_later(alice, choice, today):
    address = f"/receipts/{choice.entry_id}"
    assert alice.get(f"{address}/receipt.jws").status_code == 202
    assert "Download the receipt</a>" not in alice.get(address).text
    world.sign_all(today)
    assert f"{address}/receipt.jws" in alice.get(address).text
    assert "ISO/IEC TS 27560, with all that the GDPR asks for" in alice.get(address).text
    answer = alice.get(f"{address}/receipt.jws")
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{choice.entry_id}.jws"'
    assert receipt.verify_receipt(answer.content, None).entry.leaf["id"] == str(choice.entry_id)


def test_of_what_can_never_be_signed_it_does_not_say_that_it_follows(alice, choice, today):
    world.damage(Payload.objects.filter(entry_id=choice.entry_id), sealed=b"x" * 99)
    world.sign_all(today)
    page = alice.get(f"/receipts/{choice.entry_id}").text
    assert "follows within seconds" not in page
    assert alice.get(f"/receipts/{choice.entry_id}/receipt.jws").status_code == 410


def test_no_one_else_can_carry_it_away(choice, come_in, today):
    world.sign_all(today)
    assert come_in(world.BOB).get(f"/receipts/{choice.entry_id}/receipt.jws").status_code == 404


def test_the_leaf_it_carries_names_no_one(alice, choice):
    leaf = bytes(Entry.objects.get(id=choice.entry_id).leaf).decode()
    assert ALICE.id not in leaf
    assert json.loads(leaf)["actor"] == {"type": "customer"}


def test_a_receipt_that_the_log_no_longer_holds_is_not_called_real(alice, choice, monkeypatch):
    from consent.services import receipts

    def broken(**_):
        raise ProofError("root", "The entries do not give the signed root.")

    monkeypatch.setattr(receipts.evidence, "proof", broken)
    page = alice.get(f"/receipts/{choice.entry_id}").text
    assert "Not proved" in page
    assert "Real and unchanged" not in page


def test_every_choice_is_in_the_list_newest_first(alice, choice):
    page = alice.get("/receipts").text
    assert page.index("You turned it off") < page.index("You turned it on")
    assert page.count("/receipts/") == 2


def test_a_long_list_has_pages(alice, today):
    for minute in range(60):
        say(ALICE, ("withdraw", "give")[minute % 2], now=today - timedelta(minutes=60 - minute))
    first, second = alice.get("/receipts").text, alice.get("/receipts?page=2").text
    assert first.count("<code>") == 50
    assert second.count("<code>") == 11
    assert "?page=2" in first
    assert "?page=1" in second


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "99999"])
def test_a_page_that_is_not_there_is_empty_or_the_first(alice, page):
    assert alice.get("/receipts", {"page": page}).status_code == 200


@pytest.mark.parametrize("number", [str(uuid.UUID(int=7)), "x"])
def test_an_unknown_number_has_no_receipt(alice, number):
    assert alice.get(f"/receipts/{number}").status_code == 404


@pytest.mark.once
def test_the_rosette_is_drawn_from_the_number_alone():
    drawn = rosette("7F3K-2210")
    outer = [each for each in drawn if each.rx == "58"]
    assert (len(outer), outer[0].ry, len(drawn) - len(outer), drawn[-1].ry, drawn[len(outer)].turn) == (
        *(12, 25),
        *(10, 9, "7.0"),
    )
    assert rosette("7F3K-2211") != drawn


def test_the_list_says_when_what_for_where_and_which_choice_counts_now(alice, today):
    say(ALICE, "withdraw", channel="phone", now=today - timedelta(days=1))
    page = alice.get("/receipts").text
    rows = re.findall(r'<tr role="row">(.*?)</tr>', page.split("<tbody")[1], re.DOTALL)
    assert len(rows) == 2
    for part in ("<time ", "You turned it off", "Counts now", "Send you offers that fit", "On the phone"):
        assert part in rows[0], part
    assert "You turned it on" in rows[1]
    assert "Counts now" not in rows[1]
    assert 'href="/receipts">See past choices' in alice.get("/").text


def test_the_headings_of_a_receipt_stand_in_the_order_of_the_consumer_data_right(alice, today):
    page = alice.get(f"/receipts/{say(ALICE, 'give', now=today).event.entry_id}").text
    heads = ["To whom", "What for", "Who sees it", "What data", "How long", "To change it", "To complain"]
    assert [each for each in re.findall(r"<dt>([^<]+)</dt>", page) if each in heads] == heads
