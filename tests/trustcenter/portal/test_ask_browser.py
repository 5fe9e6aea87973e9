"""The page that asks for one consent, in a real browser: alone, and in a frame on another site that keeps no cookie."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Frame, Page, expect

from consent.models import ConsentEvent
from tests import visit, world
from tests.browser import LARGE, SPACED, assert_accessible, dress, duplicate_names
from tests.trustcenter.portal.test_browser import sideways
from tests.trustcenter.portal.test_ways_browser import FORCED, MODES

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]


class Shop(BaseHTTPRequestHandler):
    """A brand's own site: any address is a page that frames what `?frame=` names, or says where one came back to."""

    def __init__(self, came: list[str], *args) -> None:
        self.came = came
        super().__init__(*args)

    def do_GET(self) -> None:
        self.came.append(self.path)
        framed = parse_qs(urlsplit(self.path).query).get("frame", [""])[0]
        shown = f'<iframe src="{framed}" title="A question" width="900" height="900"></iframe>' if framed else "Back"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>Shop</title>{shown}".encode())

    def log_message(self, *words) -> None:
        """Nothing: what a test prints is its own."""


@pytest.fixture
def shop() -> Iterator[tuple[str, list[str]]]:
    """The origin of a brand's site on another host than the service's, and what was asked of it."""
    came: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, came))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    server.server_close()


@pytest.fixture
def link(live_server, transactional_db, today):
    """`link(purpose, …)`: the address of a question to somebody who was never asked before."""
    world.publish(now=today - timedelta(days=365))

    def link(purpose: str = "personal_offers", **more) -> str:
        return live_server.url + visit.question(today, purpose, **more)

    return link


def frame(page: Page, shop: str, link: str) -> Frame:
    """A page of the shop with the question framed in it."""
    page.goto(f"{shop}/basket?frame={link}")
    return page.frames[1]


@pytest.mark.parametrize("javascript", [False, True])
def test_A10_a_listed_site_frames_it_and_gets_the_answer_as_a_code(shop, link, settings, open_page, javascript):
    origin, came = shop
    settings.BRAND_ORIGINS = [origin]
    assert urlsplit(origin).hostname != urlsplit(link()).hostname, "another site, so that no cookie goes along"
    page, complaints = open_page(javascript=javascript), []
    page.on("console", lambda message: complaints.append(message.text))
    inside = frame(page, origin, link(return_url=f"{origin}/basket/done"))
    expect(inside.get_by_role("heading", level=1)).to_have_text("Send you offers that fit")
    inside.get_by_role("button", name="Turn on").click()
    page.frames[1].wait_for_url("**/basket/done**")
    answered, asked = ConsentEvent.objects.order_by("-id")[:2]
    back = next(path for path in came if path.startswith("/basket/done"))
    assert parse_qs(urlsplit(back).query) == {"consent": ["given"], "request": [str(asked.entry_id)]}
    assert (asked.act, answered.act) == ("request", "give")
    assert page.context.cookies() == []
    assert not [text for text in complaints if "Content Security Policy" in text]


def test_another_site_is_not_let_frame_it(shop, link, settings, open_page):
    origin, _ = shop
    for listed in ([], ["https://shop.example.org"]):
        settings.BRAND_ORIGINS = listed
        page = open_page()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            inside = frame(page, origin, link())
        assert inside.get_by_role("button", name="Turn on").count() == 0


def test_A10_a_yes_to_sensitive_data_goes_through_the_frame_with_its_code(shop, link, settings, open_page):
    origin, _ = shop
    settings.BRAND_ORIGINS = [origin]
    page = open_page(javascript=False)
    inside = frame(page, origin, link("ride_photos"))
    inside.get_by_role("checkbox", name="SnapRide Ltd").check()
    inside.get_by_role("button", name="Turn on").click()
    field = inside.get_by_label("The code from the e-mail")
    field.wait_for()
    field.fill(visit.code())
    inside.get_by_role("button", name="Turn on").click()
    expect(inside.get_by_role("status")).to_contain_text("You turned on “Find you in ride photos”")
    assert ConsentEvent.objects.latest("id").recipients == ["mail-engine", "snapride"]
    assert page.context.cookies() == []


def test_A15_the_whole_answer_by_keyboard(link, open_page):
    page = open_page(javascript=False)
    page.goto(link())
    page.get_by_role("checkbox", name="AdPartner Ltd").focus()
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You turned on")
    assert ConsentEvent.objects.latest("id").recipients == ["mail-engine", "mailbird", "adpartner"]


LOOK = """button => { const style = getComputedStyle(button), box = button.getBoundingClientRect();
    return [button.className, box.height, style.color, style.backgroundColor, style.borderColor, style.borderWidth,
            style.fontSize, style.fontWeight, style.padding, style.opacity].join(" ") }"""


def test_A19_C7_yes_no_and_not_now_look_the_same(link, open_page):
    for scheme in ("light", "dark"):
        page = open_page((390, 844), color_scheme=scheme)
        page.goto(link())
        looks = {
            page.get_by_role("button", name=name, exact=True).evaluate(LOOK) for name in ("No", "Turn on", "Not now")
        }
        assert len(looks) == 1


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def stops(page: Page, link) -> Iterator[str]:
    """The page in all that it can show."""
    chinese = page.evaluate("navigator.language").startswith("zh")
    on, later = ("开启", "暂不决定") if chinese else ("Turn on", "Not now")
    page.goto(link())
    yield "question"
    press(page, on)
    yield "given"
    page.goto(link("improve_visit"))
    press(page, later)
    yield "deferred"
    page.goto(link("ride_photos"))
    yield "question about sensitive data"
    press(page, on)
    yield "code"
    page.locator("#code").fill("12")
    press(page, on)
    yield "wrong code"
    press(page, later)
    page.goto("/ask/made-up")
    yield "spent"


@pytest.mark.long
def test_A11_A13_A14_A17_it_can_be_used_by_everybody(link, open_page, live_server):
    for mode in MODES:
        page, heard = open_page(**mode, base_url=live_server.url), []
        page.on("console", lambda message, kept=heard: kept.append(message.text))
        for stop in stops(page, link):
            assert_accessible(page, explained=FORCED if "forced_colors" in mode else ())
            assert duplicate_names(page) == {}, (stop, mode)
            assert sideways(page) == 0, (stop, mode)
        assert not [text for text in heard if "Content Security Policy" in text]


def test_A14_A16_large_and_spaced_text_and_buttons_that_can_be_touched(link, open_page, live_server):
    for language, (width, style) in product(["en", "zh-hans"], [(320, SPACED), (640, LARGE)]):
        page = open_page((width, 640), locale=language, base_url=live_server.url)
        for stop in stops(page, link):
            for box in page.locator("main button, main .button, main input[name=code]").all():
                assert box.bounding_box()["height"] >= 44, stop
            dress(page, style)
            assert sideways(page) == 0, (stop, language, width)


def test_A6_A7_it_is_light_and_asks_nobody_else(link, open_page, live_server):
    page, asked = open_page(base_url=live_server.url), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link(), wait_until="networkidle")
    assert len(asked) <= 6
    assert not [url for url in asked if not url.startswith(f"{live_server.url}/")]
    assert sum(len(page.request.get(url).body()) for url in asked) <= 60_000, "unpacked, even"
