"""`python -m tests.screenshots FOLDER`: a picture of each screen of the portal, for a person to look at.

Phone and desktop, light and dark, in English, Chinese and Arabic, of a world of its own in a temporary folder. Those in
CHOSEN also become the small pictures of docs/portal.md.
"""

import base64
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
LANGUAGES = {"en": "en", "zh": "zh-hans", "ar": "ar"}
CHOSEN = {
    "home": "home-desktop-light-en",
    "home-dark": "home-desktop-dark-en",
    "home-phone": "home-phone-light-en",
    "home-chinese": "home-phone-light-zh",
    "purpose": "purpose-desktop-light-en",
    "amount": "amount-desktop-light-en",
    "saved": "saved-desktop-light-en",
    "changed": "changed-desktop-light-en",
    "log": "log-desktop-light-en",
    "receipt": "receipt-desktop-light-en",
    "ai": "ai-desktop-light-en",
    "concern": "concern-new-phone-light-en",
}
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
# The browser itself makes a picture small; 1280 pixels of a page are shown at about half that width.
SMALLER = """async png => { const image = new Image(); image.src = "data:image/png;base64," + png; await image.decode();
    const width = Math.min(image.width, 960), canvas = document.createElement("canvas");
    canvas.width = width; canvas.height = Math.min(image.height, 1200) * width / image.width;
    canvas.getContext("2d").drawImage(image, 0, 0, width, image.height * width / image.width);
    return canvas.toDataURL("image/webp", 0.5).split(",")[1]; }"""


@contextmanager
def service() -> Iterator[str]:
    """The service with Alice's half-year on a free port; its address."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TRUST_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}
        os.environ |= {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}  # Playwright's loop runs in this very thread
        os.environ |= {"EMAIL_URL": "memory://"}
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core import mail
        from django.core.management import call_command
        from django.core.servers.basehttp import ThreadedWSGIServer
        from django.core.wsgi import get_wsgi_application
        from django.test.testcases import QuietWSGIRequestHandler

        from tests import visit

        call_command("migrate", verbosity=0)
        mail.outbox = []
        visit.half_year(datetime.now(UTC))
        visit.mother(datetime.now(UTC))
        server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
        server.set_app(get_wsgi_application())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


def pages(page, folder: Path, name: str, language: str) -> None:
    """Walk through the portal the way Alice does, with a picture at each stop."""
    from consent.models import SignInCode
    from tests import visit, world

    def picture(stop: str, address: str = "") -> None:
        if address:
            page.goto(address)
        page.screenshot(path=folder / f"{stop}-{name}.png", full_page=True)

    picture("welcome", "/welcome")
    page.fill("#email", f"{name}@example.org")  # one address may ask five times
    page.click("main button")
    picture("code")
    page.fill("#code", "12")
    page.click("main button")
    picture("code-wrong")
    picture("letter", visit.letter(datetime.now(UTC), language=language))
    page.click("main button")
    picture("letter-stopped")
    picture("letter-old", "/stop/spent")
    picture("ask", visit.question(datetime.now(UTC), language=language))
    page.click("main button >> nth=1")
    picture("ask-answered")
    picture("ask-sensitive", visit.question(datetime.now(UTC), "ride_photos", language=language))
    page.click("main button >> nth=1")
    picture("ask-code")
    picture("problem", "/enter/spent")
    picture("enter", visit.link(datetime.now(UTC), language=language))
    page.click("main button")
    picture("home-first")
    page.click('form[action="/seen"] button')
    picture("home")
    picture("check", "/check")
    picture("ask", visit.question(datetime.now(UTC), language=language))
    picture("fresh", "/fresh?next=/log")
    picture("purpose", "/purposes/personal_offers")
    picture("purpose-off", "/purposes/ride_photos")
    picture("amount", "/purposes/personal_offers/amount")
    picture("log", "/log")
    picture("ai", "/ai")
    picture("principles", "/ai/principles")
    picture("rights", "/copy-or-erase")
    picture("rights-ask", "/copy-or-erase/limit")
    page.click("main form button")
    picture("rights-check")
    page.click("main form button")
    picture("rights-follow")
    picture("home-limited", "/")
    page.go_back()
    page.click("aside form button")
    picture("rights-object", "/copy-or-erase/object")
    picture("concerns", "/concerns")
    picture("concern-new", "/concerns/new")
    page.click("main form button")
    picture("concern-problem")
    page.fill("#words", "They called me at night.")
    page.check("input[value=yes]")
    page.click("main form button")
    picture("concern")
    page.goto("/concerns/new")
    page.fill("#words", "They called me at night.")
    page.check("input[value=no]")
    page.click("main form button")
    picture("concern-sent")
    picture("concern-read", "/concerns/read")
    picture("receipts", "/receipts")
    page.click("main table a >> nth=0")
    picture("receipt")
    page.goto("/")
    page.click('form[action="/choices/improve_visit"] button')
    picture("saved")
    page.click(".note a >> nth=0")
    picture("receipt-waiting")
    page.goto("/")
    page.click('form[action="/choices/improve_visit"] button')
    world.seal_all(datetime.now(UTC))
    picture("acting", "/acting")
    visit.code()
    page.goto("/fresh?next=/acting")
    SignInCode.objects.all().delete()
    page.click("main button")
    page.fill("#code", visit.code())
    page.click("main button")
    page.click("#held ~ ul button")
    picture("acting-home")
    picture("acting-log", "/log")
    page.click('form[action="/acting/stop"] button')


def news(page, folder: Path, name: str) -> None:
    """What changed; the last picture, for the catalogue changes for everyone."""
    page.goto("/purposes/personal_offers/changed")
    page.screenshot(path=folder / f"changed-{name}.png", full_page=True)


def reduce(page, folder: Path) -> None:
    """The pictures of docs/portal.md."""
    PICTURES.mkdir(exist_ok=True)
    page.goto("about:blank")
    for name, source in CHOSEN.items():
        png = base64.b64encode((folder / f"{source}.png").read_bytes()).decode()
        (PICTURES / f"{name}.webp").write_bytes(base64.b64decode(page.evaluate(SMALLER, png)))


def main() -> int:
    """Make the pictures."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m tests.screenshots FOLDER\n")
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    from tests.browser import SWITCHES, program

    with service() as address, sync_playwright() as playwright:
        from django.conf import settings

        from tests import world

        browser = playwright.chromium.launch(executable_path=program(), args=SWITCHES)
        spoken = [(short, code) for short, code in LANGUAGES.items() if code in dict(settings.LANGUAGES)]
        visitors = []
        for (size, (width, height)), scheme, (short, language) in product(SIZES.items(), ("light", "dark"), spoken):
            view = {"width": width, "height": height}
            context = browser.new_context(base_url=address, viewport=view, color_scheme=scheme, locale=language)
            visitors.append((context.new_page(), f"{size}-{scheme}-{short}"))
            pages(visitors[-1][0], folder, visitors[-1][1], language)
        changes = {"retention": "P24M", "recipients": ["mail-engine", "mailbird"]}
        world.publish(now=datetime.now(UTC), personal_offers=changes)
        for page, name in visitors:
            news(page, folder, name)
        reduce(page, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
