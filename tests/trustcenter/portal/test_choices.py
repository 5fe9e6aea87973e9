"""Your choices: one press, its proof, and the way back."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from consent.models import ConsentEvent, Holder
from consent.services import catalogue, consents, evidence, holders, subjects, uses
from consent.services.uses import Benefit
from tests import visit, world
from tests.world import ALICE, BOB, CAROL, ask, digest, publish, say
from trustcenter.portal import words


def press(client, purpose="personal_offers", act="off", **more):
    return client.post(f"/choices/{purpose}", {"act": act, "notice": digest(purpose), **more})


def choose(client, purpose="personal_offers", level="own", **more):
    return client.post(f"/purposes/{purpose}/amount", {"level": level, "notice": digest(purpose), **more})


def events(who=ALICE, purpose="personal_offers"):
    return list(ConsentEvent.objects.filter(subject=subjects.find(who), purpose__key=purpose).order_by("id"))


def test_one_press_turns_a_use_off(alice, today):
    assert ask(ALICE, now=today).decision.permitted
    answer = press(alice)
    event = events()[-1]
    assert answer["Location"] == f"/?saved={event.entry_id}#saved"
    assert (event.act, event.channel, event.actor) == ("withdraw", "portal", "self")
    assert (event.notice.digest, event.assumed) == (digest("personal_offers"), False)
    assert ask(ALICE, now=today + timedelta(seconds=9)).decision.reason == "consent_withdrawn"
    page = alice.get(answer["Location"]).text
    assert "Saved. You turned off “Send you offers that fit”" in page
    assert re.search(r'role="status" tabindex="-1" id="saved"', page)
    assert f"/receipts/{event.entry_id}" in page
    assert 'value="undo"' in page


def test_one_press_turns_it_on_for_everyone_but_third_parties(alice):
    press(alice, act="off")
    press(alice, act="on")
    event = events()[-1]
    assert (event.act, event.recipients) == ("give", ["mail-engine", "mailbird"])
    assert event.categories == ["contact.email", "contact.sms", "purchase_history"]


def test_a_childs_own_yes_does_not_claim_to_count(open_park, come_in, today):
    subjects.register(identifiers=[CAROL], by=world.SYSTEM, now=today, minor_until=(today + timedelta(days=9)).date())
    carol = come_in(CAROL)
    page = carol.get(press(carol, "improve_visit", "on")["Location"]).text
    assert "A parent or guardian must say yes first." in page
    assert "those named may use this data" not in page


def test_undo_brings_back_the_same_scope_and_words_and_keeps_both_acts(alice, today):
    say(ALICE, "give", categories=["contact.email"], recipients=["mail-engine", "adpartner"], now=today)
    press(alice)
    off = events()[-1]
    answer = alice.post("/choices/personal_offers", {"act": "undo", "receipt": off.entry_id})
    assert "You turned on" in alice.get(answer["Location"]).text
    *_, before, undone, restored = events()
    assert [before.act, undone.act, restored.act] == ["give", "withdraw", "give"]
    assert (restored.categories, restored.recipients) == (["contact.email"], ["mail-engine", "adpartner"])
    assert restored.notice == before.notice
    assert restored.channel == "portal"


def test_undo_does_not_bring_back_a_yes_that_had_run_out(open_park, come_in, today):
    publish(now=today - timedelta(days=90), personal_offers={"consent_lasts": "P1W"})
    say(CAROL, "give", now=today - timedelta(days=30))
    carol = come_in(CAROL)
    press(carol)
    carol.post("/choices/personal_offers", {"act": "undo", "receipt": events(CAROL)[-1].entry_id})
    assert not ask(CAROL).decision.permitted
    assert [event.act for event in events(CAROL)] == ["give", "withdraw"]


def test_undoing_a_yes_that_followed_nothing_is_a_no(open_park, come_in):
    carol = come_in(CAROL)
    press(carol, "improve_visit", "on")
    given = events(CAROL, "improve_visit")[-1]
    carol.post("/choices/improve_visit", {"act": "undo", "receipt": given.entry_id})
    assert [event.act for event in events(CAROL, "improve_visit")] == ["give", "withdraw"]


def test_only_the_newest_act_can_be_undone_and_only_ones_own(alice, come_in):
    press(alice)
    old = events()[-1].entry_id
    press(alice, act="on")
    late = alice.post("/choices/personal_offers", {"act": "undo", "receipt": old})
    assert late.status_code == 409
    assert "Your newest choice stands" in late.text
    stranger = come_in(BOB).post("/choices/personal_offers", {"act": "undo", "receipt": events()[-1].entry_id})
    assert stranger.status_code == 404
    assert len(events()) == 3
    assert 'value="undo"' not in alice.get(f"/?saved={old}").text


def test_objecting_and_allowing_again(open_park, come_in, today):
    carol = come_in(CAROL)
    assert "We do this unless you say no" in carol.get("/").text
    press(carol, "plan_staff", "off")
    assert events(CAROL, "plan_staff")[-1].act == "object"
    assert ask(CAROL, "plan_staff", recipient="staff-planner", now=today).decision.reason == "objected"
    page = carol.get("/").text
    assert "Allow again" in page
    assert "You said no on" in page
    undo = {"act": "undo", "receipt": events(CAROL, "plan_staff")[-1].entry_id}
    carol.post("/choices/plan_staff", undo)
    assert ask(CAROL, "plan_staff", recipient="staff-planner", now=today).decision.permitted


def test_everything_goes_off_in_one_press_with_one_receipt_each(alice, today):
    answer = alice.post("/choices/everything")
    page = alice.get(answer["Location"]).text
    assert "You turned everything off" in page
    assert page.count('value="undo"') == 2
    assert page.count("Undo all of it") == 1
    said = {event.purpose.key: event.act for event in ConsentEvent.objects.filter(channel="portal")}
    assert said == {"personal_offers": "withdraw", "plan_staff": "object"}
    assert ask(BOB, "improve_visit", recipient="queue-planner", now=today).decision.permitted
    assert "<strong>0 of 4</strong>" in page
    assert "Turn everything off" not in page
    assert alice.post("/choices/everything")["Location"] == "/"


def test_nothing_turns_everything_on(alice):
    page = alice.get("/").text
    assert "everything on" not in page.lower()


def test_what_must_be_is_listed_with_its_reason_and_no_button(alice):
    page = alice.get("/").text
    assert "Because the law says so" in page
    assert page.count("We must do this. Why?") == 2
    assert "/choices/park_safety" not in page
    assert "/choices/tickets_and_orders" not in page
    assert press(alice, "park_safety").status_code == 409
    detail = alice.get("/purposes/park_safety").text
    assert "Why you cannot turn it off" in detail
    assert 'name="act"' not in detail


def test_words_that_were_replaced_meanwhile_are_shown_and_nothing_is_saved(alice, today):
    press(alice, act="off")
    old = digest("personal_offers")
    publish(now=today - timedelta(seconds=1), personal_offers={"retention": "P24M"})
    answer = alice.post("/choices/personal_offers", {"act": "on", "notice": old})
    assert answer["Location"] == "/purposes/personal_offers?changed=1#problem"
    page = alice.get(answer["Location"]).text
    assert "Nothing was saved. These are the new words." in page
    assert digest("personal_offers") in page
    assert events()[-1].act == "withdraw"


def test_a_yes_that_holds_for_a_later_version_says_why(alice, today):
    world.publish(now=today - timedelta(seconds=1), personal_offers={"retention": "P6M"})
    shown = " ".join(alice.get("/purposes/personal_offers").text.split())
    assert "Given to version 1. It holds for version 2 too, from" in shown
    assert "because only small things changed: kept for a shorter time</dd>" in shown


def test_a_changed_use_is_off_until_they_choose(alice, today):
    publish(now=today - timedelta(seconds=1), personal_offers={"retention": "P24M"})
    page = alice.get("/").text
    assert "It is off until you choose" in page
    assert "<strong>1 of 4</strong>" in page


def test_what_changed_stands_apart_from_what_stays(alice, today):
    publish(now=today - timedelta(seconds=1), personal_offers={"retention": "P24M"})
    page = alice.get("/purposes/personal_offers/changed").text
    new, same = page.split("What stays the same")
    assert "<ins>2 years</ins>" in new
    assert "Your e-mail address" not in new
    assert "Your e-mail address; your mobile number" in same


def test_no_data_flows_to_a_company_that_was_not_chosen_and_none_after_a_no(alice):
    page = alice.get("/purposes/personal_offers").text
    assert '<li class="off"><b><bdi>AdPartner Ltd</bdi></b>, United States<p>You did not choose them.' in page
    assert '<li class="on"><b><bdi>Mail engine</bdi></b>' in page
    press(alice, "personal_offers", "off")
    page = alice.get("/purposes/personal_offers").text
    assert '<li class="off"><b><bdi>Mail engine</bdi></b>' in page


def test_third_parties_are_ticked_by_name_and_never_beforehand(alice, today):
    address = "/purposes/personal_offers/amount"
    box = re.search(r'<input type="checkbox" name="third" value="adpartner"[^>]*>', alice.get(address).text)[0]
    assert "checked" not in box
    choose(alice, level="all", third=["adpartner"])
    assert events()[-1].recipients == ["mail-engine", "mailbird", "adpartner"]
    assert ask(ALICE, recipient="adpartner", now=today + timedelta(seconds=9)).decision.permitted
    assert re.search(r'value="adpartner" checked', alice.get(address).text)
    assert "<bdi>AdPartner Ltd</bdi> (United States)" in alice.get("/").text
    choose(alice, level="all")
    assert events()[-1].recipients == ["mail-engine", "mailbird"]


def test_a_company_that_the_words_do_not_name_is_refused(alice):
    assert choose(alice, level="all", third=["snapride"]).status_code == 400
    assert len(events()) == 1


def test_a_use_by_third_parties_alone_asks_for_a_name(fresh, today):
    publish(now=today - timedelta(seconds=1), ride_photos={"recipients": ["snapride"]})
    assert "Choose who" in fresh.get("/").text
    answer = choose(fresh, "ride_photos", kinds=["ride_photos"])
    assert answer.status_code == 400
    assert "at least one who may see it" in answer.text
    choose(fresh, "ride_photos", kinds=["ride_photos"], third=["snapride"])
    assert events(purpose="ride_photos")[-1].recipients == ["snapride"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"act": "maybe"},
        {"act": "on"},
        {"act": "on", "notice": "x" * 64},
        {"act": "off", "notice": "0" * 64},
        {"act": "off", "notice": "\0"},
        {"act": "undo"},
        {"act": "undo", "receipt": "7"},
        {"act": "pause", "notice": "0" * 64, "time": "P1W"},
        {"act": "pause", "notice": "0" * 64, "time": "P9Y"},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(alice, sent):
    assert alice.post("/choices/personal_offers", sent).status_code == 400
    assert len(events()) == 1


@pytest.mark.parametrize("key", ["nothing", "Personal_offers", "a" * 80, "x%00", "%2e%2e"])
def test_there_is_no_page_for_an_unknown_use(alice, key):
    assert alice.get(f"/purposes/{key}").status_code == 404
    assert alice.post(f"/choices/{key}", {"act": "on", "notice": "0" * 64}).status_code == 404


def test_looking_changes_nothing(alice):
    before = ConsentEvent.objects.count()
    for address in ("/choices/personal_offers", "/choices/everything", "/sign-out"):
        assert alice.get(address).status_code == 405
    assert ConsentEvent.objects.count() == before


def test_one_customer_learns_nothing_of_another(alice):
    (receipt,) = events(BOB, "improve_visit")
    assert alice.get(f"/receipts/{receipt.entry_id}").status_code == 404
    assert alice.get(f"/receipts/{receipt.entry_id}/proof.json").status_code == 404
    page = alice.get(f"/?saved={receipt.entry_id}").text
    assert "Saved." not in page
    assert f"/receipts/{receipt.entry_id}" not in page


@pytest.mark.parametrize("saved", ["x", "", "," * 99, str(uuid.UUID(int=7))])
def test_an_address_that_someone_made_up_shows_the_plain_page(alice, saved):
    answer = alice.get("/", {"saved": saved})
    assert answer.status_code == 200
    assert "You decide how we use your data" in answer.text


def test_home_says_what_a_system_reported_and_what_was_refused(db, come_in, today):
    visit.half_year(today)
    page = come_in(ALICE).get("/").text
    assert "Skipped a 40-minute queue" in page
    assert "used 3 times, refused 2 times in 30 days" in page
    assert "by our staff, on the phone" in page


def test_a_text_that_is_missing_in_a_language_is_shown_in_another_and_says_so(db, come_in, today):
    rows = {row["key"]: row["texts"] for row in world.document()["purposes"]}
    publish(now=today - timedelta(days=2), improve_visit={"texts": {"en": rows["improve_visit"]["en"]}})
    alice = come_in(ALICE, "zh-hans")
    page = alice.get("/").text
    assert '<h2><a href="/purposes/improve_visit"><bdi lang="en">Improve your visit</bdi>' in page
    assert "有些文字还没有您的语言" in page
    press(alice, "improve_visit", "on")
    assert events(purpose="improve_visit")[-1].language == "en"


def test_a_label_inside_a_row_is_in_lower_case_but_never_in_german():
    labels = ["Your e-mail address", "What you buy"]
    assert words.data(labels) == "Your e-mail address; what you buy"
    with translation.override("de"):  # Ihre is "your", ihre is "her"
        assert words.data(["Was Sie kaufen", "Ihre E-Mail-Adresse"]).endswith("Ihre E-Mail-Adresse")


def test_words_that_are_not_approved_are_shown_in_the_default_language(db, come_in, today):
    texts = next(row["texts"] for row in world.document()["purposes"] if row["key"] == "improve_visit")
    draft = texts["zh-hans"] | {"approved": False, "title": "还没有核对"}
    publish(now=today - timedelta(days=2), improve_visit={"texts": texts | {"zh-hans": draft}})
    alice = come_in(ALICE, "zh-hans")
    page = alice.get("/purposes/improve_visit").text
    assert re.search(r'<h1.*lang="en"[^>]*>Improve your visit<', page)
    assert "还没有核对" not in page
    assert "这段文字还没有您的语言" in page


def test_A9_home_takes_the_same_few_queries_for_any_number_of_uses(db, come_in, today):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert alice.get("/").status_code == 200
        return len(found)

    visit.half_year(today)
    alice = come_in(ALICE)
    few = queries()
    rows = world.document()["purposes"]
    more = [row | {"key": f"{row['key']}_{place}"} for row in rows for place in range(4)]
    catalogue.apply(document=world.document() | {"purposes": rows + more}, by=world.OPERATOR, now=today)
    assert alice.get("/").text.count('class="entry') == 30
    assert queries() == few
    assert few <= 12


def test_withdrawing_everything_leaves_what_is_off_alone(open_park, today):
    subject = subjects.find(BOB)
    done = consents.withdraw_all(subject=subject, language="en", channel="portal", by=world.CUSTOMER, now=today)
    assert [each.event.purpose.key for each in done] == ["improve_visit", "plan_staff"]
    found = {line.entry.action for line in evidence.line(subject=subject)[:2]}
    assert found == {"consent.objected", "consent.withdrawn"}


def test_what_rests_is_woken_as_it_was(alice, today):
    say(ALICE, "give", "improve_visit", categories=["ticket_scans"], now=today - timedelta(days=2))
    say(ALICE, "pause", "improve_visit", until=today + timedelta(days=20), now=today - timedelta(days=1))
    assert "Paused until" in alice.get("/").text
    press(alice, "improve_visit", "on")
    assert events(purpose="improve_visit")[-1].act == "resume"
    made = ask(ALICE, "improve_visit", recipient="queue-planner", now=today + timedelta(seconds=9)).decision
    assert (made.permitted, made.allowed) == (True, ("ticket_scans",))


def test_in_the_portal_a_yes_needs_no_second_mail(alice, today):
    publish(now=today, improve_visit={"double_opt_in": True})
    press(alice, "improve_visit", "on")
    event = events(purpose="improve_visit")[-1]
    assert (event.act, event.pending) == ("give", False)


def test_after_a_no_each_copy_is_told_confirmed_or_late_and_by_when(alice, today):
    press(alice)
    address = f"/?saved={events()[-1].entry_id}"
    assert "Who has stopped" not in alice.get(address).text, "who asks each time need not be told"
    mailbird = catalogue.recipient("mailbird")
    until = today + timedelta(seconds=15)
    holders.told(recipient=mailbird, holder="one", position=0, lease_until=until)
    page = alice.get(address).text
    assert f'Is being told. It must stop by <time datetime="{until:%Y-%m-%dT%H:%M:%S}+00:00">' in page
    assert re.search(r'<li class="wait"><b><bdi>MailBird Ltd</bdi></b>, Ireland', page)
    world.seal_all(today)
    holders.told(recipient=mailbird, holder="one", position=10**6, lease_until=until)
    assert "Was told. It must stop by" in alice.get(address).text
    holders.confirm(recipient=mailbird, holder="one", position=10**6, now=today)
    page = alice.get(address).text
    assert "Was told, and has stopped. It said so on <time" in page
    assert f"{today.day} {today:%B %Y, %H:%M}</time> UTC." in page
    Holder.objects.update(confirmed=0, lease_until=today - timedelta(seconds=1))
    page = alice.get(address).text
    assert re.search(r'<li class="late"><b><bdi>MailBird Ltd</bdi></b>', page)
    assert "It may use nothing until it answers." in page


def test_D2_more_than_seven_choices_stand_in_groups_each_with_one_button(alice, today):
    rows = [row for row in world.document()["purposes"] if row["legal_basis"] == "consent"]
    more = [
        row | {"key": f"{row['key']}_{place}", "group": "Visits" if row["key"] == "improve_visit" else "Offers"}
        for row in rows
        for place in range(5)
    ]
    catalogue.apply(
        document=world.document() | {"purposes": world.document()["purposes"] + more}, by=world.OPERATOR, now=today
    )
    for place in range(2):
        say(ALICE, "give", f"improve_visit_{place}", now=today)
    page = alice.get("/").text
    headings = re.findall(r"<h2>([^<]+)</h2>", page)
    assert [each for each in headings if each != "In short"] == ["Visits", "Offers", "Other uses", "What we must do"]
    among = re.search(r'(?:<input type="hidden" name="among" value="[^"]+">)+', page)[0]
    alice.post("/choices/everything", {"among": re.findall(r'value="([^"]+)"', among)})
    assert [event.act for event in events(purpose="improve_visit_0")] == ["give", "withdraw"]
    assert [event.act for event in events()] == ["give"], "the other groups stay as they are"


def test_what_it_brought_is_counted_for_twelve_months_and_nothing_directly_is_a_word_like_any_other(alice, today):
    say(ALICE, "give", "improve_visit", now=today - timedelta(days=300))
    for days, minutes in ((400, 5), (200, 25), (100, 35), (3, 40)):
        at = today - timedelta(days=days)
        got = Benefit(ALICE, "improve_visit", {"en": f"Skipped a {minutes}-minute queue"}, at)
        uses.report_benefits(benefits=[got], recipient="queue-planner", by=world.SYSTEM, now=at)
    card = " ".join(re.sub("<[^>]+>", "", alice.get("/").text).split())
    assert re.search(r"Skipped a 40-minute queue \(\d+ \w+ \d{4}\) and 2 more in 12 months", card)
    page = " ".join(re.sub("<[^>]+>", " ", alice.get("/purposes/improve_visit").text).split())
    assert "Queue times on your phone as you walk In the last 12 months: 3 times." in page
    texts = next(row for row in world.document()["purposes"] if row["key"] == "plan_staff")["texts"]
    edited = {language: words | {"benefit": "Nothing directly"} for language, words in texts.items()}
    publish(now=today, plan_staff={"texts": edited})
    assert "Nothing directly" in alice.get("/").text
