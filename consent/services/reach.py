"""How a call reaches a customer: by an identifier that somebody vouched for or not, and whether they are left alone."""

from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction

from audit import vault
from audit.vault import Vault
from consent.errors import Conflict, IdentifierUnverified, Suppressed
from consent.models import Subject
from consent.rules import acting, lifecycle
from consent.rules.choice import Choice
from consent.services import catalogue, handles, ledger, subjects
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact

MOVED = "Records of this customer were joined or parted at this very moment. Send it again."


@dataclass(frozen=True)
class Reached:
    """A customer whose row is held, and how they were reached. A visit to the portal vouches for itself.

    box: their secret, opened, where it was read with them.
    """

    subject: Subject
    verified: bool
    suppressed: bool
    box: Vault | None = None


def hold(who: Handle | Subject, *, by: Actor, now: datetime) -> Reached:
    """Hold a customer's row, made known if need be; inside the caller's transaction."""
    if isinstance(who, Subject):
        held = subjects.hold(who)
        return Reached(held, True, held.identifiers.filter(suppressed=True).exists())
    hashed = handles.lookup(who)
    held = subjects.hold_or_create(who, hashed, by=by, now=now)
    found = handles.aim(hashed)  # again: while we waited, records may have been joined or parted
    while found is not None and found.subject != held.pk:
        moved = Subject(pk=found.subject)
        held = subjects.hold_record(moved) if moved.pk < held.pk else _at_once(moved)
        found = handles.aim(hashed)
    if found is None:
        raise Conflict(MOVED)
    box = None if found.wrapped is None else vault.unwrapped(held.pseudonym, found.wrapped)
    return Reached(held, found.verified and who.verified, found.suppressed, box)


def speaks_again(reached: Reached, choice: Choice, by: Actor) -> bool:
    """Whether this act ends a customer's wish to be left alone: their own yes, and nobody else's.

    Raises IdentifierUnverified for an act by which more may be permitted, under an identifier nobody vouched for;
    Suppressed for any act on somebody who is left alone. A third party is not told: what it says is kept as said, and
    permits nothing.
    """
    if choice.act in lifecycle.WIDENING and not reached.verified:
        raise IdentifierUnverified
    if not reached.suppressed or _kept_as_said(choice, by):
        return False
    own = choice.actor == "self" and by.type in {"customer", "system"} and not choice.imported
    if not own or choice.act != lifecycle.GIVE:
        raise Suppressed
    return True


def lift(subject: Subject, *, by: Actor, now: datetime) -> None:
    """Forget that a customer asked to be left alone; inside the transaction of their own yes."""
    handles.drop(subjects.identifiers_of(subject))
    subject.identifiers.update(suppressed=False)
    ledger.record(Fact("subject.unsuppressed", subject=subject.pseudonym), by=by, now=now)


def _at_once(subject: Subject) -> Subject:
    """Hold the record that an identifier went back to while we waited for the older one: if it is free, for whoever
    holds several takes the newer first. Raises Conflict."""
    try:
        with transaction.atomic():
            return Subject.objects.select_for_update(nowait=True).get(pk=subject.pk)
    except OperationalError:
        raise Conflict(MOVED) from None


def _kept_as_said(choice: Choice, by: Actor) -> bool:
    """Whether an act on somebody who is left alone is recorded and changes nothing about that."""
    if by.type in acting.VISITORS:
        return choice.act not in lifecycle.WIDENING
    return by.type == "system" and by.ref in catalogue.third_parties()
