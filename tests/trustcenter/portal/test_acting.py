"""Acting for somebody else in the portal: a fresh code first, a banner on every page, and both are named."""

import base64
import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from audit.models import Entry
from consent.models import Concern, ConsentEvent, Mandate, PortalSession, RightsDraft, SignInCode
from consent.services import concerns, mandates, subjects
from consent.services.mandates import Wanted
from tests import visit, world
from tests.trustcenter.portal.test_rights import end_the_visit, sign_in_again
from tests.world import ALICE, BOB, CAROL, SYSTEM, digest

BANNER = "You are acting for: <b><bdi>Your daughter</bdi></b>."


@pytest.fixture
def mandate(open_park, today):
    """Alice is the guardian of Carol, who is a child."""
    subjects.register(identifiers=[CAROL], minor_until=today.date() + timedelta(days=600), by=SYSTEM, now=today)
    wanted = Wanted("guardian", CAROL, ALICE, "We saw the birth certificate.", "Your daughter")
    return mandates.grant(wanted=wanted, by=SYSTEM, now=today)


@pytest.fixture
def mother(mandate, fresh) -> Client:
    """Alice's browser, in which she acts for Carol."""
    assert fresh.post(f"/acting/{mandate.number}")["Location"] == "/"
    return fresh


def press(client: Client, act: str, purpose: str = "improve_visit"):
    return client.post(f"/choices/{purpose}", {"act": act, "notice": digest(purpose)})


def said(who=CAROL) -> list[tuple[str, str]]:
    found = ConsentEvent.objects.filter(subject=subjects.find(who)).order_by("id")
    return list(found.values_list("act", "actor"))


def test_to_act_needs_a_fresh_code(mandate, alice):
    assert 'Act for them <span class="unseen"><bdi>Your daughter</bdi></span>' in alice.get("/acting").text
    assert alice.post(f"/acting/{mandate.number}")["Location"] == "/fresh?next=%2Facting"
    assert BANNER not in alice.get("/").text
    assert not Entry.objects.filter(action="mandate.used").exists()


def test_the_banner_stands_on_every_page(mother, mandate):
    press(mother, "on")
    receipt = ConsentEvent.objects.latest("id").entry_id
    pages = [
        "/",
        "/?saved=",
        "/purposes/improve_visit",
        "/log",
        "/receipts",
        f"/receipts/{receipt}",
        "/acting",
        "/check",
    ]
    for page in [*pages, "/fresh", "/welcome", "/welcome/code"]:
        answer = mother.get(page)
        if answer.status_code == 200:
            assert BANNER in answer.text, page
            assert 'action="/acting/stop"' in answer.text, page
    assert mother.get("/").text.count(BANNER) == 1


def test_a_choice_is_hers_by_her_mother_and_the_receipt_names_both(mother, mandate):
    press(mother, "on")
    assert said() == [("give", "guardian")]
    assert said(ALICE) == [("give", "self")]
    receipt = ConsentEvent.objects.latest("id").entry_id
    assert "by your parent or guardian" in mother.get("/receipts").text.lower()
    world.sign_all()
    page = mother.get(f"/receipts/{receipt}").text
    assert "your parent or guardian" in page.lower()
    signed = mother.get(f"/receipts/{receipt}/receipt.jws").content
    record = json.loads(base64.urlsafe_b64decode(signed.split(b".")[1] + b"=="))
    told = json.dumps(record)
    assert subjects.find(CAROL).pseudonym in told
    assert f"guardian:{mandate.number}" in told
    assert Client().post("/check", {"text": signed.decode()}).text.count("Real and unchanged") == 1


def test_A3_withdrawing_for_her_needs_no_fresh_code(mother, today, mandate):
    press(mother, "on")
    visits_grow_old(today)
    assert press(mother, "off").status_code == 302
    assert said()[-1] == ("withdraw", "guardian")


def visits_grow_old(today) -> None:
    """The code was entered a while ago."""
    PortalSession.objects.update(fresh_at=today - timedelta(minutes=20))


def test_her_sensitive_data_asks_for_the_mothers_own_fresh_code(mother, today):
    visits_grow_old(today)
    assert press(mother, "on", "ride_photos")["Location"].startswith("/fresh?next=%2Fpurposes")
    SignInCode.objects.all().delete()
    assert mother.post("/fresh?next=/purposes/ride_photos")["Location"].startswith("/welcome/code")
    code = visit.code()
    assert code, "sent to Alice's address; Carol has none"
    answer = mother.post("/welcome/code?next=/purposes/ride_photos", {"code": code})
    assert answer["Location"] == "/purposes/ride_photos"
    assert BANNER in mother.get("/").text, "she goes on acting"
    press(mother, "on", "ride_photos")
    assert said() == [("give", "guardian")]


def test_to_stop_is_one_press_and_an_open_form_does_nothing_after_it(mandate, fresh):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = fresh.cookies
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/acting").text)[1]
    assert browser.post(f"/acting/{mandate.number}", {"csrfmiddlewaretoken": token})["Location"] == "/"
    old = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/").text)[1]
    assert browser.post("/acting/stop", {"csrfmiddlewaretoken": old})["Location"] == "/"
    assert BANNER not in browser.get("/").text
    body = {"act": "on", "notice": digest("improve_visit"), "csrfmiddlewaretoken": old}
    assert browser.post("/choices/improve_visit", body).status_code == 403
    assert said(ALICE) == [("give", "self")]
    assert said() == []


def test_she_reads_that_it_was_done_each_time(mother, come_in):
    press(mother, "on")
    carol = come_in(CAROL)
    assert "Your parent or guardian" in carol.get("/log").text
    assert "They act for you." in carol.get("/log?who=people").text
    assert "by your parent or guardian" in carol.get("/purposes/improve_visit").text
    assert "Your parent or guardian" in carol.get("/acting").text
    assert "End this" not in carol.get("/acting").text, "a child does not end it"


def come_back(mother: Client, told) -> str:
    """Alice signs in again, as herself, and takes up acting; where that leads."""
    back = sign_in_again(mother, told)
    page = mother.get(back).text
    assert "Act for them again, and what you typed is there." in page
    again = re.search(r'action="(/acting/[^"]+next=[^"]+)"', page)[1]
    return mother.post(again)["Location"]


def test_A36_what_was_typed_for_her_survives_the_visit_and_is_read_by_who_typed_it_alone(mother, come_in):
    asks, words = "/copy-or-erase/correct", "She is eleven, not nine."
    end_the_visit()
    told = mother.post(asks, {"words": words})
    assert sign_in_again(mother, told) == "/acting?next=%2Fcopy-or-erase%2Fcorrect"
    assert words not in mother.get(asks).text, "it is not about herself"
    assert words not in come_in(CAROL).get(asks).text, "nor did her daughter write it"
    assert come_back(mother, told) == asks
    assert words in mother.get(asks).text
    assert "?done=new" in mother.post(asks, {"words": words, "step": "send"})["Location"]
    assert not RightsDraft.objects.exists()


def test_A36_so_does_a_concern_and_what_is_added_to_it(mother, come_in):
    raised = {"words": "She got a call.", "name": "yes"}
    end_the_visit()
    assert "Your text is still here." in mother.post("/concerns/new", raised).text
    carol = come_in(CAROL)
    assert "She got a call." not in carol.get("/concerns/new").text
    visit.come_in_by_code(mother)
    assert "She got a call." not in mother.get("/concerns/new").text
    mother.post(f"/acting/{Mandate.objects.get().entry_id}")
    assert "She got a call.</textarea>" in mother.get("/concerns/new").text
    where = mother.post("/concerns/new", raised)["Location"].partition("?")[0]
    assert Concern.objects.get().subject == subjects.find(CAROL)
    end_the_visit()
    told = mother.post(f"{where}/add", {"words": "And again."})
    assert come_back(mother, told) == where
    assert "And again.</textarea>" in mother.get(where).text
    carol = come_in(CAROL)
    assert "And again." not in carol.get(where).text
    mother.post(f"{where}/add", {"words": "And again."})
    assert not RightsDraft.objects.exists()


def test_A36_nor_does_a_fresh_code_put_it_before_her(mother, come_in, today):
    visits_grow_old(today)
    told = mother.post("/copy-or-erase/copy", {"words": "All her photos.", "step": "send"})
    assert told["Location"].startswith("/fresh")
    assert RightsDraft.objects.count() == 1
    carol = come_in(CAROL)
    PortalSession.objects.filter(mandate=None).update(level=2, fresh_at=today)
    assert "What do you want a copy of?" in carol.get("/copy-or-erase/copy").text
    assert "All her photos." not in carol.get("/copy-or-erase/copy").text


def test_what_was_typed_goes_with_the_mandate(mother, mandate, today):
    end_the_visit()
    mother.post("/copy-or-erase/correct", {"words": "She is eleven."})
    assert RightsDraft.objects.count() == 1
    mandates.end(number=mandate.number, by=SYSTEM, now=today)
    assert not RightsDraft.objects.exists()


def test_where_a_mandate_stands_no_more_nothing_is_said_to_be_kept(mother, today):
    Mandate.objects.update(until=today - timedelta(days=1))
    assert mother.post("/copy-or-erase/correct", {"words": "She is eleven."})["Location"] == "/welcome"
    assert not RightsDraft.objects.exists()


def test_it_ends_at_once_in_the_middle_of_a_visit(mother, mandate, today):
    mandates.end(number=mandate.number, by=SYSTEM, now=today)
    assert press(mother, "on")["Location"] == "/welcome"
    assert said() == []


def test_a_customer_ends_what_their_representative_may_do_with_one_press(open_park, alice, come_in, today):
    wanted = Wanted("representative", ALICE, BOB, "A signed letter.")
    held = mandates.grant(wanted=wanted, by=SYSTEM, now=today)
    assert "Someone you chose to act for you" in alice.get("/acting").text
    assert come_in(BOB).post(f"/acting/{held.number}/end").status_code == 404
    assert alice.post(f"/acting/{held.number}/end")["Location"] == "/acting"
    assert not Mandate.objects.exists()
    assert "Nobody but you." in alice.get("/acting").text


def test_the_browsers_signal_is_its_owners_and_not_hers(mother):
    mother.get("/", headers={"Sec-GPC": "1"})
    assert subjects.find(CAROL).gpc_at is None


def test_who_holds_a_mandate_finds_the_way_on_every_page_and_others_do_not(mandate, alice, come_in):
    assert "Act for someone else" in alice.get("/").text
    assert "Who may act for whom" in come_in(CAROL).get("/log").text
    bob = come_in(BOB)
    for words in ("Act for someone else", "Who may act for whom"):
        assert words not in bob.get("/log").text
    assert "If you look after someone, ask us" in bob.get("/acting").text


def test_a_mandate_of_somebody_else_is_not_there(mandate, come_in, today):
    bob = come_in(BOB)
    PortalSession.objects.update(level=2, fresh_at=today)
    assert bob.post(f"/acting/{mandate.number}").status_code == 404


def test_what_she_writes_for_her_to_us_is_the_guardians(mother, mandate):
    """The page of concerns is open to everybody, and yet knows who is in, and for whom."""
    assert BANNER in mother.get("/concerns/new").text
    mother.post("/concerns/new", {"words": "She was filmed.", "name": "yes"})
    raised = Entry.objects.get(action="concern.raised")
    assert (raised.actor_type, raised.actor_ref) == ("guardian", str(mandate.number))
    assert raised.subject == subjects.find(CAROL).pseudonym


def test_a_concern_without_a_name_does_not_name_her_mandate(mother):
    mother.post("/concerns/new", {"words": "She was filmed.", "name": "no"})
    raised = Entry.objects.get(action="concern.raised")
    assert (raised.actor_type, raised.actor_ref) == ("customer", "")
    assert raised.subject.startswith("c_")


@pytest.fixture
def attorney(open_park, fresh, today) -> Client:
    """Alice's browser, in which she acts for Bob, as he chose."""
    held = mandates.grant(wanted=Wanted("representative", BOB, ALICE, "A signed letter."), by=SYSTEM, now=today)
    assert fresh.post(f"/acting/{held.number}")["Location"] == "/"
    return fresh


def test_what_a_representative_writes_is_not_shown_as_our_words(attorney):
    place = attorney.post("/concerns/new", {"words": "He was filmed.", "name": "yes"})["Location"].partition("?")[0]
    assert "You wrote to us" in attorney.get(place).text
    (step,) = concerns.follow(reference=place.rpartition("/")[2], who=subjects.find(BOB)).steps
    assert step.own


@pytest.mark.parametrize("over", ["the mandate", "the visit"])
def test_who_comes_in_anew_after_it_is_over_is_in_their_own_record(mother, mandate, today, over):
    """Else a guardian whose child is grown could never come in again, and an evening's visit went on the next day."""
    if over == "the mandate":
        Mandate.objects.update(until=today - timedelta(seconds=1))
    else:
        PortalSession.objects.update(seen_at=today - timedelta(hours=2))
    assert mother.get("/")["Location"] == "/welcome"
    visit.come_in_by_code(mother)
    page = mother.get("/")
    assert page.status_code == 200
    assert BANNER not in page.text
