"""Health for whoever starts and stops us, figures for whoever watches."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from tests import world
from tests.world import ALICE, BOB, ask, say, seal_all
from trustcenter import health, metrics


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Nothing remembered from another test's database."""
    monkeypatch.setattr(metrics, "LOG", metrics.LogFigures())
    health._migrated.cache_clear()


def figures(client, **headers):
    answer = client.get("/metrics", **headers)
    assert answer.status_code == 200, answer.content
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_live_needs_no_database(client):
    assert client.get("/health/live").json() == {"status": "live"}


def test_ready_when_every_part_is(client, db):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "parts": {"database": "good", "migrations": "good", "sealing": "good", "erasures": "good"},
    }


def test_fresh_entries_may_wait_and_old_ones_not(client, park):
    seal_all()
    say(ALICE, "give", now=datetime.now(UTC))
    assert client.get("/health/ready").status_code == 200
    say(BOB, "give", now=datetime.now(UTC) - timedelta(seconds=90))
    seal_all()
    say(BOB, "refuse", now=datetime.now(UTC) - timedelta(seconds=90))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "is the sealer running?" in answer.json()["parts"]["sealing"]


def test_not_ready_while_migrations_are_missing(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["migrations"] == "1 missing; run `trustcenter migrate`"


def test_figures_come_from_the_sealed_log_and_only_grow(client, park):
    say(ALICE, "give")
    ask(ALICE)
    seal_all()
    first = figures(client)
    assert first["trustcenter_checks_total", "allowed", "permitted"] == 1
    assert first["trustcenter_consents_total", "give"] == 1
    assert first["trustcenter_consents_total", "withdraw"] == 0
    assert first["trustcenter_log_waiting",] == 0
    say(ALICE, "withdraw")
    ask(ALICE)
    ask(ALICE)
    assert figures(client)["trustcenter_log_waiting",] == 3
    seal_all()
    later = figures(client)
    assert later["trustcenter_checks_total", "consent_withdrawn", "refused"] == 2
    assert later["trustcenter_checks_total", "allowed", "permitted"] == 1
    assert later["trustcenter_log_size",] == first["trustcenter_log_size",] + 3


def test_a_log_that_became_shorter_is_counted_anew(client, park):
    say(ALICE, "give")
    seal_all()
    metrics.LOG._next, metrics.LOG._counted = 10**6, metrics.LOG._counted
    assert figures(client)["trustcenter_consents_total", "give"] == 1


def test_requests_are_timed_by_route(client, db):
    client.get("/health/live")
    client.generic("SHOUT", "/health/live")
    found = figures(client)
    assert found["trustcenter_request_seconds_count", "200", "GET", "health/live"] >= 1
    assert not any("SHOUT" in key for key in found)


def test_figures_are_open_here_and_need_an_admin_key_elsewhere(client, park):
    assert client.get("/metrics").status_code == 200
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", **away).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    now = datetime.now(UTC)
    for scope, status in (("decide", 403), ("admin", 200)):
        made = world.keys.create(recipient="mail-engine", scopes=[scope], by=world.OPERATOR, now=now)
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {made.key}"}, **away)
        assert answer.status_code == status
