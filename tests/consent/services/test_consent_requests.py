"""A brand asks one customer about one purpose; who holds the link answers it once, and can do nothing else."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from audit.models import Entry
from audit.services import entries
from consent.errors import (
    AskedRecently,
    CodeNeeded,
    IdentifierUnverified,
    Invalid,
    LinkSpent,
    NoChoiceHere,
    NoticeSuperseded,
    OutOfTurn,
    PurposeClosed,
    Suppressed,
)
from consent.models import ConsentEvent, ConsentRequest
from consent.services import catalogue, consent_requests, erasures, links, sign_in_codes, subjects, suppressions
from consent.services.consent_requests import CodeWanted, Made, Reply, Wanted
from consent.services.links import Why
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, ask, digest, document, publish, say

BACK = "https://shop.example.org/basket"
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.BRAND_ORIGINS = ["https://shop.example.org"]


def make(who=CAROL, purpose: str = "personal_offers", now=NOW, **more):
    return consent_requests.create(wanted=Wanted(who, purpose, **more), by=SYSTEM, now=now)


def answer(made: Made, act: str, now=NOW, **more):
    row = ConsentRequest.objects.filter(number=made.number).select_related("purpose").first()
    shown = digest(row.purpose.key if row else "personal_offers")
    reply = Reply(act, more.pop("notice_digest", shown), **more)
    return consent_requests.answer(token=made.token, reply=reply, chosen="en", network="", by=CUSTOMER, now=now)


def look(made: Made, now=NOW):
    return consent_requests.read(token=made.token, chosen="", otherwise="en", now=now)


def said(who=CAROL, purpose: str = "personal_offers") -> list[ConsentEvent]:
    return list(ConsentEvent.objects.filter(subject=subjects.find(who), purpose__key=purpose).order_by("id"))


@pytest.mark.parametrize(("act", "reason"), [("give", "permitted"), ("refuse", "consent_refused")])
def test_the_answer_is_recorded_with_the_exact_words_the_way_and_the_occasion(cast, act, reason):
    made = make(language="zh-hans", channel="kiosk", occasion="Checkout of order 4411", return_url=f"{BACK}?step=2")
    answer(made, act, notice_digest=digest("personal_offers", "zh-hans"))
    asked, answered = said()
    assert (asked.act, asked.channel, asked.language, asked.entry_id) == ("request", "kiosk", "zh-hans", made.number)
    assert (answered.act, answered.channel, answered.actor, answered.assumed) == (act, "kiosk", "self", False)
    assert (answered.language, answered.notice.digest) == ("zh-hans", digest("personal_offers", "zh-hans"))
    kept = entries.payloads(Entry.objects.filter(id__in=[asked.entry_id, answered.entry_id]))
    assert kept[asked.entry_id]["evidence"] == {"occasion": "Checkout of order 4411"}
    assert kept[answered.entry_id]["method"] == "consent request page"
    proof = {"occasion": "Checkout of order 4411", "request": str(made.number)}
    assert kept[answered.entry_id]["evidence"] == proof
    assert ask(CAROL, now=NOW + timedelta(seconds=1)).decision.reason == reason


def test_not_now_leaves_it_off_and_may_be_asked_again(cast):
    answer(make(), "defer")
    assert ask(CAROL).decision.reason == "consent_requested"
    assert isinstance(make(now=NOW + timedelta(days=1)), Made)


def test_no_third_party_is_in_a_yes_but_those_that_were_ticked(cast):
    answer(make(), "give")
    assert said()[-1].recipients == ["mail-engine", "mailbird"]
    answer(make(mallory()), "give", third=["adpartner"])
    assert said(MALLORY)[-1].recipients == ["mail-engine", "mailbird", "adpartner"]


def mallory() -> Handle:
    """Mallory, once we know them."""
    subjects.register(identifiers=[MALLORY], by=SYSTEM, now=NOW)
    return MALLORY


def test_a_company_that_the_words_do_not_name_cannot_be_ticked(cast):
    made = make()
    with pytest.raises(Invalid):
        answer(made, "give", third=["snapride"])
    assert [event.act for event in said()] == ["request"]
    assert look(made).act == "", "nothing of it is half recorded"


def test_A21_C8_D2_nobody_is_asked_again_within_12_months_of_a_no(cast):
    answer(make(), "refuse")
    with pytest.raises(AskedRecently):
        make(now=NOW + YEAR - timedelta(days=1))
    assert isinstance(make(now=NOW + YEAR + timedelta(days=1)), Made)


def test_A21_unless_the_purpose_changed_materially(cast):
    with pytest.raises(AskedRecently):
        make(BOB)
    publish(now=NOW, personal_offers={"categories": ["contact.email", "purchase_history", "location.wristband"]})
    assert isinstance(make(BOB, now=NOW + timedelta(days=1)), Made)


def test_where_a_yes_stands_or_rests_there_is_nothing_to_ask(cast):
    before = Entry.objects.count()
    assert make(ALICE) == "given"
    assert Entry.objects.count() == before
    say(ALICE, "pause", until=NOW + timedelta(days=9))
    assert make(ALICE) == "paused"
    assert isinstance(make(ALICE, now=NOW + 3 * YEAR), Made), "it ran out"


def test_a_yes_to_words_that_were_replaced_materially_is_asked_for_anew(cast):
    publish(now=NOW, personal_offers={"categories": ["contact.email", "purchase_history", "location.wristband"]})
    assert isinstance(make(ALICE, now=NOW + timedelta(days=1)), Made)


@pytest.mark.parametrize(
    ("who", "purpose", "error", "pointer"),
    [
        (Handle("customer", "C-9"), "personal_offers", Invalid, "/subject"),
        (CAROL, "nothing", Invalid, "/purpose"),
        (CAROL, "plan_staff", Invalid, "/purpose"),
        (CAROL, "park_safety", NoChoiceHere, None),
    ],
)
def test_what_cannot_be_asked_is_refused(cast, who, purpose, error, pointer):
    with pytest.raises(error) as caught:
        make(who, purpose)
    assert [field.pointer for field in caught.value.fields] == ([pointer] if pointer else [])
    assert not ConsentRequest.objects.exists()


def test_it_leads_back_to_the_brands_own_sites_only(cast):
    with pytest.raises(Invalid) as caught:
        make(return_url="https://evil.example/")
    assert caught.value.fields[0].pointer == "/return_url"
    made = make(return_url=BACK)
    assert look(made).back == ""
    assert answer(made, "give").back == f"{BACK}?consent=given&request={made.number}"


def test_an_identifier_that_nobody_vouched_for_gets_no_page(cast):
    subjects.register(identifiers=[replace(MALLORY, verified=False)], by=SYSTEM, now=NOW)
    with pytest.raises(IdentifierUnverified):
        make(MALLORY)


def test_a_child_is_not_asked_for_a_yes_that_would_permit_nothing(cast):
    subjects.register(identifiers=[CAROL], minor_until=date(2027, 1, 1), by=SYSTEM, now=NOW)
    with pytest.raises(OutOfTurn):
        make()


def test_who_is_left_alone_is_not_asked_and_an_older_page_ends(cast):
    made = make()
    suppressions.suppress(subject=CAROL, by=SYSTEM, now=NOW)
    with pytest.raises(LinkSpent):
        answer(made, "give")
    with pytest.raises(Suppressed):
        make()


def test_A30_looking_changes_nothing_and_a_second_answer_neither(cast):
    made, before = make(), Entry.objects.count()
    assert look(made).act == look(made).act == ""
    assert Entry.objects.count() == before
    answer(made, "refuse")
    assert answer(made, "give").act == "refuse"
    assert look(made).act == "refuse"
    assert [event.act for event in said()] == ["request", "refuse"]


def test_it_works_for_an_hour(cast):
    made = make()
    assert made.expires_at == NOW + timedelta(hours=1)
    for late in (look, lambda made, now: answer(made, "give", now)):
        with pytest.raises(LinkSpent):
            late(made, NOW + timedelta(hours=1))
    assert consent_requests.forget(now=NOW + timedelta(hours=2)) == 1


def test_words_that_were_replaced_meanwhile_are_not_agreed_to(cast):
    made, old = make(), digest("personal_offers")
    publish(now=NOW, personal_offers={"categories": ["contact.email", "purchase_history", "location.wristband"]})
    with pytest.raises(NoticeSuperseded):
        answer(made, "give", notice_digest=old)
    assert look(made).act == ""
    assert answer(made, "give", now=NOW + timedelta(seconds=9)).act == "give"


def test_a_purpose_that_ended_meanwhile_cannot_be_agreed_to(cast):
    made = make()
    rows = [row | {"retired": row["key"] == "personal_offers"} for row in document()["purposes"]]
    catalogue.apply(document=document() | {"purposes": rows}, by=OPERATOR, now=NOW)
    with pytest.raises(PurposeClosed):
        answer(made, "give")


# --- a yes to the use of sensitive data ----------------------------------------------------------------


def sent() -> str:
    """The code that the worker sends now."""
    letters = []
    sign_in_codes.deliver(send=lambda letter: letters.append(letter) or True, now=NOW)
    return letters[-1].code


def test_a_yes_that_asks_for_double_opt_in_waits_for_a_fresh_code(cast):
    """Who holds the link may be anybody, the brand's own system first of all: holding it shows nobody's address."""
    publish(now=NOW, personal_offers={"double_opt_in": True})
    subjects.register(identifiers=[CAROL, Handle("email", "carol@example.org")], by=SYSTEM, now=NOW)
    made = make()
    wanted = answer(made, "give")
    assert ask(CAROL).decision.reason == "consent_requested"
    assert isinstance(wanted, CodeWanted)
    assert answer(made, "give", browser=wanted.browser, code=sent()).act == "give"
    assert ask(CAROL).decision.reason == "permitted"


def test_G17_a_yes_to_sensitive_data_waits_for_a_fresh_code(cast):
    made = make(purpose="ride_photos")
    wanted = answer(made, "give")
    assert isinstance(wanted, CodeWanted)
    code = sent()
    wrong = answer(made, "give", browser=wanted.browser, code=f"{(int(code) + 1) % 10**6:06}")
    assert (wrong.wrong, wrong.browser) == (True, wanted.browser)
    assert [event.act for event in said(purpose="ride_photos")] == ["request"]
    assert answer(made, "give", browser=wanted.browser, code=code).act == "give"
    assert said(purpose="ride_photos")[-1].notice.digest == digest("ride_photos")


def test_after_five_tries_a_new_code_must_be_sent(cast):
    made = make(purpose="ride_photos")
    wanted = answer(made, "give")
    code = sent()
    for _ in range(4):
        assert answer(made, "give", browser=wanted.browser).browser
    assert answer(made, "give", browser=wanted.browser).browser == ""
    assert answer(made, "give", browser=wanted.browser, code=code).wrong, "the right one comes too late"
    assert [event.act for event in said(purpose="ride_photos")] == ["request"]


def test_anothers_code_opens_nothing(cast):
    email = Handle("email", "alice@example.org")
    subjects.register(identifiers=[ALICE, email], by=SYSTEM, now=NOW)
    browser = sign_in_codes.ask(address=email.id, network="", language="en", now=NOW)
    made = make(purpose="ride_photos")
    assert answer(made, "give", browser=browser, code=sent()).wrong
    assert [event.act for event in said(purpose="ride_photos")] == ["request"]


@pytest.mark.parametrize("act", ["refuse", "defer"])
def test_A3_a_no_to_sensitive_data_needs_no_code(cast, act):
    assert answer(make(purpose="ride_photos"), act).act == act


def test_who_has_no_address_for_a_code_is_not_asked(cast):
    with pytest.raises(CodeNeeded):
        make(ALICE, "ride_photos")


# --- joined, parted, erased ----------------------------------------------------------------------------


def test_joining_two_records_ends_their_questions(cast):
    made = make()
    links.link(subject=CAROL, other=BOB, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    with pytest.raises(LinkSpent):
        look(made)


def test_erasure_deletes_the_questions(cast):
    made = make(occasion="Checkout", return_url=BACK)
    erasures.erase(subject=CAROL, why="withdrawn", by=SYSTEM, now=NOW)
    assert not ConsentRequest.objects.exists()
    with pytest.raises(LinkSpent):
        answer(made, "give")


def test_what_the_caller_wrote_is_encrypted(cast):
    make(occasion="Checkout", return_url=BACK)
    (row,) = ConsentRequest.objects.values_list("sealed", flat=True)
    assert b"Checkout" not in bytes(row)
    assert b"shop.example" not in bytes(row)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_counts(transactional_db):
    publish()
    subjects.register(identifiers=[CAROL], by=SYSTEM, now=NOW)
    made, start, told = make(), Barrier(2), []

    def press(act: str) -> None:
        start.wait()
        told.append(answer(made, act).act)
        connection.close()

    threads = [Thread(target=press, args=(act,)) for act in ("give", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acts = [event.act for event in said()]
    assert len(acts) == 2
    assert told == [acts[-1]] * 2
