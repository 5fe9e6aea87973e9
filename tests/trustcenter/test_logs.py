"""No personal data and no secret reaches the log, by whichever logger it comes."""

import json
import logging
import threading

import pytest
import structlog

from trustcenter import logs

pytestmark = pytest.mark.once

SECRETS = {
    "mei.lin@youjian.example": "[e-mail]",
    "李雷@例子.example": "[e-mail]",
    "tc_0123456789ab_Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OWFiY2RlZmdoaWpr": "[key]",
    "kBx7pQ2m_sdf-QQ81lkjasdLKJ12309asdlkjASDlk9": "[token]",
    "kBxzpQtm_sdf-QQvolkjasdLKJizosoasdlkjASDlkq": "[token]",  # one in 1,500 has no digit
    "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=": "[key]",
}


@pytest.fixture
def lines(capsys):
    """What this test wrote to the log, as parsed lines; the usual logging is put back afterwards."""
    from django.conf import settings

    root, here = logging.getLogger(), threading.get_ident()
    usual, level = root.handlers[:], root.level
    logs.configure({"text": False, "level": "INFO"})
    for handler in root.handlers:  # a follower of an earlier test may still say that it ends
        handler.addFilter(lambda record: record.thread == here)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure(settings.LOGGING)
    root.handlers[:] = usual
    root.setLevel(level)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_becomes_a_word(secret):
    assert logs.redacted(f"before {secret} after") == f"before {SECRETS[secret]} after"


@pytest.mark.parametrize("secret", SECRETS)
def test_our_own_lines_are_looked_through_at_every_depth(lines, secret):
    structlog.get_logger("request").info(f"got {secret}", who=secret, all=[{"in": (secret,)}], **{"n": 3})
    [line] = lines()
    assert secret not in json.dumps(line, ensure_ascii=False)
    assert (line["n"], line["logger"], line["level"]) == (3, "request", "info")
    assert line["all"] == [{"in": [SECRETS[secret]]}]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ["django.db", "_granian", "celery.worker", "anything"])
def test_lines_of_others_are_looked_through(lines, secret, name):
    logging.getLogger(name).warning("it was %s", secret)
    [line] = lines()
    assert secret not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_traceback_is_looked_through(lines, secret):
    try:
        raise ValueError(f"no such customer: {secret}")
    except ValueError:
        logging.getLogger("anything").exception("broke")
    [line] = lines()
    assert "ValueError: no such customer" in line["exception"]
    assert secret not in json.dumps(line, ensure_ascii=False)


def test_what_another_thread_writes_is_no_line_of_a_test(lines):
    other = threading.Thread(target=logging.getLogger("anything").warning, args=("late",))
    other.start()
    other.join()
    assert lines() == []


def test_a_path_is_cut_off(lines):
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", "/api/v1/subjects/customer/C-1001")
    [line] = lines()
    assert line["event"] == "Internal Server Error"


def test_what_is_no_secret_stays(lines):
    request, digest = "4f1d2c3b4a5968778695a4b3c2d1e0f0", "ab" * 32
    structlog.get_logger("request").info("request", request=request, digest=digest, route="api/v1/subjects/<str:id>")
    [line] = lines()
    assert (line["request"], line["digest"], line["route"]) == (request, digest, "api/v1/subjects/<str:id>")


def test_a_person_can_read_it_too(lines):
    assert "[e-mail]" in logs.formatter(text=True).format(
        logging.makeLogRecord({"msg": "from mei@youjian.example", "levelname": "INFO", "name": "x"})
    )
