"""The portal in languages that nobody speaks: what was not translated shows, and so does what has no room."""

import pytest
from django.conf import settings as real
from playwright.sync_api import expect

from tests import pseudo, visit, words
from tests.trustcenter.portal.pages import walk
from tests.trustcenter.portal.test_browser import sideways

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]
# Every text that is ours: neither marked as being in another language, nor a name, nor a number, nor a proof.
PLAIN = """() => { const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), at = walk.currentNode.parentElement;
    const other = at.closest("[lang]:not(html), bdi, code, time, svg, .proof, option[lang], textarea, title");
    if (!other && /[A-Za-z]{3}/.test(text) && !/[~àçéîñôšüÿÀÉÎÑÔÜ]/.test(text)) found.push(text);
  }
  return found; }"""
# Where the name of the brand stands: at the side where lines begin.
BEGINS = """() => { const at = document.querySelector(".brand").getBoundingClientRect();
  return (at.left + at.right) / 2 > innerWidth / 2 ? "right" : "left"; }"""


@pytest.fixture
def page_of(settings, tmp_path, live_server, year, open_page):
    def page_of(code: str, width: int):
        settings.LOCALE_PATHS = [pseudo.write(tmp_path, code), *real.LOCALE_PATHS]
        settings.LANGUAGES = [*real.LANGUAGES, (code, "Pseudo")]
        page = open_page((width, 800), base_url=live_server.url, locale="en")
        visit.come_in_by_link(page, language=code)
        expect(page).to_have_url(f"{live_server.url}/")
        return page

    return page_of


def test_every_text_of_ours_can_be_translated_and_longer_words_have_room(page_of, today):
    page = page_of(pseudo.CODE, 320)
    found = {}
    for screen in walk(page, today, pseudo.CODE):
        assert page.evaluate("document.documentElement.lang") == "en-XA", screen
        found[screen] = [*page.evaluate(PLAIN), *([f"{over} px too wide"] if (over := sideways(page)) else [])]
    assert not {screen: faults for screen, faults in found.items() if faults}


def test_A18_X1_every_page_is_mirrored_where_lines_run_from_right_to_left(page_of, today):
    page = page_of(pseudo.MIRRORED, 1280)
    wide = {}
    for screen in walk(page, today, pseudo.MIRRORED):
        assert page.evaluate("document.documentElement.dir") == "rtl", screen
        assert page.evaluate(BEGINS) == "right", screen
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            wide[screen, width] = sideways(page)
    assert not {screen: over for screen, over in wide.items() if over}


def test_this_language_is_longer_and_complete():
    assert pseudo.longer("You have %(count)s of {all}") == "Yôü hàvé %(count)s ôf {all} ~~~~~~~~~~~"
    assert pseudo.mirrored("On <b>{on}</b>") == "ون <b>{on}</b>"
    assert len(list(words.collect(words.SHARED))) > 300
