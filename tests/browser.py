"""A real Chromium for the tests, and what to ask of every page in it.

A pytest plugin: `pytest_plugins = ["tests.browser"]` in conftest.py gives the fixture `open_page`. It uses
the machine's Chromium (Debian's package, or the one CHROMIUM names) and downloads nothing.
"""

import functools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Keyboard, Locator, Page, expect, sync_playwright

# The first is the same without windows, menus and tabs, which nobody would see: a third less work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Milliseconds. A machine may stand still for a while; whoever waits for what comes is not kept longer by it.
PATIENCE = 60_000
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's event loop, once there, makes `asyncio.run` fail. Long ones begin first."""
    items.sort(key=lambda item: ("chromium" in getattr(item, "fixturenames", ()), not item.get_closest_marker("long")))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for each test process; a test that finds none is skipped, but fails where CI=true."""
    found = program()
    if not found:
        _without_browser("Chromium is missing: apt-get install chromium-headless-shell, or set CHROMIUM to its path")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this very thread, and Django would take each query for one made inside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        for kind, name in ((Page, "click"), (Locator, "click"), (Locator, "press")):
            patch.setattr(kind, name, _until_loaded(getattr(kind, name)))
        patch.setattr(Keyboard, "press", _leading_nowhere(Keyboard.press))
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES, timeout=PATIENCE)
        yield browser
        browser.close()


def _until_loaded(press: Callable[..., None]) -> Callable[..., None]:
    """Playwright waits until the page that a press leads to begins: a test may look before it has its looks."""

    @functools.wraps(press)
    def pressed(on: Page | Locator, *arguments: Any, **more: Any) -> None:
        press(on, *arguments, **more)
        page = on.page if isinstance(on, Locator) else on
        page.wait_for_load_state()

    return pressed


def _leading_nowhere(press: Callable[..., None]) -> Callable[..., None]:
    """Of a key alone Playwright does not wait for the page that it leads to; of a key pressed on something it does."""

    @functools.wraps(press)
    def pressed(on: Keyboard, key: str, **more: Any) -> None:
        assert key != "Enter", 'what follows may still see the page before: press it on page.locator(":focus")'
        press(on, key, **more)

    return pressed


def program() -> str | None:
    """Where the machine's Chromium is."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return found if found and Path(found).exists() else None


def _without_browser(reason: str) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(viewport=…, javascript=…, color_scheme=…, locale=…)`: an empty page of a fresh visitor.

    Further keywords are Playwright's own (`base_url`, `forced_colors`, `reduced_motion`, …).
    """
    contexts: list[BrowserContext] = []

    def open_page(
        viewport: tuple[int, int] = (1280, 800),
        *,
        javascript: bool = True,
        color_scheme: Literal["light", "dark"] = "light",
        locale: str = "en",
        **more: Any,
    ) -> Page:
        width, height = viewport
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            color_scheme=color_scheme,
            locale=locale,
            **more,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def assert_accessible(page: Page, *, explained: Collection[str] = ()) -> None:
    """No axe rule is broken, and none is left undecided that no person decided.

    `explained` holds such decisions as "rule selector", for example "color-contrast details", or "rule" alone.
    """
    # Of what holds, axe would bring each place where it does: more than the page itself.
    wanted = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations", "incomplete"]}
    answer = Axe().run(page, options=wanted).response
    undecided = [
        line
        for line in _findings(answer["incomplete"])
        if not line.startswith(tuple(f"{known}: " for known in explained)) and line.partition(" ")[0] not in explained
    ]
    lines = [f"broken {line}" for line in _findings(answer["violations"])]
    lines += [f"undecided {line}" for line in undecided]
    assert not lines, f"{page.url}\n" + "\n".join(lines)


def _findings(rules: list[dict[str, Any]]) -> list[str]:
    return [
        f"{rule['id']} {' '.join(map(str, node['target']))}: {rule['help']}\n    {node['html'][:160]}"
        for rule in rules
        for node in rule["nodes"]
    ]


def duplicate_names(page: Page) -> dict[str, list[str]]:
    """Names shared by buttons, links or disclosures that do different things; axe does not see these.

    Twelve controls called only “More” are twelve riddles to someone who hears the page.
    """
    session = page.context.new_cdp_session(page)
    try:
        named: dict[str, list[int]] = defaultdict(list)
        for node in session.send("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value")
            if not node["ignored"] and role in {"button", "link", "DisclosureTriangle"}:
                named[node["name"]["value"]].append(node["backendDOMNodeId"])
        # Where one leads takes two questions to the browser: they are asked of namesakes only.
        shared = {name: numbers for name, numbers in named.items() if len(numbers) > 1}
        targets = {name: {_target(session, number) for number in numbers} for name, numbers in shared.items()}
    finally:
        session.detach()
    return {name: sorted(found) for name, found in targets.items() if len(found) > 1}


# A control that neither leads nor sends anywhere has only itself as its target: hence the number.
# What the browser itself puts inside a field, such as the picker of a date, is no control of ours.
TARGET = """function (number) {
  if (this.getRootNode() instanceof ShadowRoot) return "the browser's own";
  if (this.href) return this.href;
  if (!this.form || this.type !== "submit") return "control " + number;
  const hidden = [...this.form.querySelectorAll("input[type=hidden]:not([name=csrfmiddlewaretoken])")];
  const sent = [this, ...hidden].filter((field) => field.name).map((field) => field.name + "=" + field.value);
  const action = this.getAttribute("formaction") || this.form.getAttribute("action") || "";
  return [this.form.method, new URL(action, document.baseURI), ...sent].join(" ");
}"""


def _target(session: CDPSession, number: int) -> str:
    thing = session.send("DOM.resolveNode", {"backendNodeId": number})["object"]["objectId"]
    call = {
        "functionDeclaration": TARGET,
        "objectId": thing,
        "arguments": [{"value": number}],
        "returnByValue": True,
    }
    return str(session.send("Runtime.callFunctionOn", call)["result"]["value"])


# How people with poor sight may set text (WCAG 1.4.4, 1.4.12).
LARGE = "html { font-size: 200% }"
SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } "
    "p { margin-block-end: 2em !important }"
)


def dress(page: Page, css: str) -> None:
    """Give a page one more stylesheet, as its reader's own; "" takes it off again."""
    script = """css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);
        document.adoptedStyleSheets = [sheet]; }"""
    page.evaluate(script, css)
