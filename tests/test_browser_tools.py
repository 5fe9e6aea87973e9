"""The browser tools find what they are there to find. A check that never fails proves nothing."""

import asyncio
import http.server
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible, duplicate_names

pytestmark = [pytest.mark.browser, pytest.mark.once]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Your choices</title>
<style>@media (prefers-color-scheme: dark) { body { background: #000; color: #fff }
a { color: #9cf } }</style>
</head><body><main><h1>Your choices</h1>%s</main></body></html>"""
GOOD = """<p>Two uses. <a href="/good.html#a">More about offers</a>
<a href="/faults.html">More about maps</a></p>
<form method="post" action="/off"><input type="hidden" name="csrfmiddlewaretoken" value="1">
<button name="use" value="offers">Turn off offers</button></form>
<form method="post" action="/off"><input type="hidden" name="csrfmiddlewaretoken" value="2">
<button name="use" value="offers">Turn off offers</button></form>
<details><summary>Details of offers</summary><p>Text</p></details>
<p id="said">still</p><script>document.getElementById("said").textContent = "changed"</script>"""
NAMESAKES = """<a href="/a">More</a> <a href="/b">More</a> <a href="/b">Back</a> <a href="/b">Back</a>
<form method="post" action="/off"><input type="hidden" name="use" value="1"><button>Turn off</button></form>
<form method="post" action="/off"><input type="hidden" name="use" value="2"><button>Turn off</button></form>
<details><summary>Why</summary>a</details><details><summary>Why</summary>b</details>
<p hidden><a href="/c">Back</a></p>"""
FAULTS = """<p style="color: #bbb; background: #fff">Pale</p><form><button></button><input type="text"></form>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">"""
SEEDED = {"color-contrast", "button-name", "label", "image-alt", "html-has-lang"}

OpenPage = Callable[..., Page]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.endswith(".css"):
            time.sleep(0.5)  # as on a busy machine
        super().do_GET()

    def end_headers(self) -> None:
        """Strict, as the portal is: the tools must work under it."""
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:"
        )
        super().end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "good.html").write_text(PAGE % GOOD)
    (folder / "namesakes.html").write_text(PAGE % NAMESAKES)
    (folder / "late.html").write_text('<link rel="stylesheet" href="late.css"><p>Here</p>')
    (folder / "late.css").write_text("p { block-size: 7px }")
    (folder / "faults.html").write_text((PAGE % FAULTS).replace(' lang="en"', ""))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_good_page_passes(open_page: OpenPage, site: str, scheme: str) -> None:
    page = open_page(viewport=(320, 640), color_scheme=scheme, base_url=site)
    page.goto("/good.html")
    assert_accessible(page)
    assert duplicate_names(page) == {}


def test_A12_seeded_faults_are_found(open_page: OpenPage, site: str) -> None:
    page = open_page()
    page.goto(f"{site}/faults.html")
    with pytest.raises(AssertionError) as caught:
        assert_accessible(page)
    assert set(re.findall(r"broken ([\w-]+) ", str(caught.value))) >= SEEDED


def test_undecided_needs_a_person(open_page: OpenPage) -> None:
    """axe cannot measure text straight inside a closed <details>; it must not pass for measured."""
    page = open_page()
    page.set_content(PAGE % "<details><summary>Why</summary>Because</details>")
    with pytest.raises(AssertionError, match="undecided color-contrast details:"):
        assert_accessible(page)
    assert_accessible(page, explained={"color-contrast details"})


@pytest.mark.parametrize("javascript", [True, False])
def test_namesakes_are_found(open_page: OpenPage, site: str, javascript: bool) -> None:
    page = open_page(javascript=javascript)
    page.goto(f"{site}/namesakes.html")
    found = duplicate_names(page)
    assert set(found) == {"More", "Turn off", "Why"}
    assert found["More"] == [f"{site}/a", f"{site}/b"]


def test_a_visitor_has_what_was_asked_for(open_page: OpenPage, site: str) -> None:
    page = open_page((640, 480), color_scheme="dark", locale="ar")
    page.goto(f"{site}/good.html")
    assert page.viewport_size == {"width": 640, "height": 480}
    assert page.evaluate("navigator.language") == "ar"
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_scripts_can_be_off(open_page: OpenPage) -> None:
    told = "data:text/html,<p>still</p><script>document.querySelector('p').textContent = 'changed'</script>"
    for javascript, seen in ((True, "changed"), (False, "still")):
        page = open_page(javascript=javascript)
        page.goto(told)
        assert page.inner_text("p") == seen


@pytest.mark.parametrize("javascript", [True, False])
def test_a_press_is_over_when_the_page_it_leads_to_has_its_looks(
    open_page: OpenPage, site: str, javascript: bool
) -> None:
    """Else a test on a busy machine measures a page without its stylesheet, and fails for no fault of ours."""
    page = open_page(javascript=javascript, base_url=site)
    for press in (
        lambda: page.click("button"),
        lambda: page.get_by_role("button").click(),
        lambda: page.get_by_role("button").press("Enter"),
    ):
        page.goto("/good.html")
        page.set_content('<form action="/late.html"><button autofocus>Go</button></form>')
        press()
        box = page.get_by_text("Here").bounding_box()
        assert box is not None
        assert box["height"] == 7


def test_what_comes_late_is_waited_for(open_page: OpenPage) -> None:
    """Playwright itself gives up after five seconds, and a busy machine may stand still for longer."""
    page = open_page()
    page.set_content("<script>setTimeout(() => document.body.append('Here'), 5500)</script>")
    expect(page.get_by_text("Here")).to_be_visible()


def test_a_key_that_may_lead_to_a_page_is_pressed_on_something(open_page: OpenPage) -> None:
    with pytest.raises(AssertionError, match=":focus"):
        open_page().keyboard.press("Enter")


def test_the_policy_bites(open_page: OpenPage, site: str) -> None:
    page = open_page()
    page.goto(f"{site}/good.html")
    assert page.inner_text("#said") == "still"


def test_no_loop_runs_before_a_browser_does(request: pytest.FixtureRequest) -> None:
    """Were browser tests not sorted last, this one could find Playwright's loop in its thread."""
    assert "chromium" not in request.fixturenames
    asyncio.run(asyncio.sleep(0))
