"""The letter that there is news of a request or a concern: due with the step, one of a kind a day, never what it is."""

from datetime import timedelta

import pytest

from audit.models import Entry
from consent.models import CaseLetter
from consent.services import case_letters, concerns, erasures, links, rights, subjects, suppressions
from consent.services.concerns import Said
from consent.services.links import Why
from consent.services.mailing import DAY, LEASE, STALE
from consent.services.rights import Wanted
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CUSTOMER, NOW, OPERATOR, SYSTEM, say

MAIL = Handle("email", "alice@example.org")
STAFF = {"by": OPERATOR, "now": NOW}


@pytest.fixture
def known(cast):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)


def post(now=NOW, *, goes_out: bool = True):
    """What the worker sends: to whom, and of what kind."""
    sent = []
    while case_letters.deliver(send=lambda letter: sent.append(letter) or goes_out, now=now):
        pass
    return [(letter.address, letter.kind) for letter in sent]


def request(kind="copy", **more) -> str:
    found = rights.open(subject=ALICE, wanted=Wanted(kind, "phone", **more), checked=True, by=CUSTOMER, now=NOW)
    return found.reference


def concern(who=ALICE) -> str:
    return concerns.open(subject=who, said=Said("Why?", "phone"), by=CUSTOMER, now=NOW).concern.reference


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (lambda: rights.answer(reference=request(), words="Here it is.", **STAFF), "answered"),
        (lambda: rights.refuse(reference=request(), ground="excessive", words="Again?", **STAFF), "answered"),
        (lambda: rights.ask_for_more(reference=request(), words="Which one?", **STAFF), "asked"),
        (lambda: rights.extend(reference=request(), words="It is much.", **STAFF), "extended"),
        (lambda: concerns.answer(reference=concern(), words="We are sorry.", **STAFF), "answered"),
        (lambda: concerns.close(reference=concern(), **STAFF), "closed"),
        (lambda: links.link(subject=ALICE, other=BOB, why=Why("One card."), **STAFF), "joined"),
    ],
)
def test_a_step_of_ours_is_told_once(known, step, kind):
    step()
    assert post() == [(MAIL.id, kind)]
    assert post() == post(NOW + 2 * DAY) == []
    entry = Entry.objects.get(action="portal.case_told")
    assert b"alice" not in bytes(entry.leaf)


def test_what_they_did_themselves_is_no_news(known):
    number = request("correct", words="My street.")
    rights.add(reference=number, subject=None, words="Elm Road.", by=CUSTOMER, now=NOW)
    rights.start(reference=number, **STAFF)
    concerns.add(reference=concern(), who=None, words="And again.", by=CUSTOMER, now=NOW)
    assert post() == []


def test_one_of_a_kind_a_day(known):
    for kind in ("object", "human_review"):
        rights.answer(reference=request(kind), words="Done.", **STAFF)
    concerns.answer(reference=concern(), words="Sorry.", **STAFF)
    rights.ask_for_more(reference=request(), words="Which one?", **STAFF)
    assert sorted(post()) == [(MAIL.id, "answered"), (MAIL.id, "asked")]
    concerns.answer(reference=concern(), words="Sorry.", by=OPERATOR, now=NOW + timedelta(hours=1))
    assert post(NOW + timedelta(hours=2)) == []
    assert post(NOW + DAY) == [(MAIL.id, "answered")]


def test_what_is_late_is_told_once_and_not_while_we_wait_for_them(known):
    request()
    waits, answered = request("delete"), concern()
    rights.ask_for_more(reference=waits, words="Which one?", **STAFF)
    concerns.answer(reference=answered, words="Sorry.", **STAFF)
    concerns.add(reference=answered, who=None, words="No.", by=CUSTOMER, now=NOW)
    assert case_letters.note_late(now=NOW + timedelta(days=20)) == 0
    concern()
    assert case_letters.note_late(now=NOW + timedelta(days=20)) == 1
    assert post(NOW + timedelta(days=20)) == [(MAIL.id, "late")]
    after = NOW + timedelta(days=40)
    assert case_letters.note_late(now=after) == 1
    assert post(after) == [(MAIL.id, "late")]
    case_letters.forget(now=after + 2 * DAY)
    assert case_letters.note_late(now=after + 2 * DAY) == 0


def test_a_concern_without_a_name_has_nobody_to_write_to(known):
    number = concern(None)
    concerns.answer(reference=number, words="Sorry.", **STAFF)
    assert case_letters.note_late(now=NOW + 90 * DAY) == 0
    concerns.close(reference=number, words="Goodbye.", **STAFF)
    assert not CaseLetter.objects.exists()


def test_records_that_are_one_already_are_told_of_once(known):
    for first, second in ((ALICE, BOB), (BOB, ALICE)):
        links.link(subject=first, other=second, why=Why("One card."), **STAFF)
    assert post() == [(MAIL.id, "joined")]


def test_the_erased_and_who_is_left_alone_are_written_no_letter(known):
    rights.answer(reference=request(), words="Here it is.", **STAFF)
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    assert post() == []
    erasures.erase(subject=ALICE, why="withdrawn", by=SYSTEM, now=NOW)
    assert not CaseLetter.objects.exists()


def test_it_can_be_switched_off(known, settings):
    settings.CHANGE_MAIL = False
    rights.answer(reference=request(), words="Here it is.", **STAFF)
    request("delete")
    assert case_letters.note_late(now=NOW + 90 * DAY) == 0
    assert not CaseLetter.objects.exists()


def test_what_did_not_go_out_is_tried_again_and_dropped_when_it_is_old(known):
    say(ALICE, "withdraw", language="zh-hans")
    rights.answer(reference=request(), words="Here it is.", **STAFF)
    assert post(goes_out=False) == [(MAIL.id, "answered")]
    assert post() == [], "while one worker sends, no other does"
    assert post(NOW + LEASE, goes_out=False) == [(MAIL.id, "answered")]
    assert post(NOW + STALE + DAY) == []
    assert not Entry.objects.filter(action="portal.case_told").exists()
    assert case_letters.forget(now=NOW + STALE + 3 * DAY) == 1
