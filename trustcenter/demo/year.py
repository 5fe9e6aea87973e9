"""A year at Kestrel Park: 200 visitors, what they chose, who asked for their data, and what it brought them.

Everything happens through the services, each thing at its own moment, so its evidence is real. The dice are always
thrown the same way: two demos that start on the same day tell the same story.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.rules.choice import Choice
from consent.services import catalogue, checks, consents, evidence, states, subjects, uses
from consent.services.checks import Question
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from consent.services.uses import Benefit, Use

DAYS = 365
VISITORS = 200
RIDES = ("Kestrel Dive", "Harbour Mill", "The Lantern", "Storm Pier", "Old Railway")
WALKS = ("Ride photo at Kestrel Dive", "Ride photo at Storm Pier")
SKIPPED = {
    "en": "Skipped a {minutes}-minute queue at {ride}",
    "zh-hans": "在 {ride} 少排队 {minutes} 分钟",
    "es": "{minutes} minutos menos de cola en {ride}",
    "fr": "{minutes} minutes d’attente en moins à {ride}",
    "de": "{minutes} Minuten weniger Warten bei {ride}",
    "ar": "{minutes} دقيقة أقل في طابور {ride}",
}
WHYS = (
    ("customer_asked", "Asked at the gate which messages they get"),
    ("error_search", "A ticket came twice; looking for the reason"),
    ("audit", "Yearly sample of records"),
)


@dataclass(frozen=True)
class Happening:
    """One thing that happens, and when."""

    at: datetime
    do: Callable[[datetime], object]


@dataclass(frozen=True)
class Visitor:
    """Somebody who buys tickets; `joined` with the first order."""

    handle: Handle
    email: str
    language: str
    joined: datetime


def live(emails: Sequence[str], officer: Actor, *, now: datetime, progress: Callable[[int, int], None]) -> None:
    """Let the year before `now` happen, in its order. The catalogue was published before it begins.

    emails: addresses that some of the visitors have, from the brand's older list.
    """
    story = sorted(_year(emails, officer, now), key=lambda each: each.at)
    for done, happening in enumerate(story, 1):
        happening.do(happening.at)
        if done % 50 == 0 or done == len(story):
            progress(done, len(story))


def _year(emails: Sequence[str], officer: Actor, now: datetime) -> Iterator[Happening]:
    dice = random.Random(1001)  # noqa: S311  a story, not a secret
    begin = now - timedelta(days=DAYS - 1)
    first = Visitor(Handle("customer", "C-1001"), "robin.ash@fellside.example", "en", begin + timedelta(hours=9))
    yield from _robin(first, now)
    visitors = [first]
    for number in range(2, VISITORS + 1):
        email = emails[number - 2] if number - 2 < len(emails) else f"visitor{number}@fellside.example"
        joined = begin + timedelta(days=dice.triangular(0, 330, 120), hours=dice.uniform(8, 20))
        language = "zh-hans" if dice.random() < 0.2 else "en"
        visitors.append(Visitor(Handle("customer", f"C-{1000 + number}"), email, language, joined))
        yield from _visitor(visitors[-1], dice, now)
    yield from _campaigns(visitors, dice, begin, now)
    for days, (why, note) in zip((200, 90, 20), WHYS, strict=True):
        at = now - timedelta(days=days)
        known = [who for who in visitors[1:] if who.joined < at]
        yield Happening(at, _look(dice.choice(known), why, note, officer))


def _robin(who: Visitor, now: datetime) -> Iterator[Happening]:
    """C-1001, whose story a demo can rely on: offers also by AdPartner, queue times, and asks that were refused."""
    yield Happening(who.joined, _register(who))
    named = ("mail-engine", "mailbird", "adpartner")
    categories = ("contact.email", "purchase_history")
    yield Happening(who.joined + timedelta(minutes=4), _give(who, "personal_offers", "web", named, categories))
    yield Happening(who.joined + timedelta(minutes=5), _give(who, "improve_visit", "app"))
    for days, minutes in ((300, 25), (180, 40), (61, 35), (6, 50)):
        at = now - timedelta(days=days, hours=3)
        yield from _visit(who, at, "Storm Pier", minutes)
    for days in (330, 270, 150, 75, 30, 2):
        yield Happening(now - timedelta(days=days), _ask(who, "personal_offers", "mail-engine", "Monthly offers"))
    yield Happening(now - timedelta(days=25), _ask(who, "personal_offers", "adpartner", "Autumn campaign"))
    yield Happening(now - timedelta(days=24), _ask(who, "improve_visit", "adpartner", "Where are the visitors?"))
    yield Happening(now - timedelta(days=6, hours=1), _ask(who, "ride_photos", "snapride", WALKS[0]))
    sms = ("contact.sms",)
    yield Happening(now - timedelta(days=3), _ask(who, "personal_offers", "mail-engine", "Text message offer", sms))


def _visitor(who: Visitor, dice: random.Random, now: datetime) -> Iterator[Happening]:
    """One visitor's year: an order, some choices, some visits, perhaps second thoughts."""
    yield Happening(who.joined, _register(who))
    minute = timedelta(minutes=1)
    for place, (purpose, channel, yes, no) in enumerate(
        (
            ("improve_visit", "app", 0.65, 0.2),
            ("personal_offers", "web", 0.4, 0.25),
            ("ride_photos", "kiosk", 0.25, 0.1),
        )
    ):
        at, thrown = who.joined + (place + 2) * minute, dice.random()
        if thrown < yes:
            third = ("mail-engine", "mailbird", "adpartner") if purpose == "personal_offers" and thrown < 0.06 else None
            yield Happening(at, _give(who, purpose, channel, third))
            if dice.random() < 0.12:
                later = at + (now - at) * dice.uniform(0.3, 0.95)
                yield Happening(later, _say(who, purpose, "withdraw", dice.choice(("portal", "phone", "app"))))
        elif thrown < yes + no:
            yield Happening(at, _say(who, purpose, "refuse", channel))
    if dice.random() < 0.05:
        yield Happening(who.joined + (now - who.joined) * 0.5, _say(who, "plan_staff", "object", "portal"))
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        at = who.joined + (now - who.joined) * dice.uniform(0.05, 0.98)
        yield from _visit(who, at, dice.choice(RIDES), dice.randrange(15, 60, 5))


def _visit(who: Visitor, at: datetime, ride: str, minutes: int) -> Iterator[Happening]:
    """A day in the park: the queue planner asks, staff are planned, and the visitor may wait less."""

    def ask(now: datetime) -> None:
        planner = Actor("system", ref="queue-planner")
        question = Question("queue-planner", "improve_visit", who.handle, reference=f"Queue times at {ride}")
        if checks.check(questions=[question], by=planner, now=now)[0].decision.permitted:
            words = {language: skipped.format(ride=ride, minutes=minutes) for language, skipped in SKIPPED.items()}
            got = Benefit(who.handle, "improve_visit", words, now)
            uses.report_benefits(benefits=[got], recipient="queue-planner", by=planner, now=now)

    yield Happening(at, ask)
    yield Happening(at + timedelta(hours=1), _use(who, f"Staff for {ride}"))
    if minutes >= 50:
        yield Happening(at + timedelta(hours=2), _ask(who, "ride_photos", "snapride", WALKS[minutes % 2]))


def _campaigns(visitors: Sequence[Visitor], dice: random.Random, begin: datetime, now: datetime) -> Iterator[Happening]:
    """Six mailings by the park's own engine, and a partner that asks about more people than chose it."""
    for turn in range(1, 7):
        at = begin + (now - begin) * (turn / 6.2)
        there = [who for who in visitors[1:] if who.joined < at]
        for place, who in enumerate(dice.sample(there, min(35, len(there)))):
            moment = at + timedelta(seconds=place)
            yield Happening(moment, _ask(who, "personal_offers", "mail-engine", f"Mailing {turn}"))
            if place % 6 == 0:
                yield Happening(moment, _ask(who, "personal_offers", "adpartner", f"Audience {turn}"))


def _register(who: Visitor) -> Callable[[datetime], object]:
    identifiers = (who.handle, Handle("email", who.email))
    office = Actor("system", ref="ticket-office")
    return lambda now: subjects.register(identifiers=identifiers, by=office, now=now, jurisdiction="GB")


def _give(
    who: Visitor,
    purpose: str,
    channel: str,
    recipients: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
) -> Callable[[datetime], object]:
    """A yes to the words in force, by their digest."""

    def give(now: datetime) -> None:
        words = catalogue.texts(catalogue.version(purpose, 1))[who.language]
        choice = Choice(
            purpose,
            "give",
            channel,
            "button",
            language=who.language,
            notice_digest=words.digest,
            recipients=recipients,
            categories=categories,
        )
        consents.record(subject=who.handle, choice=choice, by=Actor("customer"), now=now)

    return give


def _say(who: Visitor, purpose: str, act: str, channel: str) -> Callable[[datetime], object]:
    by = Actor("system", ref="ticket-office") if channel == "phone" else Actor("customer")
    choice = Choice(purpose, act, channel, "button" if channel != "phone" else "spoken", language=who.language)
    return lambda now: consents.record(subject=who.handle, choice=choice, by=by, now=now)


def _ask(
    who: Visitor, purpose: str, recipient: str, reference: str, categories: tuple[str, ...] | None = None
) -> Callable[[datetime], object]:
    question = Question(recipient, purpose, who.handle, categories, reference=reference)
    by = Actor("system", ref=recipient)
    return lambda now: checks.check(questions=[question], by=by, now=now)


def _use(who: Visitor, reference: str) -> Callable[[datetime], object]:
    by = Actor("system", ref="staff-planner")

    def use(now: datetime) -> None:
        # The planner decides on its own copy first, and leaves out whoever objected.
        subject = subjects.find(who.handle)
        held = states.current(subject=subject) if subject else {}
        if not any(state.objected for key, state in held.items() if key == catalogue.purpose("plan_staff").pk):
            done = Use(who.handle, "plan_staff", ("ticket_scans",), now, reference)
            uses.report(uses=[done], recipient="staff-planner", by=by, now=now)

    return use


def _look(who: Visitor, why: str, note: str, officer: Actor) -> Callable[[datetime], object]:
    return lambda now: evidence.view(handle=who.handle, why=why, note=note, by=officer, now=now)
