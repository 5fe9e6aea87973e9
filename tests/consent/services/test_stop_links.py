"""Links that can only reduce: they stop what they were made for, as often as they are used, for three years."""

from datetime import timedelta

import pytest

from audit import vault
from audit.models import Entry
from consent.errors import Invalid, NoChoiceHere, StopLinkEnded, Suppressed
from consent.models import ConsentEvent, Identifier
from consent.rules import stop_links as rules
from consent.services import consents, links, stop_links, subjects, suppressions
from consent.services.links import Why
from consent.services.stop_links import Wanted
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CUSTOMER, MALLORY, NOW, SYSTEM, ask, digest, publish, say

OFFERS = "personal_offers"


def make(who=ALICE, *purposes: str, language: str = "en", now=NOW, **more) -> str:
    wanted = {0: Wanted(who, purposes or (OFFERS,), language)}
    made = stop_links.make(wanted=wanted, now=now, **more)[0]
    if isinstance(made, Exception):
        raise made
    return made.token


def stop(token: str, now=NOW, method: str = stop_links.BUTTON):
    return stop_links.stop(token=token, method=method, by=CUSTOMER, now=now)


def look(token: str, now=NOW):
    return stop_links.read(token=token, chosen="", otherwise="en", now=now)


def events(who=ALICE, purpose: str = OFFERS):
    return list(ConsentEvent.objects.filter(subject=subjects.find(who), purpose__key=purpose).order_by("id"))


def test_it_takes_back_a_yes_and_the_next_use_is_refused(cast):
    token = make()
    assert ask(ALICE).decision.permitted
    stop(token)
    event = events()[-1]
    assert (event.act, event.channel, event.actor, event.language) == ("withdraw", "email_link", "self", "en")
    assert ask(ALICE, now=NOW + timedelta(seconds=1)).decision.reason == "consent_withdrawn"


def test_it_objects_where_no_yes_was_needed(cast):
    stop(make(ALICE, "plan_staff"))
    assert events(purpose="plan_staff")[-1].act == "object"


def test_it_says_no_for_who_never_said_anything(cast):
    stop(make(Handle("email", "carol@example.org")))
    carol = Handle("customer", "C-1003")
    assert [event.act for event in events(carol)] == ["withdraw"]
    assert ask(carol, now=NOW + timedelta(seconds=1)).decision.reason == "consent_withdrawn"


def test_A30_it_stops_nothing_else(cast):
    say(ALICE, "give", "improve_visit")
    stop(make())
    assert [event.act for event in events(purpose="improve_visit")] == ["give"]
    assert events(purpose="plan_staff") == []
    assert ask(ALICE, "improve_visit", recipient="queue-planner").decision.permitted


def test_A30_replay_is_harmless(cast):
    token = make()
    stop(token)
    entries = Entry.objects.count()
    for method in (stop_links.BUTTON, stop_links.ONE_CLICK):
        stop(token, NOW + timedelta(days=9), method)
    assert Entry.objects.count() == entries
    assert [event.act for event in events()] == ["give", "withdraw"]


def test_an_old_letter_stops_a_newer_yes_too(cast):
    token = make()
    stop(token)
    say(ALICE, "give", now=NOW + timedelta(days=1))
    stop(token, NOW + timedelta(days=2))
    assert [event.act for event in events()] == ["give", "withdraw", "give", "withdraw"]


def test_a_yes_that_waits_for_its_token_cannot_be_confirmed_after_it(cast):
    from consent.errors import LinkSpent

    publish(now=NOW, improve_visit={"double_opt_in": True})
    waiting = say(ALICE, "give", "improve_visit").waiting
    stop(make(ALICE, "improve_visit"))
    with pytest.raises(LinkSpent):
        consents.confirm(token=waiting.token, channel="email", method="link", by=CUSTOMER, now=NOW)


def test_looking_changes_nothing_and_tells_nothing_about_the_customer(cast):
    entries = Entry.objects.count()
    shown = look(make())
    assert [notice.text["title"] for notice in shown.notices] == ["Send you offers that fit"]
    assert Entry.objects.count() == entries
    assert "C-1001" not in repr(shown)


def test_it_works_for_three_years_and_then_says_so(cast):
    token = make()
    last = rules.ends(NOW.date())
    assert last - NOW > timedelta(days=1095)
    assert look(token, last - timedelta(seconds=1))
    for moment in (last, last + timedelta(days=9)):
        for use in (look, stop):
            with pytest.raises(StopLinkEnded):
                use(token, moment)


def test_A30_a_token_cannot_be_read_or_changed_or_made(cast):
    token = make()
    assert token != make(), "two links for one customer do not look alike"
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(StopLinkEnded):
            look(token[:place] + other + token[place + 1 :])
    for made in ("", "A", "===", "é", token[:-1], token + "A", token * 2, "A" * 94):
        with pytest.raises(StopLinkEnded):
            look(made)


def test_it_is_under_a_key_that_opens_nothing_else(cast):
    content = rules.write(identifier=1, purposes=[1], language="", now=NOW)
    assert rules.read(content, NOW).identifier == 1
    with pytest.raises(vault.Unreadable):
        vault.house().open(vault.links().seal(content, "stop-link"), "stop-link")
    assert rules.read(b"\x02" + content[1:], NOW) is None


def test_T4_without_names_it_is_for_all_that_use_the_address(cast):
    made = stop_links.make(wanted={0: Wanted(ALICE, None, "")}, now=NOW)[0]
    titles = {notice.text["title"] for notice in look(made.token).notices}
    assert "Send you offers that fit" in titles
    assert len(titles) == sum(
        "contact.email" in row["categories"] and row["legal_basis"] in {"consent", "legitimate_interest"}
        for row in _document()
    )
    limited = stop_links.make(wanted={0: Wanted(ALICE, None, "")}, only=["improve_visit"], now=NOW)[0]
    assert isinstance(limited, Invalid)


def _document():
    from tests.world import document

    return document()["purposes"]


@pytest.mark.parametrize(
    ("who", "purpose", "pointer"),
    [
        (MALLORY, OFFERS, "/subject"),
        (Handle("email", "no address"), OFFERS, "/subject/id"),
        (ALICE, "nothing", "/purposes/0"),
        (ALICE, "tickets_and_orders", "/purposes/0"),
    ],
)
def test_what_cannot_be_made_is_named(cast, who, purpose, pointer):
    with pytest.raises(Invalid) as wrong:
        make(who, purpose)
    assert [field.pointer for field in wrong.value.fields] == [pointer]


def test_each_of_many_has_its_own_result_and_a_thousand_take_a_few_queries(cast, django_assert_max_num_queries):
    wanted = {place: Wanted(ALICE if place % 2 else MALLORY, (OFFERS,), "") for place in range(1000)}
    with django_assert_max_num_queries(12):
        made = stop_links.make(wanted=wanted, now=NOW)
    assert [isinstance(made[place], Invalid) for place in range(1000)] == [True, False] * 500
    assert Entry.objects.filter(action__startswith="consent.").count() == 2, "only what the cast said"


def test_by_an_identifier_that_nobody_vouched_for_one_can_say_no(cast):
    half = Handle("email", "half@example.org", verified=False)
    subjects.register(identifiers=[half], by=SYSTEM, now=NOW)
    stop(make(half))
    assert [event.act for event in events(half)] == ["withdraw"]


def test_it_follows_its_identifier_to_the_record_it_was_joined_to(cast):
    say(BOB, "give", now=NOW)
    token = make(BOB)
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    stop(token)
    assert not ask(ALICE, now=NOW + timedelta(seconds=1)).decision.permitted


def test_who_is_left_alone_stays_so(cast):
    token = make()
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    stop(token, NOW + timedelta(days=1))
    with pytest.raises(Suppressed):
        say(ALICE, "give", actor="staff", evidence={"reason": "x"}, channel="phone", now=NOW)


def test_when_the_identifier_is_gone_the_link_has_ended(cast):
    token = make()
    Identifier.objects.filter(subject=subjects.find(ALICE)).delete()
    with pytest.raises(StopLinkEnded):
        stop(token)


def test_when_the_use_rests_on_no_choice_any_more_it_says_so(cast):
    token = make(ALICE, "improve_visit")
    publish(now=NOW, improve_visit={"legal_basis": "contract"})
    for use in (look, stop):
        with pytest.raises(NoChoiceHere):
            use(token, NOW + timedelta(seconds=1))


def test_a_use_that_has_ended_can_be_stopped_all_the_same(cast):
    from consent.models import Purpose

    token = make()
    Purpose.objects.filter(key=OFFERS).update(retired_at=NOW)
    stop(token, NOW + timedelta(days=1))
    assert events()[-1].act == "withdraw"


def test_a_letter_in_chinese_opens_in_chinese(cast):
    token = make(language="zh-hans")
    assert look(token).language == "zh-hans"
    picked = stop_links.read(token=token, chosen="en", otherwise="en", now=NOW)
    assert picked.notices[0].digest == digest(OFFERS, "en")
