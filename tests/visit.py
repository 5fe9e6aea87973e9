"""A believable half-year of Alice's, up to a moment: choices, uses, refusals, looks and benefits, for pages to show."""

import re
import secrets
from datetime import UTC, datetime, timedelta

from django.core import mail

from consent.services import consent_requests, evidence, mandates, portal_links, stop_links, subjects, uses
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from consent.services.uses import Benefit, Use
from tests import world
from tests.world import ALICE, BOB, CAROL, CUSTOMER
from trustcenter.portal import mails

MAIL = Handle("email", "alice@example.org")
STAFF = Actor("staff", ref="staff-7", name="Rosa Ortega")


def half_year(now: datetime) -> None:
    """Publish the park and live half a year in it."""
    world.publish(now=now - timedelta(days=400))
    say, back = world.say, lambda days, hours=0: now - timedelta(days=days, hours=hours)
    say(ALICE, "give", "improve_visit", channel="app", now=back(170))
    subjects.register(identifiers=[ALICE, MAIL], by=world.SYSTEM, now=back(170))
    say(ALICE, "give", "personal_offers", channel="app", now=back(169), recipients=["mail-engine", "mailbird"])
    say(ALICE, "give", "ride_photos", channel="kiosk", now=back(90), notice_digest=world.digest("ride_photos"))
    say(ALICE, "withdraw", "ride_photos", channel="phone", actor="staff", now=back(40))
    say(BOB, "give", "personal_offers", now=back(30))
    for days in (150, 120, 119, 90, 61, 60, 31, 12, 12, 3):
        world.ask(ALICE, "improve_visit", recipient="queue-planner", now=back(days), reference="Queue times, gate 3")
        world.ask(ALICE, "personal_offers", recipient="mail-engine", now=back(days, 2))
    for days in (64, 33, 8, 2):
        world.ask(ALICE, "personal_offers", recipient="adpartner", now=back(days, 5))
    world.ask(ALICE, "ride_photos", recipient="snapride", now=back(4))
    used = [Use(ALICE, "plan_staff", ("ticket_scans",), back(5, hour)) for hour in range(12)]
    uses.report(uses=used, recipient="staff-planner", by=Actor("system", ref="staff-planner"), now=back(5))
    words = {
        "en": "Skipped a 40-minute queue",
        "zh-hans": "少排队 40 分钟",
        "es": "40 minutos menos de cola",
        "fr": "40 minutes d’attente en moins",
        "de": "40 Minuten weniger Warten",
        "ar": "40 دقيقة أقل في الطابور",
    }
    got = [Benefit(ALICE, "improve_visit", words, back(12))]
    uses.report_benefits(benefits=got, recipient="queue-planner", by=Actor("system", ref="queue-planner"), now=back(12))
    evidence.view(handle=ALICE, why="customer_asked", note="Refund for order 4411", by=STAFF, now=back(1))
    world.seal_all(now)


def link(now: datetime, who=ALICE, language: str = "") -> str:
    """The address of a fresh invitation, without the host."""
    token = portal_links.create(subject=who, language=language, by=CUSTOMER, now=now).token
    return f"/enter/{token}"


def come_in_by_link(page, who=ALICE, language: str = "") -> None:
    """Bring a browser in by an invitation of this very moment: it lasts five minutes, and a test may take longer."""
    page.goto(link(datetime.now(UTC), who, language))
    page.click("main button")


def letter(now: datetime, *purposes: str, language: str = "") -> str:
    """The address of a link in a letter, without the host."""
    wanted = {0: stop_links.Wanted(ALICE, purposes or ("plan_staff",), language)}
    return f"/stop/{stop_links.make(wanted=wanted, now=now)[0].token}"


def mother(now: datetime) -> mandates.Held:
    """Alice is the guardian of Carol, who is a child for some time yet; and Bob may act for Alice."""
    subjects.register(identifiers=[CAROL], minor_until=now.date() + timedelta(days=600), by=world.SYSTEM, now=now)
    friend = mandates.Wanted("representative", ALICE, BOB, "A signed letter.")
    mandates.grant(wanted=friend, by=world.SYSTEM, now=now)
    wanted = mandates.Wanted("guardian", CAROL, ALICE, "We saw the birth certificate.", "Your daughter")
    return mandates.grant(wanted=wanted, by=world.SYSTEM, now=now)


def question(now: datetime, purpose: str = "personal_offers", **more: str) -> str:
    """The address of a question to somebody who was never asked before, without the host."""
    who = [Handle("customer", secrets.token_hex(8)), Handle("email", f"{secrets.token_hex(8)}@example.org")]
    subjects.register(identifiers=who, by=world.SYSTEM, now=now)
    wanted = consent_requests.Wanted(who[0], purpose, **more)
    return f"/ask/{consent_requests.create(wanted=wanted, by=world.SYSTEM, now=now).token}"


def code() -> str:
    """What the worker sends now, and the code in it; "" when it sends nothing."""
    before = len(mail.outbox)
    mails.send_codes()
    return re.search(r"\b[0-9]{6}\b", mail.outbox[-1].body)[0] if len(mail.outbox) > before else ""


def come_in_by_code(client, address: str = MAIL.id, back: str = "/") -> None:
    """Ask for a code at the door and enter it, as a customer with that address does."""
    assert client.post("/welcome", {"email": address})["Location"] == "/welcome/code"
    assert client.post("/welcome/code", {"code": code()})["Location"] == back
