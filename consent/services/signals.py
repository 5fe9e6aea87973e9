"""What a customer's browser says for them: kept once, and honoured from then on."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from consent.models import Purpose, Signal, Subject
from consent.rules import choice, signals
from consent.services import catalogue, decisions, families, ledger, reach, states, subjects
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle


@dataclass(frozen=True)
class Received:
    """Whose signal, since when, whether it was new to us, and whether their law binds us to it."""

    subject: Subject
    received_at: datetime
    new: bool
    honoured: bool


@transaction.atomic
def receive(*, subject: Handle | Subject, channel: str, by: Actor, now: datetime) -> Received:
    """Keep that a customer's browser sent Global Privacy Control; the first time counts, and nothing takes it back.

    A customer we did not know becomes known by it, as by any reduction. Raises Invalid for an identifier that may not
    come in. Source: W3C Global Privacy Control; 11 CCR 7025.
    """
    if isinstance(subject, Handle):
        subjects.check_handles([subject], "/subject")
    subject = reach.hold(subject, by=by, now=now).subject
    new = subject.gpc_at is None
    honoured = any(map(signals.binds, families.places(subject)))
    if new:
        details = {"signal": signals.GPC, "channel": channel, "honoured": honoured}
        fact = Fact("signal.received", subject=subject.pseudonym, details=details)
        entry = ledger.record(fact, by=by, now=now)
        Signal.objects.create(subject=subject, kind=signals.GPC, channel=channel, received_at=now, entry_id=entry.id)
        subject.gpc_at = now
        subject.save(update_fields=["gpc_at"])
    return Received(subject, subject.gpc_at or now, new, honoured)


def stops_asking(*, subject: Subject, purpose: Purpose, now: datetime) -> bool:
    """Whether a signal against a purpose is so fresh that nobody may ask for it (§ 1798.135(c)(4): 12 months)."""
    if subject.gpc_at is None or purpose.current is None or not choice.asked_recently(subject.gpc_at, now):
        return False
    held = states.one(subject, purpose)
    terms = catalogue.terms(purpose.current)
    return decisions.customer_facts(subject, states.as_rule(held), held.event if held else None, terms, now).gpc
