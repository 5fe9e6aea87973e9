"""May these recipients use these customers' data, for this? What is asked together is read and written together.

Every answer is in the log before it is given: the entry commits with the transaction of the check.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from audit.models import Entry
from consent.errors import Field, Invalid
from consent.models import ApiKey, Recipient
from consent.rules import decision
from consent.rules.decision import Customer, Decision, Purpose
from consent.services import asks, catalogue, decisions, ledger
from consent.services.asks import Counted
from consent.services.decisions import InForce, Known
from consent.services.ledger import Actor, Fact, Record
from consent.services.subjects import Handle

# Questions read together; fewer where an answer may end the row of them, and the rest would be read for nothing.
READ, READ_FEW = 1000, 50
# The outcome of what would have been refused, were the recipient held to it already.
OBSERVED = "observed"


@dataclass(frozen=True)
class Question:
    """One check: who wants to use (a recipient's key), what for, whose data, which data.

    categories: None means those chosen. as_of: a past moment. at_least: the token of a write that must be seen.
    reference: the caller's own words for the occasion, shown to the customer.
    """

    recipient: str
    purpose: str
    customer: Handle
    categories: tuple[str, ...] | None = None
    as_of: datetime | None = None
    at_least: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Answer:
    """The decision, and the number of its entry in the log.

    enforced: False while the recipient only observes: it goes on as before, whatever the decision.
    """

    decision: Decision
    id: UUID
    third_party: bool
    enforced: bool = True


@dataclass(frozen=True)
class _Asked:
    """A question with what was read for it."""

    question: Question
    recipient: Recipient | None
    row: InForce | None
    known: Known | None

    @property
    def third_party(self) -> bool:
        """Whether it is asked for a stranger to the house, who must not learn whom we know."""
        return self.recipient is None or self.recipient.third_party

    @property
    def observed(self) -> bool:
        """Whether the recipient is not held to the answer yet."""
        return self.recipient is not None and self.recipient.observe


@asks.atomic(items=lambda given: len(given["questions"]))
def check(
    *,
    questions: Sequence[Question],
    stop_at: bool | None = None,
    key: ApiKey | None = None,  # noqa: ARG001  read by the counting around it
    by: Actor,
    now: datetime,
) -> Counted[list[Answer]]:
    """Answer questions in order, and log each answer.

    stop_at: stop after the first answer that equals it (AuthZEN deny_on_first_deny: False). key: whose asks count.
    Raises Invalid for a token that was never ours, TooMany for a key that asked too much.
    """
    answers: list[Answer] = []
    size = READ if stop_at is None else READ_FEW
    for start in range(0, len(questions), size):
        asked = _read(questions[start : start + size], now)
        answers += _log(list(_up_to(stop_at, zip(asked, _decide(asked, now), strict=True))), by, now)
        if stop_at is not None and answers[-1].decision.permitted == stop_at:
            break
    reasons = [each.decision.reason for each in answers if not each.decision.permitted]
    return Counted(answers, len(reasons), reasons.count("unknown_customer"))


def _read(questions: Sequence[Question], now: datetime) -> list[_Asked]:
    """The questions, each with what it names as far as there is such."""
    _check_tokens({each.at_least for each in questions if each.at_least})
    recipients = catalogue.recipients_named(list({each.recipient for each in questions}))
    moments = {(each.purpose, each.as_of or now) for each in questions}
    rows = {(purpose, moment): decisions.in_force(purpose, moment) for purpose, moment in moments}
    standing = iter(decisions.known_together([each.customer for each in questions if not each.as_of], now))
    return [
        _Asked(
            each,
            recipients.get(each.recipient),
            rows[each.purpose, each.as_of or now],
            decisions.known(each.customer, now, as_of=each.as_of) if each.as_of else next(standing),
        )
        for each in questions
    ]


def _decide(asked: Sequence[_Asked], now: datetime) -> Iterator[Decision]:
    """The decision on each, made when it is taken."""
    standing = _standing(asked, now)
    for place, each in enumerate(asked):
        question, moment = each.question, each.question.as_of or now
        purpose, customer = standing.get(place) or decisions.facts(each.row, each.known, moment, past=True)
        yield decision.decide(
            purpose=purpose,
            customer=customer,
            recipient=question.recipient,
            categories=question.categories,
            now=moment,
        )


def _standing(asked: Sequence[_Asked], now: datetime) -> dict[int, tuple[Purpose, Customer | None]]:
    """The facts of those who ask for now about a purpose that is in force, by place, read together for each purpose."""
    evenly = any(each.third_party for each in asked)
    found: dict[int, tuple[Purpose, Customer | None]] = {}
    places: dict[str, list[int]] = {}
    for place, each in enumerate(asked):
        if each.row and not each.question.as_of:
            places.setdefault(each.question.purpose, []).append(place)
    for here in places.values():
        row = cast(InForce, asked[here[0]].row)
        alone = decisions.purpose_alone(row, now)
        known = [(place, who) for place in here if (who := asked[place].known)]
        found |= dict.fromkeys(here, (alone, None))
        read = decisions.readings(row, [who for _, who in known], evenly=evenly)
        found |= {place: decisions.facts_at(row, each, now) for (place, _), each in zip(known, read, strict=True)}
    return found


def _up_to(stop_at: bool | None, made: Iterable[tuple[_Asked, Decision]]) -> Iterator[tuple[_Asked, Decision]]:
    """What is answered: all up to the first that the caller wants to stop at. The rest is not, so it is not logged."""
    for asked, answer in made:
        yield asked, answer
        if stop_at is not None and answer.permitted == stop_at:
            return


def _check_tokens(tokens: Collection[str]) -> None:
    """Every check reads the primary database, so any write of ours is seen; a stranger's token is an error."""
    if not tokens:
        return
    try:
        found = Entry.objects.filter(id__in=[UUID(hex=each.removeprefix("t1.")) for each in tokens]).count()
    except ValueError:
        found = 0
    if found < len(tokens):
        raise Invalid(Field("/context/at_least", "unknown", "This is no token of ours, or it is from a later backup."))


def _log(made: Sequence[tuple[_Asked, Decision]], by: Actor, now: datetime) -> list[Answer]:
    numbers = ledger.record_many([_record(*each) for each in made], by=by, now=now)
    return [
        Answer(answer, number, asked.third_party, enforced=not asked.observed)
        for (asked, answer), number in zip(made, numbers, strict=True)
    ]


def _record(asked: _Asked, made: Decision) -> Record:
    """What a caller wrote stands in the payload only; the leaf holds keys of our own catalogue."""
    question = asked.question
    payload: dict[str, Any] = {"asked": list(question.categories or ()), "reference": question.reference}
    if question.as_of:
        payload["as_of"] = ledger.moment(question.as_of)
    if asked.row is None:
        payload["purpose"] = question.purpose
    if asked.recipient is None:
        payload["recipient"] = question.recipient
    fact = Fact(
        "decision.made",
        subject=asked.known.subject.pseudonym if asked.known else "",
        purpose=asked.row.purpose.key if asked.row else "",
        version=made.version,
        recipient=asked.recipient.key if asked.recipient else "",
        outcome="allowed" if made.permitted else OBSERVED if asked.observed else "refused",
        reason=made.reason,
        details={"categories": list(made.allowed)} if made.permitted else {},
    )
    return Record(fact, payload, known=asked.known is not None)
