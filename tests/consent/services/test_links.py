"""Two records of one customer: the stricter choice wins, the customer is told, and parting gives nothing back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Entry
from consent.errors import Conflict, IdentifierUnverified, Invalid, LinkSpent
from consent.models import ConsentEvent, ConsentState, Identifier, Link, PortalSession, Subject
from consent.rules.choice import Choice
from consent.services import (
    consents,
    counts,
    evidence,
    expiry,
    families,
    links,
    portal_links,
    rebuild,
    records,
    searches,
    signals,
    signed_receipts,
    states,
    subjects,
    switches,
    uses,
    visits,
)
from consent.services.links import Why
from consent.services.searches import Wanted
from consent.services.subjects import Handle
from tests import world
from tests.world import ALICE, BOB, CAROL, CUSTOMER, NOW, SYSTEM, ask, publish, say, seal_all, sign_all

LATER = NOW + timedelta(days=1)
PHONE = Handle("phone", "+44 20 7946 0000")
WHY = Why("A letter named both numbers.", {"source": "letter K-311"})
OFFERS = "personal_offers"
ALL = ["mail-engine", "mailbird", "adpartner"]


def join(one=ALICE, other=BOB, *, now=NOW, why=WHY):
    return links.link(subject=one, other=other, why=why, by=SYSTEM, now=now)


def part(who=BOB, *, now=LATER):
    return links.unlink(subject=who, why=Why("They are two people after all."), by=SYSTEM, now=now)


def reason(who, purpose=OFFERS, **more):
    return ask(who, purpose, **more).decision.reason


def state_is_the_fold():
    for row in ConsentState.objects.select_related("subject", "purpose", "version"):
        kept = states.as_rule(row), row.event_id, row.since
        states.refold(row.subject, row.purpose)
        row.refresh_from_db()
        assert (states.as_rule(row), row.event_id, row.since) == kept


def test_a_no_of_either_side_wins_in_both_orders(cast):
    assert reason(ALICE) == "permitted"
    (change,) = join(BOB, ALICE)
    assert (change.purpose.key, change.was, change.state.status) == (OFFERS, ("given", "refused"), "refused")
    assert reason(ALICE) == reason(BOB) == "consent_refused"
    assert Link.objects.get().survivor == subjects.find(ALICE) == subjects.find(BOB)
    state_is_the_fold()


def test_one_persons_consent_is_never_applied_to_another_who_shares_a_phone(cast):
    """Complaint 6: at login the shared number gave one person the other's yes."""
    subjects.register(identifiers=[PHONE], by=SYSTEM, now=NOW)
    assert reason(PHONE) == "no_consent"
    join(ALICE, PHONE)
    assert reason(PHONE) == reason(ALICE) == "no_consent"
    assert reason(PHONE, recipient="adpartner") == "no_consent"


def test_of_two_yeses_only_what_both_named_remains(park):
    say(ALICE, "give", categories=["contact.email", "purchase_history"], recipients=["mail-engine", "adpartner"])
    say(BOB, "give", categories=["contact.email"], recipients=["mail-engine", "mailbird"])
    (change,) = join()
    assert (change.state.status, change.state.categories, change.state.recipients) == (
        "given",
        ["contact.email"],
        ["mail-engine"],
    )
    assert reason(BOB) == "permitted"
    assert reason(BOB, categories=("purchase_history",)) == "category_not_chosen"
    assert reason(ALICE, recipient="adpartner") == "recipient_not_chosen"


def test_an_objection_of_either_side_stands(cast):
    say(BOB, "object", "plan_staff")
    assert reason(ALICE, "plan_staff", recipient="staff-planner") == "permitted"
    join()
    assert reason(ALICE, "plan_staff", recipient="staff-planner") == "objected"


def test_later_acts_replace_what_joining_left(cast):
    join()
    say(BOB, "give", now=LATER)
    assert reason(ALICE, now=LATER) == reason(BOB, now=LATER) == "permitted"
    state_is_the_fold()


def test_a_second_time_changes_nothing(cast):
    join()
    entries = Entry.objects.count()
    assert join(BOB, ALICE) == []
    assert Entry.objects.count() == entries


def test_the_same_identifiers_are_found_by_one_look_up_and_opened_by_one_secret(cast):
    join()
    known = subjects.find(BOB)
    assert [each.id for each in subjects.identifiers_of(known)] == [ALICE.id, BOB.id]
    other = Link.objects.get().other
    assert subjects.identifiers_of(other) == []


@pytest.mark.parametrize(
    ("one", "other", "why", "pointer"),
    [
        (ALICE, Handle("customer", "C-9"), WHY, "/other"),
        (Handle("customer", "C-9"), ALICE, WHY, "/subject"),
        (ALICE, BOB, Why("  "), "/reason"),
        (ALICE, BOB, Why("a\x00b"), "/reason"),
        (ALICE, BOB, Why("Yes.", {"source": object()}), "/evidence"),
    ],
)
def test_it_needs_a_reason_and_two_customers_we_know(cast, one, other, why, pointer):
    with pytest.raises(Invalid) as wrong:
        join(one, other, why=why)
    assert [each.pointer for each in wrong.value.fields] == [pointer]


def test_the_log_names_both_pseudonyms_and_keeps_the_reason_encrypted(cast):
    join()
    entry = Entry.objects.get(action="subject.linked")
    made = Link.objects.get()
    leaf = bytes(entry.leaf).decode()
    assert made.survivor.pseudonym in leaf
    assert made.other.pseudonym in leaf
    assert "letter" not in leaf
    (line,) = [each for each in evidence.line(subject=made.survivor) if each.entry.id == entry.id]
    assert line.payload == {"reason": WHY.reason, "evidence": WHY.evidence, "changed": [OFFERS]}


def test_reading_shows_both_records_while_joined_and_one_when_parted(cast):
    ask(BOB)
    join()
    said = [(event.act, event.subject_id) for event in records.history(customer=ALICE, limit=9)]
    assert [act for act, _ in said] == ["link", "refuse", "give"]
    assert [seen.entry.reason for seen in records.used(customer=ALICE, limit=9)] == ["consent_refused"]
    survivor = subjects.find(ALICE)
    refused = ConsentEvent.objects.get(act="refuse")
    assert evidence.receipt(subject=survivor, number=refused.entry_id).event == refused
    part()
    assert [event.act for event in records.history(customer=BOB, limit=9)] == ["unlink", "refuse"]
    assert [event.act for event in records.history(customer=ALICE, limit=9)] == ["unlink", "link", "give"]
    assert records.used(customer=ALICE, limit=9) == []
    assert len(uses.seen_by(subject=subjects.find(BOB))) == 1


def test_a_past_moment_is_answered_for_whose_the_identifier_was_then(cast):
    join(now=LATER)
    after = LATER + timedelta(days=1)
    part(now=after)
    end = after + timedelta(days=1)

    def then(who, moment):
        return reason(who, now=end, as_of=moment)

    for who, before, since in ((ALICE, "permitted", "consent_refused"), (BOB, "consent_refused", "consent_refused")):
        assert then(who, NOW) == before
        assert then(who, LATER) == since
        assert then(who, after) == since


def test_a_moment_while_joined_is_answered_as_both_stood(cast):
    join()
    say(ALICE, "give", now=NOW + timedelta(hours=1))
    part(now=LATER)
    assert reason(BOB, now=LATER) == "consent_refused"
    assert reason(BOB, now=LATER, as_of=NOW + timedelta(hours=2)) == "permitted"


def test_parting_gives_nobody_back_what_was_refused_meanwhile(park):
    for who in (ALICE, BOB):
        say(who, "give", recipients=ALL)
    join()
    say(ALICE, "withdraw", now=LATER)
    part(now=LATER + timedelta(hours=1))
    late = LATER + timedelta(days=1)
    assert reason(ALICE, now=late) == reason(BOB, now=late) == "consent_withdrawn"
    state_is_the_fold()


def test_parting_leaves_nobody_a_yes_that_was_said_meanwhile(cast):
    """Nobody knows which of the two said it."""
    join()
    say(BOB, "give", now=LATER)
    say(ALICE, "give", "improve_visit", now=LATER)
    part(now=LATER + timedelta(hours=1))
    late = LATER + timedelta(days=1)
    assert reason(BOB, now=late) == "consent_refused"
    assert reason(ALICE, now=late) == "permitted", "her own yes from before"
    assert reason(ALICE, "improve_visit", recipient="queue-planner", now=late) == "no_consent"
    assert reason(BOB, "improve_visit", recipient="queue-planner", now=late) == "no_consent"


def test_only_what_came_from_elsewhere_goes_back(cast):
    mail = Handle("email", "both@example.org")
    join()
    subjects.register(identifiers=[ALICE, mail], by=SYSTEM, now=NOW)
    with pytest.raises(Conflict):
        part(mail)
    with pytest.raises(Conflict):
        part(ALICE)
    part(BOB)
    assert subjects.find(mail) == subjects.find(ALICE) != subjects.find(BOB)
    assert [each.id for each in subjects.identifiers_of(subjects.find(BOB))] == [BOB.id]
    with pytest.raises(Conflict):
        part(BOB)


def test_three_records_are_one_customer_and_part_in_turn(cast):
    join(BOB, CAROL)
    join(ALICE, CAROL)
    alice, bob = (subjects.find(ALICE), Link.objects.order_by("id")[0].survivor)
    assert subjects.find(CAROL) == subjects.find(BOB) == alice
    assert len(families.of(alice)) == 3
    part(CAROL)
    assert subjects.find(CAROL) == subjects.find(BOB) == bob
    part(CAROL)
    assert len({subjects.find(who) for who in (ALICE, BOB, CAROL)}) == 3
    state_is_the_fold()


def test_a_child_stays_a_child(cast):
    grown = date(2030, 1, 1)
    for who in (ALICE, BOB):
        say(who, "give", recipients=ALL)
    subjects.register(identifiers=[BOB], minor_until=grown, by=SYSTEM, now=NOW)
    join()
    assert reason(ALICE) == "guardian_needed"
    part()
    assert subjects.find(ALICE).minor_until is None
    assert subjects.find(BOB).minor_until == grown


def test_nobody_is_asked_again_by_the_other_name(cast):
    join()
    say(BOB, "request", "improve_visit")
    with pytest.raises(Exception, match="Do not ask again"):
        say(ALICE, "request")


def test_the_record_that_was_joined_is_not_swept(park):
    for who in (ALICE, BOB):
        say(who, "give", recipients=ALL)
    join()
    swept = expiry.sweep(now=NOW + timedelta(days=2000))
    assert swept.expired == 1


def test_visits_end_when_records_are_joined_or_parted(cast):
    def visit(who):
        token = portal_links.create(subject=who, by=SYSTEM, now=NOW).token
        return portal_links.enter(token=token, by=CUSTOMER, now=NOW)

    before = visit(BOB)
    join()
    assert visits.visitor(token=before.token, now=NOW) is None
    assert visit(BOB).subject == subjects.find(ALICE)
    part()
    assert not PortalSession.objects.exists()


def test_an_act_in_flight_lands_in_the_record_that_speaks_now(cast):
    stale = subjects.find(BOB)
    join()
    choice = Choice("improve_visit", "refuse", "portal", "button")
    done = consents.record(subject=stale, choice=choice, by=CUSTOMER, now=NOW)
    assert done.event.subject == subjects.find(ALICE)


def test_the_customer_is_told_for_a_month(cast):
    join()
    survivor = subjects.find(ALICE)
    told = links.recent(family=families.of(survivor), language="en", now=NOW + timedelta(days=29))
    assert (told.reason, len(told.changed)) == (WHY.reason, 1)
    assert links.recent(family=families.of(survivor), language="en", now=NOW + timedelta(days=30)) is None


def test_a_joining_has_a_receipt_of_what_it_left(park):
    say(ALICE, "give", recipients=ALL)
    say(BOB, "give", categories=["contact.email"], recipients=["mail-engine"])
    join()
    seal_all()
    assert sign_all() == 3
    event = ConsentEvent.objects.get(act="link")
    signed = signed_receipts.read(subject=subjects.find(BOB), number=event.entry_id)
    record = signed.document["dpv:hasRecordOfActivity"][0]
    assert "dpv:ConsentGiven" in record["dpv:hasConsentStatus"][0]["@type"]
    process = record["dpv:hasProcess"][0]
    assert [each["dct:identifier"] for each in process["dpv:hasPersonalData"]] == [["contact.email"]]


def test_what_a_joining_was_cannot_be_changed_afterwards(cast):
    join()
    made = Link.objects.get()
    for change in ({"linked_at": LATER}, {"other": made.survivor}, {"entry_id": Entry.objects.first().id}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Link.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute("DELETE FROM consent_link")
    part()
    with pytest.raises(IntegrityError), transaction.atomic():
        Link.objects.update(ended_at=None)


def _at_once(*works):
    """What became of each: done, a conflict, or another error, which fails the test."""

    def one(work):
        try:
            work()
        except Conflict:
            return "conflict"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(one, works))


@pytest.mark.django_db(transaction=True)
def test_many_who_join_crosswise_and_choose_meanwhile_do_not_block_each_other():
    world.publish()
    world.cast()
    both = lambda: join(ALICE, BOB), lambda: join(BOB, ALICE)
    chosen = lambda: say(ALICE, "refuse", "improve_visit"), lambda: say(BOB, "withdraw")
    assert set(_at_once(*(both + chosen) * 4)) == {"done"}
    assert subjects.find(ALICE) == subjects.find(BOB)
    assert Link.objects.count() == 1
    state_is_the_fold()
    assert set(_at_once(*(both + chosen + (part,)) * 4)) <= {"done", "conflict"}
    state_is_the_fold()
    assert (subjects.find(ALICE) == subjects.find(BOB)) is Link.objects.filter(joined__isnull=False).exists()
    assert (Identifier.objects.count(), Subject.objects.count()) == (4, 3)
    assert reason(ALICE, now=LATER) == "consent_withdrawn"


def test_a_joined_record_counts_as_one_customer_and_only_while_it_is_joined(cast):
    join(now=LATER)
    after = LATER + timedelta(days=1)
    part(now=after)

    def customers(moment, now=after):
        (found,) = counts.read(moment=moment, only=[OFFERS], now=now)
        return found.customers, found.permitted

    assert customers(NOW) == (3, 1)
    assert customers(LATER) == (2, 0)
    assert customers(after) == customers(None) == (3, 0), "parting gives nothing back"


def test_the_whole_database_still_is_the_fold_of_what_was_said(cast):
    join()
    assert rebuild.run(check=True, by=SYSTEM, now=LATER).differences == 0
    part()
    assert rebuild.run(check=True, by=SYSTEM, now=LATER).differences == 0


def test_a_past_reading_is_of_whose_the_identifier_was(cast):
    join(now=LATER)
    (then,) = records.standing(customer=BOB, only=[OFFERS], as_of=NOW, now=LATER)
    assert then.status == "refused"
    (then,) = records.standing(customer=ALICE, only=[OFFERS], as_of=NOW, now=LATER)
    assert then.status == "given"


class TestUnverified:
    """An identifier that nobody vouched for can only say no."""

    MAIL = Handle("email", "a@example.org", verified=False)
    SAME = Handle("email", "a@example.org")

    @pytest.fixture
    def known(self, cast):
        subjects.register(identifiers=[ALICE, self.MAIL], by=SYSTEM, now=NOW)

    @pytest.mark.parametrize("act", ["give", "renew", "resume"])
    @pytest.mark.parametrize("who", [MAIL, SAME], ids=["by its word", "by silence"])
    def test_nothing_is_widened_by_it(self, known, who, act):
        with pytest.raises(IdentifierUnverified):
            say(who, act)

    def test_a_reduction_a_question_and_putting_off_work(self, known):
        say(self.SAME, "request", "improve_visit")
        say(self.SAME, "defer", "improve_visit")
        say(self.SAME, "withdraw")
        assert reason(ALICE) == "consent_withdrawn"

    def test_a_stranger_said_to_be_unverified_becomes_known_so(self, park):
        with pytest.raises(IdentifierUnverified):
            say(self.MAIL, "give")
        assert subjects.find(self.MAIL) is None, "nothing is left of what was refused"
        say(self.MAIL, "refuse")
        assert not Identifier.objects.get(namespace="email", subject=subjects.find(self.MAIL)).verified

    def test_a_verified_one_doubted_by_this_caller_may_only_reduce(self, cast):
        with pytest.raises(IdentifierUnverified):
            say(Handle(ALICE.namespace, ALICE.id, verified=False), "give")
        assert Identifier.objects.filter(verified=False).count() == 0

    def test_it_does_not_unlock_the_yes_of_the_customer_it_finds(self, known):
        assert reason(ALICE) == "permitted"
        assert reason(self.SAME) == "no_consent"
        say(ALICE, "object", "plan_staff")
        assert reason(self.SAME, "plan_staff", recipient="staff-planner") == "objected"

    def test_a_search_finds_nobody_by_it(self, known):
        wanted = Wanted("mail-engine")
        found = searches.customers(
            wanted=wanted, purpose=OFFERS, namespace="email", after=0, limit=9, by=SYSTEM, now=NOW
        )
        assert found.customers == ()
        assert searches.purposes(wanted=wanted, customer=self.SAME, only=[OFFERS], by=SYSTEM, now=NOW) == []

    def test_no_link_to_the_portal_is_made_for_it(self, known):
        with pytest.raises(IdentifierUnverified):
            portal_links.create(subject=self.SAME, by=SYSTEM, now=NOW)

    def test_registering_it_as_verified_verifies_it_and_never_the_other_way(self, known):
        subjects.register(identifiers=[self.SAME], by=SYSTEM, now=NOW)
        assert reason(self.SAME) == "permitted"
        assert Entry.objects.filter(action="identifier.verified").count() == 1
        subjects.register(identifiers=[self.MAIL], by=SYSTEM, now=NOW)
        assert reason(self.SAME) == "permitted"


def test_undoing_a_yes_brings_back_what_joining_left_and_not_the_other_records_yes(cast):
    say(ALICE, "withdraw", now=NOW)
    say(BOB, "give", now=NOW + timedelta(minutes=1))
    join(now=NOW + timedelta(minutes=2))
    later = NOW + timedelta(minutes=3)
    given = say(ALICE, "give", now=later)
    alice = subjects.find(ALICE)
    done = switches.undo(subject=alice, number=given.event.entry_id, by=CUSTOMER, now=later + timedelta(minutes=1))
    assert (done.event.act, done.state.status) == ("withdraw", "withdrawn")


class TestWhatProtects:
    """Parting and joining take nobody's protection away."""

    def test_two_signals_of_different_days_do_not_stop_a_joining_and_the_later_one_counts(self, cast):
        for who, at in ((ALICE, NOW), (BOB, LATER)):
            signals.receive(subject=who, channel="web", by=SYSTEM, now=at)
        join(now=LATER)
        assert subjects.find(ALICE).gpc_at == LATER
        part(BOB)
        assert subjects.find(ALICE).gpc_at == subjects.find(BOB).gpc_at == LATER

    def test_a_signal_that_the_law_of_one_record_honours_is_not_lost_by_the_law_of_the_other(self, park):
        publish(now=NOW - timedelta(days=1), personal_offers={"sale_or_sharing": True})
        for who, place in ((ALICE, "FR"), (BOB, "US-CA")):
            say(who, "give", recipients=ALL, now=NOW - timedelta(hours=2))
            subjects.register(identifiers=[who], jurisdiction=place, by=SYSTEM, now=NOW)
        signals.receive(subject=BOB, channel="web", by=SYSTEM, now=NOW - timedelta(hours=1))
        assert (reason(ALICE), reason(BOB)) == ("permitted", "gpc_opt_out")
        join()
        assert reason(BOB) == reason(ALICE) == "gpc_opt_out"

    def test_a_child_by_the_law_of_one_record_is_one_by_both(self, park):
        publish(now=NOW - timedelta(days=1), personal_offers={"min_age": 16})
        for who, place in ((ALICE, "IN"), (BOB, "GB")):
            say(who, "give", recipients=ALL, now=NOW - timedelta(hours=1))
            subjects.register(identifiers=[who], jurisdiction=place, by=SYSTEM, now=NOW)
        subjects.register(identifiers=[BOB], minor_until=NOW.date(), by=SYSTEM, now=NOW)
        assert reason(BOB) == "guardian_needed", "13 today, and 16 is asked"
        join()
        assert reason(BOB) == "guardian_needed"

    def test_who_is_joined_to_a_child_besides_stays_one_when_another_is_parted(self, cast):
        for who in (ALICE, BOB, CAROL):
            say(who, "give", recipients=ALL)
        subjects.register(identifiers=[CAROL], minor_until=date(2030, 1, 1), by=SYSTEM, now=NOW)
        join(ALICE, BOB)
        join(ALICE, CAROL)
        part(BOB)
        assert subjects.find(ALICE).minor_until == date(2030, 1, 1)
        assert reason(CAROL) == "guardian_needed"

    def test_a_child_learned_of_while_joined_is_one_on_both_sides(self, cast):
        join()
        subjects.register(identifiers=[BOB], minor_until=date(2030, 1, 1), by=SYSTEM, now=NOW)
        part(BOB)
        assert subjects.find(ALICE).minor_until == subjects.find(BOB).minor_until == date(2030, 1, 1)

    def test_nobody_confirms_a_yes_into_the_record_of_whom_they_were_parted_from(self, park):
        publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
        for who in (ALICE, BOB):
            say(who, "request", now=NOW)
        join()
        token = say(BOB, "give", now=NOW).waiting.token
        part(BOB)
        with pytest.raises(LinkSpent):
            consents.confirm(token=token, channel="email", method="link", by=CUSTOMER, now=LATER)
        assert reason(ALICE, now=LATER) != "permitted"
