"""A park that is open today, and Alice in it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from consent.services import subjects
from tests import visit, world
from tests.world import ALICE, BOB, SYSTEM


@pytest.fixture
def today() -> datetime:
    """The moment at which the doors, too, will read the clock."""
    return datetime.now(UTC)


@pytest.fixture
def open_park(park, today) -> None:
    """The catalogue was published a year ago, and Alice and Bob said yes to offers last month."""
    world.say(ALICE, "give", now=today - timedelta(days=30))
    world.say(BOB, "give", "improve_visit", now=today - timedelta(days=30))


@pytest.fixture
def come_in(today):
    """`come_in(who)`: a browser in which a customer has a session."""

    def come_in(who=ALICE, language: str = "") -> Client:
        subjects.register(identifiers=[who], by=SYSTEM, now=today)
        client = Client(enforce_csrf_checks=False)
        answer = client.post(visit.link(today, who, language))
        assert answer.status_code == 302
        assert settings.PORTAL_COOKIE_NAME in client.cookies
        return client

    return come_in


@pytest.fixture
def fresh(open_park, today) -> Client:
    """Alice's browser, a moment after she entered a code (level 2)."""
    subjects.register(identifiers=[ALICE, visit.MAIL], by=SYSTEM, now=today)
    client = Client()
    visit.come_in_by_code(client)
    return client


@pytest.fixture
def alice(open_park, come_in) -> Client:
    return come_in(ALICE)


@pytest.fixture
def year(transactional_db, today):
    visit.half_year(today)


@pytest.fixture
def enter(live_server, year, open_page):
    """`enter(viewport, …)`: Alice's browser, come in through a link; every request and complaint is kept."""

    def enter(viewport=(1280, 800), *, language: str = "en", who=ALICE, **more):
        page = open_page(viewport, base_url=live_server.url, locale=language, **more)
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        visit.come_in_by_link(page, who, language)
        expect(page).to_have_url(f"{live_server.url}/")
        return page

    return enter
