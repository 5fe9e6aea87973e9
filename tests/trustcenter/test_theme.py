"""The brand on the pages: colours that everyone can read, a logo that can only be looked at, served for ever."""

import re
import struct
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.checks import run_checks
from django.test import Client
from playwright.sync_api import expect

from tests.browser import assert_accessible
from tests.serving import command
from trustcenter import logos, theme
from trustcenter.commands import doctor, serve

pytestmark = pytest.mark.once
MARK = (Path(theme.__file__).parent / "static" / "mark.svg").read_bytes()
STYLE = (Path(theme.__file__).parent / "static" / "trustcenter.css").read_text("utf-8")
PURPLE, LILAC = "#5b21b6", "#c4b5fd"


@pytest.fixture
def branded(settings, tmp_path):
    """A brand with purple colours and a logo of its own."""
    logo = tmp_path / "logo.svg"
    logo.write_bytes(svg('<rect width="100" height="50" fill="#5b21b6"/>'))
    settings.BRAND_COLOUR, settings.BRAND_COLOUR_DARK, settings.BRAND_LOGO = PURPLE, LILAC, str(logo)


def svg(inside: str, head: str = 'viewBox="0 0 100 50"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{inside}</svg>'.encode()


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", width, height)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),  # the lightest grey that passes on white, and the next
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.00),
        ("#0000ff", "#ffffff", 8.59),
        ("#ffff00", "#000000", 19.56),
    ],
)
def test_contrast_is_that_of_the_standard(one, other, ratio):
    assert theme.contrast(one, other) == theme.contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_the_grounds_are_those_of_the_stylesheet():
    light, dark = STYLE.split("prefers-color-scheme: dark", 1)
    for grounds, text in ((theme.LIGHT, light), (theme.DARK, dark)):
        for name in ("--paper", "--sheet", "--on-accent"):
            value = re.search(rf"{name}: (#\w+);", text)[1]
            value = "#" + "".join(2 * each for each in value[1:]) if len(value) == 4 else value
            assert grounds.get(name, value) == value
    assert f"--spine: {theme.DARK['--spine']}" in light, "the spine is dark in the light, too, and lighter there"


def test_our_own_colours_pass():
    light, dark = (re.search(rf"--{name}: (#\w{{6}})", STYLE)[1] for name in ("brand", "brand-dark"))
    assert theme._read(light, dark, "").problems == ()


@pytest.mark.parametrize(
    ("light", "dark", "said"),
    [
        (
            "#ff6600",
            LILAC,
            r"BRAND_COLOUR #ff6600 has a contrast of 2\.\d\d with --wash; 4\.5 is needed.*nearest.* is #",
        ),
        (PURPLE, "#5b21b6", r"BRAND_COLOUR_DARK #5b21b6 has a contrast of \d\.\d\d with --\S+; 4\.5 is needed"),
        (PURPLE, "", r"BRAND_COLOUR_DARK is missing: both colours are set, or neither\. #\w{6} would go with #5b21b6"),
        ("", LILAC, r"BRAND_COLOUR is missing: both colours are set, or neither\. #\w{6} would go with #c4b5fd"),
        ("purple", LILAC, "BRAND_COLOUR is 'purple'"),
        ("#5b21b6;}body{display:none", LILAC, "BRAND_COLOUR is '#5b21b6;}body"),
        ("#5b21b6\n", LILAC, "BRAND_COLOUR is"),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(light, dark, said):
    found = theme._read(light, dark, "")
    assert re.search(said, " ".join(found.problems))
    assert found.css is None


@pytest.mark.parametrize("colour", ["#ff6600", "#6200ee", "#ffffff", "#000000", "#00ff00", "#808080"])
def test_the_nearest_colour_passes_and_a_colour_that_passes_is_its_own(colour):
    for grounds in (theme.LIGHT, theme.DARK):
        nearest = theme.nearest(colour, grounds)
        assert theme.weakest(nearest, grounds)[0] >= 4.5
        assert theme.nearest(nearest, grounds) == nearest


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "handler": '<path d="M0 0" onclick="alert(1)"/>',
    "handler in capitals": '<path d="M0 0" ONLOAD="alert(1)"/>',
    "foreign object": "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
    "html": "<body xmlns='http://www.w3.org/1999/xhtml'/>",
    "picture from elsewhere": '<image href="https://evil.example/a.png"/>',
    "link": '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
    "animation of a link": '<animate attributeName="href" to="javascript:alert(1)"/>',
    "shapes without end": '<defs><g id="a"/></defs><use href="#a"/>',
    "paint from elsewhere": '<path d="M0 0" fill="url(https://evil.example/#a)"/>',
    "paint from elsewhere, hidden": '<path d="M0 0" fill="&#117;rl(https://evil.example/#a)"/>',
    "style from elsewhere": "<style>@import 'https://evil.example/a.css';</style>",
    "font from elsewhere": "<style>@font-face{font-family:a;src:url(//evil.example/a)}</style>",
    "style with an escape": r"<style>path{fill:\75rl(https://evil.example)}</style>",
    "style in an attribute": '<path d="M0 0" style="fill:url(//evil.example)"/>',
    "base": '<g xml:base="https://evil.example/"><path d="M0 0"/></g>',
    "other namespace": '<path d="M0 0" xmlns:x="http://example.org/x" x:y="1"/>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_logo_that_could_do_anything_is_refused(name):
    found, problem = logos.judge(svg(HOSTILE[name]))
    assert found is None
    assert "a logo" in problem.lower()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"<svg/>",
        b'<?xml-stylesheet href="https://evil.example/a.css"?>' + svg(""),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"),
        b'<?xml version="1.0" encoding="UTF-7"?><svg/>',
        svg("<script>alert(1)</script>").decode().encode("utf-16"),
        svg("", head=""),
        svg("", head='viewBox="0 0 600 100"'),
        svg("<style><![CDATA[@import 'a']]></style>"),
        svg("<g>"),
        png(0, 7),
        png(601, 100),
    ],
)
def test_what_is_no_logo_is_refused_with_a_sentence(content):
    found, problem = logos.judge(content)
    assert found is None
    assert problem.endswith((".", "…"))


def test_plain_shapes_pass_with_their_width():
    inside = (
        "<style>path{fill:#000}@media (prefers-color-scheme: dark){path{fill:#fff}}</style>"
        '<defs><linearGradient id="a"><stop offset="0" stop-color="#000"/></linearGradient></defs>'
        '<path fill="url(#a)" d="M0 0h9"/>'
    )
    assert logos.judge(svg(inside))[0].width == 56
    assert logos.judge(MARK)[0].kind == "svg"
    assert logos.judge(png(100, 100))[0] == logos.Logo(png(100, 100), "png", 28)


def test_a_logo_is_small_and_there(tmp_path):
    (tmp_path / "large.svg").write_bytes(svg(f"<title>{'a' * logos.LARGEST}</title>"))
    assert "larger than 32,768 bytes" in logos.read(tmp_path / "large.svg")[1]
    assert "Cannot read" in logos.read(tmp_path / "none.svg")[1]


def test_a_wrong_theme_is_told_by_the_checks_by_doctor_and_by_serve(settings, db):
    settings.BRAND_COLOUR, settings.BRAND_COLOUR_DARK, settings.BRAND_LOGO = "#ff6600", LILAC, "/nowhere.svg"
    colour, logo = (each.msg for each in run_checks() if each.id == "trustcenter.E001")
    assert colour.startswith("BRAND_COLOUR #ff6600")
    assert logo.startswith("BRAND_LOGO: Cannot read /nowhere.svg")
    assert {colour, logo} <= set(doctor._configuration())
    assert {colour, logo} <= set(serve.obstacles("127.0.0.1", 0))


def test_serve_does_not_start_with_it(tmp_path):
    command(tmp_path, "migrate")
    done = command(
        tmp_path, "serve", "--bind", "127.0.0.1:8619", code=1, BRAND_COLOUR="#eeeeee", BRAND_COLOUR_DARK=LILAC
    )
    assert "BRAND_COLOUR #eeeeee has a contrast of 1." in done.stdout + done.stderr


def test_stylesheet_and_logo_are_served_for_ever_under_their_digest(branded, db):
    page = Client().get("/welcome", HTTP_HOST="localhost")
    for address, kind in ((theme.current().stylesheet, "text/css"), (theme.current().picture, "image/svg+xml")):
        assert address in page.text
        answer = Client().get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith(kind)
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == page["Content-Security-Policy"]
        assert Client().get(re.sub(r"\.[0-9a-f]{16}\.", ".0123456789abcdef.", address)).status_code == 404
    assert page.text.index("trustcenter.css") < page.text.index(theme.current().stylesheet)
    assert "style=" not in page.text
    assert "<style" not in page.text


def test_without_settings_nothing_is_added(db):
    assert (configured.BRAND_COLOUR, configured.BRAND_COLOUR_DARK, configured.BRAND_LOGO) == ("", "", "")
    assert theme.current() == theme.Theme(None, None, ())
    page = Client().get("/welcome").text
    assert "theme." not in page
    assert "<img" not in page
    assert page.count("<link") == 2
    assert Client().get("/theme.0123456789abcdef.css").status_code == 404


@pytest.mark.browser
def test_pages_take_the_colours_and_the_logo(branded, transactional_db, live_server, open_page):
    for scheme, colour in (("light", "rgb(91, 33, 182)"), ("dark", "rgb(196, 181, 253)")):
        page = open_page(base_url=live_server.url, color_scheme=scheme, javascript=True)
        page.goto("/welcome")
        button = page.get_by_role("button", name="Send me a code")
        assert button.evaluate("each => getComputedStyle(each).backgroundColor") == colour
        logo = page.locator("header img")
        expect(logo).to_be_visible()
        assert logo.bounding_box()["width"] == 56
        assert logo.evaluate("each => each.complete && each.naturalWidth > 0")
        assert_accessible(page)
