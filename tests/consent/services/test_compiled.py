"""A set in memory never answers from old state: what changed is seen at once, whichever process made it so."""

import os
import subprocess
import sys
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.db import connection

from audit.models import Entry, Leaf, Pending, Tile
from consent.models import Identifier
from consent.services import catalogue, compiled, links, rebuild, signals, subjects, suppressions
from consent.services.audiences import Wanted
from consent.services.links import Why
from consent.services.subjects import Handle
from tests import world
from tests.consent.services.test_audiences import LATER, alone, check, reasons
from tests.tree import ROOT
from tests.world import ALICE, BOB, CAROL, NOW, OPERATOR, SYSTEM

DAY = timedelta(days=1)
EMAILS = Wanted("mail-engine", "personal_offers", "email")


@pytest.fixture(autouse=True)
def _nothing_kept():
    compiled.forget()
    yield
    compiled.forget()


@pytest.fixture
def kept(cast):
    """The set of the park's customers is in memory: it is kept once the log is sealed."""
    world.seal_all()
    assert reasons("C-1001", "C-1002") == ["permitted", "consent_refused"]
    return the_set()


def the_set():
    (found,) = compiled._sets.values()
    return found


def read_anew(work):
    """Which customers, and whether everybody, were read while something was done."""
    numbers, everybody = [], []

    def watch(execute, sql, params, many, context):
        if "AND NOT i.suppressed AND i.subject_id " in sql:
            given = params[2:] if connection.vendor == "sqlite" else params[2]
            numbers.append(sorted(set(given)))
        everybody.extend([1] if sql.endswith("NOT i.suppressed") else [])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        work()
    return numbers, bool(everybody)


@pytest.mark.parametrize("sealed", [False, True], ids=["not sealed yet", "sealed"])
def test_a_withdrawal_between_two_lists_is_seen_at_once(kept, sealed):
    world.say(ALICE, "withdraw", now=LATER)
    world.say(BOB, "give", now=LATER)
    if sealed:
        world.seal_all(LATER)
    assert reasons("C-1001", "C-1002", at=LATER) == ["consent_withdrawn", "permitted"]


def test_whoever_changed_is_read_again_and_nobody_else(kept):
    world.say(ALICE, "withdraw", now=LATER)
    numbers, everybody = read_anew(lambda: reasons("C-1001", "C-1002", at=LATER))
    assert (numbers, everybody) == ([[subjects.find(ALICE).pk]], False)
    world.seal_all(LATER)
    for _ in range(2):  # told once more when it is sealed, and then no more
        numbers, everybody = read_anew(lambda: reasons("C-1001", at=LATER))
    assert (numbers, everybody) == ([], False)


def test_what_only_tells_makes_nobody_be_read_again(kept):
    world.ask(ALICE)
    check("C-1001")
    assert read_anew(lambda: reasons("C-1001")) == ([], False)


def test_who_became_known_since_is_found(kept):
    new = Handle("customer", "C-2000")
    world.say(new, "give", now=LATER)
    subjects.register(identifiers=[BOB, Handle("customer", "B-2")], by=SYSTEM, now=LATER)
    assert reasons("C-2000", "B-2", at=LATER) == ["permitted", "consent_refused"]


def test_whoever_asked_to_be_left_alone_is_unknown_at_once(kept):
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=LATER)
    found, whole = check("C-1001", at=LATER)
    assert (found[0][2], whole.unknown) == ("unknown_customer", 1)
    world.say(ALICE, "give", now=LATER + DAY)
    assert reasons("C-1001", at=LATER + DAY) == ["permitted"]


def test_joined_records_answer_with_the_stricter_and_parted_ones_with_their_own_no(kept):
    links.link(subject=ALICE, other=BOB, why=Why("One letter named both."), by=SYSTEM, now=LATER)
    assert reasons("C-1001", "C-1002", at=LATER) == ["consent_refused", "consent_refused"]
    assert subjects.find(ALICE) == subjects.find(BOB)
    then = LATER + DAY
    links.unlink(subject=BOB, why=Why("It was a mistake."), by=SYSTEM, now=then)
    wanted = [alone(who, at=then).reason for who in (ALICE, BOB)]
    assert reasons("C-1001", "C-1002", at=then) == wanted
    assert len(the_set().table) == 3


def test_records_joined_in_a_row_are_all_read_when_one_is_parted(cast):
    third = Handle("customer", "C-3000")
    world.say(third, "give")
    for other in (BOB, third):
        links.link(subject=other, other=ALICE, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    world.seal_all()
    reasons("C-1001")
    links.unlink(subject=third, why=Why("It was a mistake."), by=SYSTEM, now=LATER)
    ids = ("C-1001", "C-1002", "C-3000")
    assert reasons(*ids, at=LATER) == [alone(who, at=LATER).reason for who in (ALICE, BOB, third)]


@pytest.mark.parametrize("verified", [False, True])
def test_an_identifier_nobody_vouched_for_permits_nothing(cast, verified):
    address = Handle("email", "alice@example.org", verified)
    subjects.register(identifiers=[ALICE, address], by=SYSTEM, now=NOW)
    world.seal_all()
    wanted = "permitted" if verified else "no_consent"
    assert reasons("Alice@example.org", wanted=EMAILS) == [wanted] == [alone(address, EMAILS).reason]
    subjects.register(identifiers=[Handle("email", "alice@example.org")], by=SYSTEM, now=LATER)
    assert reasons("alice@example.org", wanted=EMAILS, at=LATER) == ["permitted"]


def test_a_child_and_the_day_it_comes_of_age(cast):
    subjects.register(identifiers=[CAROL], minor_until=date(2026, 6, 1), by=SYSTEM, now=NOW)
    world.say(CAROL, "give")
    world.seal_all()
    for at in (NOW, NOW + DAY, NOW + 40 * DAY):
        assert reasons("C-1003", at=at) == [alone(CAROL, at=at).reason]
    assert reasons("C-1003") == ["guardian_needed"]
    assert the_set().special == {subjects.find(CAROL).pk}


def test_a_child_is_read_again_on_another_day_only(cast):
    subjects.register(identifiers=[CAROL], minor_until=date(2026, 6, 1), by=SYSTEM, now=NOW)
    world.seal_all()
    reasons("C-1003")
    assert read_anew(lambda: reasons("C-1003", at=LATER)) == ([], False)
    assert read_anew(lambda: reasons("C-1003", at=LATER + DAY)) == ([[subjects.find(CAROL).pk]], False)


def test_a_browsers_signal_is_heard_at_once(park):
    world.publish(now=NOW - DAY, personal_offers={"sale_or_sharing": True})
    subjects.register(identifiers=[ALICE], jurisdiction="US-CA", by=SYSTEM, now=NOW - DAY)
    world.say(ALICE, "give", now=NOW - timedelta(hours=1))
    world.seal_all()
    assert reasons("C-1001") == ["permitted"]
    signals.receive(subject=ALICE, channel="web", by=SYSTEM, now=LATER)
    assert reasons("C-1001", at=LATER) == ["gpc_opt_out"]


def test_time_alone_ends_a_yes_and_a_pause(kept):
    end = world.say(BOB, "give", now=NOW).state.expires_at
    world.say(ALICE, "pause", until=NOW + 5 * DAY, now=NOW)
    tick = timedelta(microseconds=1)
    assert reasons("C-1002", at=end - tick) == ["permitted"]
    assert reasons("C-1002", at=end) == ["consent_expired"]
    assert reasons("C-1001", at=NOW + 5 * DAY - tick) == ["consent_paused"]
    assert reasons("C-1001", at=NOW + 5 * DAY) == ["permitted"]


def test_another_version_leaves_the_set(kept):
    world.publish(now=LATER, personal_offers={"retention": "P99M"})
    assert reasons("C-1001", at=LATER) == [alone(ALICE, at=LATER).reason] == ["notice_changed"]
    assert the_set() is not kept
    rows = [row | {"retired": row["key"] == "personal_offers"} for row in world.document()["purposes"]]
    catalogue.apply(document=world.document() | {"purposes": rows}, by=OPERATOR, now=LATER + DAY)
    assert reasons("C-1001", "C-9", at=LATER + DAY) == ["purpose_retired", "purpose_retired"]


def test_an_answer_put_right_is_seen(kept):
    alice = subjects.find(ALICE)
    world.say(ALICE, "withdraw", now=LATER)
    alice.states.filter(purpose__key="personal_offers").update(status="given")
    reasons("C-1001", at=LATER)
    rebuild.mend(subject=alice, by=OPERATOR, now=LATER)
    assert reasons("C-1001", at=LATER) == ["consent_withdrawn"]


def test_a_set_serves_every_recipient_and_every_category(kept):
    for recipient in ("mail-engine", "mailbird", "adpartner", "queue-planner", "nobody"):
        for categories in (None, ("contact.email",), ("contact.email", "purchase_history"), ("location.wristband",)):
            wanted = Wanted(recipient, "personal_offers", "customer", categories)
            made = alone(ALICE, wanted)
            assert check("C-1001", wanted=wanted)[0] == [("C-1001", made.permitted, made.reason)]
    assert the_set() is not None


def test_a_log_that_is_not_the_one_it_was_read_with_leaves_the_set(kept):
    tile = Tile.objects.get(level=0, index=Leaf.objects.latest("seq").seq // 256)
    world.damage(Tile.objects.filter(pk=tile.pk), data=bytes(tile.data)[:-32] + b"\0" * 32)
    assert read_anew(lambda: reasons("C-1001")) == ([], True)


def test_what_was_lost_before_it_was_sealed_is_read_again(kept):
    """A backup is restored that ends before a yes that this process has seen, but nobody sealed."""
    alice = subjects.find(ALICE)
    world.say(ALICE, "withdraw", now=LATER)
    assert reasons("C-1001", at=LATER) == ["consent_withdrawn"]
    world.say(ALICE, "give", now=LATER + DAY)
    assert reasons("C-1001", at=LATER + DAY) == ["permitted"]
    alice.states.filter(purpose__key="personal_offers").update(status="refused")
    pending = Entry.objects.filter(pending__isnull=False, subject=alice.pseudonym)
    Pending.objects.filter(entry__in=list(pending)).delete()
    assert reasons("C-1001", at=LATER + DAY) == ["consent_refused"]


def test_only_so_many_sets_are_kept(kept):
    for key in ("improve_visit", "plan_staff", "ride_photos", "unheard_of", "personal_offers"):
        check("C-1001", wanted=Wanted("mail-engine", key, "customer"))
    assert len(compiled._sets) == compiled.KEPT
    assert list(compiled._sets)[-1][0] == catalogue.purpose("personal_offers").pk


def test_few_are_read_alone_until_it_would_have_paid_to_compile(cast):
    for number in range(30):
        world.say(Handle("customer", f"X-{number}"), "give")
    world.seal_all()
    newest = Identifier.objects.order_by("-pk").first().pk
    for _ in range((newest - 1) // compiled.DEARER):
        assert not read_anew(lambda: reasons("X-7", size=1))[1]
    assert read_anew(lambda: reasons("X-7", size=1))[1]
    assert read_anew(lambda: reasons("X-8", size=1)) == ([], False)


WITHDRAW = """
import django; django.setup()
from tests import world
from datetime import timedelta
world.say(world.ALICE, "withdraw", now=world.NOW + timedelta(seconds=1))
"""


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_by_another_process_is_seen_at_once():
    """Also while the sealer has not seen it, and the answer of every later list is a no."""
    world.publish()
    world.cast()
    world.seal_all()
    assert reasons("C-1001") == ["permitted"]
    before = the_set().table
    other_process(WITHDRAW)
    assert reasons("C-1001", at=LATER) == ["consent_withdrawn"]
    assert the_set().table is not before


def other_process(script):
    url = f"sqlite:///{connection.settings_dict['NAME']}"
    if connection.vendor == "postgresql":
        given = connection.get_connection_params()
        place = f"{given['host']}:{given['port']}/{given['dbname']}"
        url = f"postgres://{given['user']}:{given.get('password', '')}@{place}"
    around = {"DATABASE_URL": url, "TRUST_DATA_DIR": str(settings.DATA_DIR), "LOG_LEVEL": "ERROR"}
    environment = os.environ | around | {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
