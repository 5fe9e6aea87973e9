"""Copy or erase: one question, the answers to check, a number, and what comes of it. All without JavaScript."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db.models import F
from django.test import Client

from consent.models import PortalSession, RightsDraft, RightsRequest
from consent.services import rights, subjects
from tests import visit
from tests.world import ALICE, BOB, OPERATOR, ask, digest

WORDS = "My street is wrong.\nIt is Elm Road 4."


def send(client, kind, **typed):
    return client.post(f"/copy-or-erase/{kind}", typed | {"step": "send"})


def text(answer):
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def asked(fresh):
    """The address of Alice's request to correct her data."""
    return send(fresh, "correct", words=WORDS)["Location"].partition("?")[0]


def test_P12_every_right_has_its_page_and_can_be_asked_for(fresh):
    page = fresh.get("/copy-or-erase").content.decode()
    for kind in ("copy", "correct", "delete", "limit", "object", "human_review"):
        assert f'href="/copy-or-erase/{kind}"' in page
        assert fresh.get(f"/copy-or-erase/{kind}").status_code == 200
        assert "?done=new" in send(fresh, kind, words="Please.")["Location"]
    assert RightsRequest.objects.count() == 6
    assert "C-1001" not in page
    assert fresh.get("/log").status_code == 200, "and knows who used it"


def test_what_was_written_is_shown_again_before_it_is_sent(fresh):
    check = fresh.post("/copy-or-erase/correct", {"words": WORDS, "step": "check"})
    assert "Check this before you send it" in text(check)
    assert "Elm Road 4." in text(check)
    assert not RightsRequest.objects.exists()
    changed = fresh.post("/copy-or-erase/correct", {"words": WORDS, "step": "change"})
    assert f">{WORDS}</textarea>" in changed.content.decode()
    page = fresh.get(send(fresh, "correct", words=WORDS)["Location"].partition("#")[0])
    assert "We have your request" in text(page)
    assert RightsRequest.objects.get().reference in text(page)


def test_what_is_missing_is_said_in_the_title_above_and_beside_the_field(fresh):
    answer = fresh.post("/copy-or-erase/correct", {"words": " ", "step": "check"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "<title>Error: " in page
    assert '<a href="#words">Write what is wrong, and how it should be</a>' in page
    assert re.search(r'<textarea id="words"[^>]*aria-describedby="words-hint words-error" aria-invalid="true"', page)
    assert fresh.post("/copy-or-erase/limit", {"words": "x" * 2001, "step": "check"}).status_code == 400
    assert fresh.post("/copy-or-erase/object", {"purpose": "personal_offers", "step": "check"}).status_code == 400
    assert fresh.get("/copy-or-erase/everything").status_code == 404


def test_a_copy_needs_a_fresh_code_and_a_limit_does_not(alice):
    for kind in ("copy", "correct", "delete"):
        assert alice.get(f"/copy-or-erase/{kind}")["Location"] == f"/fresh?next=%2Fcopy-or-erase%2F{kind}"
        assert alice.post(f"/copy-or-erase/{kind}", {"words": WORDS, "step": "send"})["Location"].startswith("/fresh")
    assert not RightsRequest.objects.exists()
    assert "?done=new" in send(alice, "limit")["Location"]
    assert "?done=new" in send(alice, "object", purpose="plan_staff")["Location"]


def test_A36_what_was_typed_survives_a_fresh_code(fresh, today):
    with time_machine.travel(today + timedelta(minutes=7), tick=True):
        late = send(fresh, "correct", words=WORDS)
        assert late["Location"] == "/fresh?next=%2Fcopy-or-erase%2Fcorrect"
        assert WORDS.encode() not in bytes(RightsDraft.objects.get().sealed)
        fresh.post(late["Location"])
        fresh.post("/welcome/code?next=/copy-or-erase/correct", {"code": visit.code()})
        page = fresh.get("/copy-or-erase/correct")
        assert "Check this before you send it" in text(page)
        assert "Elm Road 4." in text(page)
        assert "?done=new" in send(fresh, "correct", words=WORDS)["Location"]
    assert not RightsDraft.objects.exists()


def test_a_limit_shows_on_the_first_page_until_it_is_ended(alice, today):
    address = send(alice, "limit")["Location"].partition("?")[0]
    assert ask(ALICE, now=today).decision.reason == "processing_limited"
    assert "Nobody may use it, whatever you choose here" in text(alice.get("/"))
    assert "Your orders: tickets, days and prices" in text(alice.get("/")), "what must be still says what it uses"
    assert "Nobody may use your data now." in text(alice.get(address))
    assert alice.post(f"{address}/withdraw")["Location"].endswith("?done=back#done")
    assert ask(ALICE, now=today).decision.permitted
    assert 'id="limited"' not in alice.get("/").content.decode()


def test_a_request_is_followed_added_to_and_taken_back(fresh, asked, today):
    number = asked.rpartition("/")[2]
    rights.ask_for_more(reference=number, words="Which of the two?", by=OPERATOR, now=today)
    page = text(fresh.get(asked))
    assert "Which of the two?" in page
    assert "The days do not count while we wait for you." in page
    empty = fresh.post(f"{asked}/add", {"words": ""})
    assert (empty.status_code, "Write what you want to add" in text(empty)) == (400, True)
    fresh.post(f"{asked}/add", {"words": "The blue one."})
    assert "The blue one." in text(fresh.get(asked))
    rights.start(reference=number, by=OPERATOR, now=today)
    assert "Take the request back" not in text(fresh.get(asked))
    assert "done=late" in fresh.post(f"{asked}/withdraw")["Location"]


def test_a_refusal_is_shown_with_its_reason(fresh, asked, today):
    why = {"ground": "law_requires", "words": "Tax law: six years."}
    rights.refuse(reference=asked.rpartition("/")[2], **why, by=OPERATOR, now=today)
    page = text(fresh.get(asked))
    assert "A law says that we must keep it." in page
    assert "Tax law: six years." in page
    assert "complain to the Information Commissioner" in page


def test_what_must_be_kept_is_said_before_deletion_is_asked_for(fresh):
    page = text(fresh.get("/copy-or-erase/delete"))
    assert "What we must keep, and why" in page
    assert "We keep it for 6 years." in page
    assert "We keep it for 3 years." in page


def test_P13_G25_after_a_withdrawal_nobody_may_use_it_and_its_deletion_is_offered(fresh, today):
    press = {"act": "off", "notice": digest("personal_offers")}
    saved = fresh.get(fresh.post("/choices/personal_offers", press)["Location"].partition("#")[0]).content.decode()
    for recipient in ("mail-engine", "mailbird"):
        assert ask(ALICE, recipient=recipient, now=today).decision.reason == "consent_withdrawn"
    address = re.search(r'href="(/copy-or-erase/delete\?purpose=personal_offers)">Ask us to delete', saved)[1]
    form = text(fresh.get(address))
    assert "Which use Send you offers that fit" in form
    assert "delete everything" not in form
    typed = {"purpose": "personal_offers"}
    check = fresh.post("/copy-or-erase/delete", typed | {"step": "check"})
    assert "Which use Send you offers that fit" in text(check)
    here = send(fresh, "delete", **typed)["Location"].partition("?")[0]
    assert "Which use Send you offers that fit" in text(fresh.get(here))
    answered = {"words": "We deleted it.", "done": {"mail lists": 2}, "by": OPERATOR, "now": today}
    rights.answer(reference=here.rpartition("/")[2], **answered)
    assert "We deleted it." in text(fresh.get(here))


def test_nothing_is_offered_to_be_deleted_after_a_yes_or_for_a_use_that_we_must_keep(fresh):
    press = {"act": "on", "notice": digest("improve_visit")}
    saved = fresh.get(fresh.post("/choices/improve_visit", press)["Location"].partition("#")[0]).content.decode()
    assert "Saved." in saved
    assert "/copy-or-erase/delete" not in saved
    assert "Which use" not in text(fresh.get("/copy-or-erase/delete?purpose=park_safety"))


def test_somebody_elses_request_is_not_there(fresh, asked, come_in):
    bob = come_in(BOB)
    for address, method in ((asked, bob.get), (f"{asked}/add", bob.post), (f"{asked}/withdraw", bob.post)):
        assert method(address, {"words": "x"}).status_code == 404
    assert RightsRequest.objects.get().state == "received"


def test_a_second_copy_leads_to_the_first(fresh):
    first = send(fresh, "copy")["Location"].partition("?")[0]
    again = send(fresh, "copy")
    assert (again.status_code, f'href="{first}"' in again.content.decode()) == (409, True)


def test_what_this_service_holds_can_be_had_at_once_after_a_code(fresh, today):
    address = send(fresh, "copy")["Location"].partition("?")[0]
    file = fresh.post(f"{address}/file")
    assert file["Content-Disposition"] == 'attachment; filename="my-data.jsonld"'
    assert "personal_offers" in json.dumps(json.loads(file.content))
    with time_machine.travel(today + timedelta(minutes=7), tick=True):
        assert fresh.post(f"{address}/file")["Location"].startswith("/fresh")


def test_a_review_shows_the_line_it_is_about_and_only_ones_own(alice, today):
    own, others = ask(ALICE, now=today).id, ask(BOB, now=today).id
    page = alice.get(f"/copy-or-erase/human_review?entry={own}").content.decode()
    assert "Mail engine" in page
    assert f'value="{own}"' in page
    assert f'value="{others}"' not in alice.get(f"/copy-or-erase/human_review?entry={others}").content.decode()
    send(alice, "human_review", entry=str(own))
    assert rights.of(subject=subjects.find(ALICE))[0].request.about == own


def end_the_visit():
    """Nothing was done for half an hour."""
    PortalSession.objects.update(seen_at=F("seen_at") - settings.PORTAL_IDLE - timedelta(minutes=1))


def sign_in_again(client, told) -> str:
    """By a code, from the page that a late form leads to; where that goes on."""
    page = client.get(told["Location"])
    assert "You were signed out. We keep what you typed for one day." in text(page)
    action = re.search(r'action="(/welcome\?next=[^"]+)"', page.content.decode())[1]
    to = client.post(action, {"email": visit.MAIL.id})["Location"]
    return client.post(to, {"code": visit.code()})["Location"]


def test_A36_what_was_typed_survives_the_end_of_a_visit(fresh):
    end_the_visit()
    back = sign_in_again(fresh, send(fresh, "correct", words=WORDS))
    assert back == "/copy-or-erase/correct"
    page = text(fresh.get(back))
    assert "Check this before you send it" in page
    assert "Elm Road 4." in page
    assert "?done=new" in send(fresh, "correct", words=WORDS)["Location"]
    assert not RightsDraft.objects.exists()


def test_A36_so_does_what_is_added_to_a_request(fresh, asked):
    end_the_visit()
    back = sign_in_again(fresh, fresh.post(f"{asked}/add", {"words": "The blue one."}))
    assert back == asked
    assert "The blue one.</textarea>" in fresh.get(back).content.decode()
    fresh.post(f"{asked}/add", {"words": "The blue one."})
    assert "The blue one.</textarea>" not in fresh.get(asked).content.decode()
    assert not RightsDraft.objects.exists()


def test_what_comes_in_after_signing_out_or_from_a_stranger_is_kept_for_nobody(fresh, asked):
    end_the_visit()
    assert Client().post(f"{asked}/add", {"words": WORDS})["Location"] == "/welcome"
    assert fresh.post("/copy-or-erase/requests/R-0/add", {"words": WORDS})["Location"] == "/welcome"
    cookie = fresh.cookies[settings.PORTAL_COOKIE_NAME].value
    fresh.post("/sign-out")
    fresh.cookies[settings.PORTAL_COOKIE_NAME] = cookie
    assert send(fresh, "correct", words=WORDS)["Location"] == "/welcome"
    assert not RightsDraft.objects.exists()
