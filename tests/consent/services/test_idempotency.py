"""One request, one effect."""

from datetime import timedelta

import pytest

from consent.errors import Invalid, KeyReused, StillRunning
from consent.models import Answer, ApiKey
from consent.services import idempotency
from tests.world import NOW, key


@pytest.fixture
def caller(park):
    key()
    return ApiKey.objects.get()


def run(caller, work, *, request=b"POST /x {}", now=NOW):
    return idempotency.once(key=caller, name="n-1", request=request, work=work, now=now)


def test_a_repeat_gets_the_kept_answer_and_no_second_effect(caller):
    effects = []
    work = lambda: (effects.append(1), (201, b"{}"))[1]  # noqa: E731
    assert run(caller, work) == run(caller, work) == (201, b"{}")
    assert effects == [1]


def test_another_request_under_the_same_name_is_refused(caller):
    run(caller, lambda: (201, b"{}"))
    with pytest.raises(KeyReused):
        run(caller, lambda: (201, b"{}"), request=b"POST /y {}")


def test_a_failed_request_keeps_nothing_so_it_can_be_mended(caller):
    def fails():
        raise Invalid

    with pytest.raises(Invalid):
        run(caller, fails)
    assert not Answer.objects.exists()
    assert run(caller, lambda: (201, b"ok"), request=b"mended") == (201, b"ok")


def test_while_the_first_runs_the_second_is_told_so(caller):
    def first():
        with pytest.raises(StillRunning):
            run(caller, lambda: (201, b"second"))
        return 201, b"first"

    assert run(caller, first) == (201, b"first")


def test_a_request_that_died_is_taken_over_after_its_lease(caller):
    idempotency._claim(caller, *idempotency._hashes("n-1", b"POST /x {}"), NOW)
    with pytest.raises(StillRunning):
        run(caller, lambda: (201, b"late"), now=NOW + timedelta(seconds=59))
    assert run(caller, lambda: (201, b"late"), now=NOW + timedelta(seconds=61)) == (201, b"late")


def test_answers_are_forgotten_after_a_day(caller):
    run(caller, lambda: (201, b"{}"))
    assert idempotency.forget(now=NOW + timedelta(hours=23)) == 0
    assert idempotency.forget(now=NOW + timedelta(hours=25)) == 1


def go_on(caller, held_up, work):
    """What a process does that claimed its place long ago; it is told that another one took it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idempotency, "_claim", lambda *_: held_up)
        with pytest.raises(StillRunning):
            run(caller, work)


def test_whoever_was_taken_over_leaves_no_second_effect(caller):
    """Two processes: the first one claims and is held up until its lease is over."""
    digests = idempotency._hashes("n-1", b"POST /x {}")
    held_up = idempotency._claim(caller, *digests, NOW)
    run(caller, lambda: (201, b"second"), now=NOW + timedelta(seconds=61))
    effects = []
    go_on(caller, held_up, lambda: (201, effects.append(1) or b"first"))
    assert effects == []
    assert run(caller, lambda: (201, b"third")) == (201, b"second")


def test_a_failure_takes_nothing_from_whoever_took_over(caller):
    digests = idempotency._hashes("n-1", b"POST /x {}")
    held_up = idempotency._claim(caller, *digests, NOW)

    def second():
        go_on(caller, held_up, lambda: (201, b"first"))
        return 201, b"second"

    late = NOW + timedelta(seconds=61)
    assert run(caller, second, now=late) == run(caller, second, now=late) == (201, b"second")


def test_a_first_request_that_fails_at_this_moment_is_no_fault_of_the_second(caller, monkeypatch):
    """The row stands when the second inserts, and is gone when it looks."""
    digests = idempotency._hashes("n-1", b"POST /x {}")
    idempotency._claim(caller, *digests, NOW)
    gone = Answer.objects.none()
    monkeypatch.setattr(Answer.objects, "filter", lambda **_: gone)
    monkeypatch.setattr(Answer.objects, "get", lambda **_: gone.get())
    with pytest.raises(StillRunning):
        idempotency._claim(caller, *digests, NOW)


def test_the_kept_answer_cannot_be_read_in_the_database(caller):
    run(caller, lambda: (201, b"/enter/secret"))
    assert b"secret" not in bytes(Answer.objects.get().body)
