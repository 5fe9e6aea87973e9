"""What a declaration says, and an account of what is missing; exports of a log that was pruned, honest and not."""

from datetime import datetime

import pytest

from audit.proof import export, lines, merkle, multiproof, pruning, tiles
from audit.proof.errors import ProofError
from tests.audit.proof.small_export import repacked, verify
from tests.audit.proof.small_log import SmallLog, entry

AT, OLD, YOUNG = (f"2026-{month}-22T09:00:00.000000Z" for month in ("11", "01", "10"))
GOING = (2, 3, 5)
END = 8


def leaf(number, **more):
    use = {"action": "decision.made"} if number in (*GOING, 4) else {}
    return entry(number) | {"at": OLD} | use | ({"outcome": "breach"} if number == 4 else {}) | more


def declaration(**changed):
    places = pruning.Places()
    for place in GOING:
        places.add(place)
    said = {"first": 0, "until": END, "size": 9, "root": "ab" * 32, "keep_days": 90, "entries": 3}
    said |= {"actions": ["decision.made"], "spared": ["breach"], "places": places.digest}
    return entry(9) | {"action": pruning.ACTION, "at": AT, "details": said | changed}


def told(present, start=0, end=END, **changed):
    """The account of a stretch in which only these places are present."""
    account = pruning.Account([pruning.parse(9, declaration(**changed))])
    for place in range(start, end):
        account.tell(place, leaf(place) if place in present else None)
    account.finish(end)
    return account


def test_what_is_old_is_told_by_the_day():
    assert pruning.parse(9, declaration()).before == "2026-08-24T09:00:00.000000Z"
    assert pruning.cutoff(datetime.fromisoformat("2026-03-31T01:00:00+02:00"), 31) == "2026-02-27T23:00:00.000000Z"


@pytest.mark.parametrize("gone", [(), (2,), (3, 5), GOING])
def test_whatever_is_gone_of_what_was_declared_the_account_holds(gone):
    assert told(set(range(END)) - set(gone)).missing == len(gone)


@pytest.mark.parametrize("gone", [0, 1, 4, 6, 7])
@pytest.mark.parametrize("others", [(), GOING])
def test_any_other_that_is_gone_is_found(gone, others):
    with pytest.raises(ProofError) as refused:
        told(set(range(END)) - {gone, *others})
    assert refused.value.code == "pruned-other"


def test_behind_the_minimum_index_nothing_may_be_missing():
    with pytest.raises(ProofError) as refused:
        told(set(range(END)), end=END + 1)
    assert refused.value.code == "gap"


def test_of_a_part_of_the_stretch_it_is_known_that_a_declaration_covers_it():
    assert told({4, 6}, start=3, end=7).missing == 2


def test_an_entry_that_is_left_must_be_as_old_as_the_declaration_says():
    account = pruning.Account([pruning.parse(9, declaration())])
    with pytest.raises(ProofError) as refused:
        account.tell(0, leaf(0, at=YOUNG))
    assert refused.value.code == "pruned-young"


@pytest.mark.parametrize(
    "changed",
    [
        *({"first": -1}, {"first": END}, {"until": 10}, {"size": 7}, {"size": 10}, {"keep_days": 0}),
        *({"keep_days": 10**9}, {"keep_days": -(10**9)}, {"entries": 0}, {"entries": 9}),
        *({"root": "ab"}, {"root": "zz"}),
        *({"actions": [kind]} for kind in (*pruning.STAYS, "rights.opened", "concern.raised", "consent.given")),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(changed):
    with pytest.raises(ProofError) as refused:
        pruning.parse(9, declaration(**changed))
    assert refused.value.code == "pruned-declaration"


def test_a_policy_keeps_as_long_as_the_setting_may_say_or_longer():
    assert pruning.parse(9, declaration(keep_days=31)).keep_days == pruning.KEEP_LEAST
    for days in (30, 1, 0, -1):
        with pytest.raises(ProofError, match=f"keep_days is {days}, and a policy keeps 31 days at least"):
            pruning.parse(9, declaration(keep_days=days))


@pytest.mark.parametrize("changed", [{"first": "0"}, {"actions": "decision.made"}, {"places": 1}, {"more": 1}])
def test_a_declaration_of_other_members_is_refused(changed):
    with pytest.raises(ProofError) as refused:
        pruning.parse(9, declaration(**changed))
    assert refused.value.code.startswith("bundle-")


def test_a_declaration_at_no_certain_time_is_refused():
    for at in ("2026-11-22T09:00:00", "some day", "0001-01-01T00:00:00Z"):
        with pytest.raises(ProofError) as refused:
            pruning.parse(9, declaration() | {"at": at})
        assert refused.value.code == "pruned-declaration"


def test_declarations_follow_upon_each_other():
    one, other = pruning.parse(9, declaration()), pruning.parse(9, declaration(first=7, entries=1))
    pruning.chained([one])
    for wrong in ([other], [one, one], [one, other]):
        with pytest.raises(ProofError):
            pruning.chained(wrong)


@pytest.fixture(scope="module")
def log():
    found = SmallLog()
    found.append([leaf(number) for number in range(9)])
    found.append([declaration()])
    found.append([entry(10)])
    return found


def packed(log, places, gone, *, beyond=(9,), **lies):
    """An export of a stretch of which these entries are gone."""
    chosen = [*places, *(place for place in beyond if place not in places)]
    found = [
        lines.write_pruned(place, merkle.leaf_hash(log.leaves[place]))
        if place in gone
        else lines.write(place, log.leaves[place], None)
        for place in chosen
    ]
    files = {"README.txt": b"How.\n", "verify.py": b"print()\n", "entries.jsonl": b"".join(found)}
    proof = multiproof.prove(tiles.read_node(log.read_tile), chosen, log.size)
    files |= {"proof": b"".join(export.hash_lines(proof)), "checkpoint": log.checkpoint().encode()}
    files |= {"vkeys": f"{log.key.vkey}\n".encode()}
    said = {"kind": export.KIND, "origin": log.key.name, "size": log.size, "entries": len(chosen), "disclosed": 0}
    said |= {"proves": export.ALL, "first": places[0], "last": places[-1], "pruned": len(gone)}
    return repacked(files, said | lies)


def test_an_export_of_a_pruned_log_says_what_is_gone_and_by_which_entry(log):
    for places in (range(11), range(8), range(1, 7), range(3, 6)):
        gone = [place for place in GOING if place in places]
        report = verify(packed(log, places, gone), [log.key.vkey])
        assert (report.pruned, report.count, report.complete) == (len(gone), len(places), True)
        assert [each.place for each in report.policies] == [9]
        assert len(report.entries) == len(places) - len(gone)


@pytest.mark.parametrize(
    ("places", "gone", "changed", "code"),
    [
        (range(8), (2, 3, 5), {"beyond": ()}, "gap"),
        (range(8), (2, 3, 5), {"pruned": 2}, "export-counts"),
        (range(8), (2, 3, 6), {}, "pruned-other"),
        (range(8), (2, 3), {"beyond": (8, 9), "pruned": 2}, "bundle-range"),
        (range(1, 10), (2, 8), {}, "gap"),
        (range(8), (2, 3, 5), {"proves": export.IN, "filter": {}, "first": None}, None),
    ],
)
def test_one_that_hides_more_is_refused(log, places, gone, changed, code):
    lies = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(ProofError) as refused:
        verify(packed(log, places, gone, **lies))
    assert code in (None, refused.value.code)


def test_the_hash_of_what_is_gone_is_proven(log):
    other = SmallLog()
    other.append([leaf(number) for number in range(9)])
    other.append([declaration()])
    other.append([entry(10)])
    assert verify(packed(other, range(8), GOING)).pruned == 3
    other.leaves[3] = b"something else"
    with pytest.raises(ProofError) as refused:
        verify(packed(other, range(8), GOING))
    assert refused.value.code == "root-mismatch"
