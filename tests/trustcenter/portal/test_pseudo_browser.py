"""The portal in a language that nobody speaks: what was not translated shows, and so does what has no room."""

import pytest
from django.conf import settings as real
from playwright.sync_api import expect

from tests import pseudo, visit, words
from tests.trustcenter.portal.pages import PAGES
from tests.trustcenter.portal.test_browser import sideways
from tests.world import ALICE

pytestmark = pytest.mark.browser
# Every text that is ours: neither marked as being in another language, nor a name, nor a number, nor a proof.
PLAIN = """() => { const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), at = walk.currentNode.parentElement;
    const other = at.closest("[lang]:not(html), bdi, code, time, svg, .proof, option, select, input, title");
    if (!other && /[A-Za-z]{3}/.test(text) && !/[~àçéîñôšüÿÀÉÎÑÔÜ]/.test(text)) found.push(text);
  }
  return found; }"""


@pytest.fixture
def speaks(settings, tmp_path):
    settings.LOCALE_PATHS = [pseudo.write(tmp_path), *real.LOCALE_PATHS]
    settings.LANGUAGES = [*real.LANGUAGES, (pseudo.CODE, "Pseudo")]


@pytest.fixture
def page_of(speaks, live_server, year, open_page, today):
    def page_of(width: int):
        page = open_page((width, 800), base_url=live_server.url, locale="en")
        page.goto(visit.link(today, ALICE, pseudo.CODE))
        page.click("main button")
        expect(page).to_have_url(f"{live_server.url}/")
        return page

    return page_of


def test_every_text_of_ours_can_be_translated(page_of):
    page = page_of(1280)
    for address in PAGES:
        page.goto(address)
        assert page.evaluate("document.documentElement.lang") == "en-XA", address
        assert page.evaluate(PLAIN) == [], address


def test_there_is_room_for_longer_words(page_of):
    page = page_of(320)
    for address in PAGES:
        page.goto(address)
        assert sideways(page) == 0, address


def test_this_language_is_longer_and_complete():
    assert pseudo.longer("You have %(count)s of {all}") == "Yôü hàvé %(count)s ôf {all} ~~~~~~~~~~~"
    assert len(list(words.collect(words.SHARED))) > 300
