"""Who signs the log: a key of ours, one elsewhere, two at once while one follows the other."""

import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from audit import keys
from audit.models import Entry, VerifierKey
from audit.proof import note
from audit.proof.errors import ProofError
from audit.services import heads, mark, prove, receipts, verify
from tests import elsewhere
from tests.audit.services.test_mark import enter
from tests.world import NOW, seal_all


@pytest.fixture(autouse=True)
def _keys_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    keys.key.cache_clear()
    keys.make()
    yield
    keys.key.cache_clear()


def opened_by(vkey):
    try:
        return bool(note.open_note(prove.checkpoint(), [vkey]))
    except ProofError as problem:
        return problem.code != "signature-unknown"


def test_both_keys_sign_while_they_overlap_and_then_only_the_new_one(db, run, client):
    enter(2)
    seal_all()
    (old,) = prove.vkeys()
    code, new, _ = run("rotate-keys")
    new = new.strip()
    assert code == 0
    assert stat.S_IMODE((keys.folder() / "log-next.key").stat().st_mode) == 0o600
    seal_all()
    assert (opened_by(old), opened_by(new)) == (True, True)
    assert run("rotate-keys")[0] == 1, "one at a time"
    assert run("rotate-keys", "--finish")[0] == 0
    enter()
    seal_all()
    assert (opened_by(old), opened_by(new)) == (False, True)
    assert run("rotate-keys", "--finish")[0] == 1
    assert mark.read([new]).head.size == 5
    assert verify.whole_log(now=NOW).good
    assert Entry.objects.filter(action="log.key_rotated").count() == 2
    assert client.get("/log/vkeys").content.decode().splitlines() == [
        *("# heads of more than 0 and at most 3 entries:", old),
        *("# heads of more than 2 entries:", new),
    ]
    of_old, of_new = receipts.jwks()["keys"]
    assert (of_old["tc:until"], of_new["tc:since"]) == (3, 2)


def test_a_key_that_nobody_announced_does_not_sign(db):
    enter()
    keys.make_next()
    seal_all()
    assert prove.checkpoint().count("— ") == 1
    assert prove.vkeys() == [heads.own_vkey("log")]


def test_what_a_key_signed_cannot_be_said_otherwise_later(db):
    seal_all()
    heads.retire(heads.own_vkey("log"))
    with pytest.raises(Exception, match="append only"):
        VerifierKey.objects.update(until_size=9)


def test_a_signer_elsewhere_signs_without_its_key_coming_here(db, settings, run):
    settings.SIGNER = "tests.elsewhere.signer"
    (keys.folder() / "log.key").unlink()
    keys.key.cache_clear()
    assert keys.make() == [], "no key is made that nobody would use"
    enter()
    seal_all()
    assert note.parse_vkey(prove.vkeys()[0]).public_key == elsewhere.signer("log").public
    assert opened_by(prove.vkeys()[0])
    assert "good   keys" in run("doctor")[1]
    elsewhere.signer("log").end()
    elsewhere._one.cache_clear()


def test_a_web_process_cannot_read_what_signs(monkeypatch):
    monkeypatch.setenv(keys.PART, "web")
    for name in keys.PRIVATE:
        for ask in (keys.key, keys.signer):
            with pytest.raises(ImproperlyConfigured, match="cannot sign"):
                ask(name)
    assert keys.key("data")
    assert keys.without_private("log:a data:b log-next:c receipt:d lookup:e") == "data:b lookup:e"
