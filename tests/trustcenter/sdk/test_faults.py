"""Whatever goes wrong on the way, a check says no: real sockets, real processes, and no answer from before."""

import asyncio
import time
from datetime import timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
import time_machine

from tests.ports import free_port
from tests.serving import copied, serving
from tests.trustcenter.sdk.faults import YES, answer, close, cut, drip, scripted, silent
from tests.world import NOW
from trustcenter.sdk import AsyncClient, Breaker, Client, Question, Rejected, Timeout, Unreachable, course
from trustcenter.sdk.course import retry_after

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
OFFERS, WHO = "personal_offers", "customer:C-1001"
QUICK = Timeout(connect=0.3, read=0.3, total=1.0)  # where nobody answers
PATIENT = Timeout(connect=10, read=30, total=60)  # where somebody does: the machine may be busy


def synchronous(url, **more):
    with Client(url, "tc_a_b", recipient="mail-engine", **({"timeout": PATIENT} | more)) as client:
        return client.check(OFFERS, WHO)


def awaited(url, **more):
    async def ask():
        async with AsyncClient(url, "tc_a_b", recipient="mail-engine", **({"timeout": PATIENT} | more)) as client:
            return await client.check(OFFERS, WHO)

    return asyncio.run(ask())


@pytest.fixture(params=[synchronous, awaited])
def ask(request):
    return request.param


def test_a_server_that_is_not_there_is_a_no(ask):
    answered = ask(f"http://127.0.0.1:{free_port()}")
    assert (answered.allowed, answered.reason, answered.id) == (False, "unreachable", "")


def test_a_name_that_nobody_knows_is_a_no(ask):
    assert ask("http://trust.invalid").reason == "unreachable"


def test_a_yes_of_the_scripted_server_is_a_yes(ask):
    with scripted(answer()) as server:
        assert ask(server.url).allowed is True


@pytest.mark.parametrize("act", [silent, drip], ids=["silent", "drip"])
def test_a_server_that_never_ends_its_answer_is_a_no_in_time(ask, act):
    with scripted(act) as server:
        begun = time.monotonic()
        assert ask(server.url, timeout=QUICK).reason == "unreachable"
        assert time.monotonic() - begun < 60  # the server would go on for ever, or for more than an hour


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>OK</html>", b"true", b"{}", b'{"decision": true}', b"\xff", b"[" * 100_000),
        {**YES, "decision": "true"},
        {**YES, "decision": 1},
        {"decision": True, "context": {"reason": "permitted"}},
        {"decision": True, "context": {**YES["context"], "id": ""}},
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_a_no(ask, body):
    with scripted(answer(body=body)) as server:
        assert ask(server.url).reason == "unreachable"
        assert len(server.requests) == 1


def test_an_answer_without_an_end_is_a_no(ask):
    with scripted(answer(body=b" " * (17 * 2**20))) as server:
        assert ask(server.url).reason == "unreachable"


@pytest.mark.parametrize("status", [204, 301, 302, 404, 405])
def test_an_answer_of_somebody_else_is_a_no(ask, status):
    with scripted(answer(status, b"", Location="http://elsewhere.example/")) as server:
        assert ask(server.url).reason == "unreachable"


@pytest.mark.parametrize("fault", [answer(500), answer(503, b""), close, cut], ids=["500", "503", "close", "cut"])
def test_one_fault_is_tried_again(ask, fault):
    with scripted(fault, answer()) as server:
        assert ask(server.url).allowed is True
        assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [answer(500), close, cut], ids=["500", "close", "cut"])
def test_faults_without_an_end_are_a_no(ask, fault):
    with scripted(fault) as server:
        assert ask(server.url).reason == "unreachable"
        assert len(server.requests) == 3


def test_it_waits_as_long_as_it_is_told(ask):
    with scripted(answer(429, b"", Retry_After="1"), answer()) as server:
        begun = time.monotonic()
        assert ask(server.url).allowed is True
        assert time.monotonic() - begun >= 1
        assert len(server.requests) == 2


def test_it_does_not_wait_for_longer_than_it_has(ask):
    with scripted(answer(429, b"", Retry_After="61"), answer()) as server:
        begun = time.monotonic()
        assert ask(server.url).reason == "unreachable"
        assert time.monotonic() - begun < 61
        assert len(server.requests) == 1


def test_retry_after_is_read_as_the_standard_has_it():
    with time_machine.travel(NOW, tick=False):
        ahead = format_datetime(NOW + timedelta(seconds=30), usegmt=True)
        assert retry_after({"retry-after": ahead}) == 30
    assert retry_after({"retry-after": "7"}) == 7.0
    assert retry_after({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}) == 0.0
    assert retry_after({"retry-after": "soon"}) is retry_after({"retry-after": "-1"}) is retry_after({}) is None


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_use_is_an_error_even_where_it_is_not_explained(ask, status):
    with scripted(answer(status, b"no")) as server, pytest.raises(Rejected) as caught:
        ask(server.url)
    assert caught.value.status == status
    assert len(server.requests) == 1


def test_the_breaker_opens_and_lets_one_through_and_closes(monkeypatch):
    passed, begun = 0.0, time.monotonic()
    monkeypatch.setattr(course, "time", SimpleNamespace(monotonic=lambda: begun + passed))
    with scripted(answer(500), answer(500), answer(500), answer()) as server:
        breaker = Breaker(failures=3, rest=2.0)
        with Client(server.url, "tc_a_b", recipient="mail-engine", breaker=breaker, timeout=PATIENT) as client:
            assert client.check(OFFERS, WHO).reason == "unreachable"
            assert client.check(OFFERS, WHO).reason == "unreachable"
            assert len(server.requests) == 3
            passed = 2.0
            assert client.check(OFFERS, WHO).allowed is True
            assert client.check(OFFERS, WHO).allowed is True
            assert len(server.requests) == 5


def test_half_open_lets_only_the_first_through():
    breaker = Breaker(failures=2, rest=10)
    breaker.failed(0.0)
    assert breaker.lets(0.0)
    breaker.failed(1.0)
    assert [breaker.lets(now) for now in (1.0, 10.9, 11.0, 11.1, 20.9, 21.0)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    breaker.failed(21.5)
    assert not breaker.lets(31.4)
    breaker.answered()
    assert breaker.lets(31.4)


def test_a_batch_is_answered_whole_or_not_at_all():
    questions = [Question(OFFERS, f"customer:C-{place}") for place in range(3)]
    with (
        scripted(answer(body={"evaluations": [YES, YES]})) as server,
        Client(server.url, "tc_a_b", recipient="mail-engine", timeout=PATIENT) as client,
    ):
        assert [each.reason for each in client.check_many(questions)] == ["unreachable"] * 3


def test_a_long_batch_may_take_longer_than_one_check():
    def slowly(connection):
        time.sleep(1)
        answer(body={"evaluations": [YES] * 10_000})(connection)

    quick = Timeout(connect=10, read=0.5, total=0.8)
    with scripted(slowly) as server, Client(server.url, "tc_a_b", recipient="mail-engine", timeout=quick) as client:
        assert all(client.check_many([Question(OFFERS, WHO)] * 10_000))
        assert len(server.requests) == 1


def test_a_part_of_a_batch_that_is_lost_takes_no_other_with_it():
    questions = [Question(OFFERS, f"customer:C-{place}") for place in range(10_001)]
    with (
        scripted(answer(body=b"garbage"), answer(body={"evaluations": [YES]})) as server,
        Client(server.url, "tc_a_b", recipient="mail-engine", timeout=PATIENT) as client,
    ):
        answers = client.check_many(questions)
    assert [each.allowed for each in answers] == [False] * 10_000 + [True]


def test_a_write_is_tried_again_under_one_key_and_says_when_it_is_lost():
    sent = {"channel": "web", "method": "button"}
    with (
        scripted(cut, answer(409, {"code": "still_running", "detail": "…"}, Retry_After="0"), close) as server,
        Client(server.url, "tc_a_b", recipient="mail-engine", timeout=PATIENT) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.record(WHO, OFFERS, "withdraw", **sent)
    assert server.headers("idempotency-key") == [caught.value.idempotency_key] * 3
    assert len({each.split(b"\r\n\r\n")[1] for each in server.requests}) == 1


def test_the_key_and_the_customer_stand_in_no_log(caplog):
    with scripted(answer(500)) as server:
        synchronous(server.url)
    assert "no answer from /access/v1/evaluation" in caplog.text
    assert "tc_a_b" not in caplog.text
    assert "C-1001" not in caplog.text


def test_no_decision_survives_the_death_of_the_service(park_folder, tmp_path):
    """Killed between two checks; and a yes from before it is not given again."""
    with serving(copied(park_folder.folder, tmp_path / "data")) as tree:
        client = Client(tree.url, park_folder.key, recipient="mail-engine", timeout=PATIENT, breaker=Breaker(rest=0.1))
        client.record(WHO, OFFERS, "give", channel="web", method="button", language="en")
        assert client.check(OFFERS, WHO).allowed is True
        tree.kill()
        assert [client.check(OFFERS, WHO).reason for _ in range(5)] == ["unreachable"] * 5
        assert not any(client.check_many([Question(OFFERS, WHO)] * 3))
