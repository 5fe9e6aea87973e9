"""“Leave me alone”: off in one act, remembered without telling whom, and ended by nobody but the customer."""

import hmac
import re
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit import keys, vault
from audit.models import Entry
from audit.services import entries
from consent.errors import Conflict, IdentifierUnverified, Invalid, LinkSpent, NotFound, Suppressed
from consent.models import ConsentState, Identifier, Suppression
from consent.rules.choice import Choice
from consent.services import (
    consents,
    evidence,
    handles,
    links,
    portal_links,
    records,
    searches,
    states,
    subjects,
    suppressions,
)
from consent.services.ledger import Actor
from consent.services.links import Why
from consent.services.searches import Wanted
from consent.services.subjects import Handle
from tests import world
from tests.callers import post, question
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, ask, say

LATER = NOW + timedelta(days=40)
MAIL = Handle("email", "alice@example.org")
THIRD = Actor("system", ref="adpartner")
STAFF = Actor("staff", ref="staff-1")
# As many as before there were suppressions: the identifier that is looked up anyway tells.
# PostgreSQL takes the rows of an entry in one statement (audit/rows.py).
CHECK_COSTS = 8 if connection.vendor == "postgresql" else 10


def leave_alone(who=ALICE, *, by=SYSTEM, now=NOW):
    suppressions.suppress(subject=who, by=by, now=now)


def reason(who, **more):
    return ask(who, **more).decision.reason


def record(who, act="give", *, by=SYSTEM, **more):
    choice = Choice("personal_offers", act, method="button", **({"channel": "web", "language": "en"} | more))
    return consents.record(subject=who, choice=choice, by=by, now=LATER)


def test_everything_is_off_in_one_act_by_every_identifier(cast):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)
    leave_alone()
    known = subjects.find(ALICE)
    held = {row.purpose.key: row.status for row in ConsentState.objects.filter(subject=known)}
    assert held == {"personal_offers": "withdrawn", "plan_staff": "withdrawn"}
    assert reason(MAIL) == reason(ALICE) == "unknown_customer"
    assert ask(MAIL, "plan_staff", recipient="staff-planner").decision.reason == "unknown_customer"
    assert ask(MAIL, "tickets_and_orders").decision.reason == "unknown_customer"
    assert ask(ALICE, now=LATER, as_of=NOW - timedelta(days=1)).decision.reason == "unknown_customer"


def test_the_row_holds_a_random_number_a_hash_and_a_month_and_nothing_else(cast):
    leave_alone()
    leave_alone(BOB, now=LATER)
    assert [field.column for field in Suppression._meta.get_fields()] == ["id", "hash", "month"]
    assert not [field for field in Suppression._meta.get_fields() if field.is_relation]
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, Suppression._meta.db_table)
    assert sorted(column.name for column in described) == ["hash", "id", "month"]
    rows = Suppression.objects.order_by("month")
    assert [row.month for row in rows] == [date(2026, 5, 1), date(2026, 6, 1)]
    assert all(isinstance(row.id, UUID) and row.id.version == 4 for row in rows)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.update(month=date(2020, 1, 1))


def test_without_its_key_no_row_can_be_matched_to_anybody(cast, tmp_path):
    """Even by whoever holds the whole database, the key that identifiers are found by, and the right guess."""
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)
    leave_alone()
    kept = [bytes(row.hash) for row in Suppression.objects.all()]
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "--output", dump, verbosity=0)
    rest = re.sub(r'"model": "consent.suppression".*?}}', "", dump.read_text("utf-8"), flags=re.S)
    every_other = {bytes(row.lookup_hash) for row in Identifier.objects.all()}
    tried = [keys.key("lookup"), *(keys.derived("lookup", use) for use in ("identifier", "suppression", ""))]
    guesses = {
        hmac.digest(key, f"{who.namespace}\0{who.id}".encode(), "sha256") for key in tried for who in (ALICE, MAIL)
    }
    for hashed in kept:
        assert hashed not in every_other | guesses
        assert hashed.hex() not in rest
    assert sorted(kept) == sorted(vault.suppression_hash(who.namespace, who.id) for who in (ALICE, MAIL))


def test_a_check_is_answered_like_one_about_a_stranger(cast, client):
    leave_alone()
    secret = world.key("mail-engine", "decide")

    def answer(who):
        raw = post("/access/v1/evaluation", question(who), key=secret).content
        found = re.findall(rb'"(?:id|token)":"[^"]+"', raw)
        assert len(found) == 2
        return re.sub(rb'"(id|token)":"[^"]+"', rb'"\1":""', raw)

    assert answer(ALICE) == answer(MALLORY)
    found = Entry.objects.filter(action="decision.made").order_by("-id")[:2]
    assert {(entry.subject, entry.reason) for entry in found} == {("", "unknown_customer")}
    assert entries.payloads(found) == {}, "what is kept can be opened by nobody"


def test_no_search_finds_them(cast):
    wanted = Wanted("mail-engine")

    def found():
        some = {"namespace": "customer", "after": 0, "limit": 9}
        page = searches.customers(wanted=wanted, purpose="personal_offers", **some, by=SYSTEM, now=NOW)
        return [each.id for each in page.customers]

    assert found() == [ALICE.id]
    leave_alone()
    assert found() == []
    assert searches.purposes(wanted=wanted, customer=ALICE, only=None, by=SYSTEM, now=NOW) == []


def test_systems_read_nothing_of_them_and_staff_finds_the_evidence(cast):
    leave_alone()
    with pytest.raises(NotFound):
        records.standing(customer=ALICE, only=None, now=NOW)
    with pytest.raises(NotFound):
        records.history(customer=ALICE, limit=9)
    found = evidence.view(handle=ALICE, why="concern", note="They asked.", by=STAFF, now=NOW)
    assert evidence.visit(subject_id=found.pk, opened_at=NOW, by=STAFF).left_alone
    assert [line.entry.action for line in evidence.line(subject=found)][:2] == ["evidence.viewed", "subject.suppressed"]


@pytest.mark.parametrize("act", ["give", "withdraw", "request", "defer"])
@pytest.mark.parametrize("actor", ["staff", "system", "guardian", "representative"])
def test_nobody_else_ends_it(cast, actor, act):
    proof = {"reason": "They rang.", "guardian_verification": "Passport.", "mandate": "Letter of 3 May."}
    leave_alone()
    with pytest.raises(Invalid if (actor, act) == ("system", "give") else Suppressed):
        record(ALICE, act, actor=actor, channel="phone", evidence=proof)
    assert reason(ALICE) == "unknown_customer"


@pytest.mark.parametrize(
    ("who", "more"),
    [
        (ALICE, {"imported": True}),
        (ALICE, {"by": STAFF}),
        (ALICE, {"by": OPERATOR}),
        (ALICE, {"act": "renew"}),
        (ALICE, {"act": "withdraw"}),
    ],
)
def test_not_by_staff_nor_by_an_import_nor_by_another_act(cast, who, more):
    leave_alone()
    with pytest.raises(Suppressed):
        record(who, **more)


def test_not_under_an_identifier_nobody_vouched_for(cast):
    subjects.register(identifiers=[ALICE, replace(MAIL, verified=False)], by=SYSTEM, now=NOW)
    leave_alone()
    for who in (MAIL, replace(ALICE, verified=False)):
        with pytest.raises(IdentifierUnverified):
            record(who)


def test_their_own_yes_ends_it_and_starts_that_one_thing_only(cast):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)
    leave_alone()
    record(ALICE)
    assert reason(MAIL, now=LATER) == "permitted"
    assert ask(ALICE, "plan_staff", recipient="staff-planner", now=LATER).decision.reason == "objected"
    assert not Suppression.objects.exists()
    assert not Identifier.objects.filter(suppressed=True).exists()


def test_their_own_yes_in_the_portal_ends_it_too(cast):
    leave_alone()
    token = portal_links.create(subject=ALICE, by=SYSTEM, now=NOW).token
    visit = portal_links.enter(token=token, by=CUSTOMER, now=NOW)
    consents.record(
        subject=visit.subject, choice=Choice("personal_offers", "object", "portal", "button"), by=CUSTOMER, now=NOW
    )
    assert reason(ALICE) == "unknown_customer", "a further no is theirs to say, and ends nothing"
    record(visit.subject, by=CUSTOMER)
    assert reason(ALICE, now=LATER) == "permitted"


def test_a_third_party_cannot_tell_and_starts_nothing(cast):
    """What it says is kept as said, so that it gets the answer that it gets about anybody."""
    leave_alone()
    handles.keep([MALLORY], NOW)  # erased: nothing but the hash is left
    for who in (ALICE, MALLORY, CAROL):
        said = record(who, by=THIRD, recipients=["mail-engine"])
        assert said.event.act == "give"
    assert reason(ALICE, now=LATER) == reason(MALLORY, now=LATER) == "unknown_customer"
    assert reason(CAROL, now=LATER) == "permitted"
    other = Choice("improve_visit", "give", "web", "button", language="en")
    consents.record(subject=ALICE, choice=other, by=THIRD, now=LATER)
    record(ALICE, "give", recipients=["mailbird"])
    assert ask(ALICE, "improve_visit", recipient="queue-planner", now=LATER).decision.reason == "consent_withdrawn"
    assert reason(ALICE, now=LATER) == "recipient_not_chosen", "what the third party said did not start with it"


def test_systems_of_the_house_cannot_make_them_known_again(cast):
    leave_alone()
    handles.keep([MALLORY], NOW)
    for named in ([ALICE], [MALLORY], [BOB, MALLORY], [ALICE, Handle("email", "new@example.org")]):
        with pytest.raises(Suppressed):
            subjects.register(identifiers=named, by=SYSTEM, now=NOW)
    with pytest.raises(Suppressed):
        say(MALLORY, "withdraw")
    assert subjects.find(MALLORY) is None
    assert Identifier.objects.count() == 4, "nothing half-written"


def test_an_erased_customers_own_yes_makes_them_known_again(cast):
    handles.keep([MALLORY], NOW)
    record(MALLORY)
    assert reason(MALLORY, now=LATER) == "permitted"
    assert not Suppression.objects.exists()


def test_a_stranger_can_ask_and_is_not_written_down(cast):
    leave_alone(MALLORY)
    leave_alone(MALLORY)
    assert subjects.find(MALLORY) is None
    assert Suppression.objects.count() == 1
    entry = Entry.objects.get(action="subject.suppressed")
    assert (entry.subject, entries.payloads([entry])) == ("", {})


def test_who_is_joined_with_one_who_is_left_alone_is_left_alone(cast):
    leave_alone(BOB)
    links.link(subject=ALICE, other=BOB, why=Why("One letter."), by=SYSTEM, now=LATER)
    assert reason(ALICE, now=LATER) == reason(BOB, now=LATER) == "unknown_customer"
    assert Suppression.objects.count() == 2


def test_it_stands_when_all_answers_are_folded_anew(cast):
    leave_alone()
    for row in ConsentState.objects.select_related("subject", "purpose"):
        before = (row.status, row.event_id)
        states.refold(row.subject, row.purpose)
        row.refresh_from_db()
        assert (row.status, row.event_id) == before
    assert reason(ALICE) == "unknown_customer"


def test_a_second_identifier_under_the_old_name_is_refused(cast):
    leave_alone()
    with pytest.raises(Conflict):
        subjects.register(identifiers=[ALICE, BOB], by=SYSTEM, now=NOW)


@pytest.mark.parametrize("suppressed", [False, True])
def test_a_check_costs_no_look_up_more(cast, django_assert_num_queries, suppressed):
    if suppressed:
        leave_alone(BOB)
    ask(ALICE)  # what is kept in memory of the catalogue is read
    with django_assert_num_queries(CHECK_COSTS):
        ask(ALICE)


def test_a_yes_that_nobody_confirmed_does_not_end_it(cast):
    world.publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    leave_alone()
    with pytest.raises(Suppressed):
        record(ALICE)
    assert reason(ALICE) == "unknown_customer"
    with pytest.raises(Suppressed):
        subjects.register(identifiers=[ALICE], by=SYSTEM, now=LATER)


def test_whoever_turned_all_off_is_not_turned_on_by_an_older_token(cast):
    world.publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    token = say(CAROL, "give").waiting.token
    consents.withdraw_all(subject=subjects.find(CAROL), language="en", channel="portal", by=CUSTOMER, now=NOW)
    with pytest.raises(LinkSpent):
        consents.confirm(token=token, channel="email", method="link", by=CUSTOMER, now=NOW)
    assert reason(CAROL) != "permitted"


def test_a_third_party_with_a_token_of_its_own_cannot_tell_by_it(cast):
    world.publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    leave_alone()
    token = record(ALICE, by=THIRD).waiting.token
    with pytest.raises(LinkSpent):
        consents.confirm(token=token, channel="email", method="link", by=CUSTOMER, now=LATER)
