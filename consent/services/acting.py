"""Whoever acts for a customer: what the tables know of them, beside what the rules ask of a choice on its face."""

from dataclasses import replace
from datetime import date, datetime

from consent.errors import Field, Invalid, OutOfTurn
from consent.models import ConsentEvent, Purpose, Scan, Subject
from consent.rules import acting, ages, lifecycle, moments
from consent.rules.choice import Choice
from consent.services import families, states
from consent.services.ledger import Actor


def spoken(choice: Choice, by: Actor) -> Choice:
    """The choice as it is recorded: what was pressed in the portal by a mandate is said by whoever holds it."""
    if by.type not in acting.BY_MANDATE:
        return choice
    return replace(choice, actor=by.type, evidence={**choice.evidence, **acting.by_mandate(by.type, by.ref)})


def check(choice: Choice, subject: Subject, purpose: Purpose, now: datetime) -> None:
    """Raises Invalid for a scan that this customer has not, and for a guardian of who is grown; OutOfTurn for a child
    that would end the pause of what a guardian agreed to.
    """
    digest = choice.evidence.get(acting.SCAN)
    if (
        digest
        and not choice.imported
        and not Scan.objects.filter(subject__in=families.of(subject), digest=digest).exists()
    ):
        detail = "There is no scan of this customer with this digest. Upload it first."
        raise Invalid(Field(f"/evidence/{acting.SCAN}", "unknown", detail))
    until = child_until(subject, purpose)
    if until is None or choice.imported:
        return
    said = choice.collected_at or now
    if choice.actor == "guardian" and choice.act in lifecycle.YES and said >= moments.midnight(until):
        raise Invalid(Field("/actor", "age", f"Since {until} they say yes themselves, and nobody for them."))
    own = choice.act == lifecycle.RESUME and choice.actor == "self" and now < moments.midnight(until)
    if own and states.as_rule(states.one(subject, purpose)).by_guardian:
        raise OutOfTurn("A guardian said yes for them, so it is the guardian who ends the pause.")


def check_confirmation(event: ConsentEvent, choice: Choice) -> None:
    """Raises Invalid when somebody confirms what only somebody else can."""
    if not acting.may_confirm(said=event.actor, confirms=choice.actor):
        raise Invalid(Field("/actor", "act", f"The actor {event.actor} said this yes, and confirms it."))


def confirmer(event: ConsentEvent) -> str:
    """Who opens the link that was sent for a yes: whoever it was said by, or the customer where staff wrote it down."""
    return event.actor if event.actor in acting.BY_MANDATE else "self"


def child_until(subject: Subject, purpose: Purpose) -> date | None:
    """The day on which a customer stops being a child for a purpose, as it is now."""
    asked = purpose.current.min_age if purpose.current else None
    places = families.places(subject) if subject.minor_until else ()
    return max(filter(None, (ages.child_until(subject.minor_until, each, asked) for each in places)), default=None)


def ends(choice: Choice, subject: Subject, purpose: Purpose, now: datetime) -> datetime | None:
    """When a yes ends before its text says so: when they chose, or a child is asked anew; None for neither."""
    until = child_until(subject, purpose)
    end = moments.midnight(until) if until else None
    grown = end if end and (choice.collected_at or now) < end else None
    return min((each for each in (grown, choice.until) if each), default=None)


def outgrown(event: ConsentEvent, subject: Subject, now: datetime) -> bool:
    """Whether somebody else said it for a child who has come of age since, and so was never asked."""
    until = child_until(subject, event.purpose)
    return event.actor == "guardian" and until is not None and moments.midnight(until) <= now
