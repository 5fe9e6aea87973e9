"""Who has heard of a choice: from “asks each time” to “confirmed”, and “late” when the lease is over."""

from datetime import timedelta

import pytest

from audit.services import order
from consent.errors import Invalid
from consent.services import catalogue, feed, holders, overview, subjects
from consent.services.feed import Reader
from consent.services.holders import Heard
from tests.world import ALICE, NOW, say, seal_all

LEASE = timedelta(seconds=15)
SOON = NOW + timedelta(seconds=1)


@pytest.fixture
def engine(cast):
    return catalogue.recipient("mail-engine")


def beat(row, holder="default", now=NOW):
    feed.beat(reader=Reader(row, holder), position=order.size(), lease=LEASE, now=now)


def heard(choice, now=SOON):
    version = catalogue.purpose("personal_offers").current
    found = holders.receivers(of=version, choice=choice.event.entry_id, now=now)
    return {each.recipient.key: each.heard for each in found}


def test_told_confirmed_late(engine):
    beat(engine)
    choice = say(ALICE, "withdraw")
    assert heard(choice) == {"mail-engine": Heard.WAITING, "mailbird": Heard.ASKS, "adpartner": Heard.ASKS}
    seal_all()
    assert heard(choice)["mail-engine"] == Heard.WAITING
    beat(engine)
    assert heard(choice)["mail-engine"] == Heard.TOLD
    assert heard(choice, NOW + LEASE)["mail-engine"] == Heard.LATE
    holders.confirm(recipient=engine, holder="default", position=order.size(), now=SOON)
    assert heard(choice)["mail-engine"] == Heard.CONFIRMED
    assert heard(choice, NOW + LEASE)["mail-engine"] == Heard.CONFIRMED


def test_G27_I4_a_customer_sees_every_recipient_by_name_and_how_far_it_is_with_their_no(engine):
    processor = catalogue.recipient("mailbird")
    say(ALICE, "withdraw")
    seal_all()
    for row in (engine, processor):
        beat(row, now=SOON)
    holders.confirm(recipient=processor, holder="default", position=order.size(), now=SOON)

    def seen(now):
        use, _ = overview.one(subject=subjects.find(ALICE), key="personal_offers", language="en", now=now)
        return {each.recipient.name: each.heard for each in use.heard}

    others = {"MailBird Ltd": Heard.CONFIRMED, "AdPartner Ltd": Heard.ASKS}
    assert seen(SOON) == others | {"Mail engine": Heard.TOLD}
    assert seen(SOON + LEASE) == others | {"Mail engine": Heard.LATE}, "its copy is over: it must refuse by itself"
    holders.confirm(recipient=engine, holder="default", position=order.size(), now=SOON)
    assert seen(SOON + LEASE) == others | {"Mail engine": Heard.CONFIRMED}


def test_G27_the_minute_in_which_a_recipient_confirmed_is_kept_and_told(engine):
    choice = say(ALICE, "withdraw")
    seal_all()
    version = catalogue.purpose("personal_offers").current

    def confirmed(holder, now):
        beat(engine, holder, now)
        holders.confirm(recipient=engine, holder=holder, position=order.size(), now=now)
        found = holders.receivers(of=version, choice=choice.event.entry_id, now=now)
        return next(each.confirmed_at for each in found if each.recipient == engine)

    beat(engine, "two", SOON)
    assert confirmed("one", SOON + timedelta(seconds=5)) is None, "its other process did not say so yet"
    later = (SOON + timedelta(minutes=3)).replace(second=0, microsecond=0)
    assert confirmed("two", later + timedelta(seconds=59)) == later
    for minutes in range(5):
        say(ALICE, "give")
        seal_all()
        assert confirmed("two", later + timedelta(minutes=minutes)) == later, "what came after moves nothing"
    assert engine.holders.get(name="two").acknowledgements.count() == 5, "one a minute, and one at a place"
    engine.holders.get(name="one").acknowledgements.all().delete()  # as of a holder that is older than this table
    assert confirmed("two", later) is None
    holders.told(recipient=engine, holder="two", position=0, lease_until=SOON)
    assert not engine.holders.get(name="two").acknowledgements.exists(), "a backup knows nothing of it"


def test_the_slowest_process_speaks_for_its_recipient(engine):
    choice = say(ALICE, "withdraw")
    seal_all()
    beat(engine, "one")
    beat(engine, "two")
    holders.confirm(recipient=engine, holder="one", position=order.size(), now=SOON)
    assert heard(choice)["mail-engine"] == Heard.TOLD
    beat(engine, "one", NOW + LEASE)
    assert heard(choice, NOW + LEASE)["mail-engine"] == Heard.LATE


def test_who_is_gone_for_a_day_asks_again_when_it_comes_back(engine):
    beat(engine)
    choice = say(ALICE, "withdraw")
    assert heard(choice, NOW + LEASE + holders.GONE)["mail-engine"] == Heard.ASKS


def test_who_never_comes_back_is_forgotten(engine):
    beat(engine, "one")
    beat(engine, "two", NOW + holders.FORGOTTEN)
    assert set(engine.holders.values_list("name", flat=True)) == {"one", "two"}
    beat(engine, "three", NOW + holders.FORGOTTEN + LEASE)
    assert set(engine.holders.values_list("name", flat=True)) == {"two", "three"}


def test_nobody_confirms_what_they_were_not_told(engine):
    with pytest.raises(Invalid):
        holders.confirm(recipient=engine, holder="default", position=0, now=SOON)
    beat(engine)
    with pytest.raises(Invalid):
        holders.confirm(recipient=engine, holder="default", position=order.size() + 1, now=SOON)
    assert holders.confirm(recipient=engine, holder="default", position=0, now=SOON) == 0


def test_a_restored_backup_takes_back_what_was_confirmed(engine):
    say(ALICE, "withdraw")
    seal_all()
    beat(engine)
    holders.confirm(recipient=engine, holder="default", position=order.size(), now=SOON)
    holders.told(recipient=engine, holder="default", position=1, lease_until=NOW)
    row = engine.holders.get()
    assert (row.told, row.confirmed) == (1, 1)
