"""Concerns: with a name or without, read again by whoever raised them and by nobody else, answered in five days."""

from datetime import date, timedelta

import pytest

from audit.models import Entry, Payload, SubjectSecret
from consent.errors import Invalid, NotFound, OutOfTurn, TooMany
from consent.models import CaseLetter, Concern, Knock
from consent.services import concerns, erasures, knocks, subjects
from consent.services.concerns import Said
from tests.world import ALICE, BOB, CUSTOMER, NOW, OPERATOR, SYSTEM, ask

WORDS = "You wrote to my old address again."
DAY = timedelta(days=1)


def write(who=ALICE, *, now=NOW, **more):
    subject = subjects.find(who) if who else None
    return concerns.open(subject=subject, said=Said(WORDS, "portal", **more), by=CUSTOMER, now=now)


def test_a_thread_goes_to_and_fro_until_it_is_closed(cast):
    alice, number = subjects.find(ALICE), write(purpose="personal_offers").concern.reference
    concerns.answer(reference=number, words="Which address?", by=OPERATOR, now=NOW + DAY)
    again = concerns.add(reference=number, who=alice, words="Elm Road.", by=CUSTOMER, now=NOW + 2 * DAY)
    assert again.state == "open"
    concerns.answer(reference=number, words="It is put right.", by=OPERATOR, now=NOW + 3 * DAY)
    concerns.close(reference=number, by=OPERATOR, now=NOW + 4 * DAY)
    found = concerns.follow(reference=number, who=alice)
    assert [each.step for each in found.steps] == ["raised", "answered", "added", "answered", "closed"]
    assert [each.own for each in found.steps] == [True, False, True, False, False]
    assert (found.steps[0].words, found.concern.due) == (WORDS, date(2026, 5, 21))
    with pytest.raises(OutOfTurn):
        concerns.add(reference=number, who=alice, words="One more.", by=CUSTOMER, now=NOW + 5 * DAY)


def test_U5_a_complaint_is_acknowledged_at_once_and_its_outcome_told(cast):
    concern = write().concern
    assert (concern.state, (concern.due - NOW.date()).days) == ("open", 7), "five working days; 30 days are allowed"
    concerns.answer(reference=concern.reference, words="You are right.", by=OPERATOR, now=NOW)
    assert concerns.follow(reference=concern.reference, who=subjects.find(ALICE)).steps[-1].words == "You are right."
    assert CaseLetter.objects.filter(kind="answered", subject=subjects.find(ALICE)).count() == 1, "and a letter says so"


def test_without_a_name_only_the_secret_reads_it(cast):
    raised = write(None, contact="0123")
    number = raised.concern.reference
    assert concerns.follow(reference=number, who=raised.secret.lower()).steps[0].words == WORDS
    for other in ("", "0000-0000-0000-0000", subjects.find(ALICE)):
        with pytest.raises(NotFound):
            concerns.follow(reference=number, who=other)
    named = write(BOB).concern.reference
    for other in ("", subjects.find(ALICE)):
        with pytest.raises(NotFound):
            concerns.follow(reference=named, who=other)


def test_without_a_name_nothing_leads_to_whoever_wrote(cast):
    concern = write(None).concern
    entry = Entry.objects.get(action="concern.raised")
    assert (concern.subject, entry.subject) == (None, concern.pseudonym)
    assert WORDS.encode() not in bytes(entry.leaf)
    assert not any(WORDS.encode() in bytes(row.sealed) for row in Payload.objects.all())


def test_without_a_name_the_words_go_two_years_after_the_end(cast):
    raised = write(None)
    concerns.close(reference=raised.concern.reference, by=OPERATOR, now=NOW)
    assert concerns.forget(now=NOW + 729 * DAY) == 0
    assert concerns.forget(now=NOW + 732 * DAY) == 1
    assert concerns.forget(now=NOW + 733 * DAY) == 0
    assert not SubjectSecret.objects.filter(pseudonym=raised.concern.pseudonym).exists()
    found = concerns.follow(reference=raised.concern.reference, who=raised.secret)
    assert {each.words for each in found.steps} == {""}


def test_with_a_name_the_words_go_with_the_customer(cast):
    number = write().concern.reference
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW)
    assert concerns.answer(reference=number, words="Too late.", by=OPERATOR, now=NOW).state == "answered"
    assert {each.words for each in concerns.follow(reference=number, who=None).steps} == {""}


def test_it_is_about_ones_own_line_of_the_log_only(cast):
    own, others = ask(ALICE).id, ask(BOB).id
    assert write(about=own).concern.about == own
    for who in (ALICE, None):
        with pytest.raises(Invalid):
            write(who, about=others)


def test_what_is_wrong_is_named_and_nothing_is_counted(cast):
    said = Said(" ", "pigeon", "nothing", contact="x" * 201)
    with pytest.raises(Invalid) as wrong:
        concerns.open_without_name(said=said, network="192.0.2.1", by=CUSTOMER, now=NOW)
    assert [each.pointer for each in wrong.value.fields] == ["/words", "/channel", "/purpose", "/contact"]
    assert not Concern.objects.exists()
    assert not Knock.objects.exists()


def test_one_network_raises_ten_an_hour_and_another_goes_on(cast):
    def from_network(network, now=NOW):
        return concerns.open_without_name(said=Said(WORDS, "portal"), network=network, by=CUSTOMER, now=now)

    for _ in range(concerns.PER_NETWORK):
        from_network("192.0.2.1")
    with pytest.raises(TooMany):
        from_network("192.0.2.1")
    from_network("192.0.2.2")
    from_network("192.0.2.1", NOW + timedelta(hours=1))
    assert not any(b"192.0.2" in bytes(each.network_hash) for each in Knock.objects.all())
    assert knocks.forget(now=NOW + timedelta(hours=1, seconds=1)) == concerns.PER_NETWORK + 1


def test_one_customer_raises_twenty_a_day(cast):
    for _ in range(concerns.PER_CUSTOMER):
        write()
    with pytest.raises(TooMany):
        write()
    write(now=NOW + DAY)


def test_a_system_writes_one_down_for_a_customer(cast):
    raised = concerns.open(subject=ALICE, said=Said(WORDS, "phone"), by=SYSTEM, now=NOW)
    assert (raised.secret, raised.concern.subject) == ("", subjects.find(ALICE))
