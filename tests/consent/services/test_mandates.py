"""Guardians and representatives: who may act for whom, until when, and what is recorded of what they do."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from audit.models import Entry
from audit.services import entries
from consent.errors import CodeNeeded, Conflict, IdentifierUnverified, Invalid, NotFound, Suppressed
from consent.models import ConsentEvent, Mandate, PortalSession
from consent.services import (
    consents,
    erasures,
    links,
    log,
    mandates,
    portal_links,
    subjects,
    suppressions,
    switches,
    visits,
)
from consent.services.ledger import Actor
from consent.services.links import Why
from consent.services.log import Filter
from consent.services.mandates import Wanted
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, SYSTEM, ask, digest, say

OF_AGE = date(2028, 3, 1)
SOON = NOW + timedelta(seconds=1)
WANTED = Wanted("guardian", CAROL, ALICE, "We saw both passports and the birth certificate.", "Your daughter")


@pytest.fixture
def child(cast):
    """Carol is a child until 2028; Alice is her mother."""
    return subjects.register(identifiers=[CAROL], minor_until=OF_AGE, by=SYSTEM, now=NOW)[0]


def grant(wanted: Wanted = WANTED, now=NOW, **more):
    return mandates.grant(wanted=replace(wanted, **more), by=SYSTEM, now=now)


def friend(**more):
    """Bob may act for Alice."""
    return grant(Wanted("representative", ALICE, BOB, "A signed letter, and a call to Alice."), **more)


def visit(who=ALICE, *, fresh: bool = True, now=NOW) -> str:
    """The token of somebody's visit."""
    return visits.start(subject=subjects.find(who), level=2 if fresh else 1, by=CUSTOMER, now=now).token


def act_for(held, who=ALICE, now=NOW) -> str:
    return visits.act_for(token=visit(who, now=now), number=held.number, by=CUSTOMER, now=now).token


def actor(held) -> Actor:
    return Actor(held.kind, ref=str(held.number))


def test_G16_a_guardians_mandate_ends_on_the_day_the_child_says_yes_themselves(child):
    held = grant(until=NOW + timedelta(days=9999))
    assert held.until.date() == OF_AGE
    alice = subjects.find(ALICE)
    assert [each.number for each in mandates.held(by=alice, now=held.until - timedelta(seconds=1))] == [held.number]
    assert mandates.held(by=alice, now=held.until) == []
    token = act_for(held, now=held.until - timedelta(minutes=1))
    assert visits.visitor(token=token, now=held.until) is None, "the visit is over too"


def test_how_it_was_checked_is_kept_encrypted_and_nobody_stands_in_the_leaf(child):
    held = grant(evidence={"case": "no. G-7"})
    entry = Entry.objects.get(id=held.number)
    assert (entry.action, entry.subject) == ("mandate.granted", child.pseudonym)
    leaf = bytes(entry.leaf).decode()
    for word in ("passport", "daughter", subjects.find(ALICE).pseudonym, "no. G-7"):
        assert word not in leaf
    kept = entries.payloads([entry])[entry.id]
    assert kept["verification"] == WANTED.verification
    assert kept["evidence"] == {"case": "no. G-7"}


def test_whom_it_is_for_is_told_by_the_label_or_by_a_part_of_an_identifier(child):
    assert grant().named == "Your daughter"
    assert b"daughter" not in bytes(Mandate.objects.get().label)
    assert friend().named == "customer C-10…"


@pytest.mark.parametrize(
    ("more", "pointers"),
    [
        ({"kind": "friend"}, ["/kind"]),
        ({"verification": " "}, ["/verification"]),
        ({"verification": "x" * 2001, "label": "x" * 81}, ["/verification", "/label"]),
        ({"until": NOW}, ["/until"]),
        ({"subject": MALLORY}, ["/subject"]),
        ({"by": MALLORY}, ["/by"]),
        ({"kind": "representative"}, ["/kind"]),
        ({"subject": BOB}, ["/kind"]),
        ({"evidence": {"x": 0.5}}, ["/evidence"]),
    ],
)
def test_a_wrong_member_is_named(child, more, pointers):
    with pytest.raises(Invalid) as caught:
        grant(**more)
    assert [field.pointer for field in caught.value.fields] == pointers
    assert not Mandate.objects.exists()


def test_a_child_acts_for_nobody(child):
    with pytest.raises(Invalid) as caught:
        grant(Wanted("representative", BOB, CAROL, "A letter."))
    assert [field.pointer for field in caught.value.fields] == ["/by"]


def test_nobody_acts_for_themselves_or_twice(child):
    grant()
    with pytest.raises(Conflict):
        grant()
    with pytest.raises(Conflict):
        grant(Wanted("representative", ALICE, ALICE, "A letter."))


def test_both_must_be_people_that_somebody_vouched_for_and_who_are_not_left_alone(child):
    subjects.register(identifiers=[replace(MALLORY, verified=False)], by=SYSTEM, now=NOW)
    with pytest.raises(IdentifierUnverified):
        grant(by=MALLORY)
    suppressions.suppress(subject=BOB, by=SYSTEM, now=NOW)
    with pytest.raises(Suppressed):
        grant(by=BOB)


def test_to_act_needs_a_fresh_code_and_begins_another_visit(child):
    held = grant()
    with pytest.raises(CodeNeeded):
        visits.act_for(token=visit(fresh=False), number=held.number, by=CUSTOMER, now=NOW)
    before = visit()
    token = visits.act_for(token=before, number=held.number, by=CUSTOMER, now=NOW).token
    assert visits.visitor(token=before, now=NOW) is None
    found = visits.visitor(token=token, now=NOW)
    assert (found.subject.pk, found.own.pk, found.named) == (child.pk, subjects.find(ALICE).pk, "Your daughter")


def test_anothers_mandate_opens_nothing(child):
    held = grant()
    with pytest.raises(NotFound):
        act_for(held, BOB)
    with pytest.raises(NotFound):
        visits.act_for(token="made up", number=held.number, by=CUSTOMER, now=NOW)


def test_the_one_acted_for_sees_each_time_that_it_was_done(child):
    held = grant()
    act_for(held)
    shown = log.read(subject=child, language="en", chosen=Filter(who="people"), before=None, now=SOON)
    assert [(line.person, line.reason, line.allowed) for line in shown.lines] == [(True, "guardian", True)]
    entry = Entry.objects.get(action="mandate.used")
    assert (entry.actor_type, entry.actor_ref, entry.subject) == ("guardian", str(held.number), child.pseudonym)


def test_to_stop_goes_on_as_oneself_and_lasts_no_longer(child):
    token = act_for(grant())
    started = PortalSession.objects.get().started_at
    own = visits.stop_acting(token=token, now=SOON).token
    assert visits.visitor(token=token, now=SOON) is None
    found = visits.visitor(token=own, now=SOON)
    assert (found.subject.pk, found.mandate, found.holds) == (subjects.find(ALICE).pk, None, True)
    assert PortalSession.objects.get().started_at == started


def test_a_fresh_code_while_acting_is_ones_own_and_goes_on_acting(child):
    token = act_for(grant())
    again = visits.start(subject=subjects.find(ALICE), level=2, instead_of=token, by=CUSTOMER, now=SOON).token
    assert visits.visitor(token=again, now=SOON).subject.pk == child.pk
    by_link = visits.start(subject=subjects.find(ALICE), instead_of=again, by=CUSTOMER, now=SOON).token
    assert visits.visitor(token=by_link, now=SOON).mandate is None
    elses = visits.start(
        subject=subjects.find(BOB), level=2, instead_of=act_for(mandates_of(ALICE)), by=CUSTOMER, now=SOON
    )
    assert visits.visitor(token=elses.token, now=SOON).mandate is None


def mandates_of(who):
    return mandates.held(by=subjects.find(who), now=NOW)[0]


def test_G16_a_guardians_yes_in_the_portal_counts_and_names_both(child):
    held = grant()
    say(CAROL, "give", "improve_visit", now=NOW)
    assert ask(CAROL, "improve_visit", recipient="queue-planner", now=SOON).decision.reason == "guardian_needed"
    turn(child, held, on=True)
    event = ConsentEvent.objects.latest("id")
    assert (event.act, event.actor, event.subject_id, event.until.date()) == ("give", "guardian", child.pk, OF_AGE)
    entry = Entry.objects.get(id=event.entry_id)
    assert (entry.actor_type, entry.actor_ref) == ("guardian", str(held.number))
    proof = entries.payloads([entry])[entry.id]["evidence"]
    assert proof == {"guardian_verification": f"Mandate {held.number}"}
    later = NOW + timedelta(minutes=1)
    assert ask(CAROL, "improve_visit", recipient="queue-planner", now=later).decision.permitted


def turn(subject, held, *, on: bool, purpose="improve_visit", now=SOON):
    shown = {"purpose": purpose, "notice_digest": digest(purpose)}
    act = switches.ON if on else switches.OFF
    return switches.turn(subject=subject, act=act, **shown, by=actor(held), now=now)


def test_a_representatives_yes_and_no_are_theirs(cast):
    held, alice = friend(), subjects.find(ALICE)
    turn(alice, held, on=True)
    assert ConsentEvent.objects.latest("id").actor == "representative"
    proof = entries.payloads(Entry.objects.filter(id=ConsentEvent.objects.latest("id").entry_id))
    assert next(iter(proof.values()))["evidence"] == {"mandate": f"Mandate {held.number}"}
    consents.withdraw_all(subject=alice, language="en", channel="portal", by=actor(held), now=SOON)
    assert set(ConsentEvent.objects.filter(act__in=["withdraw", "object"]).values_list("actor", flat=True)) == {
        "representative"
    }


def test_who_is_left_alone_is_not_brought_back_by_a_representative(cast):
    held, alice = friend(), subjects.find(ALICE)
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    with pytest.raises(Suppressed):
        turn(alice, held, on=True)
    turn(alice, held, on=False, purpose="personal_offers")


def test_ending_it_ends_every_visit_under_it_at_once(child):
    held = grant()
    token, own = act_for(held), visit()
    mandates.end(number=held.number, by=SYSTEM, now=NOW)
    assert visits.visitor(token=token, now=NOW) is None
    assert visits.visitor(token=own, now=NOW).subject.pk == subjects.find(ALICE).pk
    assert not Mandate.objects.exists()
    with pytest.raises(NotFound):
        mandates.end(number=held.number, by=SYSTEM, now=NOW)


def test_a_customer_ends_their_representatives_mandate_and_no_other(child):
    guardian, representative = grant(), friend()
    for number, of in ((guardian.number, CAROL), (guardian.number, ALICE), (representative.number, BOB)):
        with pytest.raises(NotFound):
            mandates.end(number=number, of=subjects.find(of), by=CUSTOMER, now=NOW)
    mandates.end(number=representative.number, of=subjects.find(ALICE), by=CUSTOMER, now=NOW)
    assert [row.kind for row in Mandate.objects.all()] == ["guardian"]


@pytest.mark.parametrize(("who", "told"), [(ALICE, ["mandate.granted", "mandate.ended"]), (CAROL, ["mandate.granted"])])
def test_erasing_either_ends_it_at_once(child, who, told):
    token = act_for(grant())
    erasures.erase(subject=who, why="withdrawn", by=SYSTEM, now=NOW)
    assert visits.visitor(token=token, now=NOW) is None
    assert not Mandate.objects.exists()
    found = Entry.objects.filter(action__in=["mandate.granted", "mandate.ended"]).order_by("id")
    assert [entry.action for entry in found] == told


def test_a_record_that_is_joined_to_an_older_one_keeps_its_mandates(child):
    """Bob's and Alice's records are one person's; what either held or was under, both do, until they are parted."""
    held = grant(by=BOB)
    why = Why("One letter named both.")
    links.link(subject=ALICE, other=BOB, why=why, by=SYSTEM, now=NOW)
    token = act_for(held, ALICE, now=SOON)
    assert visits.visitor(token=token, now=SOON).subject.pk == child.pk
    assert visits.visitor(token=visit(ALICE, now=SOON), now=SOON).holds
    links.unlink(subject=BOB, why=why, by=SYSTEM, now=SOON)
    assert visits.visitor(token=token, now=SOON) is None
    with pytest.raises(NotFound):
        act_for(held, ALICE, now=SOON)


def test_who_is_acted_for_may_be_joined_to_an_older_record(cast):
    subjects.register(identifiers=[MALLORY], minor_until=OF_AGE, by=SYSTEM, now=NOW)
    held = grant(subject=MALLORY)
    links.link(subject=MALLORY, other=CAROL, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    found = visits.visitor(token=act_for(held, now=SOON), now=SOON)
    assert found.subject.pk == subjects.find(CAROL).pk
    assert found.named == "Your daughter"


def test_an_invitation_is_no_way_to_act(child):
    grant()
    made = portal_links.create(subject=ALICE, by=SYSTEM, now=NOW)
    entered = portal_links.enter(token=made.token, instead_of=act_for(mandates_of(ALICE)), by=CUSTOMER, now=NOW)
    assert visits.visitor(token=entered.token, now=NOW).mandate is None


def test_a_handle_that_is_unknown_has_no_mandates(cast):
    with pytest.raises(NotFound):
        mandates.of_customer(customer=Handle("customer", "C-9"), now=NOW)
    friend()
    over, held = mandates.of_customer(customer=ALICE, now=NOW)
    assert ([each.kind for each in over], held) == (["representative"], [])
