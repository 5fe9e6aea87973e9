"""What may leave to a recipient's own copy: the grants of many customers at once. Nothing writes."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from consent.rules import ages, decision, grants, moments
from consent.rules.decision import Decision
from consent.rules.grants import Grant
from consent.services import catalogue, decisions
from consent.services.decisions import InForce, Known, Reading


def together(*, row: InForce, found: Sequence[Known], recipient: str, now: datetime) -> list[list[Grant]]:
    """The grants of each of these customers for one purpose and recipient, in their order."""
    return [_of(row, read, recipient, now) for read in decisions.readings(row, found)]


def _of(row: InForce, read: Reading, recipient: str, now: datetime) -> list[Grant]:
    def decided(moment: datetime) -> Decision:
        purpose, customer = decisions.facts_at(row, read, moment)
        return decision.decide(purpose=purpose, customer=customer, recipient=recipient, categories=None, now=moment)

    return grants.grants(decided, _turns(row, read), now)


def _turns(row: InForce, read: Reading) -> Iterator[datetime | None]:
    """When time alone may change the answer: a pause or a yes ends, a child grows."""
    yield from (read.state.paused_until, read.state.expires_at)
    min_age = catalogue.terms(row.version).min_age
    for place in read.places:
        for day in ages.turns(read.known.subject.minor_until, place, min_age):
            yield moments.midnight(day)
