"""What was done under a copy reaches the service's log: once, in order, also after a crash; or it is not done."""

import logging
import shutil
import signal
import subprocess
import sys
from multiprocessing import get_context

import pytest

from tests.serving import ROOT, until
from tests.trustcenter.sdk.feeding import EMAIL, OFFERS, feeding, problem
from tests.trustcenter.sdk.test_local import ALICE, BOB, checking
from trustcenter.sdk import Client, reports, spool
from trustcenter.sdk.reports import Reports

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]


@pytest.fixture(autouse=True)
def _when_told(monkeypatch):
    """Nothing is sent while a test looks at what waits."""
    monkeypatch.setattr(reports, "EACH", 600)


@pytest.fixture
def feed():
    with feeding() as made:
        yield made


def reporting(feed, **more):
    checker = checking(feed, report=True, **more)
    assert checker.wait_ready(30)
    return checker


def test_each_yes_is_a_use_and_a_no_is_none(feed):
    with reporting(feed) as checker:
        who = checker.resolve(ALICE)
        assert checker.check(OFFERS, ALICE, [EMAIL], "May letter")
        assert checker.check(OFFERS, who)
        assert checker.check(OFFERS, who)
        assert not checker.check(OFFERS, BOB)
        assert not checker.check(OFFERS, ALICE, ["purchase_history"])
        assert checker.unreported == 3
    assert checker.unreported == 0
    subject = {"namespace": "customer", "id": "C-1001"}
    told = [(use["subject"], use["purpose"], use["categories"], use["reference"]) for use in feed.uses]
    assert told == [(subject, OFFERS, [EMAIL], reference) for reference in ("May letter", "", "")]
    assert len(feed.reports) == 1


def test_they_are_sent_by_themselves(feed, monkeypatch):
    monkeypatch.setattr(reports, "EACH", 0.1)
    with reporting(feed) as checker:
        assert checker.check(OFFERS, ALICE)
        until(lambda: len(feed.uses) == 1)
        until(lambda: checker.unreported == 0)


def test_more_than_a_request_takes_go_in_several(feed):
    with reporting(feed) as checker:
        assert all(checker.check(OFFERS, ALICE, reference=str(place)) for place in range(2500))
    assert [len(rows) for rows in feed.reports.values()] == [1000, 1000, 500]
    assert [use["reference"] for use in feed.uses] == [str(place) for place in range(2500)]


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(feed):
    def lost(asked):
        feed.report(asked)
        return 500, b"", {}

    feed.odd["uses"] = [lost, lost]
    with reporting(feed) as checker:
        assert checker.check(OFFERS, ALICE)
    assert len(feed.uses) == 1
    assert feed.count("uses") == 3


def test_where_no_more_can_be_kept_no_more_is_permitted(feed):
    with reporting(feed) as checker:
        checker._reports._limit = 2
        feed.odd["uses"] = [lambda _: (503, b"", {})] * 3
        answers = [checker.check(OFFERS, ALICE) for _ in range(3)]
        assert [each.reason for each in answers] == ["permitted", "permitted", "unreported"]
        assert not answers[2]
        assert not checker._reports.flush()
        assert checker.check(OFFERS, checker.resolve(ALICE)).reason == "unreported"
        assert checker._reports.flush()
        assert checker.check(OFFERS, ALICE)


def test_a_use_that_cannot_be_written_down_is_not_permitted(feed, tmp_path):
    """The file system says no."""
    place = tmp_path / "gone"
    place.mkdir()
    with reporting(feed, path=place / "copy") as checker:
        until((place / "copy").exists)
        shutil.rmtree(place)
        assert checker.check(OFFERS, ALICE).reason == "unreported"


def test_one_customer_who_was_erased_takes_no_other_use_along(feed, caplog):
    feed.say(BOB, EMAIL)
    with reporting(feed) as checker:
        until(lambda: checker.check(OFFERS, BOB))
        assert checker.check(OFFERS, ALICE)
        feed.rejected.add("C-1002")
        assert checker._reports.flush()
        assert (checker.lost, checker.unreported) == (1, 0)
    assert [use["subject"]["id"] for use in feed.uses] == ["C-1001"]
    assert "1 uses were not taken in: 400 invalid" in caplog.text
    assert "C-1002" not in caplog.text


def test_a_key_that_may_not_report_loses_nothing(feed):
    feed.odd["uses"] = [lambda _: problem(403, "not_allowed")]
    with reporting(feed) as checker:
        assert checker.check(OFFERS, ALICE)
        assert not checker._reports.flush()
        assert (checker.lost, checker.unreported) == (0, 1)
    assert len(feed.uses) == 1


def test_uses_lost_at_the_end_are_counted_aloud(feed, caplog):
    feed.odd["uses"] = [lambda _: (503, b"", {})] * 3
    with reporting(feed) as checker:
        assert checker.check(OFFERS, ALICE)
    assert "1 uses were not reported and are lost" in caplog.text


CRASH = """
import os, signal, sys
from trustcenter.sdk import LocalChecker
from trustcenter.sdk import reports
reports.EACH = 600
checker = LocalChecker(sys.argv[1], "tc_a_b", recipient="mail-engine", path=sys.argv[2])
assert checker.wait_ready(60)
for place in range(1500):
    if place == 1000:
        assert not checker._reports.flush()
    assert checker.check("personal_offers", "customer:C-1001", reference=str(place))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_no_use_where_it_has_a_file(feed, tmp_path):
    """Killed with two pieces waiting, one of which was sent without an answer that came back."""
    path = tmp_path / "copy"
    feed.odd["uses"] = [lambda asked: (feed.report(asked), (500, b"", {}))[1]] * 3 + [lambda _: (500, b"", {})] * 1000
    done = subprocess.run([sys.executable, "-c", CRASH, feed.url, path], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    left = sorted(tmp_path.glob("copy.uses-*"))
    assert len(left) == 2
    assert {each.stat().st_mode & 0o777 for each in left} == {0o600}
    with left[1].open("ab") as torn:
        torn.write(b'{"subject": {"namesp')
    feed.odd.clear()
    with reporting(feed, path=path):
        pass
    assert sorted(int(use["reference"]) for use in feed.uses) == list(range(1500))
    assert not list(tmp_path.glob("copy.uses-*"))


def test_what_another_process_still_writes_is_left_to_it(feed, tmp_path):
    path = tmp_path / "copy"
    with reporting(feed, path=path) as first:
        assert first.check(OFFERS, ALICE)
        with reporting(feed, path=path) as second:
            assert second.unreported == 0
        assert len(feed.uses) == 0
    assert len(feed.uses) == 1


def test_what_could_not_be_sent_stays_in_its_file(feed, tmp_path):
    path = tmp_path / "copy"
    feed.odd["uses"] = [lambda _: (503, b"", {})] * 3
    with reporting(feed, path=path) as checker:
        assert checker.check(OFFERS, ALICE)
    assert len(list(tmp_path.glob("copy.uses-*"))) == 1
    with reporting(feed, path=path) as checker:
        assert checker.unreported in (0, 1)
    assert len(feed.uses) == 1


def _one_use(checker, answers):
    assert checker.wait_ready(30)
    answers.send((checker.unreported, checker.check(OFFERS, ALICE, reference="child").reason))
    checker.close()


def test_a_forked_process_reports_its_own_uses_only(feed, tmp_path):
    with reporting(feed, path=tmp_path / "copy") as checker:
        assert checker.check(OFFERS, ALICE, reference="parent")
        mine, theirs = get_context("fork").Pipe()
        child = get_context("fork").Process(target=_one_use, args=(checker, theirs))
        child.start()
        assert mine.poll(60)
        assert mine.recv() == (0, "permitted")
        child.join(30)
        assert [use["reference"] for use in feed.uses] == ["child"]
    assert sorted(use["reference"] for use in feed.uses) == ["child", "parent"]
    assert [each.name for each in tmp_path.iterdir()] == ["copy"]


def test_the_queue_counts_what_it_holds(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    with Client("http://127.0.0.1:9", "tc_a_b", recipient="mail-engine") as client:
        queue = Reports(client, tmp_path / "copy", limit=3)
        assert [queue.add(b"{}") for _ in range(4)] == [True, True, True, False]
        assert not queue.flush()
        queue.end()
        assert not queue.add(b"{}")
        again = Reports(client, tmp_path / "copy")
        again.start()
        assert again.waiting == 3
        again.end()
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_piece_that_was_left_is_taken_away(tmp_path):
    (tmp_path / "copy.uses-0123").touch()
    assert list(spool.left_behind(tmp_path / "copy")) == []
    assert list(tmp_path.iterdir()) == []
