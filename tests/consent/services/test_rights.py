"""Requests for rights, from the first word to the answer: states, clocks, and a limitation that counts at once."""

from datetime import date, timedelta

import pytest
from django.db import Error, transaction

from audit.models import Entry, Payload
from consent.errors import CodeNeeded, Conflict, Invalid, NotFound, OutOfTurn
from consent.models import CaseLetter, Limit, RightsDraft, RightsRequest, RightsStep
from consent.services import (
    audiences,
    catalogue,
    compiled,
    counts,
    decisions,
    erasures,
    feed,
    links,
    rights,
    rights_drafts,
    searches,
    subjects,
)
from consent.services.feed import Reader, Since
from consent.services.handles import Handle
from consent.services.links import Why
from consent.services.rights import Wanted
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, ask, say, seal_all

STAFF = OPERATOR
DAY = timedelta(days=1)
WORDS = "My street is Elm Road now."


def begin(kind="delete", who=ALICE, *, checked=True, now=NOW, **more):
    return rights.open(subject=who, wanted=Wanted(kind, "phone", **more), checked=checked, by=SYSTEM, now=now)


def mine(kind="delete", who=ALICE, *, checked=True, now=NOW, **more):
    """As in the portal, by the customer themselves."""
    wanted = Wanted(kind, "portal", **more)
    return rights.open(subject=subjects.find(who), wanted=wanted, checked=checked, by=CUSTOMER, now=now)


def back(request, who=ALICE, now=NOW):
    return rights.withdraw(reference=request.reference, subject=subjects.find(who), by=CUSTOMER, now=now)


def test_a_request_goes_from_the_first_word_to_the_answer(cast):
    number = begin("correct", words=WORDS).reference
    rights.start(reference=number, by=STAFF, now=NOW + DAY)
    rights.answer(reference=number, words="It is put right.", done={"orders": 2}, by=STAFF, now=NOW + 2 * DAY)
    found = rights.follow(reference=number, subject=subjects.find(ALICE))
    assert [(each.step, each.own) for each in found.steps] == [
        ("opened", False),
        ("started", False),
        ("answered", False),
    ]
    assert (found.steps[0].words, found.steps[2].payload["done"]) == (WORDS, {"orders": 2})
    assert (found.request.state, found.request.due, found.request.law) == ("done", date(2026, 6, 14), "uk-gdpr")


def test_what_was_written_stands_in_no_row_and_is_gone_after_erasure(cast):
    number = begin("correct", words=WORDS).reference
    assert not any(WORDS in str(vars(row)) for row in [*RightsRequest.objects.all(), *Entry.objects.all()])
    assert not any(WORDS.encode() in bytes(row.sealed) for row in Payload.objects.all())
    rights_drafts.keep(subject=subjects.find(ALICE), kind="copy", typed={"words": WORDS}, by=CUSTOMER, now=NOW)
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW)
    assert [each.words for each in rights.follow(reference=number).steps] == [""]
    assert not RightsDraft.objects.exists()
    rights.start(reference=number, by=STAFF, now=NOW + DAY)
    assert rights.answer(reference=number, words="All is deleted.", by=STAFF, now=NOW + DAY).state == "done"


def test_what_carries_data_away_needs_a_fresh_code_and_what_says_no_does_not(cast):
    for kind in ("copy", "correct", "delete"):
        with pytest.raises(CodeNeeded):
            mine(kind, words=WORDS, checked=False)
    assert not RightsRequest.objects.exists()
    for kind in ("limit", "object", "human_review"):
        assert mine(kind, checked=False).state == "received"


def test_by_phone_a_copy_waits_until_it_is_known_who_asks_and_a_limit_does_not(cast):
    assert begin("copy", checked=False).state == "checking"
    assert begin("limit", checked=False).state == "received"
    assert ask(ALICE).decision.reason == "processing_limited"


def test_deletion_deletes_nothing_by_itself(cast):
    begin("delete")
    assert ask(ALICE).decision.permitted


def test_G19_the_clock_is_a_month_and_is_extended_once_with_a_reason_and_in_time(cast):
    number = begin("copy").reference
    with pytest.raises(Invalid):
        rights.extend(reference=number, words=" ", by=STAFF, now=NOW)
    with pytest.raises(OutOfTurn):
        rights.extend(reference=number, words="Much to do.", by=STAFF, now=NOW + 32 * DAY)
    extended = rights.extend(reference=number, words="There are 4,000 letters.", by=STAFF, now=NOW + 20 * DAY)
    assert (extended.due, extended.extended) == (date(2026, 8, 14), True)
    assert CaseLetter.objects.filter(kind="extended").count() == 1, "they are sent a letter"
    with pytest.raises(OutOfTurn):
        rights.extend(reference=number, words="Still more.", by=STAFF, now=NOW + 21 * DAY)
    assert rights.follow(reference=number).steps[-1].words == "There are 4,000 letters."


def test_the_clock_stands_still_while_we_ask_who_it_is_where_the_law_allows_it(cast):
    number = begin("copy").reference
    rights.ask_for_more(reference=number, words="Which of the two cards is yours?", by=STAFF, now=NOW + DAY)
    assert rights.follow(reference=number).request.stopped_on == date(2026, 5, 15)
    added = rights.add(
        reference=number, subject=subjects.find(ALICE), words="The blue.", by=CUSTOMER, now=NOW + 5 * DAY
    )
    assert (added.state, added.stopped_on, added.due) == ("received", None, date(2026, 6, 18))
    subjects.register(identifiers=[BOB], jurisdiction="US-CA", by=SYSTEM, now=NOW)
    other = begin("copy", BOB)
    rights.ask_for_more(reference=other.reference, words="Who are you?", by=STAFF, now=NOW + DAY)
    assert rights.follow(reference=other.reference).request.stopped_on is None


def test_P14_a_refusal_needs_a_ground_and_a_sentence(cast):
    number = begin("delete").reference
    with pytest.raises(Invalid) as wrong:
        rights.refuse(reference=number, ground="no_time", words="", by=STAFF, now=NOW)
    assert [each.pointer for each in wrong.value.fields] == ["/words", "/ground"]
    done = rights.refuse(reference=number, ground="law_requires", words="Tax law: six years.", by=STAFF, now=NOW)
    step = rights.follow(reference=number).steps[-1]
    assert (done.state, step.reason, step.words) == ("refused", "law_requires", "Tax law: six years.")


def test_it_can_be_taken_back_until_the_work_starts(cast):
    assert back(mine("copy")).state == "withdrawn"
    number = mine("copy").reference
    rights.start(reference=number, by=STAFF, now=NOW)
    with pytest.raises(OutOfTurn):
        rights.withdraw(reference=number, subject=subjects.find(ALICE), by=CUSTOMER, now=NOW)


def test_only_its_own_customer_finds_a_request(cast):
    number = mine("delete").reference
    bob = subjects.find(BOB)
    with pytest.raises(NotFound):
        rights.follow(reference=number, subject=bob)
    with pytest.raises(NotFound):
        rights.withdraw(reference=number, subject=bob, by=CUSTOMER, now=NOW)
    assert rights.of(subject=bob) == []


def test_a_second_copy_is_not_asked_for_while_the_first_is_open(cast):
    first = mine("copy")
    with pytest.raises(Conflict, match=first.reference):
        mine("copy")
    back(first)
    mine("copy")


def test_what_is_wrong_is_named(cast):
    with pytest.raises(Invalid) as wrong:
        begin("everything", words="x" * 2001, purpose="nothing")
    assert [each.pointer for each in wrong.value.fields] == ["/kind", "/words", "/purpose"]
    with pytest.raises(NotFound):
        begin(who=MALLORY)
    bobs = Entry.objects.filter(subject=subjects.find(BOB).pseudonym).first()
    with pytest.raises(Invalid):
        begin("human_review", about=bobs.id)


def test_a_review_is_about_ones_own_line_of_the_log(cast):
    answer = ask(ALICE)
    assert begin("human_review", about=answer.id).about == answer.id


def test_AI3_one_review_for_every_law_each_with_its_own_clock(cast):
    found = {}
    for place in ("DE", "GB", "CN", "BR", "US-CA"):
        who = Handle("customer", f"C-{place}")
        subjects.register(identifiers=[who], jurisdiction=place, by=SYSTEM, now=NOW)
        opened = mine("human_review", who, checked=False)
        found[opened.law] = (opened.state, (opened.due - NOW.date()).days)
    assert found == {
        "gdpr": ("received", 31),
        "uk-gdpr": ("received", 31),
        "pipl": ("received", 21),
        "lgpd": ("received", 15),
        "ccpa": ("received", 45),
    }


def test_C9_a_request_tells_when_what_how_and_its_end_and_nobody_deletes_it(cast):
    number = begin("delete", words=WORDS).reference
    rights.refuse(reference=number, ground="law_requires", words="Tax law.", by=STAFF, now=NOW + DAY)
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW + 2 * DAY)
    found = rights.follow(reference=number)
    kept = found.request
    assert (kept.opened_at, kept.kind, kept.channel, kept.state) == (NOW, "delete", "phone", "refused")
    assert [(each.step, each.at, each.reason) for each in found.steps] == [
        ("opened", NOW, ""),
        ("refused", NOW + DAY, "law_requires"),
    ]
    for rows in (RightsRequest.objects.all(), RightsStep.objects.all()):
        with pytest.raises(Error, match="append only"), transaction.atomic():
            rows._raw_delete(rows.db)


def test_G25_deletion_of_what_one_use_collected_is_asked_for_by_itself(cast):
    say(ALICE, "withdraw")
    offers = mine("delete", purpose="personal_offers")
    assert (offers.purpose, Entry.objects.get(action="rights.opened").purpose) == ("personal_offers", "personal_offers")
    with pytest.raises(Conflict):
        mine("delete", purpose="personal_offers")
    mine("delete", purpose="plan_staff")
    rights.answer(reference=offers.reference, words="It is gone.", done={"mail lists": 2}, by=STAFF, now=NOW)
    done = rights.follow(reference=offers.reference, language="en")
    assert (done.title, done.steps[-1].payload["done"]) == ("Send you offers that fit", {"mail lists": 2})
    mine("delete")
    with pytest.raises(Conflict):
        mine("delete", purpose="improve_visit")


@pytest.mark.parametrize(
    ("kind", "purpose"), [("delete", "park_safety"), ("object", "personal_offers"), ("copy", "plan_staff")]
)
def test_a_use_that_a_request_cannot_be_about_is_refused(cast, kind, purpose):
    with pytest.raises(Invalid) as wrong:
        begin(kind, purpose=purpose)
    assert [each.pointer for each in wrong.value.fields] == ["/purpose"]


def test_an_objection_counts_at_once_for_the_use_it_names(cast):
    mine("object", purpose="plan_staff", checked=False)
    assert ask(ALICE, "plan_staff", recipient="staff-planner").decision.reason == "objected"


def test_G26_a_limitation_refuses_every_way_of_asking_at_once(cast):
    compiled.forget()
    reader = Reader(catalogue.recipient("mail-engine"))
    seal_all()
    first, *_, last = feed.snapshot(reader=reader, by=SYSTEM, now=NOW)
    request = mine("limit", checked=False)
    for purpose, recipient in (("personal_offers", "mail-engine"), ("park_safety", "ticket-office")):
        assert ask(ALICE, purpose, recipient=recipient).decision.reason == "processing_limited"
    assert _list(1) == _list(10**9) == {"processing_limited"}
    found = searches.customers(
        wanted=searches.Wanted("mail-engine"), purpose="personal_offers", namespace="customer", after=0, limit=9,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    assert found.customers == ()
    changes = feed.changes(since=Since(reader, first["position"]), told=(), now=NOW)
    assert [line["identities"] for line in changes.lines] == [[]], "copies are told, and hold nothing of hers"
    assert list(feed.snapshot(reader=reader, by=SYSTEM, now=NOW))[-1]["customers"] == last["customers"] - 1
    assert _counted() == 0
    back(request)
    assert ask(ALICE).decision.permitted
    assert _list(1) == _list(10**9) == {"permitted"}
    assert _counted() == 1


def test_what_stood_at_a_past_moment_still_says_limited(cast):
    request = mine("limit", now=NOW + DAY)
    back(request, now=NOW + 3 * DAY)
    said = {days: _then(NOW + days * DAY) for days in (0.5, 2, 3.5)}
    assert said == {0.5: "permitted", 2: "processing_limited", 3.5: "permitted"}
    offers = counts.one(purpose="personal_offers", moment=NOW + 2 * DAY, now=NOW + 4 * DAY)
    assert offers.permitted == 0


def test_the_answer_to_a_limitation_leaves_it_standing_until_it_is_lifted(cast):
    number = mine("limit").reference
    rights.answer(reference=number, words="Nobody uses it.", by=STAFF, now=NOW + DAY)
    assert ask(ALICE, now=NOW + DAY).decision.reason == "processing_limited"
    rights.lift(reference=number, words="The case is over.", by=STAFF, now=NOW + 2 * DAY)
    assert ask(ALICE, now=NOW + 2 * DAY).decision.permitted
    with pytest.raises(OutOfTurn):
        rights.lift(reference=number, words="Again.", by=STAFF, now=NOW + 3 * DAY)


def test_a_refused_limitation_ends(cast):
    number = mine("limit").reference
    rights.refuse(reference=number, ground="legal_claims", words="We need it in court.", by=STAFF, now=NOW)
    assert ask(ALICE).decision.permitted


def test_joining_and_parting_take_a_limitation_from_nobody(cast):
    say(CAROL, "give")
    request = mine("limit", CAROL)
    links.link(subject=ALICE, other=CAROL, why=Why("One person."), by=SYSTEM, now=NOW + DAY)
    assert {ask(each, now=NOW + DAY).decision.reason for each in (ALICE, CAROL)} == {"processing_limited"}
    links.unlink(subject=CAROL, why=Why("Two after all."), by=SYSTEM, now=NOW + 2 * DAY)
    assert {ask(each, now=NOW + 2 * DAY).decision.reason for each in (ALICE, CAROL)} == {"processing_limited"}
    back(request, CAROL, now=NOW + 3 * DAY)
    assert not Limit.objects.filter(ended_at=None).exists()
    assert ask(ALICE, now=NOW + 3 * DAY).decision.reason != "processing_limited"


def test_every_step_is_a_fact_and_says_nothing_that_somebody_wrote(cast):
    number = begin("limit", words=WORDS).reference
    back(RightsRequest.objects.get(reference=number))
    found = list(Entry.objects.filter(action__regex=r"^(rights|subject\.(un)?limited)").order_by("id"))
    wanted = ["rights.opened", "subject.limited", "rights.withdrawn", "subject.unlimited"]
    assert [each.action for each in found] == wanted
    assert not any(WORDS.encode() in bytes(each.leaf) for each in found)


def test_a_draft_is_kept_for_a_day(cast):
    alice = subjects.find(ALICE)
    rights_drafts.keep(subject=alice, kind="copy", typed={"words": WORDS}, by=CUSTOMER, now=NOW)
    assert rights_drafts.read(subject=alice, kind="copy", by=CUSTOMER, now=NOW)["words"] == WORDS
    assert rights_drafts.read(subject=alice, kind="copy", by=CUSTOMER, now=NOW + 2 * DAY) == {}
    assert rights_drafts.forget(now=NOW + 2 * DAY) == 1


def _then(moment):
    row = decisions.in_force("personal_offers", moment)
    who = decisions.known(ALICE, NOW + 9 * DAY, as_of=moment)
    purpose, customer = decisions.facts(row, who, moment, past=True)
    return decisions.stands(purpose, customer, moment).reason


def _list(asked):
    """What a list with Alice alone is answered, read one by one or compiled."""
    reasons = set()
    audiences.check(
        wanted=audiences.Wanted("mail-engine", "personal_offers", "customer"),
        blocks=[[b"C-1001"]],
        asked=asked,
        tell=lambda block, judged: reasons.update(judged.reasons[number] for number in judged.reason),
        by=SYSTEM,
        now=NOW,
    )
    return reasons


def _counted():
    """For how many offers are permitted now."""
    return next(each.permitted for each in counts.read(now=NOW) if each.purpose.key == "personal_offers")
