"""Random lives of one choice, against a model so small that it can be read at a glance.

The model knows no fold and no table: it keeps what is true of a person who speaks in order. The fold must say the
same after every step; and a yes that is heard late never outlives the no that came after it.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consent.rules import durations, lifecycle
from consent.rules.decision import PERMITTING, Customer, Purpose, Terms, decide
from consent.rules.lifecycle import Event, fold

pytestmark = pytest.mark.once
START = datetime(2026, 1, 1, tzinfo=UTC)
OFFERED = ("contact.email", "contact.sms", "purchases")
SCOPES = some.sets(some.sampled_from(OFFERED), min_size=1).map(lambda chosen: tuple(sorted(chosen)))


def terms(number: int) -> Terms:
    return Terms(number, "consent", OFFERED, ("mail-engine",))


class Person(RuleBasedStateMachine):
    """Someone speaks, time passes, versions come out. `on`, `scope`, `ends`, `rests` are all the model holds."""

    @initialize()
    def begin(self):
        self.now, self.said, self.version, self.material = START, [], 1, 1
        self.on, self.scope, self.agreed, self.ends, self.rests = False, (), 0, None, None

    def say(self, act, ago=timedelta(0), **more):
        self.now += timedelta(seconds=1)  # a tie goes to the no; test_lifecycle.py has that
        event = Event(act, self.now - ago, self.now, len(self.said) + 1, version=self.version, **more)
        self.said.append(event)

    def stands(self):
        return self.on and (self.ends is None or self.now < self.ends)

    @rule(scope=SCOPES, lasts=some.sampled_from([None, "P30D", "P12M"]), act=some.sampled_from(["give", "confirm"]))
    def yes(self, scope, lasts, act):
        self.say(act, categories=scope, recipients=("mail-engine",), lasts=lasts)
        end = durations.after(self.now, lasts) if lasts else None
        self.on, self.scope, self.agreed, self.ends, self.rests = True, scope, self.version, end, None

    @rule(scope=SCOPES)
    def unconfirmed_yes(self, scope):
        self.say("give", categories=scope, recipients=("mail-engine",), pending=True)
        self.on = self.stands()

    @rule(act=some.sampled_from(["refuse", "withdraw", "object", "revoke", "invalidate"]), days=some.integers(0, 9))
    def no(self, act, days):
        self.say(act, ago=timedelta(days=days))
        self.on = False

    @rule(act=some.sampled_from(["request", "defer"]))
    def asked(self, act):
        self.say(act)
        self.on = self.stands()

    @rule(days=some.integers(1, 300))
    def pause(self, days):
        until = self.now + timedelta(days=days)
        self.say("pause", until=until)
        self.rests = until

    @rule()
    def resume(self):
        self.say("resume")
        self.rests = None

    @precondition(lambda self: self.on)
    @rule()
    def renew(self):
        self.say("renew", categories=self.scope, recipients=("mail-engine",), lasts="P12M")
        self.on, self.agreed, self.rests = True, self.version, None
        self.ends = durations.after(self.now, "P12M")

    @rule()
    def sweep(self):
        if self.on and not self.stands():
            self.said.append(Event("expire", self.ends, self.now, len(self.said) + 1, version=self.version))
            self.on = False

    @precondition(lambda self: self.stands())
    @rule()
    def sweep_too_early(self):
        self.say("expire")

    @rule(material=some.booleans())
    def publish(self, material):
        self.version += 1
        self.material = self.version if material else self.material

    @rule(hours=some.integers(1, 24 * 200))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(days=some.integers(0, 100), act=some.sampled_from(sorted(lifecycle.WIDENING)))
    def paper_found_later(self, days, act):
        """A yes from before a no, typed in only now, changes nothing."""
        noes = [event for event in self.said if lifecycle.TABLE[event.act].kind == "ends"]
        if noes and not self.on:
            then = noes[-1].recorded_at - timedelta(days=days)
            late = Event(act, then, self.now, len(self.said) + 1, self.version, OFFERED, ("mail-engine",))
            assert not self.answer([*self.said, late]).permitted

    def answer(self, said=None):
        state = fold(self.said if said is None else said).state
        agreed = terms(state.version) if state.version else None
        purpose = Purpose("offers", terms(self.version), self.material, agreed)
        return decide(purpose=purpose, customer=Customer(state), recipient="mail-engine", categories=None, now=self.now)

    def allows(self, made):
        return set(made.allowed) if made.permitted else set()

    @invariant()
    def the_decision_is_the_models(self):
        resting = self.rests is not None and self.now < self.rests
        wanted = set(self.scope) if self.stands() and not resting and self.agreed >= self.material else set()
        assert self.allows(self.answer()) == wanted

    @invariant()
    def only_given_and_renewed_permit(self):
        made, state = self.answer(), fold(self.said).state
        assert not made.permitted or state.status in PERMITTING

    @invariant()
    def the_order_of_reading_is_nothing(self):
        mixed = list(self.said)
        random.Random(7).shuffle(mixed)
        assert fold(mixed) == fold(self.said)

    @invariant()
    def one_withdrawal_ends_everything(self):
        off = Event("withdraw", self.now, self.now, len(self.said) + 1, version=self.version)
        assert not self.answer([*self.said, off]).permitted


TestPerson = Person.TestCase
TestPerson.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
