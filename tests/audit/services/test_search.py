"""The log is searched along its indices, whatever is looked for, and a search says where it stopped."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from django.db import connection, transaction

from audit import rows
from audit.models import FINDINGS, Entry
from audit.services import search
from audit.services.search import Filter
from tests.bench.search import RARE, SPAN, START, fill

NUMBER = 600
MIDDLE = START + SPAN / 2
EACH = [
    Filter(subjects=("s_busy",)),
    Filter(actions=("consent.given", "evidence.viewed")),
    Filter(actors=(("system", "tills"), ("staff", ""))),
    Filter(actors=(("customer", ""),)),
    Filter(purposes=("improve_visit",)),
    Filter(recipients=("mailbird", "tills")),
    Filter(outcomes=("refused",)),
    Filter(outcomes=FINDINGS),
    Filter(outcomes=("allowed",)),
    Filter(reasons=("objected", RARE["reason"])),
    Filter(reasons=("permitted",)),
    Filter(since=MIDDLE, before=MIDDLE + timedelta(days=9)),
    Filter(),
]
INDICES = {
    "subject": Filter(subjects=("s_busy",)),
    "action": Filter(actions=("consent.given",)),
    "actor": Filter(actors=(("staff", "staff-1"), ("customer", ""))),
    "purpose": Filter(purposes=("improve_visit",)),
    "recipient": Filter(recipients=("mailbird",)),
    "outcome": Filter(outcomes=("breach",)),
    "reason": Filter(reasons=("objected",)),
}


@pytest.fixture
def log(db):
    fill(NUMBER)


def fitting(chosen: Filter) -> list[UUID]:
    """What fits, found the slow way."""
    return [each.id for each in Entry.objects.order_by("-id") if _fits(each, chosen)]


def _fits(each: Entry, chosen: Filter) -> bool:
    named = (
        (each.subject, chosen.subjects),
        (each.action, chosen.actions),
        (each.purpose, chosen.purposes),
        (each.recipient, chosen.recipients),
        (each.outcome, chosen.outcomes),
        (each.reason, chosen.reasons),
    )
    actor = not chosen.actors or {(each.actor_type, each.actor_ref), (each.actor_type, "")} & {*chosen.actors}
    late = chosen.since is None or each.recorded_at >= chosen.since
    early = chosen.before is None or each.recorded_at < chosen.before
    return bool(actor) and late and early and all(not values or value in values for value, values in named)


def both(one: Filter, other: Filter) -> Filter:
    parts = {name: getattr(other, name) or getattr(one, name) for name in Filter.__dataclass_fields__}
    return Filter(**parts)


def pages(chosen: Filter, limit: int) -> list[UUID]:
    """Every page of a search after another; no page is empty without saying how far it looked."""
    found, before = [], None
    while True:
        page = search.find(chosen=chosen, before=before, limit=limit)
        assert len(page.entries) == limit or page.searched_to or page.after is None
        found += [each.id for each in page.entries]
        before = page.after
        if before is None:
            return found


def test_each_filter_and_each_two_find_what_fits_newest_first(log):
    for one, other in product(EACH, EACH):
        chosen = both(one, other)
        assert pages(chosen, 50) == fitting(chosen), chosen


def test_A41_a_search_that_stops_early_says_so_and_goes_on_where_it_stopped(log, monkeypatch):
    monkeypatch.setattr(search, "READ", 40)
    monkeypatch.setattr(search, "_TRIED", 10)
    nowhere = Filter(recipients=("mailbird",), purposes=("ads_elsewhere",))
    page = search.find(chosen=nowhere, limit=50)
    assert (page.entries, page.searched_to) == ((), search.moment_of(page.after))
    assert START < page.searched_to < START + SPAN
    for one, other in product(EACH, EACH):
        chosen = both(one, other)
        assert pages(chosen, 7) == fitting(chosen), chosen


def test_who_of_a_kind_is_more_than_an_index_can_merge_is_found_all_the_same(log, monkeypatch):
    monkeypatch.setattr(search, "_ACTORS", 2)
    chosen = Filter(actors=(("system", ""),))
    assert pages(chosen, 50) == fitting(chosen)


def test_what_leads_a_search_is_rare(log):
    """A rare act of a busy customer is not looked for among all that is known of the customer."""
    chosen = Filter(subjects=("s_busy",), purposes=(RARE["purpose"],))
    with transaction.atomic():
        within = search.span(chosen, None)
        leading = min(search._ways(chosen), key=lambda way: search._far(way, within))
    assert leading[0][0] == ("purpose",)


@pytest.mark.parametrize("name", INDICES)
def test_each_part_of_a_filter_is_read_along_its_index(log, name):
    """And nothing is sorted but what that gave, READ at most: however long the log is, a page costs the same."""
    chosen = INDICES[name]
    with transaction.atomic():
        search._follow_indices()
        (way,) = search._ways(chosen)
        query, values = search._listed(way, search.span(chosen, None), search.READ, "id, recorded_at, outcome")
        explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = "\n".join(str(line) for line in rows.read(explain + query, values))
    assert f"entry_{name}" in plan, plan
    assert "Sort" not in plan[plan.rfind("Limit") :], plan
    assert "TEMP B-TREE" not in plan, plan
    assert "SCAN audit_entry" not in plan, plan
    assert "Seq Scan" not in plan, plan


def test_a_stretch_of_time_is_read_along_the_numbers(log):
    chosen = Filter(since=MIDDLE, before=MIDDLE + timedelta(days=1))
    with transaction.atomic():
        search._follow_indices()
        (way,) = search._ways(chosen)
        query, values = search._listed(way, search.span(chosen, None), search.READ, "id, recorded_at, outcome")
        explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = "\n".join(str(line) for line in rows.read(explain + query, values))
    assert "audit_entry_pkey" in plan or "sqlite_autoindex_audit_entry_1" in plan, plan
    assert "id>" in plan.replace(" ", ""), plan
