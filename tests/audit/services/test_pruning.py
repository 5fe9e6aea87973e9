"""Retention: what is old leaves the log, the log says so itself, and nothing else can be passed off as that.

The first tests show what happens without it: rows that somebody deleted are a finding, whoever they were.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from audit import guards
from audit.models import Checkpoint, Entry, Leaf, Payload, Pruning
from audit.proof import export
from audit.proof import pruning as proof
from audit.services import prove, seal, verify
from audit.services import pruning as declared
from consent.rules import actions
from consent.services import ledger, log, pruning, subjects, uses
from consent.tasks import prune_log
from tests.audit.services.killing import killed_at
from tests.restoring import backup
from tests.world import ALICE, BOB, NOW, OPERATOR, ask, cast, damage, lose, publish, say, seal_all
from trustcenter.celery import app

KEEP = 100
OLD, LATER = NOW + timedelta(minutes=1), NOW + timedelta(days=KEEP + 1)
GOING = Entry.objects.filter(action="decision.made")


@pytest.fixture
def old(cast):
    """A log that is old: 30 checks of one customer among choices, sealed and published long ago, and 5 new checks."""
    for _ in range(30):
        ask(ALICE, now=OLD)
    say(BOB, "give", now=OLD)
    seal_all(OLD)
    for _ in range(5):
        ask(ALICE, now=LATER)
    seal_all(LATER)
    yield
    assert guards.missing(connection) == []


@pytest.fixture
def restorable(transactional_db):
    """The same, committed: what was declared is published, and nothing went yet."""
    publish()
    cast()
    for _ in range(30):
        ask(ALICE, now=OLD)
    seal_all(OLD)
    pruning.run(keep_days=KEEP, by=OPERATOR, now=LATER)
    seal_all(LATER)


def finding():
    return verify.whole_log(now=LATER).finding


def place_of(rows, number=0):
    return sorted(Leaf.objects.filter(entry__in=rows).values_list("seq", flat=True))[number]


def prune(now=LATER, keep_days=KEEP):
    """What the command does while a sealer runs: declare, seal, and delete."""
    done = pruning.run(keep_days=keep_days, by=OPERATOR, now=now)
    seal_all(now)
    return done.gone + pruning.finish()


def test_F29_without_a_declaration_an_entry_that_is_gone_is_found_and_named(old, run, tmp_path):
    place = place_of(GOING)
    lose(place)
    assert f"Entry {place} is missing from the log" in finding()
    code, _, said = run("export-audit", "--output", str(tmp_path / "log.zip"))
    assert code == 1
    assert f"Entry {place} is missing" in said
    assert run("doctor")[0] == 1


def test_F29_what_is_old_goes_and_everything_still_verifies(old, run, tmp_path):
    size, before = prove.state().size, export_of(run, tmp_path / "before.zip")
    proofs = {seq: prove.proof_of(seq)["hashes"] for seq in range(size)}
    kept = set(Entry.objects.exclude(id__in=GOING.filter(recorded_at=OLD)).values_list("id", flat=True))
    assert prune() == 30
    found = verify.whole_log(now=LATER)
    assert (found.good, found.finding, found.pruned, found.size) == (True, "", 30, size + 2)
    assert kept < set(Entry.objects.values_list("id", flat=True)), "but for those that were declared all are there"
    assert Payload.objects.count() == Entry.objects.count()
    assert GOING.count() == 5
    assert all(prove.proof_of(seq)["hashes"][:3] == proofs[seq][:3] for seq in range(0, 32, 5)), "and can be proven"
    assert "Pruned by policy" not in run("verify", str(before))[1], "what was carried away before holds as it did"
    after = export_of(run, tmp_path / "after.zip")
    code, said, _ = run("verify", str(after))
    assert code == 0
    assert "Pruned by policy: 30 entries of these." in said
    assert "none is left out" in said


def export_of(run, file, *more):
    code, _, said = run("export-audit", "--output", str(file), *more)
    assert code == 0, said
    return file


def test_a_stretch_carries_the_declaration_from_behind_its_end(old, run, tmp_path):
    prune()
    first = place_of(Entry.objects.filter(action="consent.given"))
    file = export_of(run, tmp_path / "part.zip", "--from", str(first + 1), "--to", str(first + 10))
    with file.open("rb") as opened:
        report = export.verify(opened, prove.vkeys())
    assert report.pruned > 0
    assert (report.first, report.last, report.complete) == (first + 1, first + 10, True)
    assert {each.place for each in report.policies} == {place_of(Entry.objects.filter(action="log.pruned"))}


def test_what_was_said_and_promised_is_never_among_what_goes():
    assert not set(actions.AGEING) & (set(actions.TOLD) | set(actions.REPUBLISHED) | set(actions.BY_ACT.values()))
    assert not [each for each in actions.AGEING if each.startswith(proof.STAYS)]
    assert set(actions.AGEING) == {each for each in actions.ACTIONS if not each.startswith(proof.STAYS)}


@pytest.mark.parametrize("action", ["rights.opened", "concern.raised", "mandate.granted", "evidence.exported"])
def test_a_declaration_that_hides_what_was_asked_or_promised_is_found(old, action):
    """Whoever writes with the rights of the worker can declare what they like, and the guard lets it go."""
    with transaction.atomic():
        ledger.record(ledger.Fact(action, subject=subjects.find(ALICE).pseudonym), by=OPERATOR, now=LATER)
    seal_all(LATER)
    soon = LATER + timedelta(days=proof.KEEP_LEAST + 1)
    due = declared.due(actions=(action,), before=soon - timedelta(days=proof.KEEP_LEAST))
    pruning.declare(due=due, keep_days=proof.KEEP_LEAST, by=OPERATOR, now=soon)
    seal_all(soon)
    pruning.finish()
    assert not Entry.objects.filter(action=action).exists()
    assert "cannot be so" in finding()


def test_a_breach_stays_for_whoever_has_to_look_at_it(old):
    pseudonym = Entry.objects.filter(action="consent.given").first().subject
    at = NOW + timedelta(seconds=1)
    use = uses.Use(BOB, "personal_offers", ("contact.email",), NOW - timedelta(days=1))
    assert pseudonym
    uses.report(uses=[use], recipient="mail-engine", by=OPERATOR, now=at)
    seal_all(LATER)
    much_later = LATER + timedelta(days=KEEP + 1)
    prune(much_later)
    assert not GOING.exists()
    assert Entry.objects.filter(action="use.reported", outcome="breach").count() == 1
    assert verify.whole_log(now=much_later).good


def test_an_entry_too_many_is_told_from_those_that_were_declared(old):
    prune()
    kept = place_of(Entry.objects.filter(action="consent.given"))
    lose(kept)
    assert "other entries are missing" in finding()


def test_nothing_goes_before_the_declaration_is_published(old):
    done = pruning.run(keep_days=KEEP, by=OPERATOR, now=LATER)
    assert done.declared.entries == 30
    assert pruning.finish() == 0
    going = GOING.filter(recorded_at=OLD).first()
    for step in (lambda: None, seal._grow):
        step()
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            _raw("DELETE FROM audit_entry WHERE id = %s", going.id)
    assert Leaf.objects.filter(entry=done.number).exists(), "in the tree is not yet published"
    assert pruning.finish() == 0
    seal_all(LATER)
    assert pruning.finish() == 30


def _raw(statement, number):
    with connection.cursor() as cursor:
        cursor.execute(statement, [Entry._meta.pk.get_db_prep_value(number, connection)])


@pytest.mark.parametrize("action", ["consent.given", "catalogue.published", "log.pruned", "decision.made"])
def test_the_database_itself_refuses_to_delete_what_was_not_declared(old, action):
    """Of decisions those are left that are younger."""
    prune()
    one = Entry.objects.filter(action=action).first()
    for table, column in (("audit_entry", "id"), ("audit_leaf", "entry_id")):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            _raw(f"DELETE FROM {table} WHERE {column} = %s", one.id)


def test_nobody_declares_for_the_guard_without_an_entry_or_beyond_what_is_published(old):
    prune()
    said = Entry.objects.get(action="log.pruned")
    values = {"action": "consent.given", "first": 0, "before": LATER}
    for entry, until in ((said, prove.state().size + 1), (Entry.objects.exclude(id=said.id).first(), 5)):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            Pruning.objects.create(entry=entry, until=until, **values)


def test_a_run_that_was_cut_off_is_finished_by_the_next(old, monkeypatch):
    monkeypatch.setattr("audit.services.pruning.TOGETHER", 7)
    pruning.run(keep_days=KEEP, by=OPERATOR, now=LATER)
    seal_all(LATER)
    assert pruning.take() == 7
    half = verify.whole_log(now=LATER)
    assert (half.good, half.pruned) == (True, 7)
    assert pruning.run(keep_days=KEEP, by=OPERATOR, now=LATER).gone == 23
    assert Entry.objects.filter(action="log.pruned").count() == 1, "there is nothing new to declare"
    assert verify.whole_log(now=LATER).pruned == 30


def test_killed_before_any_statement_or_commit_it_goes_on_and_nothing_is_missing_undeclared(transactional_db):
    for turn in range(1, 100):
        now = NOW + timedelta(days=2 * KEEP * turn)
        later = now + timedelta(days=KEEP + 1)
        enter(now, "decision.made", "decision.made", "key.revoked")
        killed = killed_at(2 * turn - 1, lambda: pruning.run(keep_days=KEEP, by=OPERATOR, now=later))  # noqa: B023
        seal_all(later)
        killed |= killed_at(2 * turn - 1, pruning.finish)
        assert finding() == ""
        assert Entry.objects.count() == Leaf.objects.count() == Payload.objects.count()
        if not killed:
            break
    assert not killed
    assert turn > 10, "it has more steps than that"
    assert not GOING.exists()
    assert Entry.objects.filter(action="key.revoked").count() == turn


def enter(now, *actions):
    with transaction.atomic():
        for each in actions:
            ledger.record(ledger.Fact(each), by=OPERATOR, now=now)
    seal_all(now)


def test_a_restored_backup_is_pruned_again(restorable, tmp_path):
    with backup(tmp_path) as restore:
        assert pruning.finish() == 30
        restore()
    assert GOING.count() == 30, "they came back"
    assert verify.whole_log(now=LATER).good
    assert pruning.run(keep_days=KEEP, by=OPERATOR, now=LATER).gone == 30
    assert verify.whole_log(now=LATER).pruned == 30
    assert Entry.objects.filter(action="log.pruned").count() == 1


def test_two_who_prune_at_once_declare_once(old):
    due = pruning.plan(keep_days=KEEP, now=LATER)
    pruning.declare(due=due, keep_days=KEEP, by=OPERATOR, now=LATER)
    with pytest.raises(pruning.Conflict):
        pruning.declare(due=due, keep_days=KEEP, by=OPERATOR, now=LATER)


def test_the_next_declaration_begins_where_the_last_one_ended(old):
    prune()
    much_later = LATER + timedelta(days=KEEP + 1)
    assert prune(much_later) == 5
    told = Entry.objects.filter(action="log.pruned").order_by("id")
    one, other = (json.loads(bytes(each.leaf))["details"] for each in told)
    assert (one["first"], other["first"]) == (0, one["until"])
    assert (one["entries"], other["entries"]) == (30, 5)
    found = verify.whole_log(now=much_later)
    assert (found.good, found.pruned) == (True, 35)


class TestLies:
    """What somebody declares who has the database and wants something gone."""

    @pytest.fixture
    def lie(self, old):
        """Declares what is not so, and takes away what was declared of it; the signed log then holds that entry."""

        def tell(**changed):
            due = pruning.plan(keep_days=KEEP, now=LATER)
            with transaction.atomic():
                said = pruning.pruning.details(due, keep_days=KEEP) | changed
                entry = ledger.record(ledger.Fact("log.pruned", details=said), by=OPERATOR, now=LATER)
                pruning.pruning.let_go(entry, due)
            seal_all(LATER)
            pruning.finish()
            return finding()

        return tell

    def test_the_truth_is_none(self, lie):
        assert lie() == ""

    def test_newer_entries_than_the_policy_says(self, lie):
        assert "not as old as the policy says" in lie(keep_days=KEEP + 50)

    def test_entries_that_were_not_published_then(self, old):
        """Their times are left out of it: nothing is left in this stretch but what went."""
        due = pruning.plan(keep_days=KEEP, now=LATER)
        damage(Checkpoint.objects.filter(signed_at=OLD), signed_at=LATER)
        entry_id = pruning.declare(due=due, keep_days=KEEP, by=OPERATOR, now=LATER)
        seal_all(LATER)
        assert entry_id
        assert "not published when it says so" in finding()

    @pytest.mark.parametrize(
        "changed", [{"first": 1}, {"until": 10**6}, {"entries": 0}, {"keep_days": 0}, {"root": ""}]
    )
    def test_what_cannot_be_so(self, lie, changed):
        assert "cannot be so" in lie(**changed)

    def test_a_policy_shorter_than_any_that_can_be_set(self, lie):
        assert "cannot be so: keep_days is 30, and a policy keeps 31 days at least." in lie(keep_days=30)

    @pytest.mark.parametrize("changed", [{"entries": 29}, {"places": "00" * 32}])
    def test_other_entries_than_those_that_went(self, lie, changed):
        assert "other entries are missing" in lie(**changed)

    def test_what_no_policy_takes(self, lie):
        assert "cannot be so" in lie(actions=["decision.made", "consent.given"])

    def test_other_kinds_than_the_database_lets_go(self, lie):
        assert "not what the log.pruned entries declare" in lie(actions=["use.reported"])

    def test_a_root_that_never_was(self, lie):
        assert "not published when it says so" in lie(root="00" * 32)

    def test_the_guard_is_told_more_than_the_log(self, old):
        prune()
        said = Entry.objects.get(action="log.pruned")
        Pruning.objects.create(entry=said, action="consent.given", first=0, until=3, before=LATER)
        assert "not what the log.pruned entries declare" in finding()


def test_what_a_customer_is_shown_goes_back_to_where_the_log_does(old):
    alice, much_later = subjects.get(ALICE), LATER + timedelta(days=KEEP + 1)
    shown = log.read(subject=alice, language="en", chosen=log.Filter(), before=None, now=LATER)
    assert shown.since is None
    prune()
    shown = log.read(subject=alice, language="en", chosen=log.Filter(), before=None, now=LATER)
    assert shown.since == LATER - timedelta(days=KEEP)
    assert shown.allowed == 5
    assert prune(much_later) == 5


def test_the_command_counts_declares_and_deletes(old, run, settings, monkeypatch):
    monkeypatch.setattr("trustcenter.access.clock", lambda: LATER)
    code, _, said = run("prune-log")
    assert code == 1
    assert "LOG_KEEP_DAYS" in said
    settings.LOG_KEEP_DAYS = KEEP
    code, said, _ = run("prune-log", "--dry-run")
    assert (code, said.split()[0]) == (0, "30")
    assert GOING.count() == 35
    monkeypatch.setattr("trustcenter.commands.pruning.PATIENCE", 0.2)
    code, said, told = run("prune-log")
    assert code == 0
    assert "Gone: 0" in said
    assert "once the sealer runs" in told
    seal_all(LATER)
    code, said, _ = run("prune-log")
    assert "Gone: 30 entries" in said
    assert GOING.count() == 5


def test_the_timetable_prunes_only_where_there_is_a_policy(old, settings):
    """Far from now: all that stands here is older, by the clock of whoever runs this."""
    prune_log()
    assert not Entry.objects.filter(action="log.pruned").exists()
    settings.LOG_KEEP_DAYS = 31
    with time_machine.travel(LATER + timedelta(days=60)):
        prune_log()
    assert Entry.objects.filter(action="log.pruned").count() == 1
    assert prune_log.name in app.conf.beat_schedule


@pytest.mark.parametrize(
    ("days", "code"), [("0", 0), (str(proof.KEEP_LEAST), 0), (str(proof.KEEP_LEAST - 1), 1), ("-5", 1)]
)
def test_a_policy_of_less_than_a_month_is_refused(days, code):
    environment = os.environ | {"LOG_KEEP_DAYS": days}
    command = [sys.executable, "-c", "import trustcenter.settings"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == code
    assert (b"LOG_KEEP_DAYS is 0" in done.stderr) == bool(code)
