"""Every answer is what was said, or it is found out; and it is put right while others go on choosing."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Entry, SubjectSecret
from audit.services import entries
from consent.models import ConsentEvent, ConsentState, PurposeVersion
from consent.services import catalogue, histories, rebuild, states, subjects
from consent.services.subjects import Handle
from tests.consent.services.test_counts import live
from tests.world import ALICE, BOB, NOW, OPERATOR, ask, publish, say, seal_all

BY = {"by": OPERATOR, "now": NOW}


def run(*, check=True):
    found = []
    report = rebuild.run(check=check, found=found.append, **BY)
    assert report.differences == len(found)
    return [(each.purpose, each.members) for each in found]


def rows():
    return list(ConsentState.objects.order_by("subject_id", "purpose_id").values())


@pytest.mark.parametrize("seed", [11, 12])
def test_after_any_life_every_answer_is_what_was_said(park, monkeypatch, seed):
    monkeypatch.setattr(histories, "BATCH", 4)
    live(seed)
    before = rows()
    report = rebuild.run(check=True, **BY)
    assert (report.customers, report.answers, report.differences) == (9, len(before), 0)
    assert run(check=False) == []
    assert rows() == before
    assert not Entry.objects.filter(action="state.rebuilt").exists()


DAMAGE = {
    "status": {"status": "refused"},
    "categories": {"categories": ["contact.email", "health"]},
    "recipients": {"recipients": []},
    "expires_at": {"expires_at": NOW + timedelta(days=9999)},
    "paused_until": {"paused_until": NOW},
    "objected": {"objected": True},
    "by_guardian": {"by_guardian": True},
    "since": {"since": NOW},
}


@pytest.mark.parametrize("member", DAMAGE)
def test_each_member_that_somebody_changed_is_found_and_put_right(cast, member):
    before = rows()
    held = ConsentState.objects.filter(subject=subjects.find(ALICE))
    held.update(**DAMAGE[member])
    damaged = rows()
    assert run() == [("personal_offers", (member,))]
    assert rows() == damaged, "a check changes nothing"
    assert run(check=False) == [("personal_offers", (member,))]
    assert rows() == before
    assert run() == []


def test_another_version_or_event_is_found_though_its_number_is_the_same(cast):
    other = catalogue.purpose("ride_photos").current
    assert other.number == 1
    event = ConsentEvent.objects.get(act="refuse")
    held = ConsentState.objects.filter(subject=subjects.find(ALICE))
    held.update(version=other, event=event)
    assert run(check=False) == [("personal_offers", ("version_id", "event_id"))]
    assert held.get().version == PurposeVersion.objects.get(purpose__key="personal_offers")
    assert run() == []


def test_a_row_that_is_gone_comes_back_and_one_that_nobody_gave_goes(cast):
    before = rows()
    given = ConsentState.objects.get(subject=subjects.find(ALICE))
    forged = {"purpose": catalogue.purpose("ride_photos"), "version": given.version, "status": "given", "since": NOW}
    ConsentState.objects.create(subject=subjects.find(BOB), event=given.event, **forged)
    given.delete()
    assert not ask(ALICE).decision.permitted
    assert run() == [("personal_offers", ("missing",)), ("ride_photos", ("unfounded",))]
    assert len(run(check=False)) == 2
    assert run() == []
    assert ask(ALICE).decision.permitted
    assert [{**row, "id": 0} for row in rows()] == [{**row, "id": 0} for row in before]


def test_a_repair_is_a_fact_without_personal_data_also_of_an_erased_customer(cast):
    pseudonym = subjects.find(ALICE).pseudonym
    ConsentState.objects.filter(subject__pseudonym=pseudonym).update(status="refused", objected=True)
    SubjectSecret.objects.filter(pseudonym=pseudonym).delete()
    run(check=False)
    (entry,) = Entry.objects.filter(action="state.rebuilt")
    leaf = json.loads(bytes(entry.leaf))
    assert (leaf["subject"], leaf["purpose"], leaf["actor"]) == (pseudonym, "personal_offers", {"type": "operator"})
    assert leaf["details"] == {"members": ["status", "objected"]}
    assert entries.payloads([entry]) == {}
    seal_all()


def test_a_choice_made_while_it_reads_is_not_taken_for_damage(cast, monkeypatch):
    """The batch was read before the choice; what looks wrong is looked at again, with the customer held."""
    held = rebuild._suspects

    def meanwhile(batch):
        say(ALICE, "withdraw", now=NOW + timedelta(minutes=1))
        return held(batch)

    monkeypatch.setattr(rebuild, "_suspects", meanwhile)
    assert run() == []
    monkeypatch.setattr(rebuild, "_suspects", held)
    assert states.current(subject=subjects.find(ALICE)).popitem()[1].status == "withdrawn"


def test_it_asks_as_much_for_a_batch_as_for_one(cast):
    with CaptureQueriesContext(connection) as few:
        run()
    for number in range(20):
        say(Handle("customer", f"Q-{number}"), "give")
    with CaptureQueriesContext(connection) as many:
        run()
    assert len(many) == len(few)


def test_a_new_version_changes_no_answer(cast):
    publish(now=NOW, personal_offers={"retention": "P24M"})
    say(ALICE, "give", now=NOW + timedelta(minutes=1))
    assert run() == []
