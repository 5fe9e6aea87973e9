"""Uses held against what stood when they were made: what was not permitted is told as what it was."""

from datetime import timedelta

import pytest

from consent.services import log, subjects, uses
from consent.services.log import Filter
from consent.services.uses import BREACH, Use
from tests.world import ALICE, BOB, CAROL, NOW, SYSTEM, publish, say

DAY = timedelta(days=1)


def reported(who, at=NOW, purpose="personal_offers", categories=("contact.email",), recipient="mail-engine"):
    """Outcome and reason of one use, as the customer's list has it."""
    uses.report(uses=[Use(who, purpose, categories, at)], recipient=recipient, by=SYSTEM, now=NOW + 30 * DAY)
    entry = uses.seen_by(subject=subjects.find(who), limit=1)[0].entry
    return entry.outcome, entry.reason


def test_a_use_with_a_permission_is_a_use(cast):
    assert reported(ALICE) == ("allowed", "")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"who": BOB}, "consent_refused"),
        ({"who": CAROL}, "no_consent"),
        ({"who": ALICE, "at": NOW - 40 * DAY}, "no_consent"),
        ({"who": ALICE, "recipient": "ticket-office"}, "recipient_not_named"),
        ({"who": ALICE, "categories": ("contact.email", "face_image")}, "category_not_named"),
    ],
)
def test_a_use_without_one_is_a_breach_with_its_reason(cast, more, reason):
    assert reported(**more) == (BREACH, reason)


def test_it_is_the_moment_of_the_use_that_counts(cast):
    say(ALICE, "withdraw", now=NOW + DAY)
    assert reported(ALICE, NOW) == ("allowed", "")
    assert reported(ALICE, NOW + 2 * DAY) == (BREACH, "consent_withdrawn")
    publish(now=NOW + 3 * DAY, plan_staff={"retention": "P9Y"})
    assert reported(ALICE, NOW) == ("allowed", "")


def test_the_customer_reads_it_as_it_was(cast):
    reported(BOB)
    line = log.whole(subject=subjects.find(BOB), language="en", chosen=Filter())[0]
    assert (line.allowed, line.breach) == (True, True)
    found = log.read(subject=subjects.find(BOB), language="en", chosen=Filter(), before=None, now=NOW + 30 * DAY)
    assert (found.allowed, found.refused) == (1, 0)
