"""A code by e-mail: to whom it goes, how long it works, how often it may be tried and asked for."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from audit.models import Entry, Payload
from consent.errors import Invalid, LinkSpent, NotFound, TooMany
from consent.models import Identifier, PortalSession, SignInCode
from consent.services import links, sign_in_codes, subjects, suppressions, visits
from consent.services.links import Why
from consent.services.sign_in_codes import Letter
from consent.services.subjects import Handle
from tests.world import ALICE, BOB, CUSTOMER, NOW, SYSTEM, cast, publish

MAIL = Handle("email", "alice@example.org")


@pytest.fixture
def known(cast):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)


def ask(address: str = MAIL.id, *, network: str = "192.0.2.7", now=NOW) -> str:
    return sign_in_codes.ask(address=address, network=network, language="en", now=now)


def post(now=NOW, *, goes_out: bool = True) -> list[Letter]:
    """What the worker sends."""
    sent = []
    sign_in_codes.deliver(send=lambda letter: sent.append(letter) or goes_out, now=now)
    return sent


def enter(browser: str, code: str, now=NOW, **more):
    return sign_in_codes.enter(browser=browser, code=code, by=CUSTOMER, now=now, **more)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_code_opens_one_visit_at_level_two(known):
    browser = ask()
    (letter,) = post()
    visit = enter(browser, letter.code)
    assert visit.subject == subjects.find(ALICE)
    row = PortalSession.objects.get()
    assert (row.level, row.fresh_at) == (2, NOW)
    entered = Entry.objects.get(action="portal.entered")
    assert '"level":2' in bytes(entered.leaf).decode()
    with pytest.raises(LinkSpent):
        enter(browser, letter.code)


def test_level_two_lasts_five_minutes_and_the_visit_goes_on(known):
    browser = ask()
    visit = enter(browser, post()[0].code)
    for minutes, fresh in ((0, True), (5, True), (5.1, False), (20, False)):
        found = visits.visitor(token=visit.token, now=NOW + timedelta(minutes=minutes))
        assert (found.subject, found.fresh) == (visit.subject, fresh), minutes


def test_it_works_for_ten_minutes_from_the_asking(known):
    browser = ask()
    (letter,) = post(NOW + timedelta(minutes=4))
    with pytest.raises(LinkSpent):
        enter(browser, letter.code, NOW + sign_in_codes.LASTS)
    assert enter(browser, letter.code, NOW + sign_in_codes.LASTS - timedelta(seconds=1))


def test_five_wrong_tries_spend_it_and_the_right_one_comes_too_late(known):
    browser = ask()
    (letter,) = post()
    for _ in range(4):
        assert enter(browser, other(letter.code)) is None
    for code in (other(letter.code), letter.code):
        with pytest.raises(LinkSpent):
            enter(browser, code)
    assert not PortalSession.objects.exists()


def test_the_fifth_try_may_be_the_right_one(known):
    browser = ask()
    (letter,) = post()
    for _ in range(4):
        enter(browser, other(letter.code))
    assert enter(browser, letter.code)


def test_the_code_is_for_the_browser_that_asked(known):
    mine, thiefs = ask(), ask()
    first, second = post()
    assert enter(thiefs, first.code) is None or first.code == second.code
    with pytest.raises(LinkSpent):
        enter("made up", first.code)
    assert enter(mine, first.code)


def test_neither_address_nor_code_is_kept(known):
    ask("Stranger@Example.org")
    ask()
    (letter,) = post()
    kept = [value for row in SignInCode.objects.values_list() for value in row if isinstance(value, bytes | str)]
    told = b"".join(each.encode() if isinstance(each, str) else bytes(each) for each in kept)
    for secret in (letter.code, "alice", "stranger", "example", "192.0.2.7"):
        assert secret.encode() not in told.lower()
    entry = Entry.objects.get(action="portal.code_sent")
    assert b"alice" not in bytes(entry.leaf)
    assert letter.code not in re.findall(r"\w+", bytes(entry.leaf).decode())  # six digits may stand in a digest
    assert entry.subject == subjects.find(ALICE).pseudonym
    assert b"alice" not in bytes(Payload.objects.get(entry=entry).sealed)


def test_only_a_customer_whom_somebody_vouched_for_gets_one(known):
    subjects.register(identifiers=[Handle("email", "half@example.org", verified=False)], by=SYSTEM, now=NOW)
    subjects.register(identifiers=[Handle("email", "alone@example.org")], by=SYSTEM, now=NOW)
    suppressions.suppress(subject=Handle("email", "alone@example.org"), by=SYSTEM, now=NOW)
    entries = Entry.objects.count()
    for address in ("nobody@example.org", "half@example.org", "alone@example.org"):
        browser = ask(address)
        assert post() == []
        assert enter(browser, "000000") is None
    assert Entry.objects.count() == entries
    assert not SignInCode.objects.filter(handled_at__isnull=True).exists(), "nobody is looked up twice"


def test_who_is_left_alone_meanwhile_does_not_come_in(known):
    browser = ask()
    (letter,) = post()
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    with pytest.raises(LinkSpent):
        enter(browser, letter.code)


def test_it_goes_to_the_address_as_it_is_recorded(known):
    ask("  ALICE@Example.ORG ")
    assert post()[0].address == MAIL.id
    ask("al\u0131ce@example.org")  # looks like it, and is another's
    assert post() == []


def test_a_letter_is_sent_once_and_tried_again_when_it_did_not_go_out(known):
    browser = ask()
    (lost,) = post(goes_out=False)
    assert not Entry.objects.filter(action="portal.code_sent").exists()
    assert post() == [], "while one worker sends, no other does"
    (letter,) = post(NOW + timedelta(seconds=61))
    assert post(NOW + timedelta(minutes=3)) == []
    assert enter(browser, lost.code) is None or lost.code == letter.code
    assert enter(browser, letter.code)


def test_what_waited_too_long_is_not_sent(known):
    ask()
    assert post(NOW + sign_in_codes.LASTS) == []


def test_five_requests_for_an_address_in_a_quarter_of_an_hour(known):
    for address in (MAIL.id, "nobody@example.org"):
        for _ in range(5):
            ask(address, network="")
        for _ in range(3):
            with pytest.raises(TooMany):
                ask(address.upper(), network="")
        assert ask(address, network="", now=NOW + sign_in_codes.WINDOW)


def test_twenty_requests_for_an_address_in_a_day(known):
    for hour in range(20):
        ask(now=NOW + timedelta(hours=hour))
    with pytest.raises(TooMany):
        ask(now=NOW + timedelta(hours=21))
    assert ask(now=NOW + timedelta(hours=25))


def test_fifty_requests_from_a_network(known):
    for number in range(50):
        ask(f"n{number}@example.org")
    with pytest.raises(TooMany):
        ask("n51@example.org")
    assert ask("n51@example.org", network="192.0.2.8")


@pytest.mark.parametrize("address", ["", "alice", "a@b@c", "a b@c.org", "a@" + "x" * 600, "a\x00@b.org"])
def test_what_is_no_address_is_refused(cast, address):
    with pytest.raises(Invalid):
        ask(address)
    assert not SignInCode.objects.exists()


def test_a_visit_is_shown_afresh_by_an_address_of_its_own_that_is_chosen(known):
    alice, bob = subjects.find(ALICE), subjects.find(BOB)
    subjects.register(identifiers=[ALICE, Handle("email", "new@example.org")], by=SYSTEM, now=NOW)
    subjects.register(identifiers=[BOB, Handle("email", "bob@example.org")], by=SYSTEM, now=NOW)
    own = sign_in_codes.own_addresses(subject=alice)
    assert list(own.values()) == ["n•••@e•••.org", "a•••@e•••.org"]
    for address, to in zip(own, ("new@example.org", "alice@example.org"), strict=True):
        sign_in_codes.ask_again(subject=alice, address=address, network="", language="en", now=NOW)
        assert [letter.address for letter in post()] == [to]
    (others,) = sign_in_codes.own_addresses(subject=bob)
    for address in (others, "0"):
        with pytest.raises(NotFound):
            sign_in_codes.ask_again(subject=alice, address=address, network="", language="en", now=NOW)


def test_two_addresses_that_would_look_the_same_show_a_letter_more(known):
    subjects.register(identifiers=[ALICE, Handle("email", "alba@example.org")], by=SYSTEM, now=NOW)
    own = sign_in_codes.own_addresses(subject=subjects.find(ALICE))
    assert list(own.values()) == ["alb•••@e•••.org", "ali•••@e•••.org"]


def test_without_an_address_there_is_no_fresh_code(cast):
    bob = subjects.find(BOB)
    assert sign_in_codes.own_addresses(subject=bob) == {}
    with pytest.raises(NotFound):
        sign_in_codes.ask_again(subject=bob, address="", network="", language="en", now=NOW)


def test_after_two_records_were_joined_both_addresses_lead_to_the_one(known):
    subjects.register(identifiers=[BOB, Handle("email", "bob@example.org")], by=SYSTEM, now=NOW)
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    browser = ask("bob@example.org")
    assert enter(browser, post()[0].code).subject == subjects.find(ALICE)


def test_an_identifier_that_was_deleted_meanwhile_opens_nothing(known):
    browser = ask()
    (letter,) = post()
    Identifier.objects.filter(namespace="email").delete()
    with pytest.raises(LinkSpent):
        enter(browser, letter.code)


def test_requests_are_forgotten_when_they_count_no_more(known):
    ask()
    assert sign_in_codes.forget(now=NOW + sign_in_codes.DAY) == 0
    assert sign_in_codes.forget(now=NOW + sign_in_codes.DAY + timedelta(seconds=1)) == 1


def at_once(browser: str, codes: list[str]) -> list[str]:
    """What each of many who enter a code at the same moment is answered."""

    def one(code: str) -> str:
        try:
            return "in" if enter(browser, code) else "wrong"
        except LinkSpent:
            return "spent"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(codes)) as pool:
        return list(pool.map(one, codes))


@pytest.mark.django_db(transaction=True)
def test_however_many_come_at_once_five_are_answered_and_one_comes_in():
    publish()
    cast()
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=NOW)
    browser = ask()
    (letter,) = post()
    answers = at_once(browser, [other(letter.code)] * 12)
    assert (answers.count("in"), SignInCode.objects.get().tries) == (0, 5)
    assert answers.count("spent") >= 7
    browser = ask()
    (letter,) = post()
    assert at_once(browser, [letter.code] * 4).count("in") == 1
    assert PortalSession.objects.count() == 1
