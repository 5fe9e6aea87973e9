"""The log is searched by officers; each search is a fact, and the customer who was named sees it."""

import json
from datetime import timedelta

import pytest
from django.db import transaction

from audit.models import Entry
from audit.services import entries as written
from consent.errors import Invalid
from consent.models import Asked
from consent.rules import acting
from consent.rules import entries as rules
from consent.rules.actions import ACTIONS
from consent.services import entries, erasures, exports, ledger, links, log, subjects
from consent.services.entries import Wanted
from consent.services.ledger import Actor, Fact
from consent.services.links import Why
from tests.consent.services.test_audiences import check
from tests.world import ALICE, BOB, CAROL, MALLORY, NOW, OPERATOR, SYSTEM, ask, say, seal_all

ROSA = Actor("staff", ref="staff-1", name="Rosa Lindqvist")
LATER = NOW + timedelta(seconds=5)


def find(*, customer=None, pseudonym="", limit=50, before=None, since=None, until=None, by=ROSA, **sent):
    chosen = rules.chosen({name: value.split() for name, value in sent.items()}, since=since, before=until)
    wanted = Wanted(chosen, customer, pseudonym)
    return entries.search(wanted=wanted, before=before, limit=limit, by=by, now=LATER)


def acts(page):
    return [each.action for each in page.entries]


def searches():
    return list(Entry.objects.filter(action="log.searched").order_by("id"))


def test_a_customer_is_found_under_every_record_that_is_theirs(cast):
    alice, bob = (subjects.find(each).pseudonym for each in (ALICE, BOB))
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both numbers."), by=SYSTEM, now=NOW)
    found = find(customer=BOB)
    assert {each.subject for each in found.entries} == {alice, bob}
    assert found.subject.pseudonym in {alice, bob}


def test_lists_that_a_customer_was_in_are_found_with_what_was_answered_about_them(cast):
    check("C-1001", "C-1002")
    check("C-1002")
    refused = find(customer=BOB, action="audience.filtered")
    assert [(each.outcome, each.reason) for each in refused.entries] == [("refused", "consent_refused")] * 2
    (allowed,) = find(customer=ALICE, action="audience.filtered").entries
    assert allowed.outcome == "allowed"
    assert acts(find(customer=BOB, outcome="refused", reason="consent_refused")) == ["audience.filtered"] * 2
    assert acts(find(customer=BOB, outcome="allowed", action="audience.filtered")) == []
    assert acts(find(customer=ALICE, action="audience.filtered", actor="staff")) == []
    assert acts(find(customer=ALICE, action="audience.filtered", until=NOW - timedelta(days=1))) == []
    assert "audience.filtered" not in acts(find(customer=ALICE, action="consent."))


def test_lists_and_entries_come_on_pages_in_one_order(cast, monkeypatch):
    for second in range(6):
        ask(BOB, now=NOW + timedelta(seconds=second))
        check("C-1002")
    whole = [each.id for each in find(customer=BOB, limit=99, outcome="refused").entries]
    assert len(whole) == 12
    monkeypatch.setattr("consent.services.asked.READ", 3)
    found, before = [], None
    while True:
        page = find(customer=BOB, limit=5, before=before, outcome="refused")
        found += [each.id for each in page.entries]
        before = page.after
        if before is None:
            break
    assert found == whole
    assert Asked.objects.count() == 6


def test_G35_I9_what_a_system_used_in_a_stretch_of_time_is_found_with_whose_it_was_and_what_for(cast):
    breach = {"since": NOW, "until": NOW + timedelta(minutes=2), "recipient": "mail-engine", "outcome": "allowed"}
    for minute in (-1, 1, 3):
        ask(ALICE, now=NOW + timedelta(minutes=minute), categories=("contact.email",))
    ask(ALICE, "improve_visit", recipient="queue-planner", now=NOW + timedelta(minutes=1))
    ask(BOB, now=NOW + timedelta(minutes=1))
    (used,) = find(**breach).entries
    assert (used.subject, used.purpose) == (subjects.find(ALICE).pseudonym, "personal_offers")
    assert json.loads(bytes(used.leaf))["details"]["categories"] == ["contact.email"]
    assert find(pseudonym=used.subject, **breach).subject == subjects.find(ALICE), "and staff see who it is"


def test_a_search_is_a_fact_before_it_is_answered_and_its_leaf_tells_nobody_what_was_looked_for(cast):
    found = find(customer=ALICE, purpose="personal_offers", since=NOW - timedelta(days=99))
    (entry,) = searches()
    leaf = json.loads(bytes(entry.leaf))
    assert leaf["details"] == {"by": ["customer", "purpose", "since"], "entries": len(found.entries)}
    assert (leaf["subject"], leaf["actor"]) == (
        subjects.find(ALICE).pseudonym,
        {"type": "staff", "ref": "staff-1"},
    )
    assert "purpose" not in leaf
    assert b"C-1001" not in bytes(entry.leaf)
    told = written.payloads([entry])[entry.id]
    assert told["customer"] == {"namespace": "customer", "id": "C-1001"}
    assert told["filter"] == {"purpose": ["personal_offers"], "since": written.moment(NOW - timedelta(days=99))}
    assert told["actor_name"] == "Rosa Lindqvist"
    assert entry.id not in [each.id for each in found.entries]


def test_the_customer_who_was_named_sees_that_staff_looked(cast):
    find(customer=ALICE)
    find(purpose="personal_offers")
    chosen = log.Filter(who="people")
    seen = log.read(subject=subjects.find(ALICE), language="en", chosen=chosen, before=None, now=LATER).lines
    assert [(each.person, each.allowed, each.reason) for each in seen] == [(True, True, "audit")]
    assert log.read(subject=subjects.find(BOB), language="en", chosen=chosen, before=None, now=LATER).lines == ()


def test_erasure_takes_what_was_looked_for_and_the_erased_are_found_by_their_name_in_the_log(cast):
    pseudonym = subjects.find(ALICE).pseudonym
    find(customer=ALICE)
    erasures.erase(subject=ALICE, why="withdrawn", by=SYSTEM, now=NOW)
    assert written.payloads(searches()) == {}
    assert find(customer=ALICE).subject is None
    found = find(pseudonym=pseudonym)
    assert {"subject.erased", "consent.given", "log.searched"} <= {*acts(found)}
    assert written.payloads(searches()) == {}


def test_whom_nobody_knows_nobody_is_found_and_that_is_a_fact_that_nobody_can_open(cast):
    for more in ({"customer": MALLORY}, {"pseudonym": "s_nobody"}):
        page = find(**more)
        assert (page.entries, page.after, page.subject) == ((), None, None)
    assert [(each.subject, each.outcome) for each in searches()] == [("", ""), ("", "")]
    assert written.payloads(searches()) == {}


def test_a_group_is_all_that_begins_so_and_an_actor_is_a_kind_or_one_of_it(cast):
    say(CAROL, "refuse")
    assert set(acts(find(action="consent."))) == {"consent.given", "consent.refused"}
    assert set(acts(find(action="catalogue.", actor="operator"))) >= {"catalogue.published", "catalogue.recipient"}
    assert acts(find(action="consent.", actor="system:mailbird")) == []
    assert len(acts(find(action="consent.", actor="system:mail-engine"))) == 3


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"action": ["consent"]}, "/action"),
        ({"action": ["nothing."]}, "/action"),
        ({"actor": ["visitor"]}, "/actor"),
        ({"actor": ["system:"]}, "/actor"),
        ({"actor": ["staff:Rosa Lindqvist"]}, "/actor"),
        ({"outcome": ["maybe"]}, "/outcome"),
        ({"reason": ["Because"]}, "/reason"),
        ({"purpose": ["\0"]}, "/purpose"),
        ({"recipient": ["x" * 65]}, "/recipient"),
        ({"purpose": ["x"] * 21}, "/purpose"),
        ({}, "/before"),
    ],
)
def test_what_cannot_be_looked_for_is_named(sent, place):
    with pytest.raises(Invalid) as wrong:
        rules.chosen(sent, since=NOW, before=NOW)
    assert place in [each.pointer for each in wrong.value.fields]


def test_what_each_kind_of_actor_did_can_be_looked_for(cast):
    """A representative acts like a guardian, by the number of a mandate."""
    for place, kind in enumerate((*acting.VISITORS, "staff", "system", "browser", "operator")):
        with transaction.atomic():
            by = Actor(kind, ref=f"ref-{place}")
            ledger.record(Fact("portal.entered", subject=subjects.find(CAROL).pseudonym), by=by, now=NOW)
        assert acts(find(customer=CAROL, actor=f"{kind}:ref-{place}")) == ["portal.entered"], kind


def test_every_fact_can_be_looked_for():
    groups = sorted({action.partition(".")[0] + "." for action in ACTIONS})
    found = [action for group in groups for action in rules.chosen({"action": [group]}).values["action"]]
    assert sorted(found) == sorted(ACTIONS)


def test_an_export_takes_what_a_search_finds_and_no_more_than_may_be(cast):
    seal_all()
    found = Wanted(rules.chosen({"action": ["consent."], "actor": ["system:mail-engine"], "reason": []}), ALICE)
    ready = exports.run(found=found, most=1, by=OPERATOR, now=NOW)
    assert ready.wanted.chosen == {
        "action": [each for each in ACTIONS if each.startswith("consent.")],
        "actor": ["system:mail-engine"],
        "subject": [subjects.find(ALICE).pseudonym],
    }
    with pytest.raises(Invalid, match="More than 1 entries fit"):
        exports.run(found=Wanted(rules.chosen({"action": ["catalogue."]})), most=1, by=OPERATOR, now=NOW)
    with pytest.raises(Invalid, match="More than 1 entries fit"):
        exports.run(most=1, by=OPERATOR, now=NOW)
