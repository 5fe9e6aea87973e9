"""Whole logs that contradict what was published: each is good in itself, so only who kept a head can tell.

Each begins with our own check of the whole log passing: that is the harm, and why a head is kept outside.
"""

from datetime import timedelta

import pytest

from audit.models import Checkpoint as Signed
from audit.models import Entry, Leaf
from audit.proof import cosignature, note, policy
from audit.proof.doors import witness_key
from audit.proof.doors.heads_file import Heads
from audit.proof.doors.witness import Witness
from audit.proof.witness import Request, make_request
from audit.services import heads, mark, prove, witnesses
from audit.services.refusals import Refused
from tests.faults.log import cut_to, fill, finding, looks_good, rebuild, sign_again
from tests.restoring import backup
from tests.world import NOW, damage, seal_all

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def grown(db):
    """A log of five heads."""
    for number in (3, 1, 4, 1, 5):
        fill(number)
    return list(Signed.objects.order_by("size").values_list("size", flat=True))


def kept(tmp_path, name="kept"):
    """A head in a file, as somebody outside keeps it."""
    file = tmp_path / name
    file.write_text(prove.checkpoint(), "utf-8")
    return file


def pinned():
    return [word for each in prove.vkeys() for word in ("--vkey", each)]


def lines(*files):
    return [line for file in files for line in file.read_text("utf-8").splitlines() if line]


def test_F3_a_log_cut_back_to_an_earlier_signed_head_is_noticed(grown, unguarded, tmp_path, run, served):
    outside, known = kept(tmp_path), mark.file().read_bytes()
    assert grown[-5:] == [3, 4, 8, 9, 14]
    for size in reversed(grown[:-1]):
        cut_to(size)
        assert looks_good()
        assert finding() == "", "from inside nothing is missing"
        with pytest.raises(Refused) as refused:
            seal_all(LATER)
        assert refused.value.code == "database_behind"
        assert mark.file().read_bytes() == known
        if size:
            code, _, said = run("verify", "--log", served(), "--head", outside)
            assert code == 1
            assert "FORKED" in said


def test_F6_a_log_rebuilt_and_signed_again_is_found_by_who_kept_a_head_and_by_nobody_else(
    grown, unguarded, tmp_path, run, served
):
    outside, watcher = kept(tmp_path), witness(tmp_path)
    assert ask(watcher).finding == ""
    row = Leaf.objects.select_related("entry").get(seq=6)
    leaf = bytes(row.entry.leaf).replace(b'"outcome":"allowed"', b'"outcome":"refused"')
    Entry.objects.filter(pk=row.entry_id).update(leaf=leaf, outcome="refused")
    assert finding() != ""
    rebuild(head=14)
    sign_again()
    newest = Signed.objects.get()
    assert looks_good()
    assert finding() == "", "docs/verify.md says so: whoever owns database and key, and is watched by nobody"
    assert run("verify", "--log", served())[0] == 0, "its public part is good, too"

    with pytest.raises(Refused) as refused:
        seal_all(LATER)
    assert refused.value.code == "forked", "our own mark, unless the operator takes that along"
    code, _, said = run("verify", "--log", served(), "--head", outside)
    assert code == 1
    assert "FORKED" in said
    assert watcher.add_checkpoint(_request(newest.note), now=6).status == 422
    heads.adopt()
    fill(1)
    found = ask(watcher)
    assert found.alarm
    assert "did not grow out" in found.finding


def _request(signed):
    return make_request(Request(14, [], signed))


def test_F7_two_clients_are_shown_two_logs_and_whoever_compares_holds_the_proof(transactional_db, tmp_path, run):
    fill(5)
    watcher, before = witness(tmp_path), mark.file().read_bytes()
    with backup(tmp_path) as restore:
        fill(2)
        one = kept(tmp_path, "one")
        assert finding() == ""
        assert ask(watcher).finding == ""
        restore()
        # The operator takes the mark back with the database: it protects an honest one only.
        mark.file().write_bytes(before)
        fill(2)
    other = kept(tmp_path, "other")
    assert finding() == "", "either client's log is good"
    for file in (one, other):
        assert note.open_note(file.read_text("utf-8").split("— witness")[0], prove.vkeys()), "and validly signed"
    code, _, said = run("verify", "--compare", one, other, *pinned())
    assert code == 1, said
    assert "FORKED" in said
    assert all(line in said for line in lines(one, other)), "both notes, whole: the evidence"
    found = ask(watcher)
    assert found.alarm


def test_F7_a_fork_that_grew_on_is_found_by_the_tree_between(transactional_db, tmp_path, run, served):
    fill(5)
    before = mark.file().read_bytes()
    with backup(tmp_path) as restore:
        fill(2)
        one = kept(tmp_path, "one")
        restore()
        mark.file().write_bytes(before)
        fill(7)
    other = kept(tmp_path, "other")
    code, _, said = run("verify", "--compare", one, other, "--log", served(), *pinned())
    assert code == 1
    assert all(line in said for line in lines(one, other))


def test_F11_a_clock_that_goes_back_signs_nothing(db, monkeypatch):
    """Without the check a head is signed that is older than the one before it, and what it proves of time is void."""
    fill(2, now=NOW)
    past = NOW - timedelta(hours=1)
    with monkeypatch.context() as patch:
        publish = heads._publish
        patch.setattr(heads, "check", lambda *given: None)
        patch.setattr(heads, "_publish", lambda head, newest, signed_at: publish(head, newest, past))
        fill(1, now=past)
    assert [head.signed_at for head in Signed.objects.order_by("size")][-2:] == [NOW, past], "the harm"
    fill(1, now=NOW)
    for wrong in (NOW - timedelta(hours=1), NOW - timedelta(days=1)):
        with pytest.raises(Refused) as refused:
            fill(1, now=wrong)
        assert refused.value.code == "clock_back"
    seal_all(NOW + timedelta(seconds=1))
    assert finding() == ""
    fill(1, now=NOW + timedelta(days=3650))
    with pytest.raises(Refused, match="and the log was signed"):
        fill(1, now=LATER)


def test_F18_the_mark_that_was_restored_too_is_the_only_way_past_it(db, unguarded):
    """Told in docs/operate.md: it must not lie in the backup."""
    fill(3)
    older = mark.file().read_bytes()
    fill(2)
    cut_to(3)
    with pytest.raises(Refused):
        seal_all()
    mark.file().write_bytes(older)
    seal_all()
    damage(Signed.objects.none())
    assert finding() == ""


def witness(tmp_path):
    witness_key.make("witness.example/w1", tmp_path / "witness.key")
    watched = witness_key.by_origin(prove.vkeys())
    return Witness(witness_key.read(tmp_path / "witness.key"), Heads(tmp_path / "heads"), watched)


def ask(watcher):
    """Have a witness cosign the newest head: one of somebody else's, whose memory is not ours."""
    key = watcher.key.public
    asked = policy.Witness("w1", cosignature.parse_vkey(cosignature.vkey(key.name, key.public_key)), "http://w1/")

    def post(url, body):
        answer = watcher.add_checkpoint(body, now=5)
        return answer.status, answer.text.encode()

    return witnesses.ask(asked=asked, post=post, now=NOW)
