"""Every screen of the portal, once in each mode, and all that a screen must keep to, in that one visit."""

import gzip

import pytest

from tests.browser import LARGE, SPACED, assert_accessible, dress, duplicate_names
from tests.trustcenter.portal.pages import walk
from tests.trustcenter.portal.test_browser import EXPLAINED, sideways

# What a page looks like is the same on either database; the visits in test_visit_browser are made on both.
pytestmark = [pytest.mark.browser, pytest.mark.once]
KIB = 1024
# What a finger may miss (WCAG 2.5.8); a link within a sentence may be as high as its line.
SMALL = """() => [...document.querySelectorAll(
        "a, button, .button, summary, input:not([type=hidden]), select, textarea")]
    .filter(each => each.offsetParent && each.closest("main, header, footer") && !each.closest(".unseen"))
    .filter(each => !each.matches("a:not(.button)") ||
        each.parentElement.textContent.trim() === each.textContent.trim())
    .filter(each => each.getBoundingClientRect().height <
        (each.matches("button:not(.plain), .button, .main, select, textarea, input:not([type=radio], [type=checkbox])")
            ? 44 : 24))
    .map(each => each.outerHTML.slice(0, 90))"""
# When a page was drawn as a whole: one that comes in parts is drawn in parts, and its tables find their columns anew.
WHOLE = """window.whole = new Promise(done => document.addEventListener("readystatechange", () =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))), {once: true}));"""
# What moved after that, and what moves still.
SHIFTED = """() => whole.then(from => new Promise(done => { let sum = 0;
    const add = each => { if (each.startTime > from) sum += each.value; };
    new PerformanceObserver(list => list.getEntries().forEach(add))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum + document.getAnimations().length), 30); }))"""
FOCUSED = """() => { window.stops = []; document.addEventListener("focusin", event => { const at = event.target,
        style = getComputedStyle(at), box = at.getBoundingClientRect();
    stops.push({at, what: at.outerHTML.slice(0, 90), seen: style.outlineStyle !== "none" &&
        parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.bottom > 0 && box.top < innerHeight}); }); }"""
CONTROLS = """() => [...document.querySelectorAll(
        "a[href], button, summary, input:not([type=hidden]), select, textarea")]
    .filter(each => each.checkVisibility() && !each.matches("[type=radio]"))"""
# What the keyboard did not reach, and where it stood unseen. Of radio buttons the arrows reach the others.
MISSED = f"""() => {{ const met = new Set(stops.map(each => each.at));
    return [...({CONTROLS})().filter(each => !met.has(each)).map(each => "not reached: " + each.outerHTML.slice(0, 90)),
            ...stops.filter(each => !each.seen).map(each => "not seen: " + each.what)]; }}"""
MODES = {
    "wide": ((1280, 800), {}),
    "dark, phone, nothing moves": ((320, 800), {"color_scheme": "dark", "reduced_motion": "reduce"}),
    "Arabic": ((1280, 800), {"language": "ar"}),
    "forced colours": ((1280, 800), {"forced_colors": "active"}),
}

# There the colours of a button are the visitor's own, which axe cannot read.
OWN = {"forced colours": {"color-contrast"}}


def narrow(page) -> list[str]:
    """Where a page moves sideways: on the smallest screen, with spaced words there, and with words twice as large."""
    found = []
    for width, css in ((320, ""), (320, SPACED), (640, LARGE)):
        page.set_viewport_size({"width": width, "height": 800})
        dress(page, css)
        if over := sideways(page):
            found.append(f"{over} px too wide at {width} {css}")
    dress(page, "")
    return found


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_A8_A11_A13_A14_A16_X1_every_screen_can_be_used_by_everybody(enter, today, mode):
    viewport, more = MODES[mode]
    page, found = enter(viewport, has_touch=True, **more), {}
    page.add_init_script(WHOLE)
    for screen in walk(page, today, more.get("language", "")):
        assert_accessible(page, explained=EXPLAINED | OWN.get(mode, set()))
        assert duplicate_names(page) == {}, screen
        assert page.evaluate(SHIFTED) == 0, screen
        found[screen] = [*page.evaluate(SMALL), *narrow(page)]
        page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    assert {screen: faults for screen, faults in found.items() if faults} == {}


@pytest.mark.long
def test_A6_A7_A17_every_screen_is_light_and_asks_nobody_else(enter, today, live_server):
    page, answers = enter(), []

    def heard(answer):
        if answer.request.is_navigation_request():
            answers.clear()  # what a screen weighs begins with the page itself
        answers.append(answer)

    page.on("response", heard)
    page.route("**", lambda route: route.continue_())  # nothing comes from the cache, where it would weigh nothing
    for screen in walk(page, today):
        page.wait_for_load_state("networkidle")
        weight = sum(len(gzip.compress(answer.body())) for answer in answers if answer.status == 200)
        assert len(answers) >= 2, "the page and its style"
        assert weight <= (30 if screen == "/" else 60) * KIB, screen
        assert page.locator("script").count() <= 1, screen
        assert len(answers) <= 6, screen
    assert not [url for url in page.asked if not url.startswith(f"{live_server.url}/")]
    assert not [text for text in page.said if "Content Security Policy" in text or "violates" in text]
    with pytest.raises(Exception, match=r"Content Security Policy|Failed to load"):
        page.add_script_tag(content="window.broken = true")
    assert page.evaluate("window.broken") is None


def test_A15_X1_the_keyboard_reaches_every_control_and_each_stop_is_seen(enter, today):
    page, found = enter(), {}
    for screen in walk(page, today):
        page.evaluate("document.activeElement.blur()")
        page.evaluate(FOCUSED)
        for _ in range(page.evaluate(f"({CONTROLS})().length + document.querySelectorAll('[type=radio]').length + 3")):
            page.keyboard.press("Tab")
        found[screen] = page.evaluate(MISSED)
    assert {screen: faults for screen, faults in found.items() if faults} == {}


def test_A40_the_chart_and_its_table_say_the_same_and_grey_parts_what_colour_does(enter):
    page = enter()
    page.goto("/log")
    drawn = page.locator("figure text").all_text_contents()
    rows = page.locator("#chart-table tbody tr").all()[:-1]
    told = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    assert sorted(text for text in drawn if text.isdigit()) == sorted(number for row in told for number in row)
    assert page.locator("figure svg").get_attribute("aria-describedby") == "chart-table"
    shape = "bar => { const style = getComputedStyle(bar); return [style.fill, style.stroke]; }"
    full, empty = (page.locator(f"figure rect{kind}").first.evaluate(shape) for kind in (":not(.no)", ".no"))
    assert full[0] != empty[0] == page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert full[1] == "none" != empty[1], "filled or drawn, not red or green"
