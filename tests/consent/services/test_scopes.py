"""What a yes covers: a level of sharing, with third parties named beside it; and never more than the words named."""

from datetime import timedelta

import pytest

from audit.services import entries
from consent.errors import Invalid
from tests.world import ALICE, NOW, ask, say

LATER = NOW + timedelta(hours=1)


def pointers(**more):
    with pytest.raises(Invalid) as caught:
        say(ALICE, "give", **more)
    return [field.pointer for field in caught.value.fields]


def test_a_level_is_a_scope_with_a_name(park):
    little = say(ALICE, "give", level="little").state
    everything = say(ALICE, "give", level="all", now=LATER).state
    assert set(little.categories) < set(everything.categories)
    assert little.recipients
    assert ask(ALICE, now=LATER).decision.allowed == ("contact.email", "contact.sms", "purchase_history")


def test_the_evidence_says_which_level_was_chosen(park):
    event = say(ALICE, "give", level="little").event
    from audit.models import Entry

    entry = Entry.objects.get(id=event.entry_id)
    assert entries.payloads([entry])[entry.id]["level"] == "little"


def test_P6_no_level_holds_a_third_party_and_one_can_be_named_beside_it(park):
    assert "adpartner" not in say(ALICE, "give", level="all").state.recipients
    beside = say(ALICE, "give", level="little", recipients=["adpartner"], now=LATER).state
    assert "adpartner" in beside.recipients
    assert set(beside.recipients) > {"adpartner"}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"level": "most"}, "/level"),
        ({"level": "little", "categories": ["contact.email"]}, "/categories"),
        ({"level": "little", "recipients": ["mail-engine"]}, "/recipients"),
        ({"level": "little", "recipients": ["nobody"]}, "/recipients"),
    ],
)
def test_what_does_not_fit_a_level_is_named(park, more, pointer):
    assert pointers(**more) == [pointer]


def test_the_level_nothing_is_a_no_and_says_so(park):
    assert pointers(level="nothing") == ["/categories"]


def test_a_level_of_a_purpose_without_levels_is_nothing_or_all(park):
    assert say(ALICE, "give", "improve_visit", level="all").state.categories == ["location.wristband", "ticket_scans"]
    with pytest.raises(Invalid):
        say(ALICE, "give", "improve_visit", level="little", now=LATER)


def test_a_renewal_at_a_level_keeps_no_more_than_stood(park):
    say(ALICE, "give", categories=["contact.email"])
    assert say(ALICE, "renew", level="all", now=LATER).state.categories == ["contact.email"]
