"""A downstream Celery task: asked about when it runs."""

import pytest
from celery import Celery

from tests.ports import free_port
from tests.world import ALICE, NOW, say
from trustcenter.sdk import Client, NotPermitted, Timeout
from trustcenter.sdk.celery import requires

OFFERS = "personal_offers"


@pytest.fixture
def app():
    made = Celery("shop", broker="memory://", set_as_current=False)
    made.conf.task_always_eager = True
    yield made
    made.close()


def letters(app, client):
    """A task that sends letters, and the letters it sent."""
    sent = []

    @app.task(name="letters", max_retries=2)
    @requires(client, purpose=OFFERS, categories=["contact.email"], customer="customer", countdown=0)
    def send_letter(customer, text):
        sent.append((customer, text))
        return "sent"

    return send_letter, sent


def test_a_task_runs_for_those_who_permit(app, client):
    task, sent = letters(app, client)
    assert task.delay("customer:C-1001", "May").get() == "sent"
    refused = task.delay("customer:C-1002", "May")
    assert refused.failed()
    assert isinstance(refused.result, NotPermitted)
    assert refused.result.decision.reason == "consent_refused"
    assert sent == [("customer:C-1001", "May")]


def test_a_task_is_asked_about_when_it_runs_not_when_it_is_queued(app, client):
    task, sent = letters(app, client)
    queued = task.s("customer:C-1001", "May")
    say(ALICE, "withdraw", now=NOW)
    assert queued.apply().failed()
    assert sent == []


def test_a_task_waits_for_a_service_that_is_not_there_and_then_gives_up(app):
    asked = []
    cut = Client(f"http://127.0.0.1:{free_port()}", "tc_a_b", recipient="mail-engine", timeout=Timeout(0.1, 0.1, 0.2))
    whole = cut.check
    cut.check = lambda *args: asked.append(args) or whole(*args)
    task, sent = letters(app, cut)
    lost = task.delay("customer:C-1001", "May")
    assert lost.failed() or lost.state == "RETRY"
    assert len(asked) == 3
    assert sent == []
