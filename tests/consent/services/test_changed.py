"""What changed since a yes, side by side."""

from datetime import timedelta

import pytest

from consent.errors import AskedRecently, NotFound
from consent.rules.differences import Part
from consent.services import changed, subjects, switches
from tests.world import ALICE, BOB, CUSTOMER, NOW, ask, digest, document, publish, say

LATER = NOW + timedelta(minutes=1)


def read(who=ALICE, now=LATER):
    return changed.read(subject=subjects.find(who), key="personal_offers", language="en", now=now)


def words(**more):
    texts = next(row for row in document()["purposes"] if row["key"] == "personal_offers")["texts"]
    return {language: text | more for language, text in texts.items()}


def test_both_sides_and_what_was_computed(cast):
    say(ALICE, "give", categories=["contact.email"], recipients=["mail-engine", "adpartner"], now=NOW)
    edited = {"retention": "P24M", "categories": ["contact.email", "location.wristband"]}
    publish(now=LATER, personal_offers=edited | {"texts": words(benefit="About 3 offers a month"), "levels": None})
    found = read()
    assert found.data[0] == ("Your e-mail address",)
    assert found.data[1] == (Part("Your e-mail address"), Part("Where your wristband is in the park", "new"))
    assert [row.key for row in found.who[1]] == ["mail-engine", "mailbird"]
    assert [row.key for row in found.gone] == ["adpartner"], "who is chosen by name is chosen again"
    assert {each.code for each in found.changes} == {"categories_added", "retention"}
    (benefit,) = [each for each in found.words if each.name == "benefit"]
    assert Part("3 ", "new") in benefit.new
    assert (found.version.number, found.use.version.number) == (1, 2)
    assert found.given_at == NOW


def test_there_is_nothing_to_show_where_nothing_waits(cast):
    for who in (ALICE, BOB):
        with pytest.raises(NotFound):
            read(who)
    publish(now=LATER, personal_offers={"retention": "P6M"})
    with pytest.raises(NotFound):
        read()


def test_A21_who_keeps_it_off_is_not_asked_again_until_it_changes_again(cast):
    publish(now=LATER, personal_offers={"retention": "P24M"})
    given = {"purpose": "personal_offers", "act": "keep", "notice_digest": digest("personal_offers")}
    done = switches.turn(subject=subjects.find(ALICE), **given, by=CUSTOMER, now=LATER)
    assert (done.event.act, done.event.version.number) == ("refuse", 2)
    with pytest.raises(NotFound):
        read(now=LATER + timedelta(minutes=1))
    with pytest.raises(AskedRecently):
        say(ALICE, "request", now=LATER + timedelta(days=300))
    publish(now=LATER + timedelta(days=1), personal_offers={"retention": "P36M"})
    say(ALICE, "request", now=LATER + timedelta(days=2))
    assert not ask(ALICE, now=LATER + timedelta(days=3)).decision.permitted
