"""The grants of many customers at once are those that a check of each would give."""

from datetime import date, timedelta

from consent.rules import decision
from consent.services import decisions, granted, handles, signals, subjects
from consent.services.handles import Handle
from tests.world import ALICE, BOB, CAROL, CUSTOMER, NOW, OPERATOR, publish, say

DAY = timedelta(days=1)
PASSPORT = {"guardian_verification": "Passport of the mother, seen at the gate."}


def grants(*whom, now=NOW, purpose="personal_offers", recipient="mail-engine"):
    rows = [handles.row(each) for each in whom]
    found = [decisions.Known(row.subject, row.verified) for row in rows]
    return granted.together(row=decisions.in_force(purpose, now), found=found, recipient=recipient, now=now)


def agrees(held, who, moment, purpose="personal_offers", recipient="mail-engine") -> bool:
    row, found = decisions.in_force(purpose, moment), decisions.known(who, moment)
    terms, customer = decisions.facts(row, found, moment, past=False)
    answer = decision.decide(purpose=terms, customer=customer, recipient=recipient, categories=None, now=moment)
    lasting = [each.categories for each in held if each.lasts(moment)]
    return lasting == ([answer.allowed] if answer.permitted else [])


def test_each_customer_has_their_own_by_a_fixed_number_of_statements(park, django_assert_max_num_queries):
    people = [Handle("customer", f"M-{place}") for place in range(12)]
    for place, who in enumerate(people):
        subjects.register(identifiers=[who], by=OPERATOR, now=NOW - DAY)
        if place % 3:
            say(who, "give", categories=["contact.email", "purchase_history"][: place % 3], now=NOW - DAY)
        if place % 4 == 3:
            say(who, "withdraw")
    rows = [decisions.Known(handles.row(each).subject) for each in people]
    row = decisions.in_force("personal_offers", NOW)
    with django_assert_max_num_queries(4):
        found = granted.together(row=row, found=rows, recipient="mail-engine", now=NOW)
    assert all(agrees(held, who, NOW) for held, who in zip(found, people, strict=True))
    assert [len(each) for each in found] == [1 if place % 3 and place % 4 != 3 else 0 for place in range(12)]


def test_a_child_has_a_grant_until_they_come_of_age(park):
    subjects.register(identifiers=[CAROL], by=OPERATOR, now=NOW - DAY, jurisdiction="GB", minor_until=date(2027, 5, 1))
    say(CAROL, "give", actor="guardian", evidence=PASSPORT)
    ((grant,),) = grants(CAROL)
    assert grant.end.date() == date(2027, 5, 1)
    for days in (0, 351, 352, 353, 400):
        assert agrees([grant], CAROL, NOW + days * DAY)


def test_a_pause_ends_by_itself(cast):
    say(ALICE, "pause", until=NOW + 30 * DAY)
    (held,) = grants(ALICE)
    assert [each.start for each in held] == [NOW + 30 * DAY]
    for days in (0, 29, 30, 31, 2000):
        assert agrees(held, ALICE, NOW + days * DAY)


def test_a_signal_and_an_unverified_identifier_grant_nothing(cast):
    other = Handle("email", "alice@example.org", verified=False)
    subjects.register(identifiers=[ALICE, other], by=OPERATOR, now=NOW)
    assert [len(each) for each in grants(ALICE, other, BOB)] == [1, 0, 0]
    publish(now=NOW, personal_offers={"sale_or_sharing": True})
    say(ALICE, "give", now=NOW + DAY)
    assert [len(each) for each in grants(ALICE, now=NOW + 2 * DAY)] == [1]
    signals.receive(subject=subjects.get(ALICE), channel="portal", by=CUSTOMER, now=NOW + 3 * DAY)
    (held,) = grants(ALICE, now=NOW + 4 * DAY)
    assert agrees(held, ALICE, NOW + 4 * DAY)
