"""All answers that stand, one line per customer and purpose, carried away. That it was is itself a fact.

The lines are in our own words (rules/own_words): another service takes them in, and the same answers stand there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from audit import vault
from audit.models import Entry
from audit.services import entries
from consent.errors import Field, Invalid
from consent.models import ConsentEvent, ConsentState, Purpose, Subject
from consent.rules import decision, lifecycle
from consent.rules.choice import CHANNELS
from consent.rules.decision import State
from consent.services import catalogue, families, ledger, states, subjects
from consent.services.ledger import Actor, Fact

CHUNK = 200  # customers read together
Progress = Callable[[int, int], None]


class _Answer(NamedTuple):
    """What stands for one purpose, and the event that made it so."""

    purpose: Purpose
    state: State
    event: ConsentEvent


@transaction.atomic
def run(
    *, as_of: datetime | None = None, by: Actor, now: datetime, progress: Progress = lambda done, of: None
) -> Iterator[dict[str, Any]]:
    """The lines, read little by little: each customer as they stood when their line is read, or all as of a moment.

    The members are those of own_words.COLUMNS and TOLD. Customers whose secret is gone, or who asked to be left alone,
    are passed over.
    progress(customers done, of) is called now and then. Raises Invalid for a moment that has not come.
    """
    if as_of and as_of > now:
        raise Invalid(Field("/as_of", "future", "This moment has not come."))
    details = {"what": "consents"} | ({"as_of": ledger.moment(as_of)} if as_of else {})
    # Before the first line is read: if the export is stopped half-way, what was carried away is known of.
    ledger.record(Fact("evidence.exported", details=details), by=by, now=now)
    return _lines(as_of, now, progress)


def _lines(as_of: datetime | None, now: datetime, progress: Progress) -> Iterator[dict[str, Any]]:
    last, done, total = 0, 0, Subject.objects.count()
    while chunk := list(Subject.objects.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        answers = _past(chunk, as_of) if as_of else _current(chunk)
        methods = _methods(each.event for found in answers.values() for each in found)
        for subject in chunk:
            if found := answers.get(subject.pk):
                yield from _customer(subject, found, methods, as_of or now)
        last, done = chunk[-1].pk, done + len(chunk)
        progress(done, max(done, total))


def _current(chunk: Sequence[Subject]) -> dict[int, list[_Answer]]:
    found: dict[int, list[_Answer]] = {}
    rows = ConsentState.objects.filter(subject__in=chunk).order_by("purpose__position", "purpose_id")
    for row in rows.select_related("purpose", "version", "event__version", "event__notice"):
        found.setdefault(row.subject_id, []).append(_Answer(row.purpose, states.as_rule(row), row.event))
    return found


def _past(chunk: Sequence[Subject], moment: datetime) -> dict[int, list[_Answer]]:
    purposes = list(catalogue.purposes())
    found = {}
    for subject in chunk:
        stood = states.past(subject=subject, moment=moment)
        answers = [(purpose, stood[purpose.pk]) for purpose in purposes if purpose.pk in stood]
        found[subject.pk] = [_Answer(purpose, each.state, each.cause) for purpose, each in answers]
    return found


def _methods(events: Iterable[ConsentEvent]) -> dict[Any, str]:
    """How each was given, which stands in its encrypted payload."""
    found = Entry.objects.filter(id__in=[event.entry_id for event in events])
    return {number: str(payload.get("method", "")) for number, payload in entries.payloads(found).items()}


def _customer(
    subject: Subject, answers: Sequence[_Answer], methods: dict[Any, str], moment: datetime
) -> Iterator[dict[str, Any]]:
    try:
        handles = subjects.identifiers_of(subject)
    except vault.Unreadable:
        return
    # Of who asked to be left alone nothing is carried away: elsewhere nobody would know that they did.
    if not handles or subject.identifiers.filter(suppressed=True).exists():
        return
    who = {
        "identifiers": [f"{each.namespace}:{each.id}" for each in handles if each.verified],
        "unverified": [f"{each.namespace}:{each.id}" for each in handles if not each.verified],
        "jurisdiction": subject.jurisdiction,
        "minor_until": subject.minor_until.isoformat() if subject.minor_until else "",
    }
    for answer in answers:
        line = {"namespace": handles[0].namespace, "id": handles[0].id, "purpose": answer.purpose.key}
        for event, act in _acts(answer, moment):
            yield (
                line | _said(event, act, answer.state, methods.get(event.entry_id, "")) | who | _follows(answer, moment)
            )


def _acts(answer: _Answer, moment: datetime) -> Iterator[tuple[ConsentEvent, str]]:
    """The acts that make an answer what it is, elsewhere too.

    Under an end by time, and under what joining records left of two yeses, stands the yes that ends then.
    """
    event, state, rests = answer.event, answer.state, lifecycle.paused(answer.state, moment)
    beneath = event.act == lifecycle.EXPIRE or (event.carried is not None and state.status in decision.PERMITTING)
    if not (beneath or rests):
        yield event, _act(event)
        return
    ours = families.of(event.subject)
    told = ConsentEvent.objects.filter(subject__in=ours, purpose=answer.purpose, recorded_at__lte=moment)
    told = told.select_related("version", "notice").order_by("-collected_at", "-id")
    yeses = list(told.filter(act__in=lifecycle.YES, pending=False)) if beneath else [event]
    cause = next((each for each in yeses if lifecycle.ends(states.event_as_rule(each)) == state.expires_at), yeses[0])
    yield cause, _act(cause)
    if rests:  # by their own act, or by what a record brought that is joined no more
        yield told.filter(act__in={lifecycle.PAUSE, *lifecycle.MERGES})[0], lifecycle.PAUSE


def _act(event: ConsentEvent) -> str:
    """The act by which another service comes to the same answer.

    It joins no records: what joining left off is off there by a word. And a yes that nobody confirmed is told as the
    question that it still is.
    """
    if event.pending:
        return lifecycle.REQUEST
    return event.act if event.carried is None else lifecycle.WITHDRAW


def _said(event: ConsentEvent, act: str, state: State, method: str) -> dict[str, Any]:
    """One act, and what is agreed to by it."""
    permits = event.yes and act != lifecycle.REQUEST and state.status in decision.PERMITTING | {"expired"}
    return {
        "act": act,
        "until": ledger.moment(state.paused_until) if state.paused_until and act == lifecycle.PAUSE else "",
        "collected_at": ledger.moment(event.collected_at),
        "language": event.language,
        "notice_digest": event.notice.digest if event.notice else "",
        "categories": list(state.categories) if permits else [],
        "recipients": list(state.recipients) if permits else [],
        "channel": event.channel if event.channel in CHANNELS else "import",
        "method": method,
        "actor": event.actor,
        "version": event.version.number,
        "assumed": event.assumed,
    }


def _follows(answer: _Answer, moment: datetime) -> dict[str, Any]:
    state = answer.state
    return {
        "status": lifecycle.status(state, moment),
        "since": ledger.moment(answer.event.collected_at),
        "expires_at": ledger.moment(state.expires_at) if state.expires_at else "",
    }
