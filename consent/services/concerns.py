"""What worries people: with their name or without, about a use or a line of the log, answered by a person.

Each step is a fact; what was written stands in its payload. Without a name a concern has a pseudonym and a secret of
its own, which lead to nobody: destroying that secret destroys the words, as with a customer.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import vault
from audit.services import erasures
from consent.errors import Field, Invalid, NotFound, OutOfTurn, TooMany
from consent.models import Concern, ConcernStep, Purpose, Subject
from consent.rules import case_numbers, deadlines, durations
from consent.rules import concerns as rules
from consent.rules.choice import CHANNELS
from consent.services import (
    case_letters,
    families,
    knocks,
    ledger,
    rights_drafts,
    subjects,
    threads,
    tokens,
    uses,
)
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact
from consent.services.threads import Step

LETTER = "C"
DRAFT = "concern"  # where what is typed for a new one is kept
DOOR, READING = "concern", "concern-read"
# From one network within an hour, where many people may stand behind one address; and of one customer in a day.
PER_NETWORK, READS_PER_NETWORK, PER_CUSTOMER = 10, 60, 20
CONTACT_LENGTH = 200
MISSING = "Write what went wrong."


@dataclass(frozen=True)
class Said:
    """What somebody writes. purpose: a key. about: an entry of the log about them. contact: how else to reach them."""

    words: str
    channel: str
    purpose: str = ""
    about: UUID | None = None
    contact: str = ""


@dataclass(frozen=True)
class Raised:
    """A concern, and without a name the secret by which its writer reads it again: shown once, kept nowhere."""

    concern: Concern
    secret: str = ""


@dataclass(frozen=True)
class Thread:
    """A concern with all that was written, oldest first."""

    concern: Concern
    steps: tuple[Step, ...]

    @property
    def contact(self) -> str:
        return str(self.steps[0].payload.get("contact", ""))


@transaction.atomic
def open(*, subject: Handle | Subject | None, said: Said, by: Actor, now: datetime) -> Raised:  # noqa: A001
    """Raise a concern. subject: None without a name.

    Raises Invalid naming each wrong member, NotFound for a customer we do not know, TooMany of one customer in a day.
    """
    known = _known(subject)
    _check(known, said, now)
    pseudonym = known.pseudonym if known else f"c_{secrets.token_urlsafe(16)}"
    secret = "" if known else case_numbers.secret(secrets.randbits(5 * case_numbers.SECRET))
    if known is None:
        vault.create(pseudonym, now=now)
    concern = Concern.objects.create(
        reference=threads.draw(LETTER),
        subject=known,
        pseudonym=pseudonym,
        token_hash=tokens.hashed(secret) if secret else None,
        state="open",
        purpose=said.purpose,
        about=said.about,
        channel=said.channel,
        opened_at=now,
        due=deadlines.working_days(now.date(), deadlines.CONCERN_DAYS),
    )
    details = {"channel": said.channel, "due": concern.due.isoformat(), "named": known is not None}
    payload = {"words": said.words.strip(), "contact": said.contact.strip()}
    _take(concern, "raised", payload, by, now, details=details)
    if known:
        rights_drafts.drop(subject=known, kind=DRAFT, by=by)
    return Raised(concern, secret)


def open_without_name(*, said: Said, network: str, by: Actor, now: datetime) -> Raised:
    """As `open`, from a page that anyone may use: at most 10 an hour from one network; raises TooMany."""
    _check(None, said, now)  # what is wrong with it counts for nothing
    knocks.count(door=DOOR, network=network, most=PER_NETWORK, now=now)
    return open(subject=None, said=said, by=by, now=now)


@transaction.atomic
def add(*, reference: str, who: Subject | str | None, words: str, by: Actor, now: datetime) -> Concern:
    """Write again. who: the customer whose it is, the secret of one without a name, or None for staff who write it
    down for them. Raises NotFound, Invalid, OutOfTurn for one that is closed."""
    concern = _move(reference, who, "added", words, "Write what you want to add.", by, now)
    if isinstance(who, Subject):
        rights_drafts.drop(subject=who, kind=concern.reference, by=by)
    return concern


@transaction.atomic
def answer(*, reference: str, words: str, by: Actor, now: datetime) -> Concern:
    """Answer a concern; whoever raised it can write again."""
    return _move(reference, None, "answered", words, "Write the answer.", by, now)


@transaction.atomic
def close(*, reference: str, words: str = "", by: Actor, now: datetime) -> Concern:
    """Close a concern, with a last word or without."""
    return _move(reference, None, "closed", words, "", by, now)


def of(*, subject: Subject) -> list[Concern]:
    """A customer's own concerns, newest first."""
    return list(Concern.objects.filter(subject__in=families.of(subject)).order_by("-id"))


def follow(*, reference: str, who: Subject | str | None) -> Thread:
    """One concern with all that was written; who: as of `add`. Raises NotFound."""
    found = _find(reference, who)
    return Thread(found, threads.read(found.steps.order_by("id")))


def follow_without_name(*, reference: str, secret: str, network: str, now: datetime) -> Thread:
    """As `follow`, from a page that anyone may use: at most 60 an hour from one network; raises TooMany."""
    knocks.count(door=READING, network=network, most=READS_PER_NETWORK, now=now)
    return follow(reference=reference, who=secret)


def listed(*, state: str = "", before: int | None = None, limit: int) -> list[Concern]:
    """Concerns for staff: those in a state, all that are not closed for "", the newest first."""
    states = [state] if state else ["open", "answered"]
    found = Concern.objects.filter(state__in=states).order_by("-id")
    return list((found.filter(pk__lt=before) if before else found)[:limit])


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Destroy what concerns without a name said, two years after they were closed; how many."""
    done = 0
    for concern in Concern.objects.filter(subject=None, state="closed", forgotten_at=None).order_by("id"):
        if concern.closed_at and durations.after(concern.closed_at, rules.KEPT) <= now:
            erasures.destroy([concern.pseudonym])
            concern.forgotten_at = now
            concern.save(update_fields=["forgotten_at"])
            fact = Fact("concern.forgotten", subject=concern.pseudonym, object=concern.reference)
            ledger.record(fact, by=TIMETABLE, now=now, known=False)
            done += 1
    return done


TIMETABLE = Actor("operator", name="timetable")


def _known(subject: Handle | Subject | None) -> Subject | None:
    if not isinstance(subject, Handle):
        return subjects.hold(subject) if subject else None
    subjects.check_handles([subject], "/subject")
    return subjects.hold(subjects.get(subject))


def _check(subject: Subject | None, said: Said, now: datetime) -> None:
    problems = threads.problems(said.words, "/words", missing=MISSING)
    if said.channel not in CHANNELS:
        problems.append(Field("/channel", "choice", f"One of {', '.join(CHANNELS)}."))
    if said.purpose and not Purpose.objects.filter(key=said.purpose, current__isnull=False).exists():
        problems.append(Field("/purpose", "unknown", "We know no such use."))
    problems += threads.problems(said.contact, "/contact")
    if len(said.contact) > CONTACT_LENGTH:
        problems.append(Field("/contact", "text", f"At most {CONTACT_LENGTH} characters."))
    if said.about and (subject is None or uses.own(subject=subject, number=said.about) is None):
        problems.append(Field("/about", "unknown", "The log has no such entry about this customer."))
    if problems:
        raise Invalid(*problems)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if subject and Concern.objects.filter(subject=subject, opened_at__gte=today).count() >= PER_CUSTOMER:
        raise TooMany("You wrote many times today. Write again tomorrow, or add to one of your concerns.")


def _find(reference: str, who: Subject | str | None) -> Concern:
    number = case_numbers.read(LETTER, reference)
    found = Concern.objects.filter(reference=number).select_related("subject").first() if number else None
    if found is None or not _may_read(found, who):
        raise NotFound("There is no concern with this number.")
    return found


def _may_read(concern: Concern, who: Subject | str | None) -> bool:
    if isinstance(who, str):
        return concern.token_hash is not None and secrets.compare_digest(
            bytes(concern.token_hash), tokens.hashed(case_numbers.read_secret(who))
        )
    return who is None or concern.subject in families.of(who)


def _move(
    reference: str, who: Subject | str | None, step: str, words: str, missing: str, by: Actor, now: datetime
) -> Concern:
    if problems := threads.problems(words, "/words", missing=missing):
        raise Invalid(*problems)
    concern = Concern.objects.select_for_update().get(pk=_find(reference, who).pk)
    state = rules.after(concern.state, step)
    if state is None:
        raise OutOfTurn(f"This concern is {concern.state}.")
    concern.state, concern.closed_at = state, now if state == "closed" else None
    concern.save(update_fields=["state", "closed_at"])
    _take(concern, step, {"words": words.strip()}, by, now)
    return concern


def _take(
    concern: Concern,
    step: str,
    payload: dict[str, Any],
    by: Actor,
    now: datetime,
    *,
    details: dict[str, Any] | None = None,
) -> None:
    fact = Fact(
        f"concern.{step}",
        subject=concern.pseudonym,
        object=concern.reference,
        purpose=concern.purpose if step == "raised" else "",
        details=details or {},
    )
    kept = {name: value for name, value in payload.items() if value}
    known = concern.subject is None or concern.subject.erased_at is None
    entry = ledger.record(fact, payload=kept, by=by, now=now, known=known)
    case_letters.due(fact.action, subject=concern.subject, number=entry.id, now=now)
    ConcernStep.objects.create(concern=concern, step=step, at=now, entry_id=entry.id)
