"""How much is shared: levels, things one by one, and for how long."""

from datetime import timedelta

import pytest

from consent.errors import CodeNeeded, Invalid, NoChoiceHere
from consent.rules import durations
from consent.services import amounts, subjects, switches
from consent.services.amounts import AS_NOW, Wanted
from tests.world import ALICE, BOB, CAROL, CUSTOMER, NOW, ask, digest, publish, say

LATER = NOW + timedelta(seconds=9)


def read(who=ALICE, key="personal_offers", now=LATER):
    return amounts.read(subject=subjects.find(who), key=key, language="en", now=now)


def choose(level="", kinds=(), names=(), lasts="", *, who=ALICE, key="personal_offers", now=NOW, **more):
    wanted = Wanted(level, kinds, names, lasts)
    given = {"purpose": key, "wanted": wanted, "notice_digest": digest(key)}
    return amounts.choose(subject=subjects.find(who), **given, by=CUSTOMER, now=now, **more)


def picked(found) -> set[str]:
    """All that a page shows as chosen."""
    parties = [*found.recipients, *found.third]
    return {
        *(each.key for each in found.levels if each.chosen),
        *(each.key for each in found.categories if each.chosen),
        *(each.row.key for each in parties if each.chosen),
        *(each.lasts for each in found.times if each.lasts == AS_NOW),
        *(["own"] if found.own else []),
    }


def test_A20_nothing_is_picked_for_who_was_never_asked_and_only_nothing_for_who_said_no(cast):
    for key in ("personal_offers", "ride_photos"):
        assert picked(read(CAROL, key)) == set()
    assert picked(read(BOB)) == {"nothing"}


def test_what_is_picked_is_their_own_earlier_choice(cast):
    assert picked(read()) == {
        *("all", "contact.email", "contact.sms", "purchase_history"),
        *("mail-engine", "mailbird", "adpartner", AS_NOW),
    }
    choose("some", lasts="P3M")
    found = read()
    assert (found.level.key, found.own) == ("some", False)
    assert found.times[0].until == durations.after(NOW, "P3M")
    choose("", ["contact.email"], ["mailbird"])
    assert (read().level, read().own) == (None, True)


def test_a_level_is_told_by_what_we_see_what_they_get_and_an_example(cast):
    by_key = {each.key: each for each in read().levels}
    assert list(by_key) == ["nothing", "little", "some", "all"]
    assert by_key["nothing"].categories == ()
    assert by_key["some"].categories == ("Your e-mail address", "What you buy in the park")
    assert by_key["some"].benefit == "Offers that fit, by e-mail"
    assert "Fish and chips" in by_key["all"].example


def test_a_level_never_holds_a_third_party_unless_it_is_named(cast):
    assert choose("all").event.recipients == ["mail-engine", "mailbird"]
    assert choose("little", names=["adpartner"]).event.recipients == ["mail-engine", "adpartner"]
    assert not ask(ALICE, recipient="adpartner", categories=("purchase_history",), now=LATER).decision.permitted


def test_the_level_nothing_is_a_no(cast):
    assert choose("nothing").event.act == "withdraw"
    assert ask(ALICE, now=LATER).decision.reason == "consent_withdrawn"


@pytest.mark.parametrize("wanted", [{"kinds": ["contact.email"]}, {"names": ["mailbird"]}, {"level": "plenty"}])
def test_half_a_choice_or_a_level_that_is_none_is_refused(cast, wanted):
    with pytest.raises(Invalid):
        choose(**wanted)


def test_what_rests_on_no_yes_has_no_amount(cast):
    for key in ("plan_staff", "park_safety"):
        with pytest.raises(NoChoiceHere):
            read(key=key)


def test_a_yes_ends_when_the_customer_said_and_the_text_is_the_most_it_can_last(cast):
    done = choose("all", lasts="P3M")
    end = durations.after(NOW, "P3M")
    assert (done.state.expires_at, done.event.until) == (end, end)
    assert ask(ALICE, now=end - timedelta(seconds=1)).decision.permitted
    assert ask(ALICE, now=end).decision.reason == "consent_expired"
    assert choose("all").state.expires_at == durations.after(NOW, "P24M")
    with pytest.raises(Invalid):
        say(ALICE, "give", until=durations.after(NOW, "P25M"))
    with pytest.raises(Invalid):
        say(ALICE, "give", until=NOW)


def test_a_text_that_says_a_shorter_time_offers_no_longer_one(cast):
    publish(now=NOW, personal_offers={"consent_lasts": "P6M"}, improve_visit={"consent_lasts": None})
    assert [each.lasts for each in read().times] == [AS_NOW, "P3M", ""]
    assert [each.lasts for each in read(key="improve_visit").times] == ["P3M", "P12M", ""]


def test_who_changes_only_how_much_keeps_the_end_that_stands(cast):
    end = choose("all", lasts="P3M").state.expires_at
    assert choose("little", lasts=AS_NOW, now=NOW + timedelta(days=9)).state.expires_at == end


def test_more_of_sensitive_data_needs_a_code_and_less_never_does(cast):
    both = {"kinds": ["ride_photos", "face_image"], "names": ["mail-engine"]}
    with pytest.raises(CodeNeeded):
        choose(**both, key="ride_photos")
    given = choose(**both, key="ride_photos", lasts="P3M", fresh=True)
    less = choose(kinds=["ride_photos"], names=["mail-engine"], key="ride_photos", now=NOW + timedelta(days=9))
    assert less.state.categories == ["ride_photos"]
    assert less.state.expires_at == given.state.expires_at, "sharing less does not make it last longer"
    with pytest.raises(CodeNeeded):
        choose(**both, key="ride_photos", now=NOW + timedelta(days=10))


class TestUndo:
    """What stood before stands again: its scope, its end, its pause."""

    def undo(self, recorded, seconds=1):
        return switches.undo(
            subject=subjects.find(ALICE),
            number=recorded.event.entry_id,
            by=CUSTOMER,
            now=NOW + timedelta(seconds=seconds),
        )

    def turn(self, act, seconds=0, **more):
        given = {"purpose": "personal_offers", "act": act, "notice_digest": digest("personal_offers")} | more
        return switches.turn(subject=subjects.find(ALICE), **given, by=CUSTOMER, now=NOW + timedelta(seconds=seconds))

    def test_a_chosen_end_comes_back(self, cast):
        end = choose("all", lasts="P3M").state.expires_at
        assert self.undo(self.turn("off")).state.expires_at == end

    def test_a_pause_is_ended_and_an_ended_pause_rests_again(self, cast):
        paused = self.turn("pause", time="P1M")
        assert paused.state.paused_until == durations.after(NOW, "P1M")
        resumed = self.undo(paused)
        assert (resumed.event.act, resumed.state.paused_until) == ("resume", None)
        assert self.undo(resumed, 2).state.paused_until == durations.after(NOW, "P1M")

    def test_what_rested_when_it_was_turned_off_rests_again(self, cast):
        until = self.turn("pause", time="P1W").state.paused_until
        done = self.undo(self.turn("off", 1), 2)
        assert (done.event.act, done.state.status, done.state.paused_until) == ("pause", "given", until)
        assert ask(ALICE, now=LATER).decision.reason == "consent_paused"

    def test_a_yes_after_a_material_change_is_undone_to_a_no(self, cast):
        publish(now=NOW, personal_offers={"retention": "P24M"})
        assert self.undo(self.turn("on")).event.act == "withdraw"

    def test_a_pause_is_as_long_as_the_buttons_say(self, cast):
        with pytest.raises(Invalid):
            self.turn("pause", time="P9M")
