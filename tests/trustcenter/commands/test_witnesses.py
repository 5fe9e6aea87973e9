"""Witnesses of a real log: asked over HTTP, kept beside the head, and the first to notice a database that went back."""

import io
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from audit import guards
from audit.models import Checkpoint, Cosignature, Entry, Leaf
from audit.proof import bundle, cosignature, ed25519, note, policy
from audit.proof.__main__ import main
from audit.proof.checkpoint import Checkpoint as Plain
from audit.proof.doors import place, witness_key
from audit.proof.doors.heads_file import Heads
from audit.proof.doors.witness import Witness, server
from audit.services import prove, receipts, seal, witnesses
from consent.services import exports, signed_receipts
from tests.world import ALICE, NOW, OPERATOR, say, seal_all, sign_all


@pytest.fixture
def own(cast, tmp_path):
    seal_all()
    witness_key.make("witness.example/w1", tmp_path / "witness.key")
    watched = witness_key.by_origin(prove.vkeys())
    return Witness(witness_key.read(tmp_path / "witness.key"), Heads(tmp_path / "heads"), watched)


@pytest.fixture
def asked(own, tmp_path, settings):
    """The witness as our policy knows it, listening."""
    with server(own, "127.0.0.1:0") as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        vkey = cosignature.vkey(own.key.public.name, own.key.public.public_key)
        text = f"witness w1 {vkey} http://127.0.0.1:{door.server_port}/\nquorum w1\n"
        (tmp_path / "policy").write_text(text)
        settings.WITNESS_POLICY = str(tmp_path / "policy")
        witnesses.configured.cache_clear()
        yield policy.parse(text.encode()).witnesses["w1"]
        door.shutdown()
        thread.join()
        witnesses.configured.cache_clear()


def ask(asked, post=place.post):
    return witnesses.ask(asked=asked, post=post, now=NOW)


def forget(*rows):
    """Take rows away, as a backup that is put back does."""
    connection.check_constraints()  # PostgreSQL alters no table while a check is still to come
    guards.remove(connection)
    for each in rows:
        each.delete()
    connection.check_constraints()
    guards.install(connection)


def grow():
    say(ALICE, "withdraw")
    seal_all()


def test_each_head_is_cosigned_and_served_so(asked, own):
    assert prove.cosigned() is None
    assert ask(asked) == witnesses.Asked("w1", prove.state().size)
    first = prove.cosigned()
    assert first == prove.checkpoint()
    assert cosignature.times(first, own.key.public)
    assert note.open_note(first, prove.vkeys())
    grow()
    assert prove.cosigned() == first
    assert cosignature.times(prove.checkpoint(), own.key.public) == []
    assert ask(asked).finding == ""
    assert prove.cosigned() == prove.checkpoint() != first
    assert ask(asked).finding == ""
    assert Cosignature.objects.count() == 2


def test_a_witness_that_knows_more_than_we_remember_says_so(asked):
    """Its lines are gone, as after a restore; the witness names the size, and the next try fits."""
    ask(asked)
    forget(Cosignature.objects.all())
    grow()
    assert ask(asked).finding == ""


def test_a_database_that_went_back_is_noticed(asked, own):
    older = seal.seal(now=NOW).size
    grow()
    ask(asked)
    forget(Cosignature.objects.all(), Checkpoint.objects.filter(size__gt=older))
    found = ask(asked)
    assert found.alarm
    assert "has seen a head of" in found.finding
    assert prove.cosigned() is None


def test_a_log_that_was_rewritten_is_refused(asked, own):
    other = own.heads
    head = Checkpoint.objects.order_by("-size").first()
    text, _ = note.parse(head.note)
    origin, size, _ = text.split("\n", 2)
    forged = f"{origin}\n{size}\n{'A' * 43}=\n\n— x AAAAAAAA\n"

    other.advance(origin, lambda known: (Plain.parse(note.parse(forged)[0]), forged, 1))
    found = ask(asked)
    assert found.alarm
    assert "did not grow out" in found.finding


def test_a_witness_that_is_away_or_answers_nonsense_is_a_finding_and_no_error(asked):
    def away(url, body):
        raise OSError("nobody there")

    line = "— witness.example/w1 AAAAAAAA\n".encode()
    for post in (
        away,
        lambda url, body: (500, b"oops"),
        lambda url, body: (409, b"many"),
        lambda url, body: (409, b"0"),
        lambda url, body: (200, b""),
        lambda url, body: (200, b"hello"),
        lambda url, body: (200, line),
        lambda url, body: (200, b"\xff"),
    ):
        found = ask(asked, post)
        assert found.finding
        assert not found.alarm
    assert not Cosignature.objects.exists()


def test_a_line_of_another_witness_is_not_taken(asked, own, tmp_path):
    witness_key.make("witness.example/w1", tmp_path / "other.key")
    other = Witness(witness_key.read(tmp_path / "other.key"), Heads(tmp_path / "others"), own.vkeys)
    assert ask(asked, lambda url, body: (200, b"")).finding
    assert ask(asked, lambda url, body: (200, other.add_checkpoint(body, now=5).text.encode())).finding
    assert not Cosignature.objects.exists()


def test_what_a_witness_said_stays(asked):
    ask(asked)
    with pytest.raises(IntegrityError, match="append only"):
        Cosignature.objects.update(line="x")


def test_without_a_policy_nobody_is_asked(cast, settings):
    settings.WITNESS_POLICY = ""
    witnesses.configured.cache_clear()
    seal_all()
    assert witnesses.configured() is None
    assert prove.cosigned() is None
    assert prove.checkpoint()


def test_the_command_says_who_has_cosigned(asked, run):
    code, out, _ = run("ask-witnesses")
    assert code == 0
    assert out.startswith("w1: has cosigned the head of")


def test_the_command_says_what_is_wrong(run, cast, settings, tmp_path):
    seal_all()
    for text, said in (("nonsense\n", "Line 1"), ("quorum none\n", "No witness")):
        (tmp_path / "policy").write_text(text)
        settings.WITNESS_POLICY = str(tmp_path / "policy")
        witnesses.configured.cache_clear()
        code, _, err = run("ask-witnesses")
        assert code == 1
        assert said in err
    settings.WITNESS_POLICY = str(tmp_path / "nothing")
    witnesses.configured.cache_clear()
    assert run("ask-witnesses")[0] == 1
    witnesses.configured.cache_clear()


def checked(content, name, folder, capsys, *more):
    """What the verifier for strangers says of a file, held against a policy of the reader's own."""
    file = folder / name
    file.write_bytes(content)
    (folder / "readers-policy").write_text(
        (folder / "policy").read_text() + "".join(f"log {each}\n" for each in [*prove.vkeys(), *receipts.vkeys()])
    )
    code = main([str(file), "--policy", str(folder / "readers-policy"), *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_whoever_checks_learns_which_witnesses_vouched_from_a_proof_a_receipt_and_an_export(asked, tmp_path, capsys):
    event = say(ALICE, "give").event
    seal_all()
    ask(asked)
    grow()
    assert sign_all(), "the head is older than the last, and covers the choice"
    place = event_place(event)
    document = prove.bundle_of([Entry.objects.get(pk=event.entry_id)], disclose=False)
    files = {
        "proof.json": bundle.dumps(document),
        "one.tlog-proof": prove.tlog_proof_of(place, with_entry=True),
        "receipt.jws": signed_receipts.read(subject=None, number=event.entry_id).jws.encode(),
        "export.zip": exported(last=place),
    }
    assert prove.proof_of(place)["checkpoint"] == document["checkpoint"] == prove.cosigned()
    for name, content in files.items():
        code, said = checked(content, name, tmp_path, capsys)
        assert (code, "Witnesses of your policy that have seen this head: w1." in said) == (0, True), (name, said)
    other = cosignature.vkey("other.example/w", ed25519.public_key(bytes([3]) * 32))
    policy_of_others = f"witness w2 {other}\nquorum w2\n"
    (tmp_path / "policy").write_text(policy_of_others)
    for name, content in files.items():
        code, said = checked(content, name, tmp_path, capsys)
        assert (code, "(quorum-missing)" in said) == (1, True), (name, said)
        assert main([str(tmp_path / name), "--vkey", prove.vkeys()[0], "--vkey", receipts.vkeys()[0]]) == 0, name
        capsys.readouterr()


def test_what_no_witness_has_seen_yet_is_proven_under_the_newest_head(asked):
    ask(asked)
    seen = prove.state().size
    grow()
    assert prove.proof_of(seen)["size"] > seen
    assert prove.proof_of(seen - 1)["size"] == seen


def test_a_receipt_waits_for_witnesses_and_not_for_long(asked, settings):
    """Until they have seen its entry; one that is away keeps it for three rounds of asking."""
    say(ALICE, "give")
    seal_all()
    assert signed_receipts.waiting(now=NOW) == 0
    assert signed_receipts.sign_waiting(now=NOW) == 0
    ask(asked)
    assert signed_receipts.waiting(now=NOW) > 0
    assert sign_all(NOW) > 0
    grow()
    assert signed_receipts.sign_waiting(now=NOW) == 0
    assert signed_receipts.sign_waiting(now=NOW + timedelta(seconds=3 * settings.WITNESS_EVERY)) == 1


def test_a_policy_that_cannot_be_read_keeps_no_proof_from_anybody(cast, settings):
    settings.WITNESS_POLICY = "/nowhere"
    witnesses.configured.cache_clear()
    seal_all()
    assert prove.proof_of(0)["size"] == prove.state().size
    assert prove.cosigned() is None
    witnesses.configured.cache_clear()


def event_place(event):
    return Leaf.objects.get(entry_id=event.entry_id).seq


def exported(**wanted):
    file = io.BytesIO()
    exports.run(wanted=exports.Wanted(**wanted), by=OPERATOR, now=NOW).write(file)
    return file.getvalue()
