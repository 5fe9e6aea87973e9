"""The local checker against a service that plays the feed as docs/api.md has it."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.serving import until
from tests.trustcenter.sdk.conftest import PATIENT
from tests.trustcenter.sdk.feeding import EMAIL, OFFERS, feeding, ndjson
from trustcenter.sdk import Customer, LocalChecker, NotPermitted, Question, allowed, requires
from trustcenter.sdk.copies import Copy
from trustcenter.sdk.feed import CustomerTold, GrantTold, Identity
from trustcenter.sdk.naming import encoded

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
ALICE, BOB = "customer:C-1001", "customer:C-1002"


@pytest.fixture
def feed():
    with feeding() as made:
        yield made


def checking(feed, **more):
    return LocalChecker(feed.url, "tc_a_b", recipient="mail-engine", **({"report": False, "timeout": PATIENT} | more))


@pytest.fixture
def checker(feed):
    with checking(feed) as made:
        assert made.wait_ready(30)
        yield made


def told(checker, feed):
    """Wait until the checker knows all that was said."""
    until(lambda: checker.position == feed.position)


def at(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_yes_is_in_the_copy_and_a_no_is_not(checker):
    yes, no = checker.check(OFFERS, ALICE, [EMAIL]), checker.check(OFFERS, Customer("customer", "C-1002"), [EMAIL])
    assert yes
    assert (yes.reason, yes.categories_allowed, yes.categories_refused) == ("permitted", (EMAIL,), ())
    assert not no
    assert (no.reason, no.categories_allowed, no.categories_refused) == ("refused_by_copy", (), (EMAIL,))
    assert checker.check("unheard_of", ALICE).reason == "unknown_purpose"


def test_categories_are_parted_as_the_service_does(checker):
    both = checker.check(OFFERS, ALICE, [EMAIL, "purchase_history", EMAIL])
    assert (both.allowed, both.reason) == (False, "refused_by_copy")
    assert (both.categories_allowed, both.categories_refused) == ((EMAIL,), ("purchase_history",))
    assert checker.check(OFFERS, ALICE).categories_allowed == (EMAIL,)
    assert not checker.check(OFFERS, ALICE, [])
    with pytest.raises(ValueError, match=r"^categories"):
        checker.check(OFFERS, ALICE, EMAIL)
    with pytest.raises(ValueError, match=r"^customer"):
        checker.check(OFFERS, "C-1001")


def test_an_address_is_known_in_any_spelling(checker):
    assert checker.check(OFFERS, "email:  Alice@Example.ORG ")
    assert not checker.check(OFFERS, "customer:c-1001")


def test_many_are_answered_in_order(checker):
    answers = checker.check_many([Question(OFFERS, each) for each in (ALICE, BOB, ALICE)])
    assert [each.allowed for each in answers] == [True, False, True]


def test_a_withdrawal_is_seen_and_then_confirmed(checker, feed):
    who = checker.resolve(ALICE)
    assert checker.check(OFFERS, who)
    until(lambda: checker.check(OFFERS, who) is checker.check(OFFERS, who))  # unless a heartbeat comes between
    feed.say(ALICE)
    told(checker, feed)
    assert not checker.check(OFFERS, who)
    assert not checker.check(OFFERS, "email:alice@example.org")
    until(lambda: ("/api/v1/changes/ack", feed.position) in [(p, a.get("position")) for p, a in feed.asked])
    feed.say(ALICE, EMAIL, "purchase_history")
    told(checker, feed)
    assert checker.check(OFFERS, who, ["purchase_history"])


def test_one_resolved_for_other_categories_each_time_is_never_mixed_up(checker):
    who, wanted = checker.resolve(ALICE), [EMAIL]
    assert checker.check(OFFERS, who, wanted)
    wanted.append("purchase_history")
    assert not checker.check(OFFERS, who, wanted)
    assert checker.check(OFFERS, who, (EMAIL,))
    assert checker.check(OFFERS, who).categories_allowed == (EMAIL,)
    assert not checker.check("park_news", who)


def test_lines_told_again_or_for_somebody_who_got_the_number_change_nothing_else(checker, feed):
    feed.tell(dict(feed.told[0]))
    feed.say("customer:C-1003", EMAIL, also=("email:alice@example.org",))  # joined: the address is theirs now
    feed.say(ALICE)
    feed.tell(dict(feed.told[-1]))
    told(checker, feed)
    assert not checker.check(OFFERS, ALICE)
    assert checker.check(OFFERS, "email:alice@example.org")


def test_a_permission_begins_and_ends_by_the_clock_of_the_service(checker, feed):
    feed.say(ALICE, EMAIL, **{"from": at(-60), "until": at(3600)})
    feed.say(BOB, EMAIL, **{"from": at(3600)})
    told(checker, feed)
    who = checker.resolve(ALICE)
    yes = checker.check(OFFERS, who)
    assert yes
    assert yes.valid_until is not None
    assert not checker.check(OFFERS, BOB)
    feed.say(ALICE, EMAIL, **{"from": at(-60), "until": at(6)})
    told(checker, feed)
    until(lambda: not checker.check(OFFERS, who))
    assert checker.check(OFFERS, who).reason == "refused_by_copy"
    assert checker.fresh


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_the_time_of_day_of_this_machine_means_nothing(checker, feed, jump):
    feed.say(ALICE, EMAIL, **{"until": at(3600)})
    feed.say(BOB, EMAIL, **{"from": at(3600)})
    told(checker, feed)
    with time_machine.travel(datetime.now(UTC) + jump):
        answers = [bool(checker.check(OFFERS, each)) for each in (ALICE, BOB)]
    assert answers == [True, False]


def test_a_service_whose_clock_is_ahead_is_right_about_the_time(feed):
    feed.say(ALICE, EMAIL, **{"until": at(3600)})
    feed.away = 7200
    with checking(feed) as checker:
        assert checker.wait_ready(30)
        assert not checker.check(OFFERS, ALICE)


def test_a_purpose_that_changed_is_closed_at_once_and_the_others_stay(checker, feed):
    feed.say(BOB, EMAIL, purpose="park_news")
    told(checker, feed)
    feed.odd["snapshot"] = busy = [lambda _: (503, b"", {})] * 10_000
    feed.purposes = {"park_news": [EMAIL], OFFERS: [EMAIL]}
    feed.tell({"type": "reload", "purposes": [OFFERS]})
    until(lambda: checker.check(OFFERS, ALICE).reason == "stale")
    assert not checker.fresh
    assert checker.check("park_news", BOB)
    until(lambda: len(busy) < 9_997)
    feed.odd.clear()
    until(lambda: checker.fresh)
    assert checker.check(OFFERS, ALICE)
    assert feed.count("snapshot") == 1 + (10_000 - len(busy)) + 1


def test_what_changes_while_a_new_snapshot_is_read_is_not_lost(checker, feed):
    """The snapshot is older than what the copy knows by then."""
    old = feed.snapshot({})

    def late(_):
        feed.say(ALICE)
        return old

    feed.odd["snapshot"] = [late]
    feed.tell({"type": "reload", "purposes": ["park_news"]})
    until(lambda: checker.fresh and feed.count("snapshot") > 1)
    told(checker, feed)
    assert not checker.check(OFFERS, ALICE)


def test_a_new_snapshot_takes_its_place_only_when_it_is_as_far_as_the_old_copy(checker, feed):
    """Told in small steps, as a service does that is far ahead: no moment may pass at which the yes is back."""
    behind = feed.snapshot({})
    for place in range(5):
        feed.say(f"customer:M-{place}", EMAIL)
    feed.say(ALICE)
    told(checker, feed)
    whole = feed.changes

    def in_steps(asked):
        at = int(asked["after"]) + 1
        if at >= feed.position:
            return whole(asked)
        beat = {"type": "heartbeat", "position": at, "mark": feed.mark(at), "lease": feed.lease}
        return 200, ndjson(feed.told[at - 1], beat), {}

    feed.changes, feed.odd["snapshot"] = in_steps, [lambda _: behind]
    feed.tell({"type": "reload", "purposes": ["park_news"]})
    said = set()
    until(lambda: said.add(checker.check(OFFERS, ALICE).reason) or (checker.fresh and feed.count("snapshot") > 2))
    assert said == {"refused_by_copy"}


def test_a_service_that_is_not_as_far_as_the_copy_is_another(checker, feed, caplog):
    behind = feed.snapshot({})
    feed.say(ALICE)
    told(checker, feed)
    whole = feed.changes
    still = {"type": "heartbeat", "position": 1, "mark": feed.mark(1), "lease": feed.lease}
    feed.changes = lambda asked: (200, ndjson(still), {}) if asked["after"] == "1" else whole(asked)
    feed.odd["snapshot"] = [lambda _: behind]
    feed.tell({"type": "reload", "purposes": ["park_news"]})
    until(lambda: checker.fresh and feed.count("snapshot") > 2)
    assert "the service is not as far as we are" in caplog.text
    assert not checker.check(OFFERS, ALICE)


def test_between_the_earliest_and_the_latest_that_it_may_be_the_answer_is_no():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    copy, handle = Copy(bytes(32), (1, ""), {OFFERS: [EMAIL]}), encoded(bytes(16))
    copy.apply(CustomerTold(handle, (Identity((handle,), (GrantTold(OFFERS, (EMAIL,), start, end),)),)))

    def asked(earliest, latest):
        return copy.answer(OFFERS, bytes(16), None, earliest.timestamp(), latest.timestamp())[0].allowed

    second = timedelta(seconds=1)
    assert asked(start, start + second)
    assert asked(end - 2 * second, end - second)
    assert not asked(start - second, start + second)
    assert not asked(end - second, end)
    assert not asked(end - second, end + second)


def test_a_question_with_a_token_is_asked_of_the_service(checker, feed):
    told = {"decision": False, "context": {"id": "1", "reason": "consent_withdrawn", "token": "t1.2"}}
    feed.odd["evaluations"] = [lambda _: (200, json.dumps({"evaluations": [told]}).encode(), {})]
    questions = [Question(OFFERS, ALICE), Question(OFFERS, ALICE, at_least="t1.2")]
    assert [each.reason for each in checker.check_many(questions)] == ["permitted", "consent_withdrawn"]
    feed.odd["evaluations"] = [lambda _: (503, b"", {})] * 3
    assert [each.reason for each in checker.check_many(questions)] == ["permitted", "unreachable"]


def test_it_stands_before_functions_and_blocks_as_a_client_does(checker):
    @requires(checker, purpose=OFFERS, categories=[EMAIL], customer="customer")
    def send(customer):
        return customer

    @requires(checker, purpose=OFFERS, customer="customer")
    async def greet(customer):
        return customer

    assert send(ALICE) == ALICE
    assert asyncio.run(greet(ALICE)) == ALICE
    with pytest.raises(NotPermitted, match="refused_by_copy"):
        send(BOB)
    with pytest.raises(NotPermitted), allowed(checker, purpose=OFFERS, customer=BOB):
        pass


def test_it_filters_data_frames(checker):
    import pandas

    from trustcenter.sdk.dataframes import allowed as allowed_rows

    frame = pandas.DataFrame({"customer": ["C-1001", "C-1002"], "email": ["a@x", "b@x"], "bought": ["tea", "tin"]})
    columns = {"email": EMAIL, "bought": "purchase_history"}
    found = allowed_rows(frame, client=checker, purpose=OFFERS, id_column="customer", columns=columns)
    assert found["email"].to_list() == ["a@x"]
    assert found["bought"].isna().all()


def test_what_cannot_be_a_checker_is_named():
    for wrong in (
        {"holder": "Worker 1"},
        {"holder": ""},
        {"path": "/no/such/copy"},
        {"key": "tc a"},
        {"url": "trust.example"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            LocalChecker(**({"url": "http://trust.example", "key": "tc_a_b", "recipient": "mail-engine"} | wrong))


def test_a_closed_checker_answers_nothing(feed):
    checker = checking(feed)
    who = checker.resolve(ALICE)
    assert checker.check(OFFERS, who).reason == "stale" or checker.fresh
    assert checker.wait_ready(30)
    assert checker.check(OFFERS, who)
    checker.close()
    checker.close()
    assert checker.check(OFFERS, who).reason == "stale"
    assert not checker.wait_ready(0.1)
    time.sleep(0.2)
    assert checker.position is None
