"""Requests of customers for their rights: opened, followed and taken back by them, worked on and answered by staff.

Each step is a fact. What anybody wrote stands in its payload, under the customer's secret, and nowhere else. A request
for a limitation counts at once; one for deletion deletes nothing by itself: staff first look at what must be kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.errors import CodeNeeded, Conflict, Field, Invalid, NotFound, OutOfTurn, Suppressed
from consent.models import NoticeText, Purpose, PurposeVersion, RightsRequest, RightsStep, Subject
from consent.rules import bases, case_numbers, deadlines
from consent.rules import rights as rules
from consent.rules.choice import CHANNELS, Choice
from consent.rules.deadlines import Clock
from consent.services import (
    case_letters,
    catalogue,
    consents,
    families,
    ledger,
    limits,
    log,
    rights_drafts,
    subjects,
    threads,
    uses,
    versions,
)
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact
from consent.services.threads import Step
from consent.services.versions import Text

LETTER = "R"
TOLD = "Say what is wrong, and how it should be."
ALREADY = "You asked for this already: {reference}. It is still open."


@dataclass(frozen=True)
class Wanted:
    """What a customer asks for. words: theirs. purpose: of an objection, what for; of a deletion, the use whose data,
    "" for all. about: the entry of the log that a review is wanted of."""

    kind: str
    channel: str
    words: str = ""
    purpose: str = ""
    about: UUID | None = None


@dataclass(frozen=True)
class Followed:
    """A request with its steps, oldest first. own_limit: it limits the use of the data now. title: of the use that it
    is about, None for none."""

    request: RightsRequest
    steps: tuple[Step, ...] = ()
    own_limit: bool = False
    title: Text | None = None
    clock: Clock | None = field(default=None, compare=False)

    @property
    def withdrawable(self) -> bool:
        return rules.withdrawable(self.request.state, self.request.kind, limited=self.own_limit)

    @property
    def open(self) -> bool:
        return self.request.state in rules.OPEN


@dataclass(frozen=True)
class Kept:
    """What we must keep, whatever is asked for: a use that rests on a contract or on a law."""

    notice: NoticeText
    version: PurposeVersion


@dataclass(frozen=True)
class Offer:
    """What a request would mean, were it opened now. kept: of a deletion, what we must keep. line: of a review, the
    entry of the log that it is about. titles: of an objection or a deletion, the uses that it can name."""

    due: date
    kept: tuple[Kept, ...] = ()
    line: log.Line | None = None
    titles: Mapping[str, str] = field(default_factory=dict)


def offer(*, subject: Subject, kind: str, about: UUID | None, language: str, now: datetime) -> Offer:
    """What a page shows before a request is opened. Raises NotFound for a kind that there is not."""
    if kind not in rules.KINDS:
        raise NotFound
    uses_named = nameable(kind)
    named = versions.titles(language) if uses_named else {}
    return Offer(
        due=_clock(subject, kind, now.date()).answer.after(now.date()),
        kept=_kept(language) if kind == "delete" else (),
        line=log.one(subject=subject, number=about, language=language) if about else None,
        titles={row.key: named[row.key] for row in uses_named},
    )


def check(*, subject: Subject, wanted: Wanted) -> None:
    """Raises what `open` would, but for a code that is missing; changes nothing."""
    _check(wanted)
    _check_about(subject, wanted)
    _check_open(subject, wanted)


@transaction.atomic
def open(*, subject: Handle | Subject, wanted: Wanted, checked: bool, by: Actor, now: datetime) -> RightsRequest:  # noqa: A001
    """Open a request. A limitation counts from here on, and so does an objection to a named use.

    checked: they showed afresh who they are: by a code in the portal, or as the brand's own staff do. In the portal
    what carries data away needs it: raises CodeNeeded. By other ways it then waits until that is checked.
    Raises Invalid naming each wrong member, NotFound for a customer we do not know, Conflict for one that is open
    already.
    """
    _check(wanted)
    portal = isinstance(subject, Subject)
    if portal and wanted.kind in rules.NEEDS_FRESH and not checked:
        raise CodeNeeded
    known = subject if isinstance(subject, Subject) else _named(subject)
    held = subjects.hold(known)
    _check_about(held, wanted)
    _check_open(held, wanted)
    waits = wanted.kind in rules.NEEDS_FRESH and not checked
    clock = _clock(held, wanted.kind, now.date())
    request = RightsRequest.objects.create(
        reference=threads.draw(LETTER),
        subject=held,
        kind=wanted.kind,
        state="checking" if waits else "received",
        purpose=wanted.purpose,
        about=wanted.about,
        channel=wanted.channel,
        law=clock.law,
        jurisdiction=_place(held, wanted.kind, now.date()),
        opened_at=now,
        due=clock.answer.after(now.date()),
        stopped_on=now.date() if waits and clock.stops else None,
    )
    details = {"kind": wanted.kind, "channel": wanted.channel, "due": request.due.isoformat(), "law": clock.law}
    _take(request, "opened", {"words": wanted.words.strip()}, by, now, details=details, purpose=wanted.purpose)
    if wanted.kind == "limit":
        limits.begin(held, request, by=by, now=now)
    if wanted.kind == "object" and wanted.purpose:
        choice = Choice(wanted.purpose, "object", wanted.channel, "rights request")
        with suppress(Suppressed):  # who is left alone said no to everything already
            consents.record(subject=held, choice=choice, by=by, now=now)
    rights_drafts.drop(subject=held, kind=wanted.kind, by=by)
    return request


@transaction.atomic
def add(*, reference: str, subject: Subject | None, words: str, by: Actor, now: datetime) -> RightsRequest:
    """Add to an open request what its customer has to say. subject: None for staff who write it down for them."""
    if problems := threads.problems(words, "/words", missing="Write what you want to add."):
        raise Invalid(*problems)
    request = _move(reference, subject, "added", {"words": words.strip()}, by, now)
    if subject:
        rights_drafts.drop(subject=subject, kind=request.reference, by=by)
    return request


@transaction.atomic
def withdraw(*, reference: str, subject: Subject | None, by: Actor, now: datetime) -> RightsRequest:
    """Take a request back, which its customer can until the work starts; a limitation they can end at any time."""
    return _move(reference, subject, "withdrawn", {}, by, now)


@transaction.atomic
def start(*, reference: str, by: Actor, now: datetime) -> RightsRequest:
    """Begin the work: from here on the customer cannot take it back."""
    return _move(reference, None, "started", {}, by, now)


@transaction.atomic
def ask_for_more(*, reference: str, words: str, by: Actor, now: datetime) -> RightsRequest:
    """Ask who they are, or for more. The clock stands still until they add it, where their law allows that."""
    if problems := threads.problems(words, "/words", missing="Say what you need, and why."):
        raise Invalid(*problems)
    return _move(reference, None, "asked", {"words": words.strip()}, by, now)


@transaction.atomic
def extend(*, reference: str, words: str, by: Actor, now: datetime) -> RightsRequest:
    """Take more time: once, with a reason that the customer reads, and before the time is over (GDPR Art. 12(3)).

    Raises OutOfTurn where the law gives no more time, it was taken already, or it is too late.
    """
    if problems := threads.problems(words, "/words", missing="Say why it takes longer. The customer reads this."):
        raise Invalid(*problems)
    return _move(reference, None, "extended", {"words": words.strip()}, by, now)


@transaction.atomic
def answer(
    *, reference: str, words: str, done: Mapping[str, int] | None = None, file: str = "", by: Actor, now: datetime
) -> RightsRequest:
    """Say what was done. done: counts, by what was counted. file: where what was handed over is kept, for staff."""
    problems = threads.problems(words, "/words", missing="Say what was done. The customer reads this.")
    if problems := problems + (threads.problems(file, "/file") if file else []):
        raise Invalid(*problems)
    payload = {"words": words.strip(), "done": dict(done or {}), "file": file}
    return _move(reference, None, "answered", payload, by, now)


@transaction.atomic
def refuse(*, reference: str, ground: str, words: str, by: Actor, now: datetime) -> RightsRequest:
    """Refuse a request: for one of the GROUNDS, and in a sentence that the customer reads (GDPR Art. 12(4); PIPL
    Art. 50)."""
    problems = threads.problems(words, "/words", missing="Say why, in a sentence. The customer reads this.")
    if ground not in rules.GROUNDS:
        problems.append(Field("/ground", "choice", f"One of {', '.join(rules.GROUNDS)}."))
    if problems:
        raise Invalid(*problems)
    return _move(reference, None, "refused", {"words": words.strip()}, by, now, reason=ground)


@transaction.atomic
def lift(*, reference: str, words: str, by: Actor, now: datetime) -> RightsRequest:
    """End a limitation that is in force, and tell the customer (GDPR Art. 18(3))."""
    if problems := threads.problems(words, "/words", missing="Say why it ends. The customer reads this."):
        raise Invalid(*problems)
    return _move(reference, None, "lifted", {"words": words.strip()}, by, now)


def of(*, subject: Subject) -> list[Followed]:
    """A customer's own requests, newest first; without what was written."""
    found = RightsRequest.objects.filter(subject__in=families.of(subject)).order_by("-id")
    return [Followed(each, own_limit=limits.stands(each)) for each in found]


def follow(*, reference: str, subject: Subject | None = None, language: str = "") -> Followed:
    """One request with its steps. subject: only this customer's. Raises NotFound."""
    found = _find(reference, subject)
    steps = threads.read(found.steps.order_by("id"))
    title = versions.titles(language).get(found.purpose) if found.purpose else None
    return Followed(found, steps, limits.stands(found), title, deadlines.clock(found.jurisdiction, found.kind))


def listed(*, state: str = "", before: int | None = None, limit: int) -> list[RightsRequest]:
    """Requests for staff, newest first: those in a state, or for "" all open ones. before: a row to go on after."""
    states = [state] if state else rules.OPEN
    found = RightsRequest.objects.filter(state__in=states).order_by("-id")
    return list((found.filter(pk__lt=before) if before else found)[:limit])


def nameable(kind: str) -> list[Purpose]:
    """The purposes that a request can name (rules/rights.py)."""
    allowed = rules.NAMEABLE.get(kind, frozenset())
    return [row for row in catalogue.purposes() if row.current and row.current.legal_basis in allowed]


def _kept(language: str) -> tuple[Kept, ...]:
    current = [row.current for row in catalogue.purposes() if row.current and row.retired_at is None]
    published = versions.read(each for each in current if each.legal_basis in bases.FIXED)
    return tuple(Kept(each.notice(language), each.version) for each in published.values())


def _check(wanted: Wanted) -> None:
    problems = []
    if wanted.kind not in rules.KINDS:
        problems.append(Field("/kind", "choice", f"One of {', '.join(rules.KINDS)}."))
    if wanted.channel not in CHANNELS:
        problems.append(Field("/channel", "choice", f"One of {', '.join(CHANNELS)}."))
    problems += threads.problems(wanted.words, "/words", missing=TOLD if wanted.kind == "correct" else "")
    if wanted.purpose and wanted.purpose not in {row.key for row in nameable(wanted.kind)}:
        detail = "An objection names a use that rests on our own interest, a deletion one that rests on a choice."
        problems.append(Field("/purpose", "unknown", detail))
    if wanted.about and wanted.kind != "human_review":
        problems.append(Field("/about", "unknown", "Only a review is about an entry of the log."))
    if problems:
        raise Invalid(*problems)


def _check_about(subject: Subject, wanted: Wanted) -> None:
    if wanted.about and uses.own(subject=subject, number=wanted.about) is None:
        raise Invalid(Field("/about", "unknown", "The log has no such entry about this customer."))


def _check_open(subject: Subject, wanted: Wanted) -> None:
    alone = wanted.kind in rules.ONE_AT_A_TIME
    mine = RightsRequest.objects.filter(subject__in=families.of(subject), kind=wanted.kind).order_by("-id")
    if alone:  # who asked for all of it asked for that of each use, too
        mine = mine.filter(purpose__in=("", wanted.purpose))
    standing = [each for each in mine if each.state in rules.OPEN or (wanted.kind == "limit" and limits.stands(each))]
    if len(standing) >= (1 if alone else rules.MOST_OPEN):
        raise Conflict(ALREADY.format(reference=standing[0].reference))


def _named(handle: Handle) -> Subject:
    subjects.check_handles([handle], "/subject")
    return subjects.get(handle)


def _places(subject: Subject) -> list[str]:
    """Whose laws bear on a customer; where we do not know where they are, the controller's own."""
    known = [each for each in families.places(subject) if each]
    return known or [catalogue.brand().jurisdiction]


def _clock(subject: Subject, kind: str, opened: date) -> Clock:
    return deadlines.strictest(_places(subject), kind, opened)


def _place(subject: Subject, kind: str, opened: date) -> str:
    return min(_places(subject), key=lambda each: deadlines.clock(each, kind).answer.after(opened))


def _find(reference: str, subject: Subject | None) -> RightsRequest:
    number = case_numbers.read(LETTER, reference)
    found = RightsRequest.objects.filter(reference=number).select_related("subject").first() if number else None
    if found is None or (subject is not None and found.subject not in families.of(subject)):
        raise NotFound("There is no request with this number.")
    return found


def _move(
    reference: str,
    subject: Subject | None,
    step: str,
    payload: dict[str, Any],
    by: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> RightsRequest:
    """Take one step, if it may be taken now; the request is held, so that two never cross."""
    request = RightsRequest.objects.select_for_update().select_related(None).get(pk=_find(reference, subject).pk)
    state = rules.after(request.state, step, kind=request.kind)
    limited = limits.stands(request)
    if state is None or (request.kind == "limit" and step in ("withdrawn", "lifted") and not limited):
        raise OutOfTurn(f"This request is {request.state}; now it cannot be {step}.")
    request = _timed(request, step, now.date())
    request.state = state
    request.save(update_fields=["state", "due", "stopped_on", "extended"])
    details = {"due": request.due.isoformat()} if step in ("added", "asked", "extended") else {}
    _take(request, step, payload, by, now, details=details, reason=reason)
    if limited and step in ("withdrawn", "refused", "lifted"):
        limits.end(request, by=by, now=now)
    return request


def _timed(request: RightsRequest, step: str, today: date) -> RightsRequest:
    """What a step does to the clock. Raises OutOfTurn for more time that there is not."""
    clock = deadlines.clock(request.jurisdiction, request.kind)
    if request.stopped_on and step != "extended":
        request.due += timedelta(days=(today - request.stopped_on).days)
        request.stopped_on = None
    if step == "asked" and clock.stops:
        request.stopped_on = today
    if step == "extended":
        if clock.more is None or request.extended or today > request.due:
            raise OutOfTurn("More time can be taken once, where the law gives it, and before the time is over.")
        request.due, request.extended = clock.more.after(request.due), True
    return request


def _take(
    request: RightsRequest,
    step: str,
    payload: dict[str, Any],
    by: Actor,
    now: datetime,
    *,
    details: dict[str, Any],
    reason: str = "",
    purpose: str = "",
) -> None:
    subject = request.subject
    fact = Fact(
        f"rights.{step}",
        subject=subject.pseudonym,
        object=request.reference,
        purpose=purpose,
        reason=reason,
        details=details,
    )
    kept = {name: value for name, value in payload.items() if value}
    entry = ledger.record(fact, payload=kept, by=by, now=now, known=subject.erased_at is None)
    case_letters.due(fact.action, subject=subject, number=entry.id, now=now)
    RightsStep.objects.create(request=request, step=step, state=request.state, at=now, entry_id=entry.id)
