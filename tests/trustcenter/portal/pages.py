"""The screens of the portal that every test of its looks goes through."""

from collections.abc import Iterator
from datetime import datetime

from consent.services import states, subjects
from tests import visit, world
from tests.world import ALICE

PAGES = [
    "/",
    "/log",
    "/log?answer=refused&since=never",
    "/receipts",
    "/purposes/personal_offers",
    "/purposes/personal_offers/amount",
    "/purposes/ride_photos/amount",
    "/purposes/park_safety",
    "/copy-or-erase",
    "/copy-or-erase/copy",
    "/copy-or-erase/delete",
    "/copy-or-erase/delete?purpose=personal_offers",
    "/copy-or-erase/object",
    "/ai",
    "/ai/principles",
    "/concerns",
    "/concerns/new",
    "/concerns/read",
    "/acting",
    "/check",
    "/welcome",
    "/fresh?next=/log",
    "/enter/spent",
    "/nothing",
]


def receipt() -> str:
    """The address of Alice's newest receipt."""
    return f"/receipts/{states.history(subject=subjects.find(ALICE))[0].entry_id}"


def walk(page, now: datetime, language: str = "") -> Iterator[str]:
    """Bring a browser that came in to each page, and to what they say after an act; the last shows what changed."""
    for address in [*PAGES, receipt(), visit.letter(now, language=language)]:
        page.goto(address)
        yield address
    _press(page, "main button")
    yield "the letter's link, used"
    for address in ("/check", "/concerns/new", "/concerns/read", "/copy-or-erase/correct"):
        page.goto(address)
        _press(page, "main form button.main")
        yield f"{address}, with a problem"
    page.goto("/copy-or-erase/limit")
    _press(page, "main form button.main")
    yield "a request, before it is sent"
    page.goto("/")
    _press(page, "form[action='/choices/improve_visit'] button")
    yield "a choice, saved"
    _press(page, ".note button")
    world.publish(now=now, personal_offers={"retention": "P24M", "recipients": ["mail-engine", "mailbird"]})
    page.goto("/purposes/personal_offers/changed")
    yield "what changed"


def _press(page, button: str) -> None:
    with page.expect_navigation():
        page.click(button)
