"""A feed that is cut, silent, restarted, restored or wrong: refused or resumed, never allowed from old state."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.serving import ROOT, until
from tests.trustcenter.sdk.feeding import EMAIL, LONG, OFFERS, feeding, ndjson
from tests.trustcenter.sdk.test_local import ALICE, BOB, checking, told
from trustcenter.sdk import LocalChecker, Timeout
from trustcenter.sdk import follower as following
from trustcenter.sdk.clock import LAG, ServiceClock

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
LEASE = 1.5  # where a test waits for its end
QUICK = Timeout(connect=1, read=1, total=2)


@contextlib.contextmanager
def brief(**more):
    """A service that gives short leases, and a checker of it that is ready."""
    with feeding(LEASE) as feed, checking(feed, timeout=QUICK, **more) as checker:
        until(lambda: checker.check(OFFERS, ALICE))
        yield feed, checker


def ends_refused_and_resumes(feed, checker, fault, mend):
    """After the fault all is refused within a lease; after it is mended, what changed meanwhile counts."""
    who = checker.resolve(ALICE)
    until(lambda: checker.check(OFFERS, who))
    fault()
    begun = asked = time.monotonic()
    while checker.check(OFFERS, who):
        assert asked < begun + LEASE, "permitted after the lease"
        time.sleep(0.02)
        asked = time.monotonic()
    assert checker.check(OFFERS, who).reason == "stale"
    assert not checker.fresh
    with feed.news:
        feed.say(ALICE)
        feed.say(BOB, EMAIL)
    time.sleep(0.3)
    assert {checker.check(OFFERS, each).reason for each in (who, ALICE, BOB)} == {"stale"}
    mend()
    said = set()
    until(lambda: said.add(checker.check(OFFERS, who).reason) or checker.check(OFFERS, BOB))
    assert said <= {"stale", "refused_by_copy"}
    until(lambda: checker.check(OFFERS, who).reason == "refused_by_copy")


def test_a_service_that_ends_and_begins_again():
    with brief() as (feed, checker):
        taken = feed.count("snapshot")
        ends_refused_and_resumes(feed, checker, feed.stop, feed.start)
        assert feed.count("snapshot") == taken


def test_a_service_that_takes_requests_and_says_nothing():
    with brief() as (feed, checker):
        ends_refused_and_resumes(feed, checker, feed.hung.set, feed.hung.clear)


@pytest.mark.parametrize(
    "answer",
    [
        *((500, b"", {}), (401, b"", {}), (302, b"", {"Location": "http://elsewhere.example/"}), (200, b"", {})),
        (200, b"<html>OK</html>\n", {}),
        (200, ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": 1.5})[:-1], {}),
        (200, ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": 1.5}), {"length": "5000"}),
        (
            200,
            ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": 1.5}, {"type": "reload", "purposes": []}),
            {},
        ),
        (200, ndjson({"type": "heartbeat", "position": 0, "mark": "", "lease": 1.5}), {}),
        (200, ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": 1e9}), {}),
        (200, ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": "1.5"}), {}),
        (200, ndjson({"type": "surprise"}, {"type": "heartbeat", "position": 1, "mark": "", "lease": 1.5}), {}),
        (200, ndjson({"type": "heartbeat", "position": 1, "mark": "", "lease": 1.5}), {"Date": "yesterday"}),
    ],
    ids=lambda answer: f"{answer[0]} {answer[1][:70]!r}",
)
def test_an_answer_that_is_none_gives_no_lease(answer):
    with brief() as (feed, checker):

        def wrong():
            feed.odd["changes"] = [lambda _: (answer[0], answer[1], dict(answer[2]))] * 10_000

        ends_refused_and_resumes(feed, checker, wrong, feed.odd.clear)


def test_a_service_that_vouches_for_nothing_is_believed_at_once():
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        feed.lease = 0
        feed.say(BOB, EMAIL)
        until(lambda: checker.check(OFFERS, ALICE).reason == "stale")
        feed.lease = LONG
        until(lambda: checker.check(OFFERS, BOB))


def test_a_line_counts_although_the_answer_is_cut_after_it():
    """And although no whole answer comes after it."""
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        who = checker.resolve(ALICE)
        assert checker.check(OFFERS, who)
        cut = ndjson(feed.line(ALICE, {}))
        feed.odd["changes"] = [lambda _: (200, cut, {"length": "5000"}), *[lambda _: (500, b"", {})] * 10_000]
        feed.say("customer:C-9", EMAIL)
        until(lambda: not checker.check(OFFERS, who))
        assert checker.check(OFFERS, who).reason == "refused_by_copy"


def test_a_lease_counts_from_when_it_was_asked_for():
    """An answer that was held for longer than its lease gives none."""
    with feeding(2.0) as feed:

        def late(asked):
            time.sleep(2.2)
            return feed.changes(asked)

        feed.odd["changes"] = [late] * 10_000
        with checking(feed) as checker:
            until(lambda: checker.position == 1)
            until(lambda: feed.count("changes") > 2)
            assert checker.check(OFFERS, ALICE).reason == "stale"
            feed.odd.clear()
            assert checker.wait_ready(30)


@pytest.mark.parametrize(
    "cut",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:1] + lines[-1:],
        lambda lines: [*lines[:-1], lines[-1].replace(b'"customers": 2', b'"customers": 3')],
        lambda lines: [*lines[:-1], lines[-1].replace(b'"position": 2', b'"position": 3')],
        lambda lines: [*lines, lines[1]],
        lambda lines: lines[1:],
        lambda lines: [lines[0].replace(b"mail-engine", b"adpartner"), *lines[1:]],
        lambda lines: [lines[0].replace(b'"hash_key": "', b'"hash_key": "AA'), *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:-1]],
    ],
    ids=["no end", "a line less", "count", "position", "a line more", "no head", "not ours", "key", "cut"],
)
def test_a_snapshot_that_is_not_whole_is_none(cut):
    with feeding() as feed:
        feed.say(BOB, EMAIL)
        whole = feed.snapshot({})[1].splitlines(keepends=True)
        feed.odd["snapshot"] = [lambda _: (200, b"".join(cut(whole)), {})] * 10_000
        with checking(feed) as checker:
            until(lambda: feed.count("snapshot") > 2)
            assert (checker.position, checker.check(OFFERS, ALICE).reason) == (None, "stale")
            feed.odd.clear()
            assert checker.wait_ready(30)
            assert checker.check(OFFERS, ALICE)


def test_a_restored_backup_makes_it_drop_all_and_read_anew():
    with feeding() as feed, checking(feed) as checker:
        for _ in range(5):
            feed.say(BOB, EMAIL)
        assert checker.wait_ready(30)
        told(checker, feed)
        feed.stop()
        del feed.told[2:]
        feed.customers.clear()
        feed.odd["snapshot"] = [lambda _: (503, b"", {})] * 10_000
        feed.start()
        until(lambda: feed.count("snapshot") > 1)
        assert {checker.check(OFFERS, each).reason for each in (ALICE, BOB)} == {"stale"}
        feed.odd.clear()
        until(lambda: checker.fresh)
        assert checker.position == 2
        assert {checker.check(OFFERS, each).reason for each in (ALICE, BOB)} == {"refused_by_copy"}


def test_a_restored_backup_is_noticed_also_where_the_log_has_grown_again():
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        feed.stop()
        feed.customers.clear()
        feed.told[:] = [feed.line(each, {}) for each in (ALICE, BOB, "customer:C-3")]
        feed.start()
        until(lambda: feed.count("snapshot") == 2)
        until(lambda: checker.fresh)
        assert checker.check(OFFERS, ALICE).reason == "refused_by_copy"


def test_a_lost_confirmation_is_made_up_for():
    with feeding() as feed:
        feed.odd["ack"] = [lambda _: (400, b"", {})]
        with checking(feed) as checker:
            assert checker.wait_ready(30)
            feed.say(BOB, EMAIL)
            until(lambda: [asked for name, asked in feed.asked if name.endswith("ack") and asked["position"] == 2])
            told = [asked["position"] for name, asked in feed.asked if name.endswith("ack")]
            assert (told[0], told[-1], {*told}) == (1, 2, {1, 2})


def test_one_that_was_stopped_for_longer_than_its_lease_refuses_when_it_wakes():
    """The machine slept: nothing of the process ran, and the service heard nothing. Its first words are no."""
    program = """
import sys, time
from trustcenter.sdk import LocalChecker
checker = LocalChecker(sys.argv[1], "tc_a_b", recipient="mail-engine", report=False)
assert checker.wait_ready(60)
who = checker.resolve("customer:C-1001")
while True:
    print(time.time(), checker.check("personal_offers", who).reason, flush=True)
    time.sleep(0.05)
"""
    with feeding(3.0) as feed:
        child = subprocess.Popen([sys.executable, "-c", program, feed.url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert any(line.endswith(" permitted\n") for line in child.stdout)
            os.kill(child.pid, signal.SIGSTOP)
            feed.stop()
            time.sleep(3.5)
            woken = time.time()
            os.kill(child.pid, signal.SIGCONT)
            for line in child.stdout:
                said, reason = line.split()
                if float(said) >= woken:
                    assert reason == "stale"
                    break
            feed.say(ALICE)
            feed.start()
            until(lambda: (reason := child.stdout.readline().split()[1]) != "stale" and reason == "refused_by_copy")
        finally:
            child.kill()
            child.stdout.close()
            child.wait()


def test_time_that_the_machine_slept_counts():
    """Python's own clock stands still then; ours is the system's clock of what passed since it was started."""
    if sys.platform == "linux":
        from trustcenter.sdk.clock import ticks

        before, up, after = ticks(), float(Path("/proc/uptime").read_text().split()[0]), ticks()
        assert before - 1 < up < after + 1


def _in_child(checker, feed_url, answers):
    first = checker.check(OFFERS, ALICE).reason
    ready = checker.wait_ready(30)
    answers.send((first, ready, checker.check(OFFERS, ALICE).reason))


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_uses_no_lease_of_its_parent():
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        mine, theirs = get_context("fork").Pipe()
        child = get_context("fork").Process(target=_in_child, args=(checker, feed.url, theirs))
        child.start()
        assert mine.poll(60)
        assert mine.recv() == ("stale", True, "permitted")
        child.join(30)
        holders = {asked["holder"] for _, asked in feed.asked}
        assert holders == {"default", f"default-{child.pid}"}
        assert checker.check(OFFERS, ALICE)


def test_a_copy_in_a_file_saves_the_snapshot_and_permits_nothing_by_itself(tmp_path):
    path = tmp_path / "copy"
    with feeding() as feed:
        feed.say(BOB, EMAIL, **{"from": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00.123456Z"})
        with checking(feed, path=path) as checker:
            assert checker.wait_ready(30)
        assert path.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["copy"]
        said = path.read_text()
        assert "C-1001" not in said
        assert json.loads(feed.snapshot({})[1].splitlines()[0])["hash_key"] not in said
        feed.hung.set()
        with checking(feed, path=path) as checker:
            time.sleep(0.5)
            assert checker.check(OFFERS, ALICE).reason == "stale"
            feed.say(ALICE)
            feed.hung.clear()
            assert checker.wait_ready(30)
            assert not checker.check(OFFERS, ALICE)
            assert checker.check(OFFERS, BOB).valid_until.microsecond == 123456
        assert [asked["after"] for name, asked in feed.asked if name.endswith("changes")].count("2") >= 1
        assert checker._follower._saved == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda said: said[:-40],
        lambda said: said.replace(b'"position":1', b'"position":0'),
        lambda said: said.replace(b"contact.email", b"contact.phone"),
        lambda said: b"",
        lambda said: said.splitlines(keepends=True)[0],
        lambda said: said + b"x",
    ],
)
def test_a_file_that_was_altered_is_not_used(tmp_path, harm):
    path = tmp_path / "copy"
    with feeding() as feed:
        with checking(feed, path=path) as checker:
            assert checker.wait_ready(30)
        said = path.read_bytes()
        assert harm(said) != said
        path.write_bytes(harm(said))
        feed.customers.clear()
        with checking(feed, path=path) as checker:
            assert checker.wait_ready(30)
            assert not checker.check(OFFERS, ALICE)
            assert not checker.check(OFFERS, ALICE, ["contact.phone"])


def test_a_file_of_a_log_that_was_restored_is_not_used(tmp_path):
    path = tmp_path / "copy"
    with feeding() as feed:
        with checking(feed, path=path) as checker:
            assert checker.wait_ready(30)
        feed.customers.clear()
        feed.told[:] = [feed.line(BOB, {})]
        with checking(feed, path=path) as checker:
            assert checker.wait_ready(30)
            assert not checker.check(OFFERS, ALICE)


def test_a_file_of_another_recipient_or_key_is_not_used(tmp_path):
    path = tmp_path / "copy"
    with feeding() as feed, checking(feed, path=path) as checker:
        assert checker.wait_ready(30)
    with feeding() as other:
        other.customers.clear()
        with checking(other, path=path) as checker:
            assert checker.wait_ready(30)
            assert not checker.check(OFFERS, ALICE)


def test_one_resolved_under_a_key_that_is_no_longer_used_is_named_anew():
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        who = checker.resolve(ALICE)
        assert checker.check(OFFERS, who)
        feed.customers.clear()
        feed.key = bytes(32)
        feed.say(ALICE, EMAIL)
        feed.tell({"type": "reload", "purposes": [OFFERS]})
        until(lambda: checker.fresh and feed.count("snapshot") > 1)
        assert checker.check(OFFERS, who)


def test_a_drip_without_a_line_ends(monkeypatch):
    from trustcenter.sdk import feed

    monkeypatch.setattr(feed, "SLOWEST", 0.2)

    def drip():
        while True:
            time.sleep(0.05)
            yield b" "

    with pytest.raises(feed.Fault, match="without an end"):
        list(feed.lines(drip()))
    monkeypatch.setattr(feed, "LONGEST", 100)
    with pytest.raises(feed.Fault, match="without an end"):
        list(feed.lines(b" " * 60 for _ in range(3)))


class TestServiceClock:
    def test_many_answers_narrow_it_down_and_it_never_says_what_cannot_be(self):
        clock, true = ServiceClock(), 1_800_000_000.25
        for tick in range(40):
            sent, made, received = tick * 1.37, tick * 1.37 + 0.01, tick * 1.37 + 0.02
            said = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(true + made))
            clock.heard(said, sent, received)
            assert clock.earliest(received) <= true + received <= clock.latest(received)
        assert clock.latest(60) - clock.earliest(60) < LAG - 0.8

    def test_a_clock_that_was_set_is_believed(self):
        clock = ServiceClock()
        clock.heard("Thu, 01 Jan 2026 00:00:00 GMT", 10, 10)
        clock.heard("Thu, 01 Jan 2026 01:00:00 GMT", 20, 20)
        assert clock.earliest(20) == clock.latest(20) - LAG == 1767229200
        assert clock.tick_at(clock.latest(25)) == 25

    @pytest.mark.parametrize("said", ["", "yesterday", "Thu, 01 Jan 2026 00:00:00 -0000"])
    def test_what_is_no_date_is_not_believed(self, said):
        clock = ServiceClock()
        with pytest.raises(ValueError):  # noqa: PT011  whose words they are depends on the Python
            clock.heard(said, 1, 1)


def test_the_thread_outlives_every_fault(monkeypatch):
    with feeding(1.5) as feed, LocalChecker(feed.url, "tc_a_b", recipient="mail-engine", report=False) as checker:
        assert checker.wait_ready(30)
        monkeypatch.setattr(following.Follower, "_changes", lambda *_: 1 / 0)
        until(lambda: checker.check(OFFERS, ALICE).reason == "stale")
        monkeypatch.undo()
        assert checker.wait_ready(30)
